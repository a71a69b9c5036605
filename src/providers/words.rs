//! Words of strangers, made fit to be shown and logged.

use secrecy::{ExposeSecret as _, SecretString};

/// Most characters of a stranger's words that are passed on.
const MOST: usize = 200;

/// A stranger's words on one line, without the secrets that it may have echoed, and no longer than
/// 200 characters. Nothing is left of a text without letters.
pub(super) fn fit_to_show(text: &str, secrets: &[&SecretString]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().map(|secret| secret.expose_secret()) {
        if !secret.is_empty() {
            text = text.replace(secret, "[redacted]");
        }
    }
    let words = text.split(|character: char| character.is_whitespace() || character.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.chars().count() <= MOST {
        return line;
    }
    let cut: String = line.chars().take(MOST - 1).collect();
    format!("{}…", cut.trim_end())
}

#[cfg(test)]
mod tests {
    use super::fit_to_show;
    use secrecy::SecretString;

    #[test]
    fn an_echoed_secret_is_taken_out_before_the_text_is_cut() {
        let key = SecretString::from("KEY0123456789");
        let long = format!("{} KEY0123456789 {}", "a".repeat(190), "b".repeat(50));
        let shown = fit_to_show(&long, &[&key]);
        assert!(!shown.contains("KEY0"), "{shown}");
        assert_eq!(shown.chars().count(), 200);
        assert_eq!(
            fit_to_show("bad key\r\n KEY0123456789.\0", &[&key]),
            "bad key [redacted]."
        );
    }
}

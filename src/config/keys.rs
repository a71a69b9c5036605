//! Keys of 32 bytes, written in base64: Ed25519 public keys and encryption keys.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

const LENGTH: usize = 32;

/// Checks a list of keys with commas between them and takes out the spaces. The error says what
/// was found, without repeating any of it.
pub(super) fn list_of_32_bytes(text: &str) -> Result<String, String> {
    let keys: Vec<&str> = text.split(',').map(str::trim).collect();
    for (index, key) in keys.iter().enumerate() {
        let place = match (keys.len(), index) {
            (1, _) => String::new(),
            (_, index) => format!(" in the {} key", ordinal(index + 1)),
        };
        let bytes = STANDARD
            .decode(key)
            .map(Zeroizing::new)
            .map_err(|_| format!("text that is not base64{place}"))?;
        if bytes.len() != LENGTH {
            return Err(format!("{} bytes{place}", bytes.len()));
        }
    }
    Ok(keys.join(","))
}

fn ordinal(number: usize) -> String {
    match number {
        1 => "1st".to_owned(),
        2 => "2nd".to_owned(),
        3 => "3rd".to_owned(),
        _ => format!("{number}th"),
    }
}

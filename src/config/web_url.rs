//! The addresses of web servers: ours, Telnyx's, Ultravox's, Supabase's.

use super::error::quoted;
use url::Url;

/// Reads an `http` or `https` address and takes slashes off its end. The error says what was found.
pub(super) fn parse(text: &str) -> Result<Url, String> {
    if text.contains('@') {
        return Err("an address with a user name, a password or an @".to_owned());
    }
    let mut url = Url::parse(text).map_err(|error| format!("{} ({error})", quoted(text)))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(quoted(text));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an address with a ? or a #".to_owned());
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// Whether the address is this very machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{is_loopback, parse};

    #[test]
    fn an_address_loses_the_slash_at_its_end() {
        assert_eq!(
            parse("https://api.telnyx.com/v2/").unwrap().as_str(),
            "https://api.telnyx.com/v2"
        );
        assert!(is_loopback(&parse("http://127.0.0.1:54321").unwrap()));
        assert!(!is_loopback(&parse("http://kong:8000").unwrap()));
    }

    #[test]
    fn an_address_that_holds_a_password_is_refused_without_repeating_it() {
        let found = parse("https://me:hunter2@example.com").unwrap_err();
        assert!(!found.contains("hunter2"), "{found}");
        assert!(parse("ftp://example.com").is_err());
        assert!(parse("example.com").is_err());
        assert!(parse("https://example.com/?a=b").is_err());
    }
}

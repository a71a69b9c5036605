//! A browser's origin.

use super::error::quoted;
use std::fmt;
use url::Url;

/// `scheme://host[:port]`, in the form in which browsers send it: lower case, punycode, and no port
/// where it is the scheme's own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin(String);

impl Origin {
    /// Reads an origin as people write it.
    ///
    /// # Errors
    /// What was found and what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        Self::read(text).map_err(|why| format!("{} ({why})", quoted(text)))
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        match text {
            "*" => return Err("every origin at once is not accepted: name each"),
            "null" => return Err("sandboxed pages and files share it: never accepted"),
            _ => {}
        }
        let url = Url::parse(text).map_err(|_| "not scheme://host")?;
        let host = url
            .host_str()
            .filter(|host| !host.is_empty())
            .ok_or("not scheme://host")?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user name or a password");
        }
        if !matches!(url.path(), "" | "/") {
            return Err("it has a path");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("it has a ? or a #");
        }
        let port = url.port().map(|port| format!(":{port}"));
        let scheme = url.scheme();
        Ok(Self(format!(
            "{scheme}://{host}{}",
            port.unwrap_or_default()
        )))
    }

    /// The origin as browsers send it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Origin;

    #[test]
    fn an_origin_is_kept_as_browsers_send_it() {
        for (written, sent) in [
            ("HTTPS://Böse.example", "https://xn--bse-sna.example"),
            ("http://localhost:80", "http://localhost"),
            ("http://[::1]:5173/", "http://[::1]:5173"),
            ("capacitor://localhost", "capacitor://localhost"),
        ] {
            assert_eq!(Origin::parse(written).unwrap().as_str(), sent);
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "example.com",
            "localhost:5173",
            "null",
            "https://",
            "https://a.example/?x",
            "file:///x",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
        let found = Origin::parse("https://me:hunter2@a.example").unwrap_err();
        assert!(!found.contains("hunter2"), "{found}");
    }
}

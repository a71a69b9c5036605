//! The address of a Redis or Valkey.

use super::error::{Rule, quoted};
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use url::Url;

pub(super) const RULE: Rule = Rule {
    name: "REDIS_URL",
    expected: "redis://HOST:6379 or, with TLS, rediss://USER:PASSWORD@HOST:6379/DB",
    fix: "set REDIS_URL=rediss://USER:PASSWORD@HOST:6379, with %40 for an @ in the password and \
          the like, or leave it out",
};

const PORT: u16 = 6379;

/// Where a Redis is and how to speak to it. `Display` and `Debug` leave out the password.
#[derive(Clone, Debug)]
pub struct RedisUrl {
    /// Its name or address, without brackets.
    pub host: String,
    pub port: u16,
    /// Whether to speak TLS.
    pub tls: bool,
    /// A PEM file of the authorities to believe. `None`: the system's.
    pub root_cert: Option<PathBuf>,
    /// Who we are; without it, its default user.
    pub user: Option<String>,
    /// What proves it.
    pub password: Option<SecretString>,
    /// The number of a database. Channels are not in one; deployments that differ in nothing else
    /// are told apart by it.
    pub database: u32,
}

/// Whether nothing is written.
pub(super) fn is_blank(url: &SecretString) -> bool {
    url.expose_secret().trim().is_empty()
}

impl RedisUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// Says what was found, without the password.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err("an address without a scheme".to_owned());
        };
        let tls = match scheme {
            "redis" | "valkey" => false,
            "rediss" | "valkeys" => true,
            _ => return Err(format!("the scheme {}", quoted(scheme))),
        };
        if rest.matches('@').count() > 1 {
            return Err("an @ inside a user name or password (write it as %40)".to_owned());
        }
        let url = Url::parse(&format!("redis://{rest}"))
            .map_err(|error| format!("an address that cannot be read ({error})"))?;
        let host = url.host_str().unwrap_or_default();
        if host.is_empty() {
            return Err("an address without a host".to_owned());
        }
        let path = url.path().trim_start_matches('/');
        let database = match path {
            "" => 0,
            number => number
                .parse()
                .map_err(|_| format!("{} in place of a database's number", quoted(number)))?,
        };
        let named = |text: &str| (!text.is_empty()).then(|| decoded(text));
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port().unwrap_or(PORT),
            tls,
            root_cert: root_cert(&url, tls)?,
            user: named(url.username()),
            password: url.password().and_then(named).map(SecretString::from),
            database,
        })
    }

    /// Whether it is this very machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let address: Result<IpAddr, _> = self.host.parse();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

fn root_cert(url: &Url, tls: bool) -> Result<Option<PathBuf>, String> {
    let mut found = None;
    for (name, value) in url.query_pairs() {
        match name.as_ref() {
            "sslrootcert" if !tls => {
                return Err("sslrootcert without TLS (write rediss://)".to_owned());
            }
            "sslrootcert" => found = Some(PathBuf::from(value.as_ref())),
            // We speak what every server understands.
            "protocol" => {}
            other => return Err(format!("the parameter {}", quoted(other))),
        }
    }
    Ok(found)
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .into_owned()
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let (open, close) = if self.host.contains(':') {
            ("[", "]")
        } else {
            ("", "")
        };
        write!(f, "{scheme}://{open}{}{close}:{}", self.host, self.port)?;
        if self.database > 0 {
            write!(f, "/{}", self.database)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::RedisUrl;
    use secrecy::ExposeSecret;

    fn parse(text: &str) -> RedisUrl {
        RedisUrl::parse(text).unwrap()
    }

    #[test]
    fn every_part_is_read() {
        let url = parse("rediss://board:hun%40ter2@[::1]:7000/3?sslrootcert=/etc/ca.pem");
        assert_eq!((url.host.as_str(), url.port, url.tls), ("::1", 7000, true));
        assert_eq!(url.user.as_deref(), Some("board"));
        assert_eq!(url.password.as_ref().unwrap().expose_secret(), "hun@ter2");
        assert_eq!(url.database, 3);
        assert_eq!(
            url.root_cert.as_deref().unwrap().to_str(),
            Some("/etc/ca.pem")
        );
        assert!(url.is_loopback());
        let url = parse("redis://:hunter2@cache.example");
        assert_eq!(
            (url.port, url.tls, url.user.as_deref()),
            (6379, false, None)
        );
        assert!(url.password.is_some() && !url.is_loopback());
        assert!(
            parse("valkey://localhost?protocol=resp3")
                .password
                .is_none()
        );
    }

    #[test]
    fn neither_logs_nor_mistakes_hold_the_password() {
        let url = parse("redis://board:hunter2@cache.example/2");
        assert_eq!(url.to_string(), "redis://cache.example:6379/2");
        assert!(!format!("{url:?}").contains("hunter2"), "{url:?}");
        for text in [
            "redis://me:hun@hunter2@h",
            "redis://me:hunter2@",
            "redis://me:hunter2@h/board",
            "redis://me:hunter2@h:port",
            "redis://me:hunter2@h?pool=2",
            "redis://me:hunter2@h?sslrootcert=x",
            "http://me:hunter2@h",
            "hunter2@h",
        ] {
            let found = RedisUrl::parse(text).unwrap_err();
            assert!(!found.contains("hunter2"), "{found}");
        }
    }
}

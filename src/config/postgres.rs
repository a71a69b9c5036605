//! The address of a PostgreSQL database.
//!
//! tokio-postgres reads most of a connection URL, but knows neither the two `sslmode`s that check
//! the server's certificate nor `sslrootcert`: those are taken out and kept beside its own settings.

use super::error::quoted;
use super::foreign::refuse_foreign;
use super::servers;
use std::fmt::Write;
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::config::{Host, SslMode};

/// How long a connection is silent before the server is asked whether it is there, and how long
/// between askings.
const KEEPALIVE: Duration = Duration::from_secs(2);
/// How long what was sent may go unacknowledged before the connection is given up.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// Where a PostgreSQL database is and how to speak to it. `Debug` leaves out the password.
#[derive(Clone, Debug)]
pub struct PostgresUrl {
    /// Everything but TLS; its `ssl_mode` is set to match `tls`.
    pub config: tokio_postgres::Config,
    /// Whether to speak TLS, and what of the certificate to check.
    pub tls: TlsMode,
    /// A PEM file of the authorities to believe. `None`: the system's.
    pub root_cert: Option<PathBuf>,
    /// The address for logs: user, hosts and database, without the password.
    pub display: String,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Never TLS.
    Disable,
    /// TLS if the server offers it; the certificate is not checked. libpq's default. Its `allow`
    /// is read as this.
    #[default]
    Prefer,
    /// Always TLS; the certificate is not checked.
    Require,
    /// Always TLS; the certificate comes from an authority that we believe.
    VerifyCa,
    /// Always TLS; the certificate comes from an authority that we believe and names the host.
    VerifyFull,
}

/// The parts of the `DB_*` variables.
#[derive(Default)]
pub(super) struct Parts<'a> {
    pub(super) host: &'a str,
    pub(super) port: Option<u16>,
    pub(super) name: Option<&'a str>,
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
}

impl PostgresUrl {
    /// Reads what follows `postgres://`. The error says what was found, without the password.
    pub(super) fn parse(rest: &str) -> Result<Self, String> {
        refuse_ambiguity(rest)?;
        let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
        let mut tls = TlsParameters::default();
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            refuse_foreign(pair)?;
            if !tls.take(pair)? {
                others.push(servers::as_read(pair));
            }
        }
        let mut config: tokio_postgres::Config =
            format!("postgres://{address}?{}", others.join("&"))
                .parse()
                .map_err(|error: tokio_postgres::Error| reason(&error))?;
        servers::settle(&mut config)?;
        let (mode, root_cert) = tls.settle()?;
        Ok(Self::new(config, mode, root_cert))
    }

    /// Puts the parts together without writing a URL, so that any character may be in a password.
    pub(super) fn compose(parts: &Parts<'_>) -> Self {
        let mut config = tokio_postgres::Config::new();
        config.host(parts.host);
        if let Some(port) = parts.port {
            config.port(port);
        }
        if let Some(name) = parts.name {
            config.dbname(name);
        }
        if let Some(user) = parts.user {
            config.user(user);
        }
        if let Some(password) = parts.password {
            config.password(password);
        }
        Self::new(config, TlsMode::default(), None)
    }

    fn new(mut config: tokio_postgres::Config, tls: TlsMode, root_cert: Option<PathBuf>) -> Self {
        keep_alive(&mut config);
        config.ssl_mode(match tls {
            TlsMode::Disable => SslMode::Disable,
            TlsMode::Prefer => SslMode::Prefer,
            TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => SslMode::Require,
        });
        Self {
            display: display(&config),
            config,
            tls,
            root_cert,
        }
    }
}

/// A server that is cut off is noticed within seconds; what the address says about it stays.
fn keep_alive(config: &mut tokio_postgres::Config) {
    if config.get_keepalives_interval().is_none() && config.get_keepalives_retries().is_none() {
        config.keepalives_idle(KEEPALIVE);
        config.keepalives_interval(KEEPALIVE);
        config.keepalives_retries(3);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(UNACKNOWLEDGED);
    }
}

/// A `/`, `?` or `@` that belongs to a password moves the borders between the parts, and pieces of
/// the password would turn up as a host name or a parameter, in our messages too.
fn refuse_ambiguity(rest: &str) -> Result<(), String> {
    let (credentials, after) = match rest.split_once('@') {
        Some((credentials, after)) => (credentials, after),
        None => ("", rest),
    };
    let address = after.split_once('?').map_or(after, |(address, _)| address);
    if credentials.contains(['/', '?']) || address.contains('@') {
        return Err("a /, ? or @ inside a user name, password or parameter \
                    (write them as %2F, %3F and %40)"
            .to_owned());
    }
    Ok(())
}

/// The reason alone: tokio-postgres keeps it behind a general sentence.
fn reason(error: &tokio_postgres::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), ToString::to_string)
}

#[derive(Default)]
struct TlsParameters {
    mode: Option<TlsMode>,
    root_cert: Option<String>,
}

impl TlsParameters {
    /// Takes the parameter if it is one of ours.
    fn take(&mut self, pair: &str) -> Result<bool, String> {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "sslmode" => {
                let mode = TlsMode::from_name(value);
                self.mode = Some(mode.ok_or_else(|| format!("sslmode={}", quoted(value)))?);
            }
            "sslrootcert" => self.root_cert = Some(decode(value)),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Settles what the two mean together, as libpq does: with a root certificate `require` checks
    /// it, and `sslrootcert=system` allows nothing short of `verify-full`.
    fn settle(self) -> Result<(TlsMode, Option<PathBuf>), String> {
        let mode = self.mode;
        match self.root_cert.as_deref() {
            None | Some("") => Ok((mode.unwrap_or_default(), None)),
            Some("system") if mode.is_none_or(|mode| mode == TlsMode::VerifyFull) => {
                Ok((TlsMode::VerifyFull, None))
            }
            Some("system") => {
                Err("sslrootcert=system with an sslmode other than verify-full".to_owned())
            }
            Some(path) => {
                let checked = match mode.unwrap_or_default() {
                    TlsMode::Require => TlsMode::VerifyCa,
                    other => other,
                };
                Ok((checked, Some(PathBuf::from(path))))
            }
        }
    }
}

impl TlsMode {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "disable" => Some(Self::Disable),
            "allow" | "prefer" => Some(Self::Prefer),
            "require" => Some(Self::Require),
            "verify-ca" => Some(Self::VerifyCa),
            "verify-full" => Some(Self::VerifyFull),
            _ => None,
        }
    }
}

/// Undoes percent-encoding. The decoder is that of forms, where a plus means a space; in a
/// PostgreSQL address it means itself.
fn decode(value: &str) -> String {
    url::form_urlencoded::parse(value.replace('+', "%2B").as_bytes())
        .map(|(text, _)| text.into_owned())
        .collect()
}

fn display(config: &tokio_postgres::Config) -> String {
    let mut text = String::from("postgres://");
    if let Some(user) = config.get_user() {
        let _ = write!(text, "{user}@");
    }
    let ports = config.get_ports();
    let hosts = config.get_hosts().iter().enumerate();
    let hosts = hosts.map(|(index, host)| {
        // One port stands for every host; with several, each host has its own.
        let port = ports.get(index).or_else(|| ports.first()).unwrap_or(&5432);
        match host {
            Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
            Host::Tcp(name) => format!("{name}:{port}"),
            Host::Unix(path) => format!("{}:{port}", path.display()),
        }
    });
    let addresses = config.get_hostaddrs().iter().map(ToString::to_string);
    let mut places: Vec<String> = hosts.collect();
    if places.is_empty() {
        places = addresses.collect();
    }
    let _ = write!(
        text,
        "{}/{}",
        places.join(","),
        config.get_dbname().unwrap_or("")
    );
    text
}

#[cfg(test)]
mod tests {
    use super::{PostgresUrl, TlsMode};
    use std::path::PathBuf;
    use tokio_postgres::config::SslMode;

    fn parse(rest: &str) -> PostgresUrl {
        PostgresUrl::parse(rest).unwrap()
    }

    #[test]
    fn every_sslmode_of_libpq_is_honoured() {
        for (query, tls, ssl) in [
            ("", TlsMode::Prefer, SslMode::Prefer),
            ("?sslmode=disable", TlsMode::Disable, SslMode::Disable),
            ("?sslmode=allow", TlsMode::Prefer, SslMode::Prefer),
            ("?sslmode=prefer", TlsMode::Prefer, SslMode::Prefer),
            ("?sslmode=require", TlsMode::Require, SslMode::Require),
            ("?sslmode=verify-ca", TlsMode::VerifyCa, SslMode::Require),
            (
                "?sslmode=verify-full",
                TlsMode::VerifyFull,
                SslMode::Require,
            ),
        ] {
            let url = parse(&format!("me:pw@db.example/board{query}"));
            assert_eq!((url.tls, url.config.get_ssl_mode()), (tls, ssl), "{query}");
        }
    }

    #[test]
    fn a_root_certificate_is_taken_out_of_the_address() {
        let url =
            parse("me@h/b?sslmode=verify-full&application_name=x&sslrootcert=/etc/my%20ca+1.pem");
        assert_eq!(url.tls, TlsMode::VerifyFull);
        assert_eq!(url.root_cert, Some(PathBuf::from("/etc/my ca+1.pem")));
        assert_eq!(url.config.get_application_name(), Some("x"));
    }

    #[test]
    fn a_root_certificate_is_never_given_in_vain() {
        let url = parse("me@h/b?sslmode=require&sslrootcert=ca.pem");
        assert_eq!(url.tls, TlsMode::VerifyCa);
        let url = parse("me@h/b?sslrootcert=system");
        assert_eq!((url.tls, url.root_cert), (TlsMode::VerifyFull, None));
        assert!(PostgresUrl::parse("me@h/b?sslmode=require&sslrootcert=system").is_err());
    }

    #[test]
    fn the_address_for_logs_has_no_password() {
        let url = parse("me:hunter2@one:6000,[::1]/board?sslmode=require");
        assert_eq!(url.display, "postgres://me@one:6000,[::1]:5432/board");
        assert_eq!(url.config.get_password(), Some(&b"hunter2"[..]));
        assert!(!format!("{url:?}").contains("hunter2"));
        assert_eq!(
            parse("/board?host=/run/postgresql&user=me").display,
            "postgres://me@/run/postgresql:5432/board"
        );
    }

    #[test]
    fn a_password_that_needs_encoding_is_noticed_and_not_repeated() {
        for rest in [
            "me:hun@ter2@h/b",
            "me:hun/ter2@h/b",
            "me:hun?ter2=x@h/b",
            "h:5432/b?user=hun@ter2",
        ] {
            let found = PostgresUrl::parse(rest).unwrap_err();
            assert!(found.contains("%2F") && !found.contains("ter2"), "{found}");
        }
        let url = parse("me:hun%40t%2Fer2@h/b");
        assert_eq!(url.config.get_password(), Some(&b"hun@t/er2"[..]));
    }

    #[test]
    fn every_connection_notices_soon_that_its_server_is_gone() {
        let config = parse("me@h/b").config;
        assert!(config.get_keepalives());
        let dead = config.get_keepalives_idle()
            + config.get_keepalives_interval().unwrap() * config.get_keepalives_retries().unwrap();
        let limit = std::time::Duration::from_secs(10);
        assert!(dead < limit && *config.get_tcp_user_timeout().unwrap() < limit);
        let own =
            parse("me@h/b?keepalives_idle=60&keepalives_interval=7&tcp_user_timeout=9").config;
        assert_eq!(own.get_keepalives_idle().as_secs(), 60);
        assert_eq!(own.get_keepalives_interval().unwrap().as_secs(), 7);
    }

    #[test]
    fn an_unknown_parameter_is_named() {
        assert_eq!(
            PostgresUrl::parse("me@h/b?pgbuncer=true").unwrap_err(),
            "unknown option `pgbuncer`"
        );
        assert_eq!(
            PostgresUrl::parse("me@h/b?sslmode=full").unwrap_err(),
            "sslmode=\"full\""
        );
        assert_eq!(
            PostgresUrl::parse("me@/b").unwrap_err(),
            "an address without a host"
        );
    }
}

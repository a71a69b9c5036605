//! Why a server cannot be used, by SQLSTATE and by the kinds of errors, never by words.

use crate::config::PostgresUrl;
use crate::store::trouble::Trouble;
use rustls::{CertificateError, Error as TlsError};
use std::error::Error as StdError;
use std::io;
use std::net::SocketAddr;
use tokio::net::lookup_host;
use tokio_postgres::Error;
use tokio_postgres::config::Host;
use tokio_postgres::error::{DbError, SqlState};

const ADDRESS: &str = "see that DATABASE_URL (or DB_HOST and its companions) names the right \
     server, that it runs (systemctl status postgresql), and that it lets us in";
const DIRECT: &str = "use the session pooler or the direct address, port 5432";
const ROOT: &str = "give the file of its authority in DATABASE_URL: \
     ?sslmode=verify-full&sslrootcert=FILE (Supabase: Project Settings, Database, SSL certificate)";

/// Why not.
pub(super) enum Refusal {
    /// The server, the network or TLS.
    Server(Error),
    /// The file of certificates.
    Certificates(String),
    /// A transaction pooler.
    Pooler,
    /// Commits that are answered before they are on disk, where we cannot set it otherwise.
    WeakCommits,
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self::Server(error)
    }
}

impl Refusal {
    /// The sentence for it.
    pub(super) async fn explain(self, url: &PostgresUrl) -> Trouble {
        match self {
            Self::Server(error) => server(url, &error).await,
            Self::Certificates(why) => Trouble::new(why, "see that the file is there and readable"),
            Self::Pooler => Trouble::new(
                format!(
                    "{} is a transaction pooler: from one transaction to the next it is another \
                     session, which callboard cannot work with",
                    url.display
                ),
                DIRECT,
            ),
            Self::WeakCommits => Trouble::new(
                format!(
                    "{} answers commits before they are on disk (synchronous_commit), and behind a \
                     pooler callboard cannot ask for better",
                    url.display
                ),
                format!(
                    "ALTER ROLE \"{}\" SET synchronous_commit = on, or use the direct address",
                    user(url)
                ),
            ),
        }
    }
}

/// The sentence for a server that accepts and says nothing.
pub(super) async fn silent(url: &PostgresUrl) -> Trouble {
    let fact = format!("{}: no answer", url.display);
    unreachable(url).await.unwrap_or_else(|| {
        Trouble::new(
            fact,
            "see that DATABASE_URL names a PostgreSQL server, that it is not stalled, and that no \
             firewall swallows what is sent to it",
        )
    })
}

async fn server(url: &PostgresUrl, error: &Error) -> Trouble {
    match of_the_server(url, error) {
        Ok(trouble) => trouble,
        Err(network) => by_network(url, network).await,
    }
}

/// What the server itself said, its certificate included; or else what the network did.
fn of_the_server(url: &PostgresUrl, error: &Error) -> Result<Trouble, Network> {
    for cause in causes(error) {
        if let Some(error) = cause.downcast_ref::<DbError>() {
            return Ok(by_code(url, error));
        }
        if let Some(error) = cause.downcast_ref::<io::Error>() {
            if takes_no_writes(error) {
                return Ok(standby(url));
            }
            let tls = error.get_ref().and_then(|inner| inner.downcast_ref());
            return match tls {
                Some(tls) => Ok(by_certificate(url, tls)),
                None => Err(Network {
                    refused: error.kind() == io::ErrorKind::ConnectionRefused,
                    words: error.to_string(),
                }),
            };
        }
    }
    Ok(Trouble::new(
        format!("{}: {}", url.display, in_full(error)),
        ADDRESS,
    ))
}

/// Whether this is about a server that is there and takes no writes, as a standby does.
pub(super) fn is_standby(error: &Error) -> bool {
    let mut errors = causes(error).filter_map(|cause| cause.downcast_ref());
    errors.any(takes_no_writes)
}

/// tokio-postgres makes this error itself; that of a socket file comes from the system.
fn takes_no_writes(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

fn standby(url: &PostgresUrl) -> Trouble {
    Trouble::new(
        format!("{}: a server is there, and takes no writes", url.display),
        "promote a standby (pg_ctl promote), or add the primary to DATABASE_URL: \
         HOST1:PORT1,HOST2:PORT2; where it is the primary, see default_transaction_read_only",
    )
}

/// What the network did.
struct Network {
    refused: bool,
    words: String,
}

fn causes<'a>(error: &'a Error) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let first: &'a (dyn StdError + 'static) = error;
    std::iter::successors(Some(first), |error: &&'a (dyn StdError + 'static)| {
        (*error).source()
    })
}

/// tokio-postgres says "error connecting to server" and keeps the reason to itself.
pub(super) fn in_full(error: &Error) -> String {
    let words: Vec<String> = causes(error).map(ToString::to_string).collect();
    words.join(": ")
}

fn user(url: &PostgresUrl) -> &str {
    url.config.get_user().unwrap_or("postgres")
}

fn by_code(url: &PostgresUrl, error: &DbError) -> Trouble {
    let at = &url.display;
    let user = user(url);
    let database = url.config.get_dbname().unwrap_or(user);
    let words = error.message();
    match *error.code() {
        SqlState::INVALID_PASSWORD => Trouble::new(
            format!("{at} refuses the password of user {user}"),
            "correct the password in DATABASE_URL (or DB_PASSWORD); in an address, /, ? and @ are \
             written %2F, %3F and %40",
        ),
        SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Trouble::new(
            format!("{at} does not let user {user} in ({words})"),
            "correct the user in DATABASE_URL, or let it in: CREATE ROLE … LOGIN, and a line in \
             pg_hba.conf for this machine's address (hostssl needs sslmode=require)",
        ),
        SqlState::INVALID_CATALOG_NAME => Trouble::new(
            format!("{at}: there is no database \"{database}\" on that server"),
            format!(
                "make it with CREATE DATABASE \"{database}\", or correct the name in DATABASE_URL"
            ),
        ),
        SqlState::INSUFFICIENT_PRIVILEGE => Trouble::new(
            format!("{at}: user {user} may not use that database ({words})"),
            format!("GRANT CONNECT ON DATABASE \"{database}\" TO \"{user}\""),
        ),
        SqlState::TOO_MANY_CONNECTIONS => Trouble::new(
            format!("{at} has no connection left for us ({words})"),
            "a server of callboard needs 14: raise max_connections, or end other clients",
        ),
        SqlState::CANNOT_CONNECT_NOW => Trouble::new(
            format!("{at} is starting or stopping ({words})"),
            "try again in a moment",
        ),
        _ => Trouble::new(
            format!("{at}: {words} (SQLSTATE {})", error.code().code()),
            ADDRESS,
        ),
    }
}

fn by_certificate(url: &PostgresUrl, error: &TlsError) -> Trouble {
    let at = &url.display;
    match error {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => Trouble::new(
            format!("{at}: its certificate is of an authority that is not known here"),
            ROOT,
        ),
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => Trouble::new(
            format!("{at}: its certificate is for another host"),
            "write the host in DATABASE_URL as the certificate names it, or check the authority \
             alone: sslmode=verify-ca",
        ),
        TlsError::InvalidCertificate(
            CertificateError::Expired | CertificateError::ExpiredContext { .. },
        ) => Trouble::new(
            format!("{at}: its certificate has expired"),
            "renew it on the server, and see that this machine's clock is right",
        ),
        TlsError::InvalidCertificate(other) => Trouble::new(
            format!("{at}: its certificate cannot be trusted ({other})"),
            ROOT,
        ),
        other => Trouble::new(
            format!("{at}: no TLS with that server ({other})"),
            "see that the server speaks TLS, or write sslmode=disable where the way is safe",
        ),
    }
}

async fn by_network(url: &PostgresUrl, network: Network) -> Trouble {
    if network.refused {
        return Trouble::new(format!("{}: nothing listens there", url.display), ADDRESS);
    }
    let words = network.words;
    unreachable(url)
        .await
        .unwrap_or_else(|| Trouble::new(format!("{}: {words}", url.display), ADDRESS))
}

/// What the addresses themselves tell of why there is no way to them.
async fn unreachable(url: &PostgresUrl) -> Option<Trouble> {
    let config = &url.config;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in config.get_hostaddrs() {
        addresses.push(SocketAddr::new(*address, 0));
    }
    if addresses.is_empty() {
        for host in config.get_hosts() {
            let Host::Tcp(name) = host else { return None };
            match lookup_host((name.as_str(), 0)).await {
                Ok(found) => addresses.extend(found),
                Err(error) => {
                    return Some(Trouble::new(
                        format!("{}: the name {name} leads nowhere ({error})", url.display),
                        "correct the host in DATABASE_URL, or see that names can be looked up here",
                    ));
                }
            }
        }
    }
    let only_v6 = !addresses.is_empty() && addresses.iter().all(SocketAddr::is_ipv6);
    only_v6.then(|| {
        Trouble::new(
            format!(
                "{}: the server has an IPv6 address only, and there is no way to it from here",
                url.display
            ),
            "use an address with IPv4 (Supabase: the session pooler, port 5432), or give this \
             machine IPv6",
        )
    })
}

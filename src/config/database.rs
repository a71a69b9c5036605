//! Which database holds the board.

use super::error::{Mistake, Mistakes, Rule, given, given_secret};
use super::listener;
use super::postgres::{Parts, PostgresUrl};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};

const DATABASE_URL: &str = "DATABASE_URL";
const SQLITE: Rule = Rule {
    name: DATABASE_URL,
    expected: "sqlite://PATH with the path of a file",
    fix: "set DATABASE_URL=sqlite://callboard.db, or sqlite:///var/lib/callboard.db for a full path",
};
const POSTGRES: Rule = Rule {
    name: DATABASE_URL,
    expected: "a PostgreSQL address",
    fix: "set DATABASE_URL=postgres://USER:PASSWORD@HOST:5432/NAME?sslmode=verify-full",
};
const SCHEME: Rule = Rule {
    name: DATABASE_URL,
    expected: "sqlite://PATH or postgres://…",
    fix: "set DATABASE_URL=sqlite://callboard.db or postgres://USER:PASSWORD@HOST:5432/NAME",
};
const DB_HOST: Rule = Rule {
    name: "DB_HOST",
    expected: "a host name, an IP address or the folder of a socket",
    fix: "set DB_HOST=localhost and DB_PORT=5432, or a whole address as DATABASE_URL",
};
const DB_PORT: Rule = Rule {
    name: "DB_PORT",
    expected: "a port between 1 and 65535",
    fix: "set DB_PORT=5432",
};
const DEFAULT_FILE: &str = "callboard.db";

/// Which database to use, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Database")]
pub struct DatabaseSettings {
    /// sqlite://PATH (inside the program) or postgres://… [default: sqlite://callboard.db]
    ///
    /// For PostgreSQL, sslmode is honoured up to verify-full, and sslrootcert (without it, the
    /// system's authorities are believed). Other users of this machine can read flags: a password
    /// belongs in the variable.
    #[arg(
        long,
        env = "DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub database_url: Option<SecretString>,
    /// PostgreSQL host, when DATABASE_URL is not set
    #[arg(
        long,
        env = "DB_HOST",
        value_name = "HOST",
        global = true,
        hide_short_help = true
    )]
    pub db_host: Option<String>,
    /// PostgreSQL port, with DB_HOST [default: 5432]
    #[arg(
        long,
        env = "DB_PORT",
        value_name = "PORT",
        global = true,
        hide_short_help = true
    )]
    pub db_port: Option<String>,
    /// PostgreSQL database, with DB_HOST [default: the user's name]
    #[arg(
        long,
        env = "DB_NAME",
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    pub db_name: Option<String>,
    /// PostgreSQL user, with DB_HOST [default: the user who runs this]
    #[arg(
        long,
        env = "DB_USER",
        value_name = "NAME",
        global = true,
        hide_short_help = true
    )]
    pub db_user: Option<String>,
    /// PostgreSQL password, with DB_HOST
    #[arg(
        long,
        env = "DB_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD",
        global = true,
        hide_short_help = true
    )]
    pub db_password: Option<SecretString>,
}

/// A database. `Display` and `Debug` leave out the password.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant)] // There is one in a process.
pub enum DatabaseUrl {
    /// A file, opened by the SQLite inside the program.
    Sqlite {
        /// Relative to the working folder, or a full path.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres(PostgresUrl),
}

impl DatabaseUrl {
    /// Reads the address of a database, as `DATABASE_URL` holds it.
    ///
    /// # Errors
    /// What is wrong and how to mend it, without the password.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        let Some((scheme, rest)) = text.split_once("://") else {
            return Err(match text.split(':').next() {
                Some("sqlite" | "file") => SQLITE.broken("an address without //"),
                _ if text.contains(":memory:") => in_memory(),
                _ => SCHEME.broken("an address without a scheme"),
            });
        };
        match scheme {
            "sqlite" => sqlite(rest),
            "postgres" | "postgresql" => PostgresUrl::parse(rest)
                .map(Self::Postgres)
                .map_err(|found| POSTGRES.broken(found)),
            _ => Err(SCHEME.broken(unknown_scheme(scheme))),
        }
    }

    pub(super) fn read(settings: DatabaseSettings, mistakes: &mut Mistakes) -> Self {
        let url = settings.database_url.as_ref();
        let url = url.map(|url| url.expose_secret().trim());
        let read = match url.filter(|url| !url.is_empty()) {
            Some(url) => mistakes.keep(Self::parse(url)),
            None => composed(settings, mistakes).map(Self::Postgres),
        };
        read.unwrap_or_else(|| Self::Sqlite {
            path: DEFAULT_FILE.into(),
        })
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => f.write_str(&url.display),
        }
    }
}

/// The database that `DB_HOST` and its companions describe, if they do.
fn composed(settings: DatabaseSettings, mistakes: &mut Mistakes) -> Option<PostgresUrl> {
    let port = |text: &str| text.parse::<NonZeroU16>().ok();
    let host = mistakes.read(&DB_HOST, settings.db_host.as_ref(), database_host);
    given(settings.db_host.as_ref())?;
    let port = mistakes.read(&DB_PORT, settings.db_port.as_ref(), port);
    let password = given_secret(settings.db_password);
    Some(PostgresUrl::compose(&Parts {
        host: &host?,
        port: port.map(NonZeroU16::get),
        name: given(settings.db_name.as_ref()),
        user: given(settings.db_user.as_ref()),
        password: password.as_ref().map(ExposeSecret::expose_secret),
    }))
}

fn database_host(text: &str) -> Option<String> {
    if text.starts_with('/') {
        return Some(text.to_owned());
    }
    listener::host(text)
}

fn sqlite(path: &str) -> Result<DatabaseUrl, Mistake> {
    if path.contains(":memory:") {
        return Err(in_memory());
    }
    if path.is_empty() || path.ends_with('/') || Path::new(path).is_dir() {
        return Err(SQLITE.broken("no path, or that of a folder"));
    }
    // SQLite itself would read these as an address with parameters of its own.
    if path.starts_with("file:") || path.contains(['?', '#', '\0']) {
        return Err(SQLITE.broken("file:, ? or # in the path, which takes no parameters"));
    }
    Ok(DatabaseUrl::Sqlite { path: path.into() })
}

fn in_memory() -> Mistake {
    SQLITE.broken(":memory:, which would lose acknowledged webhooks at every restart")
}

/// Names the scheme when it looks like one; what looks otherwise may be part of a password.
fn unknown_scheme(scheme: &str) -> String {
    const LONGEST: usize = 20;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    if scheme.len() <= LONGEST && scheme.bytes().all(is_name) {
        format!("{scheme}://…")
    } else {
        "an address without a scheme".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;
    use crate::config::testing::{config, mistake};
    use crate::config::{PostgresUrl, TlsMode};
    use std::path::Path;

    fn postgres<const N: usize>(set: [(&str, &str); N]) -> PostgresUrl {
        match config(set).database {
            DatabaseUrl::Postgres(url) => url,
            DatabaseUrl::Sqlite { path } => panic!("sqlite at {}", path.display()),
        }
    }

    #[test]
    fn a_file_is_named_by_a_relative_or_a_full_path() {
        assert_eq!(config([]).database.to_string(), "sqlite://callboard.db");
        for (url, expected) in [
            ("sqlite://callboard.db", "callboard.db"),
            ("sqlite://data/my board.db", "data/my board.db"),
            ("sqlite:///var/x.db", "/var/x.db"),
        ] {
            match config([("DATABASE_URL", url)]).database {
                DatabaseUrl::Sqlite { path } => assert_eq!(path, Path::new(expected)),
                DatabaseUrl::Postgres(url) => panic!("{}", url.display),
            }
        }
    }

    #[test]
    fn a_database_in_memory_is_refused_with_the_reason() {
        for url in [
            "sqlite://:memory:",
            ":memory:",
            "sqlite://file::memory:?cache=shared",
        ] {
            let said = mistake([("DATABASE_URL", url)]);
            assert!(
                said.contains("would lose acknowledged webhooks at every restart"),
                "{said}"
            );
        }
    }

    #[test]
    fn a_path_that_is_no_file_is_refused() {
        for url in [
            "sqlite://",
            "sqlite:///var/",
            "sqlite:///",
            "sqlite:x.db",
            "sqlite://x.db?mode=ro",
            "sqlite://file:x",
        ] {
            let said = mistake([("DATABASE_URL", url)]);
            assert!(
                said.contains("expected sqlite://PATH") && said.contains("set DATABASE_URL="),
                "{said}"
            );
        }
    }

    #[test]
    fn an_unknown_scheme_hears_which_are_accepted() {
        assert_eq!(
            mistake([("DATABASE_URL", "mysql://me:hunter2@h/b")]),
            "DATABASE_URL: expected sqlite://PATH or postgres://…, found mysql://…; \
             set DATABASE_URL=sqlite://callboard.db or postgres://USER:PASSWORD@HOST:5432/NAME"
        );
        for url in ["me:hunter2@h/b", "hunter2;hunter2://x", "callboard.db"] {
            let said = mistake([("DATABASE_URL", url)]);
            assert!(
                said.contains("without a scheme") && !said.contains("hunter2"),
                "{said}"
            );
        }
    }

    #[test]
    fn the_parts_make_an_address_whatever_is_in_the_password() {
        let url = postgres([
            ("DB_HOST", "db.example"),
            ("DB_PORT", "6543"),
            ("DB_NAME", "board"),
            ("DB_USER", "me@home"),
            ("DB_PASSWORD", " p@ss:w/o?r#d%20'\\ "),
        ]);
        assert_eq!(
            url.config.get_password(),
            Some(&b" p@ss:w/o?r#d%20'\\ "[..])
        );
        assert_eq!(url.display, "postgres://me@home@db.example:6543/board");
        assert_eq!((url.tls, url.root_cert), (TlsMode::Prefer, None));
    }

    #[test]
    fn a_whole_address_wins_over_the_parts() {
        let set = [
            ("DATABASE_URL", "postgresql://one/b"),
            ("DB_HOST", "two"),
            ("DB_PORT", "x"),
        ];
        assert_eq!(postgres(set).display, "postgres://one:5432/b");
        let set = [("DATABASE_URL", ""), ("DB_HOST", "two")];
        assert_eq!(postgres(set).display, "postgres://two:5432/");
        let database = config([("DB_NAME", "board"), ("DB_PORT", "5432")]).database;
        assert!(
            matches!(database, DatabaseUrl::Sqlite { .. }),
            "DB_HOST is what counts"
        );
    }

    #[test]
    fn mistaken_parts_are_named() {
        let said = mistake([("DB_HOST", "localhost"), ("DB_PORT", "pg")]);
        assert_eq!(
            said,
            "DB_PORT: expected a port between 1 and 65535, found \"pg\"; set DB_PORT=5432"
        );
        let said = mistake([("DB_HOST", "localhost:5432")]);
        assert!(said.starts_with("DB_HOST: expected a host name"), "{said}");
        postgres([("DB_HOST", "/var/run/postgresql")]);
    }
}

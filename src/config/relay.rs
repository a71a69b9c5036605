//! How several nodes hear of each other's events at once.

use super::database::DatabaseUrl;
use super::error::{Mistakes, Rule};
use super::valkey::{self, RedisUrl};
use clap::Args;
use secrecy::SecretString;
use std::fmt;

const RELAY: Rule = Rule {
    name: "CALLBOARD_RELAY",
    expected: "auto, postgres, redis or off",
    fix: "leave it out: auto is Redis where REDIS_URL is set, and else PostgreSQL's notices",
};
const NEEDS_URL: Rule = Rule {
    name: "REDIS_URL",
    expected: "the address of a Redis or Valkey, which CALLBOARD_RELAY=redis relays by",
    fix: "set REDIS_URL=rediss://USER:PASSWORD@HOST:6379, or CALLBOARD_RELAY=auto",
};
const NEEDS_POSTGRES: Rule = Rule {
    name: "CALLBOARD_RELAY",
    expected: "auto or off where DATABASE_URL is SQLite, which has no notices",
    fix: "leave it out: on SQLite there is one node, which has nobody to relay to",
};

/// The relay, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Several nodes")]
pub struct RelaySettings {
    /// How nodes hear of each other's events at once: auto, postgres, redis or off [default: auto]
    ///
    /// auto: Redis where REDIS_URL is set, else PostgreSQL's notices, and nothing on SQLite. It only
    /// makes things earlier: without it, boards hear within two seconds.
    #[arg(
        long,
        env = "CALLBOARD_RELAY",
        value_name = "WAY",
        global = true,
        hide_short_help = true
    )]
    pub relay: Option<String>,
    /// Redis or Valkey between nodes: redis://… or, with TLS, rediss://USER:PASSWORD@HOST:6379/DB
    ///
    /// The user may be limited to the channels callboard:* and to AUTH, PING, PUBLISH and SUBSCRIBE.
    /// With sslrootcert=FILE, authorities of your own are believed in place of the system's. Other
    /// users of this machine can read flags: a password belongs in the variable.
    #[arg(
        long,
        env = "REDIS_URL",
        hide_env_values = true,
        value_name = "URL",
        global = true,
        hide_short_help = true
    )]
    pub redis_url: Option<SecretString>,
}

/// By what events go from node to node.
#[derive(Clone, Debug)]
pub enum Relay {
    /// By nothing: each node polls the database.
    Off,
    /// By the notices of PostgreSQL.
    Postgres,
    /// By a channel of Redis, Valkey or what speaks as they do.
    Redis(RedisUrl),
}

impl Relay {
    /// Its word in settings, answers and metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Postgres => "postgres",
            Self::Redis(_) => "redis",
        }
    }

    pub(super) fn read(
        settings: &RelaySettings,
        database: &DatabaseUrl,
        mistakes: &mut Mistakes,
    ) -> Self {
        let word = mistakes.read(&RELAY, settings.relay.as_ref(), Word::from_name);
        let word = word.unwrap_or(Word::Auto);
        // What is not used is not judged.
        if matches!(word, Word::Off | Word::Postgres) {
            return match (word, database) {
                (Word::Postgres, DatabaseUrl::Postgres(_)) => Self::Postgres,
                (Word::Postgres, DatabaseUrl::Sqlite { .. }) => {
                    mistakes.keep(Err::<(), _>(NEEDS_POSTGRES.broken("postgres")));
                    Self::Off
                }
                _ => Self::Off,
            };
        }
        let given = settings.redis_url.as_ref();
        let is_given = given.is_some_and(|url| !valkey::is_blank(url));
        match (
            mistakes.read_secret(&valkey::RULE, given, RedisUrl::parse),
            word,
            database,
        ) {
            (Some(url), ..) => Self::Redis(url),
            (None, Word::Redis, _) if !is_given => {
                mistakes.keep(Err::<(), _>(NEEDS_URL.broken("nothing")));
                Self::Off
            }
            (None, Word::Auto, DatabaseUrl::Postgres(_)) => Self::Postgres,
            (None, ..) => Self::Off,
        }
    }
}

/// What can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Auto,
    Postgres,
    Redis,
    Off,
}

impl Word {
    fn from_name(name: &str) -> Option<Self> {
        match name {
            "auto" => Some(Self::Auto),
            "postgres" => Some(Self::Postgres),
            "redis" => Some(Self::Redis),
            "off" => Some(Self::Off),
            _ => None,
        }
    }
}

impl fmt::Display for Relay {
    /// In words, without a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Off => f.write_str("no relay"),
            Self::Postgres => f.write_str("PostgreSQL's notices"),
            Self::Redis(url) => url.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Relay;
    use crate::config::testing::{config, mistake};

    const POSTGRES: (&str, &str) = ("DATABASE_URL", "postgres://me@host/board");
    const REDIS: (&str, &str) = ("REDIS_URL", "redis://:hunter2@localhost");

    #[test]
    fn without_a_word_redis_comes_first_and_then_what_the_database_has() {
        assert!(matches!(config([]).relay, Relay::Off));
        assert!(matches!(config([("REDIS_URL", " ")]).relay, Relay::Off));
        assert!(matches!(config([POSTGRES]).relay, Relay::Postgres));
        assert!(matches!(config([POSTGRES, REDIS]).relay, Relay::Redis(_)));
        assert!(matches!(config([REDIS]).relay, Relay::Redis(_)));
    }

    #[test]
    fn a_word_is_followed() {
        let with = |word| config([POSTGRES, REDIS, ("CALLBOARD_RELAY", word)]).relay;
        assert!(matches!(with("auto"), Relay::Redis(_)));
        assert!(matches!(with("redis"), Relay::Redis(_)));
        assert!(matches!(with("postgres"), Relay::Postgres));
        assert!(matches!(with("off"), Relay::Off));
        // What is not used is not judged.
        let odd = ("REDIS_URL", "nonsense");
        assert!(matches!(
            config([odd, ("CALLBOARD_RELAY", "off")]).relay,
            Relay::Off
        ));
    }

    #[test]
    fn each_mistake_has_a_sentence() {
        let said = mistake([("CALLBOARD_RELAY", "rabbitmq")]);
        assert!(
            said.contains("expected auto, postgres, redis or off"),
            "{said}"
        );
        let said = mistake([("CALLBOARD_RELAY", "redis"), POSTGRES]);
        assert!(
            said.starts_with("REDIS_URL: ") && said.contains("found nothing"),
            "{said}"
        );
        let blank = ("REDIS_URL", " ");
        let said = mistake([("CALLBOARD_RELAY", "redis"), POSTGRES, blank]);
        assert!(said.starts_with("REDIS_URL: "), "{said}");
        let said = mistake([("CALLBOARD_RELAY", "postgres")]);
        assert!(said.contains("SQLite, which has no notices"), "{said}");
        let said = mistake([("REDIS_URL", "http://:hunter2@localhost")]);
        assert!(
            said.starts_with("REDIS_URL: ") && !said.contains("hunter2"),
            "{said}"
        );
        let said = mistake([("CALLBOARD_RELAY", "redis"), ("REDIS_URL", "localhost")]);
        assert!(said.starts_with("REDIS_URL: "), "{said}");
    }
}

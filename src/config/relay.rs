//! The relay between nodes, which is not built yet.

use super::error::{Mistakes, Rule};
use clap::Args;
use secrecy::SecretString;

const REDIS: Rule = Rule {
    name: "REDIS_URL",
    expected: "nothing, since the relay over Redis is not built yet",
    fix: "remove REDIS_URL: several nodes on one PostgreSQL hear of each other's events through it",
};

/// The relay, as written.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Several nodes")]
pub struct RelaySettings {
    /// Redis that relays events between nodes: not built yet, refused at start
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

/// Refuses what is not built: a set-up that relies on it should not start.
pub(super) fn refuse(settings: &RelaySettings, mistakes: &mut Mistakes) {
    mistakes.read_secret(&REDIS, settings.redis_url.as_ref(), |_| {
        Err::<(), _>("an address".to_owned())
    });
}

#[cfg(test)]
mod tests {
    use crate::config::testing::{config, mistake};

    #[test]
    fn a_redis_is_refused_until_the_relay_is_built() {
        let said = mistake([("REDIS_URL", "redis://:hunter2@localhost")]);
        assert!(
            said.contains("not built yet, found an address; remove REDIS_URL"),
            "{said}"
        );
        assert!(!said.contains("hunter2"), "{said}");
        config([("REDIS_URL", "")]);
    }
}

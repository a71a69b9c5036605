//! The relay between nodes, tried from end to end.

use super::finding::Findings;
use crate::config::{Config, Relay};
use crate::relay::try_out;
use crate::store::Store;

/// Tells, and hears it.
pub(super) async fn check(config: Config, store: Store) -> Findings {
    let mut found = Findings::about("relay");
    match &config.relay {
        Relay::Off => {
            found.right(
                "off: one node needs none, and several hear of each other within two seconds",
            );
        }
        way => match try_out(&config, &store).await {
            Ok(()) => found.right(format!("by {way}: what is told is heard")),
            Err(why) => found.wrong(format!("by {way}: {why}"), mend_of(way)),
        },
    }
    found
}

fn mend_of(way: &Relay) -> &'static str {
    match way {
        Relay::Redis(_) => {
            "see that REDIS_URL is right, that the server runs, and that its user may use the \
             channels callboard:* with AUTH, PING, PUBLISH and SUBSCRIBE; boards go on meanwhile, \
             up to two seconds later"
        }
        Relay::Postgres | Relay::Off => {
            "give DATABASE_URL the direct address or a session pooler's, since notices pass no \
             transaction pooler; boards go on meanwhile, up to two seconds later"
        }
    }
}

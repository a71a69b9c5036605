//! Settings that are well-formed, or nothing would run, and yet likely to be a mistake.

use super::finding::Findings;
use crate::config::{Config, IpRange};

pub(super) fn findings(config: &Config) -> Findings {
    let mut found = Findings::about("settings");
    let placeholders = config.agency_defaults.placeholders();
    for name in &placeholders {
        let fact = format!("{name} still holds the example's text");
        found.wrong(fact, "put in your own");
    }
    let proxies = &config.access.trusted_proxies;
    let all = proxies.iter().any(IpRange::is_everything);
    if all {
        found.doubtful(
            "CALLBOARD_TRUSTED_PROXIES trusts every address, so that any client can claim to come \
             from anywhere",
            "name the proxies alone",
        );
    }
    if placeholders.is_empty() && !all {
        found.right("all are well-formed");
    }
    found
}

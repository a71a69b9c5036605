//! Settings that are well-formed, or nothing would run, and yet likely to be a mistake.

use super::finding::Findings;
use crate::config::{About, Config};

pub(super) fn findings(config: &Config) -> Findings {
    let mut found = Findings::about("settings");
    tell(config, About::Settings, &mut found);
    if found.is_empty() {
        found.right("all are well-formed");
    }
    found
}

/// What the settings say of this by themselves.
pub(super) fn tell(config: &Config, about: About, found: &mut Findings) {
    let all = config.findings().into_iter();
    for finding in all.filter(|finding| finding.about == about) {
        if finding.is_wrong {
            found.wrong(finding.fact, finding.mend);
        } else {
            found.doubtful(finding.fact, finding.mend);
        }
    }
}

//! Rules that only the server's own tests can show, listed so that nobody takes them for shown.

use super::{Finding, Rule};
use futures_util::future::BoxFuture;

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: r#"a position beyond retention gives a snapshot, reason "too_old""#,
        check: |_| unproven("it takes a position older than the server's retention"),
    },
    Rule {
        name: "a draining server closes with 1001 and says when to come back",
        check: |_| unproven("it takes stopping the server"),
    },
    Rule {
        name: "an outage of the database or the key issuer is closed with 1013",
        check: |_| unproven("it takes the outage"),
    },
    Rule {
        name: "a slow client is closed with 4000",
        check: |_| unproven("it takes a board busy enough to fill a queue"),
    },
    Rule {
        name: "token_expiring comes 60 s before the end, then the close with 4001",
        check: |_| unproven("it takes a token about to expire"),
    },
    Rule {
        name: "too many sockets are closed with 4002",
        check: |_| unproven("it would shut out the user's own boards"),
    },
    Rule {
        name: "someone who is not an agency user is closed with 4501",
        check: |_| unproven("it takes such a person's token"),
    },
];

fn unproven(why: &str) -> BoxFuture<'static, Result<(), Finding>> {
    Box::pin(std::future::ready(Err(Finding::Unproven(why.to_owned()))))
}

//! The mail server, tried.

use super::finding::Findings;
use crate::clock::Clock;
use crate::config::Config;
use crate::providers::mail::Mailer;

const MEND: &str = "see that SMTP_URL names the server, its port, user and password as its provider does; \
                    links are shown to copy meanwhile, and mails that wait are tried again";

/// Connects, signs in and goes away again.
pub(super) async fn check(config: Config, clock: Clock) -> Findings {
    let mut found = Findings::about("mail");
    let Some(mail) = &config.mail else {
        return found;
    };
    if config.encryption_key.is_none() {
        found.wrong(
            "mails are not sent without CALLBOARD_ENCRYPTION_KEY, which seals their links until then",
            "make one with `openssl rand -base64 32`, set it on every node, and keep a copy",
        );
    }
    let tried = match Mailer::new(mail, clock) {
        Ok(mailer) => mailer.try_out().await,
        Err(error) => Err(error),
    };
    match tried {
        Ok(()) => found.right(format!("{mail} lets us in; mails come from {}", mail.from)),
        Err(error) => found.wrong(format!("{mail} takes no mails: {error}"), MEND),
    }
    found
}

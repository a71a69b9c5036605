//! Mails with links and codes: written down when they are owed, sealed since a link stands in them,
//! and handed to the mail server by whichever node comes to it. Nobody waits for it, and a crash
//! loses none; whoever invited sees what became of one.

use super::AccountError;
use crate::agencies::seal::Keyring;
use crate::clock::Clock;
use crate::domain::{AgencyId, MailKind, Timestamp, UserId};
use crate::providers::mail::{Letter, MailError, Mailer};
use crate::store::{MailRow, Store};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How often mails are looked for that another node has left.
const POLL: Duration = Duration::from_secs(5);
/// Whoever sends one has so long, in seconds: longer than all that it waits for together.
const LEASE_S: i64 = 120;
/// Mails that are taken up at once.
const AT_ONCE: i64 = 8;
/// Waits before another try, in seconds; then it is given up.
const PAUSES_S: [i64; 8] = [5, 30, 120, 600, 1800, 3600, 7200, 14400];
/// Most who are seen to at once that ask for a mail.
const ASKING: usize = 32;
/// What mails are sealed as.
const KIND: &str = "mail";

/// A mail that is owed.
pub struct Owed {
    pub kind: MailKind,
    pub agency: Option<AgencyId>,
    pub user: Option<UserId>,
    /// The address.
    pub to: String,
    /// What stands in it that nobody else may know: a link, or a code.
    pub secret: SecretString,
    /// What the agency is called.
    pub agency_name: Option<String>,
    /// After that nobody needs it any more.
    pub until: Timestamp,
}

/// Mails of one deployment. Clones are the same ones.
#[derive(Clone)]
pub struct Post(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    keyring: Keyring,
    mailer: Mailer,
    nudged: Notify,
    /// Those who ask for mails to addresses that nobody may have.
    asking: Arc<Semaphore>,
}

impl Post {
    /// Mails by that server, sealed by that ring until they are sent.
    #[must_use]
    pub fn new(store: Store, clock: Clock, keyring: Keyring, mailer: Mailer) -> Self {
        Self(Arc::new(Inner {
            store,
            clock,
            keyring,
            mailer,
            nudged: Notify::new(),
            asking: Arc::new(Semaphore::new(ASKING)),
        }))
    }

    /// A turn to look whether a mail that was asked for is to be written; none where very many ask.
    #[must_use]
    pub fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.asking).try_acquire_owned().ok()
    }

    /// Writes a mail down; says whether there was room for it.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn owe(&self, owed: Owed) -> Result<bool, AccountError> {
        let (id, now) = (Uuid::new_v4(), self.0.clock.now());
        let text = json!({
            "to": owed.to,
            "secret": owed.secret.expose_secret(),
            "agency": owed.agency_name,
        });
        let text = text.to_string();
        let sealed = self
            .0
            .keyring
            .seal_own(KIND, &id.to_string(), text.as_bytes())?;
        let row = MailRow {
            id,
            kind: owed.kind,
            agency: owed.agency,
            user: owed.user,
            sealed,
            attempts: 0,
            made_at: now,
            until: owed.until,
        };
        let room = self.0.store.add_mail(row, self.0.clock.steady()).await?;
        if !room {
            tracing::warn!("A mail is not sent: too many are waiting for the mail server");
        }
        self.0.nudged.notify_one();
        Ok(room)
    }

    /// Sends what is owed, until `stop`.
    pub async fn deliver(self, stop: CancellationToken) {
        loop {
            match self.round().await {
                // There may be more.
                Ok(sent) if sent > 0 => {}
                Ok(_) => {
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = self.0.clock.sleep(POLL) => {}
                        () = self.0.nudged.notified() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!("No mail is looked for: {error}");
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = self.0.clock.sleep(POLL) => {}
                    }
                }
            }
            if stop.is_cancelled() {
                return;
            }
        }
    }

    async fn round(&self) -> Result<usize, AccountError> {
        let (now, steady) = (self.0.clock.now(), self.0.clock.steady());
        let lease = (steady, steady.plus_seconds(LEASE_S));
        let due = self.0.store.take_mails(now, lease, AT_ONCE).await?;
        let sending = due.iter().map(|row| self.one(row));
        for done in futures_util::future::join_all(sending).await {
            done?;
        }
        Ok(due.len())
    }

    async fn one(&self, row: &MailRow) -> Result<(), AccountError> {
        let sent = match self.letter(row) {
            Ok(letter) => self.0.mailer.send(&letter).await,
            Err(why) => Err(MailError::Final(why)),
        };
        let (store, now) = (&self.0.store, self.0.clock.now());
        let pause = usize::try_from(row.attempts - 1).ok();
        let pause = pause.and_then(|at| PAUSES_S.get(at));
        let (id, kind) = (row.id, row.kind.name());
        match (sent, pause) {
            (Ok(()), _) => {
                tracing::info!("Mail {id} ({kind}) was taken by the mail server");
                store.end_mail(id, None, now).await?;
            }
            (Err(MailError::Passing(why)), Some(pause)) => {
                tracing::warn!("Mail {id} ({kind}) was not taken, and is tried again: {why}");
                let due = self.0.clock.steady().plus_seconds(*pause);
                store.put_mail_off(id, why, due).await?;
            }
            (Err(MailError::Passing(why) | MailError::Final(why)), _) => {
                tracing::error!("Mail {id} ({kind}) is given up: {why}");
                store.end_mail(id, Some(why), now).await?;
            }
        }
        Ok(())
    }

    fn letter(&self, row: &MailRow) -> Result<Letter, String> {
        let id = row.id.to_string();
        let opened = self.0.keyring.open_own(KIND, &id, &row.sealed);
        let opened = opened.map_err(|error| error.to_string())?;
        let told: Value = serde_json::from_slice(&opened).map_err(|error| error.to_string())?;
        let text = |field: &str| told.get(field).and_then(Value::as_str).map(str::to_owned);
        let (Some(to), Some(secret)) = (text("to"), text("secret")) else {
            return Err("it cannot be read".to_owned());
        };
        let (subject, text) = words(row.kind, text("agency"), &secret, row.until);
        Ok(Letter {
            id: row.id,
            to,
            subject,
            text,
            at: row.made_at,
        })
    }
}

fn words(
    kind: MailKind,
    agency: Option<String>,
    secret: &str,
    until: Timestamp,
) -> (String, String) {
    let house = agency.map_or_else(
        || "callboard".to_owned(),
        |name| crate::view::plain(&name).into_owned(),
    );
    match kind {
        MailKind::Invite => (
            format!("You are invited to {house}"),
            format!(
                "Hello,\n\nyou are invited to take calls for {house}. Open this link to join; it is \
                 good once, until {until}:\n\n{secret}\n\nIf you do not know why you get this, do \
                 nothing.\n"
            ),
        ),
        MailKind::Reset => (
            format!("Another password for {house}"),
            format!(
                "Hello,\n\nsomebody, we hope you, wants to choose another password for your account \
                 at {house}. Open this link to do so; it is good once, until {until}:\n\n{secret}\n\n\
                 If it was not you, do nothing: your password stays as it is.\n"
            ),
        ),
        MailKind::Code => (
            format!("{secret} is your code for {house}"),
            format!(
                "Hello,\n\nthis code signs you in at {house}; it is good once, until {until}:\n\n\
                 {secret}\n\nIf it was not you who asked for it, do nothing, and tell it to nobody.\n"
            ),
        ),
    }
}

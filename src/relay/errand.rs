//! What is not a server's: a command that tells the servers what it has changed, and a try of the
//! relay from end to end.

use super::letter::Letter;
use super::line::{Ears, Line, Mouth};
use super::seal::Seal;
use crate::config::Config;
use crate::store::{Store, StoreError};
use std::time::Duration;
use tokio::time::timeout;
use uuid::Uuid;

/// Longest wait for all of it.
const PATIENCE: Duration = Duration::from_secs(4);

/// Tells the servers that something in the database has changed by a command: they look at once.
///
/// # Errors
/// Says why they were not told. They look soon anyway.
pub(crate) async fn announce(config: &Config, store: &Store) -> Result<(), String> {
    if matches!(config.relay, crate::config::Relay::Off) {
        return Ok(());
    }
    within(async {
        let away = |error: StoreError| error.to_string();
        let line = Line::of(config, store).await.map_err(away)?;
        let directory = store.directory_version().await.map_err(away)?;
        // Whoever hears no more has a line that ends.
        let (mut mouth, _ears) = line.open().await?;
        say(&line, config, &mut mouth, directory).await.map(drop)
    })
    .await
}

/// Tells, and hears it: the relay works from end to end.
///
/// # Errors
/// Says why it does not.
pub(crate) async fn try_out(config: &Config, store: &Store) -> Result<(), String> {
    within(async {
        let away = |error: StoreError| error.to_string();
        let line = Line::of(config, store).await.map_err(away)?;
        let (mut mouth, mut ears) = line.open().await?;
        let boot = say(&line, config, &mut mouth, 0).await?;
        hear(&line, config, &mut ears, boot).await
    })
    .await
}

async fn within<T>(work: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let late = |_| Err(format!("not heard within {} s", PATIENCE.as_secs()));
    timeout(PATIENCE, work).await.unwrap_or_else(late)
}

/// The only message of a life.
async fn say(
    line: &Line,
    config: &Config,
    mouth: &mut Mouth,
    directory: i64,
) -> Result<Uuid, String> {
    let letter = Letter {
        boot: Uuid::new_v4(),
        n: 1,
        directory,
        bye: true,
        look: true,
        ..Letter::default()
    };
    let text = letter.text().map_err(|error| error.to_string())?;
    let seal = Seal::new(config.encryption_key.as_ref(), &line.birth);
    mouth.tell(&seal.sign(&text)).await?;
    Ok(letter.boot)
}

async fn hear(line: &Line, config: &Config, ears: &mut Ears, boot: Uuid) -> Result<(), String> {
    let seal = Seal::new(config.encryption_key.as_ref(), &line.birth);
    while let Some(message) = ears.hear().await {
        let body = seal.open(&message).ok();
        let letter = body.and_then(|body| Letter::read(body).ok());
        if letter.is_some_and(|letter| letter.boot == boot) {
            return Ok(());
        }
    }
    Err("the connection for hearing ended".to_owned())
}

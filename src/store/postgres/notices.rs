//! Notices: what one session of PostgreSQL tells the others at once, and keeps for nobody.
//!
//! They go by a connection of their own, beside the pools: a session listens only as long as it
//! lives, and a transaction that has notified holds a lock of the whole server's while it commits,
//! which must never be the journal's.

use super::reach::{self, PATIENCE};
use super::refusal::is_standby;
use crate::config::{PostgresUrl, TlsMode};
use crate::store::StoreError;
use crate::store::hosts;
use crate::store::tls::client_config;
use futures_util::StreamExt;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::types::Type;
use tokio_postgres::{AsyncMessage, Client, Config, Connection, NoTls, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Notices that wait to be read. Beyond, they are dropped here, so that the server never waits: one
/// session that does not read holds up the notices of all.
const WAITING: usize = 1024;
/// Longest wait for the server to take a notice.
const TAKEN: Duration = Duration::from_secs(2);

/// The way to tell.
pub(crate) struct NoticeMouth {
    client: Client,
    channel: String,
}

/// The way to hear.
pub(crate) struct NoticeEars(mpsc::Receiver<String>);

/// Listens on a channel, from when this returns.
pub(super) async fn listen(
    url: &PostgresUrl,
    channel: &str,
) -> Result<(NoticeMouth, NoticeEars), StoreError> {
    let (said, heard) = mpsc::channel(WAITING);
    let whole = async {
        let client = connect(url, said).await?;
        // A name of ours, of small letters: nothing in it is to be quoted.
        let listening = client.batch_execute(&format!("LISTEN {channel}")).await;
        listening.map_err(|error| away(&error))?;
        Ok::<_, StoreError>(client)
    };
    let client = tokio::time::timeout(PATIENCE, whole).await;
    let client = client.unwrap_or_else(|_| Err(late()))?;
    let mouth = NoticeMouth {
        client,
        channel: channel.to_owned(),
    };
    Ok((mouth, NoticeEars(heard)))
}

async fn connect(url: &PostgresUrl, said: mpsc::Sender<String>) -> Result<Client, StoreError> {
    let url = reach::Session::Lent.address(url, false);
    let reached = match url.tls {
        TlsMode::Disable => {
            let connect = async |config: Config| {
                let (client, connection) = config.connect(NoTls).await?;
                attend(connection, said.clone());
                Ok(client)
            };
            hosts::reach(&url.config, connect, is_standby).await
        }
        _ => {
            let tls = client_config(&url).map_err(StoreError::Unavailable)?;
            let tls = MakeRustlsConnect::new(tls);
            let connect = async |config: Config| {
                let (client, connection) = config.connect(tls.clone()).await?;
                attend(connection, said.clone());
                Ok(client)
            };
            hosts::reach(&url.config, connect, is_standby).await
        }
    };
    reached.map_err(|error| away(&error))
}

/// Does nothing but read, until the connection ends or nobody wants to hear any more.
fn attend<S>(mut connection: Connection<Socket, S>, said: mpsc::Sender<String>)
where
    S: TlsStream + Unpin + Send + 'static,
{
    tokio::spawn(async move {
        let reading = std::future::poll_fn(move |context| connection.poll_message(context));
        let mut messages = futures_util::stream::unfold(reading, |mut reading| async {
            Some(((&mut reading).await?, reading))
        })
        .boxed();
        loop {
            let message = tokio::select! {
                () = said.closed() => return,
                message = messages.next() => message,
            };
            match message {
                Some(Ok(AsyncMessage::Notification(notice))) => {
                    // Whoever does not keep up finds a gap in the numbers.
                    let _ = said.try_send(notice.payload().to_owned());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return,
            }
        }
    });
}

impl NoticeMouth {
    /// Tells all who listen, ourselves too.
    pub(crate) async fn tell(&self, payload: &str) -> Result<(), StoreError> {
        let values = [
            (
                &self.channel as &(dyn tokio_postgres::types::ToSql + Sync),
                Type::TEXT,
            ),
            (&payload, Type::TEXT),
        ];
        let telling = self.client.query_typed("SELECT pg_notify($1, $2)", &values);
        match tokio::time::timeout(TAKEN, telling).await {
            Ok(told) => told.map(drop).map_err(|error| away(&error)),
            Err(_) => Err(late()),
        }
    }
}

impl NoticeEars {
    /// The next notice; none when the connection has ended.
    pub(crate) async fn hear(&mut self) -> Option<String> {
        self.0.recv().await
    }
}

fn away(error: &tokio_postgres::Error) -> StoreError {
    let source = std::error::Error::source(error);
    StoreError::Unavailable(source.map_or_else(|| error.to_string(), ToString::to_string))
}

fn late() -> StoreError {
    StoreError::Unavailable("no answer in time".to_owned())
}

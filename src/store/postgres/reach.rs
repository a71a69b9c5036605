//! Reaching a server before anything is asked of it: with our settings, or, behind a pooler that
//! keeps them from it, without.

mod pooler;

use super::refusal::{Refusal, is_standby, silent};
use crate::config::{PostgresUrl, TlsMode};
use crate::store::hosts;
use crate::store::tls::client_config;
use crate::store::trouble::Trouble;
use std::time::Duration;
use tokio_postgres::error::SqlState;
use tokio_postgres::tls::TlsStream;
use tokio_postgres::{Client, Config, Connection, Error, NoTls, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// Longest wait for a server to let us in and to answer the first questions.
pub(super) const PATIENCE: Duration = Duration::from_secs(4);

/// A node that stops or is cut off in the middle of a transaction holds its agencies' heads: the
/// server ends the transaction soon, though not before we would (`WRITE_LIMIT`). It also finds out
/// by itself that a peer is gone.
const EVERY: &str = "-c idle_in_transaction_session_timeout=1500 -c tcp_user_timeout=5000 \
     -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3";
/// What holds for connections that write. The server gives up before we do, so that an answer of
/// ours is rarely in doubt. All that they look for they look for by key: a plan that was made while
/// a table was young, and reads all of it, must not be kept until the table has grown.
const WRITING: &str = "-c statement_timeout=1000 -c lock_timeout=800 \
     -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off \
     -c plan_cache_mode=force_generic_plan -c jit=off";

/// Whose the server's session is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// Ours: settings that are given while connecting hold for it.
    Ours,
    /// A pooler's, for as long as we are connected. It does not hand such settings on, and what is
    /// set later could stay behind in it: only what a transaction sets for itself is safe.
    Lent,
}

impl Session {
    /// The address with settings for connections that read, or that write.
    pub(super) fn address(self, url: &PostgresUrl, writing: bool) -> PostgresUrl {
        let mut url = url.clone();
        if self == Self::Ours {
            let given = url.config.get_options().unwrap_or_default();
            let more = if writing { WRITING } else { "" };
            let options = format!("{given} {EVERY} {more}");
            url.config.options(options.trim());
        }
        url
    }
}

/// Finds out whose the session is.
///
/// # Errors
/// Why the server cannot be used.
pub(super) async fn look(url: &PostgresUrl) -> Result<Session, Trouble> {
    match tokio::time::timeout(PATIENCE, looking(url)).await {
        Ok(Ok(session)) => Ok(session),
        Ok(Err(refusal)) => Err(refusal.explain(url).await),
        Err(_) => Err(silent(url).await),
    }
}

async fn looking(url: &PostgresUrl) -> Result<Session, Refusal> {
    let (first, session) = match client(&Session::Ours.address(url, true)).await {
        Ok(first) => {
            let holds = text(&first, "SHOW plan_cache_mode").await?;
            let ours = holds.as_deref() == Some("force_generic_plan");
            (first, if ours { Session::Ours } else { Session::Lent })
        }
        Err(Refusal::Server(error)) if may_be_for_the_settings(&error) => {
            (client(url).await?, Session::Lent)
        }
        Err(refusal) => return Err(refusal),
    };
    let second = client(&session.address(url, true)).await?;
    if pooler::changes_hands(&first, &second, session).await? {
        return Err(Refusal::Pooler);
    }
    if session == Session::Lent {
        let commits = text(&first, "SHOW synchronous_commit").await?;
        if commits.is_some_and(|word| matches!(word.as_str(), "off" | "local" | "remote_write")) {
            return Err(Refusal::WeakCommits);
        }
    }
    Ok(session)
}

/// Poolers refuse settings by codes of their own; who we are, which database it is and whether there
/// is room has nothing to do with them.
fn may_be_for_the_settings(error: &Error) -> bool {
    error.code().is_some_and(|code| {
        let class = code.code().get(..2);
        !matches!(class, Some("28" | "3D" | "53" | "57"))
            && *code != SqlState::INSUFFICIENT_PRIVILEGE
    })
}

/// A connection of its own, of which errors are heard with their codes.
///
/// # Errors
/// When the server refuses.
pub(super) async fn client(url: &PostgresUrl) -> Result<Client, Refusal> {
    let reached = match url.tls {
        TlsMode::Disable => {
            let connect = async |config: Config| Ok(attended(config.connect(NoTls).await?));
            hosts::reach(&url.config, connect, is_standby).await
        }
        _ => {
            let tls = client_config(url).map_err(Refusal::Certificates)?;
            let tls = MakeRustlsConnect::new(tls);
            let connect = async |config: Config| Ok(attended(config.connect(tls.clone()).await?));
            hosts::reach(&url.config, connect, is_standby).await
        }
    };
    reached.map_err(Refusal::Server)
}

fn attended<S>((client, connection): (Client, Connection<Socket, S>)) -> Client
where
    S: TlsStream + Unpin + Send + 'static,
{
    // It ends with its client, who hears of its errors.
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

/// The first column of all rows, asked for without a prepared statement.
///
/// # Errors
/// The server's.
pub(super) async fn texts(client: &Client, sql: &str) -> Result<Vec<String>, Error> {
    let messages = client.simple_query(sql).await?;
    let rows = messages.iter().filter_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
        _ => None,
    });
    Ok(rows.collect())
}

/// The first of [`texts`].
///
/// # Errors
/// The server's.
pub(super) async fn text(client: &Client, sql: &str) -> Result<Option<String>, Error> {
    Ok(texts(client, sql).await?.into_iter().next())
}

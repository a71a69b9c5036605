//! Telling a transaction pooler by what it does: a session is another one from one transaction to
//! the next. Our prepared statements would be missing there, and our settings other clients'.

use super::{Session, text};
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Error};

const WHICH: &str = "SELECT pg_backend_pid()";
const WHICH_AND_HOLD: &str = "BEGIN; SELECT pg_backend_pid()";
/// How often to look where a pooler is suspected. An idle one gives itself away at the first look;
/// between the clients of a busy one it may take more: five were too few on a busy machine.
const LOOKS: u32 = 25;

/// Whether the server behind `first` changes, or is also the one behind `second`. Leaves nothing
/// behind in any session.
///
/// # Errors
/// When the server cannot be asked.
pub(super) async fn changes_hands(
    first: &Client,
    second: &Client,
    session: Session,
) -> Result<bool, Error> {
    let looks = if session == Session::Ours { 1 } else { LOOKS };
    let server = text(first, WHICH).await?;
    for _ in 0..looks {
        // While the second holds its server, the first cannot be given that one again.
        let held = match text(second, WHICH_AND_HOLD).await {
            Err(error) if refuses_transactions(&error) => return Ok(true),
            held => held?,
        };
        let changed = held == server || text(first, WHICH).await? != server;
        second.simple_query("COMMIT").await?;
        if changed {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A pooler that hands over after each statement has no transactions at all.
fn refuses_transactions(error: &Error) -> bool {
    error.code() == Some(&SqlState::PROTOCOL_VIOLATION)
}

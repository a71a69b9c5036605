//! Joining: a client finds its place in its agency's channel, and is told what it missed.

use super::delivery::row_of;
use super::gaps::{GAP_PATIENCE, Read};
use super::{Fanout, PAGE};
use crate::domain::AgencyId;
use crate::hub::{
    Board, Frame, Joined, Member, NotCaughtUp, NotJoined, Position, Readable, RowKey,
    SnapshotReason,
};
use crate::store::StoreError;
use crate::view::{self, Published};
use std::sync::Arc;
use tokio::sync::Mutex;

/// Why a client could not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The agency is gone.
    #[error("there is no such agency")]
    NoAgency,
    /// This person, or the agency, has too many sockets.
    #[error("too many sockets")]
    TooMany,
}

/// How a client joined.
#[derive(Debug)]
pub struct Joining {
    /// What its first answer says.
    pub joined: Joined,
    /// What must be read from the journal for it: it becomes a member by [`Fanout::catch_up`].
    pub missed: Option<Missed>,
}

/// What a client that was away for long has missed.
#[derive(Debug)]
pub struct Missed {
    /// The last event that it has been told of.
    told: Position,
    /// The first of what follows.
    page: Vec<Published>,
}

/// What became of a client that was told what it had missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaughtUp {
    /// It is a member now, and hears everything.
    Joined,
    /// Its outbox took no more, or has ended.
    Refused,
    /// What it was being told of is gone: it must come again with its position.
    StartAgain,
}

impl From<Joined> for Joining {
    fn from(joined: Joined) -> Self {
        Self {
            joined,
            missed: None,
        }
    }
}

impl Fanout {
    /// Joins a client to its agency's channel.
    ///
    /// # Errors
    /// When it may not, or the database is needed and away.
    pub async fn join(
        &self,
        agency: AgencyId,
        member: &Member,
        position: Option<&Position>,
    ) -> Result<Joining, JoinError> {
        let mut looked_ahead = false;
        let mut joined = self.hub.join(agency, member, position);
        loop {
            let fresh = match joined {
                Ok(joined) => return Ok(joined.into()),
                Err(NotJoined::TooMany) => return Err(JoinError::TooMany),
                Err(NotJoined::NotLoaded) => {
                    self.load(agency).await?;
                    None
                }
                Err(NotJoined::Ahead) if looked_ahead => Some(SnapshotReason::Ahead),
                Err(NotJoined::Ahead) => {
                    // Another node may have numbered events that have not been heard of here.
                    looked_ahead = true;
                    let seq = position.map_or(0, |position| position.seq);
                    self.reach(agency, seq).await?;
                    None
                }
                Err(NotJoined::Behind { epoch, seq }) => {
                    let from = position.map_or(0, |position| position.seq);
                    let page = self.page(agency, from).await?;
                    if page.first().is_some_and(|first| first.seq == from + 1) {
                        return Ok(caught_up_later(member, (epoch, seq), from, page));
                    }
                    Some(SnapshotReason::TooOld)
                }
            };
            joined = match fresh {
                Some(reason) => self.hub.join_fresh(agency, member, reason),
                None => self.hub.join(agency, member, position),
            };
        }
    }

    /// Tells a client, page by page, what it missed, and makes it a member as soon as the ring
    /// covers the rest. Waits for the client, not the other way round.
    ///
    /// # Errors
    /// When the database is away, or there are too many sockets by now.
    pub(crate) async fn catch_up(
        self,
        agency: AgencyId,
        member: Member,
        missed: Missed,
    ) -> Result<CaughtUp, JoinError> {
        let Missed { mut told, mut page } = missed;
        loop {
            for event in page {
                if event.seq != told.seq + 1 || event.epoch != told.epoch {
                    // Retention overtook this client, or the numbering was renewed.
                    return Ok(CaughtUp::StartAgain);
                }
                member.outbox.has_room().await;
                let text = event.text(member.audience).map_err(corrupt)?;
                let frame = Frame::text(&text);
                if member.outbox.push_event(frame, event.seq, None).is_err() {
                    return Ok(CaughtUp::Refused);
                }
                told.seq = event.seq;
            }
            let not_yet = match self.joins_after(agency, &member, &told).await? {
                Ok(()) => return Ok(CaughtUp::Joined),
                Err(not_yet) => not_yet,
            };
            match not_yet {
                NotCaughtUp::TooMany => return Err(JoinError::TooMany),
                _ if member.outbox.is_ended() => return Ok(CaughtUp::Refused),
                NotCaughtUp::Behind => {}
                // Once it has taken some of what waits for it.
                NotCaughtUp::Full => member.outbox.has_room().await,
                // The numbering was renewed, or the journal has lost events.
                _ => return Ok(CaughtUp::StartAgain),
            }
            page = self.page(agency, told.seq).await?;
            if page.is_empty() && not_yet == NotCaughtUp::Behind {
                return Ok(CaughtUp::StartAgain);
            }
        }
    }

    /// Makes a client that was told so much a member, once this node has heard of as much.
    async fn joins_after(
        &self,
        agency: AgencyId,
        member: &Member,
        told: &Position,
    ) -> Result<Result<(), NotCaughtUp>, JoinError> {
        let mut joined = self.hub.join_after(agency, member, told);
        if joined == Err(NotCaughtUp::NotLoaded) {
            // Nobody watched meanwhile, and the board was swept out.
            self.load(agency).await?;
            joined = self.hub.join_after(agency, member, told);
        }
        if joined == Err(NotCaughtUp::Ahead) {
            // The journal has events of other nodes that have not gone out here yet.
            self.reach(agency, told.seq).await?;
            joined = self.hub.join_after(agency, member, told);
        }
        Ok(joined)
    }

    /// Has everything go out here up to that number, once however many clients wait for it.
    async fn reach(&self, agency: AgencyId, seq: i64) -> Result<(), StoreError> {
        let turn = self.turn(agency);
        let _turn = turn.lock().await;
        while self.hub.seq(agency).is_some_and(|(_, out)| out < seq) {
            if self.read_on(agency).await? != Read::Page {
                break;
            }
        }
        self.loading.remove(&agency);
        Ok(())
    }

    /// One client at a time has the journal or the board of an agency read for all.
    fn turn(&self, agency: AgencyId) -> Arc<Mutex<()>> {
        Arc::clone(&self.loading.entry(agency).or_default())
    }

    async fn page(&self, agency: AgencyId, seq: i64) -> Result<Vec<Published>, StoreError> {
        let _turn = self
            .readers
            .acquire()
            .await
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.store.events_since(agency, seq, PAGE).await
    }

    /// Loads a board, once however many clients wait for it.
    pub(super) async fn load(&self, agency: AgencyId) -> Result<(), JoinError> {
        let turn = self.turn(agency);
        let _turn = turn.lock().await;
        if self.hub.seq(agency).is_some() {
            return Ok(());
        }
        let board = self.store.board(agency).await?;
        let board = board.ok_or(JoinError::NoAgency)?;
        let calls = board.calls.iter().map(|call| {
            let place = RowKey::Call(call.created_at, call.id);
            view::call_row(call).map(|row| (place, row_of(row.into())))
        });
        let agents = board.agents.iter().map(|agent| {
            let place = RowKey::Agent(agent.id);
            view::agent_row(agent).map(|row| (place, row_of(row.into())))
        });
        let rows = calls.chain(agents);
        let board = Board {
            epoch: board.head.epoch,
            seq: board.head.last_seq,
            rows: rows.collect::<Result<_, _>>().map_err(corrupt)?,
        };
        if self.hub.load(agency, board) {
            self.fill_soon(agency, GAP_PATIENCE);
        }
        self.loading.remove(&agency);
        Ok(())
    }
}

fn corrupt(error: serde_json::Error) -> StoreError {
    StoreError::Corrupt(error.to_string())
}

/// Where the client stopped, with the journal to be read for it from there.
fn caught_up_later(
    member: &Member,
    (epoch, seq): (String, i64),
    from: i64,
    page: Vec<Published>,
) -> Joining {
    member.outbox.start_at(from);
    let told = Position {
        epoch: epoch.clone(),
        seq: from,
    };
    Joining {
        joined: Joined::Resumed {
            epoch,
            seq,
            frames: Readable::none(),
        },
        missed: Some(Missed { told, page }),
    }
}

//! The first answer: exactly one of `snapshot` and `resumed`, and what was missed.

use super::close::Close;
use super::protocol::HEARTBEAT_S;
use super::protocol::{self, Greeted, Hello};
use crate::fanout::{CaughtUp, JoinError};
use crate::http::{Barred, Caller, Context};
use crate::hub::{Joined, Member, Position, SnapshotReason};
use crate::telemetry::ConnectAnswer;
use crate::view::{AgencyView, UserView};
use std::pin::Pin;

/// What the first answer depends on.
pub(super) struct Greeting<'a> {
    pub caller: &'a Caller,
    pub position: Option<&'a Position>,
    pub member: Member,
}

/// What a client that was away for long is still to be told, page by page. Runs beside the session:
/// it may take long, and the session has its own rules to keep meanwhile.
pub(super) type CatchUp = Pin<Box<dyn Future<Output = Result<(), Close>>>>;

/// Joins the client to its agency's channel and tells it where it stands.
pub(super) async fn greet(
    context: &Context,
    greeting: Greeting<'_>,
) -> Result<Option<CatchUp>, Close> {
    let Greeting {
        caller,
        position,
        member,
    } = greeting;
    let agency = caller.agency_id();
    let user = Greeted {
        user: UserView::from(&caller.user),
        agency: AgencyView::from(&caller.agency.agency),
    };
    let joining = context
        .fanout
        .join(agency, &member, position)
        .await
        .map_err(close_of)?;
    let hello = Hello {
        at: context.clock.now(),
        heartbeat_s: HEARTBEAT_S,
        user: &user,
    };
    let (first, answer) = match joining.joined {
        Joined::Snapshot {
            reason,
            epoch,
            seq,
            calls,
            agents,
        } => {
            let rows = [calls.bytes().collect(), agents.bytes().collect()];
            let first = protocol::snapshot(reason, &epoch, seq, &hello, rows);
            (first, answer_of(reason))
        }
        Joined::Resumed { epoch, seq, frames } => {
            let from = position.map_or(0, |position| position.seq);
            let mut first = vec![protocol::resumed(&epoch, from, seq, &hello)];
            first.extend(frames.bytes());
            (first, ConnectAnswer::Resumed)
        }
    };
    member.outbox.uncork(first);
    context.metrics.connect_answered(answer);
    Ok(joining.missed.map(|missed| -> CatchUp {
        let caught_up = context.fanout.clone().catch_up(agency, member, missed);
        Box::pin(async move {
            match caught_up.await {
                Ok(CaughtUp::Joined) => Ok(()),
                Ok(CaughtUp::Refused) => Err(Close::Slow),
                Ok(CaughtUp::StartAgain) => Err(Close::Renewed),
                Err(error) => Err(close_of(error)),
            }
        })
    }))
}

fn close_of(error: JoinError) -> Close {
    match error {
        JoinError::TooMany => Close::TooMany,
        JoinError::NoAgency => Close::Forbidden(Barred::NoAgency),
        JoinError::Store(error) => {
            tracing::warn!("Socket turned away: {error}");
            Close::TryLater
        }
    }
}

const fn answer_of(reason: SnapshotReason) -> ConnectAnswer {
    match reason {
        SnapshotReason::Fresh => ConnectAnswer::Fresh,
        SnapshotReason::EpochChanged => ConnectAnswer::EpochChanged,
        SnapshotReason::TooOld => ConnectAnswer::TooOld,
        SnapshotReason::Ahead => ConnectAnswer::Ahead,
    }
}

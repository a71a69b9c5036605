//! The first answer: exactly one of `snapshot` and `resumed`, and what was missed.

use super::close::Close;
use super::protocol::{self, Greeted};
use super::session::HEARTBEAT_S;
use crate::fanout::{JoinError, Welcome};
use crate::http::{Caller, Context};
use crate::hub::{Member, Position, SnapshotReason};
use crate::telemetry::ConnectAnswer;
use crate::view::{AgencyView, UserView};

/// What the first answer depends on.
pub(super) struct Greeting<'a> {
    pub caller: &'a Caller,
    pub position: Option<&'a Position>,
    pub member: Member,
}

/// Joins the client to its agency's channel and tells it where it stands.
pub(super) async fn greet(context: &Context, greeting: Greeting<'_>) -> Result<(), Close> {
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
    let welcome = context
        .fanout
        .join(agency, &member, position)
        .await
        .map_err(close_of)?;
    let from = position.map_or(0, |position| position.seq);
    match welcome {
        Welcome::Snapshot {
            reason,
            epoch,
            seq,
            rows,
        } => {
            let first = protocol::snapshot(reason, &epoch, seq, HEARTBEAT_S, &user, rows);
            member.outbox.uncork(first);
            context.metrics.connect_answered(answer_of(reason));
        }
        Welcome::Resumed { epoch, seq, frames } => {
            let mut first = vec![protocol::resumed(&epoch, from, seq, HEARTBEAT_S, &user)];
            first.extend(frames);
            member.outbox.uncork(first);
            context.metrics.connect_answered(ConnectAnswer::Resumed);
        }
        Welcome::CatchUp { epoch, seq, page } => {
            let first = protocol::resumed(&epoch, from, seq, HEARTBEAT_S, &user);
            member.outbox.start_at(from);
            member.outbox.uncork(vec![first]);
            context.metrics.connect_answered(ConnectAnswer::Resumed);
            let caught_up = context
                .fanout
                .catch_up(agency, &member, page, from)
                .await
                .map_err(|error| close_of(error.into()))?;
            if !caught_up {
                return Err(Close::Slow);
            }
        }
    }
    Ok(())
}

fn close_of(error: JoinError) -> Close {
    match error {
        JoinError::TooMany => Close::TooMany,
        JoinError::NoAgency => Close::Forbidden,
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

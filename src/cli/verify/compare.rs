//! One call in the table against what its webhooks and commands make of it.

use super::retold::Retold;
use super::window::Window;
use crate::cli::words::plain;
use crate::domain::{Call, Claim, Facts, Participant, Recording, Timestamp, derive};
use std::fmt;

/// Whether a call could be checked, and what came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its webhooks may have been removed.
    TooOld,
    /// Its differences; none is how it should be.
    Compared(Vec<Difference>),
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Difference {
    /// No webhook tells of such a call.
    MadeUp,
    /// The webhooks tell of the leg, but not as of a call.
    NoCall,
    Field {
        name: &'static str,
        told: String,
        kept: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MadeUp => f.write_str("is in the table, and no webhook tells of it"),
            Self::NoCall => f.write_str("is in the table, and webhooks say that it is no call"),
            Self::Field { name, told, kept } => {
                write!(f, "{name}: webhooks say {told}, the table says {kept}")
            }
        }
    }
}

/// Compares a call with what is told of it; says as well when the latest of that was heard.
pub(super) fn compare(
    retold: &Retold,
    window: &Window,
    call: &Call,
    claims: &[Claim],
) -> (Verdict, Timestamp) {
    let never = Timestamp::default();
    let Some((caller, initiated)) = retold
        .leg(&call.handle)
        .and_then(|leg| Some((leg, leg.initiated?)))
    else {
        let verdict = if call.created_at < window.complete_since {
            Verdict::TooOld
        } else {
            Verdict::Compared(vec![Difference::MadeUp])
        };
        return (verdict, never);
    };
    if initiated.received < window.complete_since {
        return (Verdict::TooOld, never);
    }
    let legs = retold.other_legs(caller, claims);
    let facts = Facts {
        caller,
        claims,
        legs: &legs,
    };
    let differences = match derive(call.id, call.agency_id, facts) {
        Some(derived) => differences(&derived.call, call),
        None => vec![Difference::NoCall],
    };
    let commands = claims
        .iter()
        .flat_map(|claim| [Some(claim.claimed_at), claim.ended.map(|(at, _)| at)]);
    let heard = [retold.heard(&[caller]), retold.heard(&legs)]
        .into_iter()
        .chain(commands.flatten())
        .max();
    (Verdict::Compared(differences), heard.unwrap_or(never))
}

/// How a field is written.
type Field<'a> = &'a dyn Fn(&Call) -> String;

/// Field by field; the id is ours, and `updated_at` says when we wrote.
fn differences(told: &Call, kept: &Call) -> Vec<Difference> {
    let text = |text: &Option<String>| text.as_deref().map_or("nothing".to_owned(), quoted);
    let moment = |at: Option<Timestamp>| at.map_or("nothing".to_owned(), |at| at.to_string());
    let fields: [(&'static str, Field<'_>); 15] = [
        ("call_session_id", &|call| text(&call.call_session_id)),
        ("from_number", &|call| text(&call.from_number)),
        ("to_number", &|call| text(&call.to_number)),
        ("caller_name", &|call| text(&call.caller_name)),
        ("status", &|call| call.status.name().to_owned()),
        ("answered_by", &|call| {
            call.answered_by
                .map_or("nobody".to_owned(), |user| user.to_string())
        }),
        ("answered_by_name", &|call| text(&call.answered_by_name)),
        ("caller_answered_at", &|call| {
            moment(call.caller_answered_at)
        }),
        ("answered_at", &|call| moment(call.answered_at)),
        ("ended_at", &|call| moment(call.ended_at)),
        ("connected", &|call| call.connected.to_string()),
        ("hangup_cause", &|call| text(&call.hangup_cause)),
        ("recordings", &|call| recordings(&call.recordings)),
        ("created_at", &|call| call.created_at.to_string()),
        ("participants", &|call| participants(call, kept)),
    ];
    let differing = fields.into_iter().filter_map(|(name, field)| {
        let (told, kept) = (field(told), field(kept));
        (told != kept).then_some(Difference::Field { name, told, kept })
    });
    differing.collect()
}

/// Nothing, where the row was written last by a program that does not know of them.
fn participants(of: &Call, kept: &Call) -> String {
    let known = kept.participants.is_some();
    let all = of.participants.iter().flatten().filter(|_| known);
    let moment = |at: Option<Timestamp>| at.map_or("?".to_owned(), |at| at.to_string());
    let one = |one: &Participant| {
        let (joined, left) = (moment(one.joined_at), moment(one.left_at));
        let name = one.name.as_deref().unwrap_or("?");
        let state = one.state.name();
        format!("{} {state} ({joined} to {left})", plain(name))
    };
    let all: Vec<String> = all.map(one).collect();
    format!("[{}]", all.join(", "))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", plain(text))
}

fn recordings(recordings: &[Recording]) -> String {
    let moment = |at: Option<Timestamp>| at.map_or("?".to_owned(), |at| at.to_string());
    let one = |recording: &Recording| {
        let (start, end) = (moment(recording.started_at), moment(recording.ended_at));
        let channels = recording.channels.as_deref().unwrap_or("?");
        let saved = recording.saved.occurred;
        let id = plain(&recording.id);
        format!(
            "{id} ({}, {start} to {end}, saved {saved})",
            plain(channels)
        )
    };
    let all: Vec<String> = recordings.iter().map(one).collect();
    format!("[{}]", all.join(", "))
}

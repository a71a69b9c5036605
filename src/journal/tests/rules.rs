//! What the contract (`static/docs/contract.md`) says of every story, whatever happens in it.

use super::database::Database;
use crate::domain::{
    Audience, Call, CallLog, Claim, Command, EventType, Facts, Leg, ParticipantState, Reason,
    Recording, Standing, Status, derive, next,
};
use crate::store::batch::NewEvent;
use crate::view::{CallView, Published, Row};
use serde_json::Value;

impl Database {
    /// Checks every call's events against section 2's table and against the rows.
    pub(super) fn check(&self) {
        for call in self.calls.values() {
            let mut before: Option<&Call> = None;
            for numbered in self.of_call(call.id) {
                check_step(before, numbered);
                before = Some(&numbered.of_call().call);
            }
            assert_eq!(before, Some(call), "the last event shows the row");
            self.check_against_facts(call);
            self.check_log(call);
        }
        for numbered in &self.events {
            let id = numbered.of_call().call.id;
            assert!(self.calls.contains_key(&id), "an event without its call");
        }
    }
}

impl Database {
    /// Checks that every event's text says what the event says.
    pub(super) fn check_texts(&self) {
        for numbered in &self.events {
            check_text(numbered);
        }
    }

    /// A finished call has its row, with all that is known of it by now; no other has one.
    fn check_log(&self, call: &Call) {
        let handle = (call.agency_id, call.handle.clone());
        let log = self.call_logs.get(&call.id).cloned();
        assert_eq!(log, CallLog::of(call, &self.legs[&handle]), "the call log");
    }

    /// The row and its claims are what all that is stored makes of them, whatever each batch knew.
    fn check_against_facts(&self, call: &Call) {
        let of_agency = self
            .legs
            .iter()
            .filter(|((agency, _), _)| *agency == call.agency_id);
        let (caller, legs): (Vec<&Leg>, Vec<&Leg>) = of_agency
            .map(|(_, leg)| leg)
            .partition(|leg| leg.handle == call.handle);
        let mut claims: Vec<(Claim, Standing)> = self
            .claims
            .values()
            .filter(|(_, claim, _)| claim.call_id == call.id)
            .map(|(_, claim, standing)| (claim.clone(), *standing))
            .collect();
        claims.sort_by_key(|(claim, _)| claim.ordinal);
        let (claims, standings): (Vec<Claim>, Vec<Standing>) = claims.into_iter().unzip();
        let facts = Facts {
            caller: caller[0],
            claims: &claims,
            legs: &legs,
        };
        let derived = derive(call.id, call.agency_id, facts).unwrap();
        assert_eq!(
            plain(&derived.call),
            plain(call),
            "the row beside its facts"
        );
        assert_eq!(derived.standings, standings, "claims beside their facts");
        let ordinals = claims.iter().map(|claim| claim.ordinal);
        assert!(ordinals.eq(1..=i32::try_from(claims.len()).unwrap()));
        self.check_commands(call, &claims, &standings);
        let told = self.of_call(call.id);
        let told = told.filter(|event| event.of_call().event_type == EventType::Answering);
        assert_eq!(told.count(), claims.len(), "each claim is told");
        let won = standings.iter().filter(|s| **s == Standing::Won).count();
        assert!(won <= 1, "one winner");
    }
}

impl Database {
    /// What the carrier is to be asked now is written down, and what it was asked is numbered
    /// without gaps.
    fn check_commands(&self, call: &Call, claims: &[Claim], standings: &[Standing]) {
        let commands: Vec<Command> = self.commands.values().copied().collect();
        for (claim, standing) in claims.iter().zip(standings) {
            let asked = next(call, claim, *standing, &commands);
            assert!(asked.is_none_or(|asked| commands.contains(&asked)));
            let of_claim = commands.iter().filter(|one| one.by == Some(claim.id));
            let mut numbers: Vec<i32> = of_claim.map(|one| one.n).collect();
            numbers.sort_unstable();
            assert!(
                numbers
                    .iter()
                    .copied()
                    .eq(1..=numbers.last().copied().unwrap())
            );
        }
    }
}

/// One row of the table: what may come when the call is as `before`.
fn check_step(before: Option<&Call>, numbered: &NewEvent) {
    use Status::{Answered, Answering, Ended, Incoming};
    let event = numbered.of_call();
    let from = before.map(|call| call.status);
    let to = event.call.status;
    let legal = match event.event_type {
        EventType::Incoming => from.is_none() && to == Incoming,
        EventType::Answering => from == Some(Incoming) && to == Answering,
        EventType::Released => from == Some(Answering) && to == Incoming,
        EventType::Answered => matches!(from, Some(Incoming | Answering)) && to == Answered,
        EventType::Ended => from.is_some_and(|from| from != Ended) && to == Ended,
        EventType::Updated => from == Some(to),
    };
    assert!(legal, "{} from {from:?} to {to:?}", event.event_type.name());
    let reasonable = match event.event_type {
        EventType::Released => matches!(event.reason, Some(Reason::Released(_))),
        EventType::Ended => event.reason == Some(Reason::Hangup),
        _ => event.reason.is_none(),
    };
    assert!(reasonable, "{:?} as reason of {to:?}", event.reason);
    check_call(&event.call);
    if let Some(before) = before {
        assert_ne!(plain(before), plain(&event.call), "an event of no change");
        assert_eq!(before.created_at, event.call.created_at);
    }
}

/// What a row may say together.
fn check_call(call: &Call) {
    let status = call.status;
    assert_eq!(call.ended_at.is_some(), status == Status::Ended);
    match status {
        Status::Incoming => assert_eq!((call.answered_at, call.answered_by), (None, None)),
        Status::Answering => assert!(call.answered_at.is_none() && call.answered_by.is_some()),
        Status::Answered => assert!(call.answered_at.is_some()),
        Status::Ended => {}
    }
    assert!(!call.connected || status == Status::Answered);
    check_participants(call);
    let began = |recording: &Recording| recording.started_at.unwrap_or(recording.saved.occurred);
    assert!(call.recordings.is_sorted_by_key(began), "oldest first");
    let mut ids: Vec<&str> = call.recordings.iter().map(|r| r.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), call.recordings.len(), "a recording twice");
}

/// Who is on a call goes with all else that is said of it.
fn check_participants(call: &Call) {
    let all = call.participants.as_ref().unwrap();
    let count = |state| all.iter().filter(|one| one.state == state).count();
    let there = all.len() - count(ParticipantState::Left);
    match call.status {
        Status::Incoming | Status::Ended => assert_eq!(there, 0, "{all:?}"),
        Status::Answering => assert_eq!((there, count(ParticipantState::Ringing)), (1, 1)),
        Status::Answered => assert!(there <= 1 && there == count(ParticipantState::Talking)),
    }
    assert!(!call.connected || there == 1, "{all:?}");
    if let Some(holder) = call.answered_by {
        assert!(all.iter().any(|one| one.id == Some(holder)), "{all:?}");
    }
    let joined = all.iter().filter_map(|one| one.joined_at).min();
    assert!(joined.is_none() || joined == call.answered_at);
    for one in all {
        assert_eq!(one.left_at.is_some(), one.state == ParticipantState::Left);
        let ended = call.ended_at;
        assert!(
            one.left_at
                .is_none_or(|left| ended.is_none_or(|ended| left <= ended))
        );
        let same = all.iter().filter(|other| other.id == one.id);
        assert_eq!(same.count(), 1, "{all:?}");
    }
}

/// The text says what the event says, and has the row of its call in it; read back it has the same.
fn check_text(new: &NewEvent) {
    let (event, published) = (new.of_call(), &new.published);
    let json: Value = serde_json::from_str(published.unmasked()).unwrap();
    assert_eq!(json["type"], event.event_type.name());
    assert_eq!(json["seq"], published.seq);
    assert_eq!(json["recorded_at"], published.recorded_at.to_string());
    assert_eq!(json["occurred_at"], event.moment.occurred.to_string());
    assert_eq!(json["reason"].as_str(), event.reason.map(Reason::name));
    let row = published.row().unwrap();
    if let Row::Stays { began, place } = &row {
        let call = CallView::of(&event.call, Audience::Full);
        let call = serde_json::to_string(&call).unwrap();
        assert_eq!(published.unmasked()[place.clone()], call);
        assert_eq!(*began, event.call.created_at);
    }
    let gone = event.call.status == Status::Ended;
    assert_eq!(row == Row::Gone, gone, "the board shows what is not over");
    let stored = Published::stored(
        published.agency,
        (published.epoch.clone(), published.seq),
        published.recorded_at,
        published.subject,
        published.unmasked().to_owned(),
    );
    assert_eq!(stored.row().unwrap(), row, "read back");
}

/// A row, what differs from life to life aside.
pub(super) fn plain(call: &Call) -> Call {
    Call {
        id: crate::domain::CallId(uuid::Uuid::nil()),
        updated_at: call.created_at,
        ..call.clone()
    }
}

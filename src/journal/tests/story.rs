//! Tells what happens to a call in sentences, and makes the appends of it. Every sentence is a
//! second later than the one before, on the carrier's clock and on ours.

use super::super::append::{
    Append, ClaimAppend, Meaning, PlainAnswerAppend, ReleaseAppend, WebhookAppend,
};
use crate::domain::{
    AgencyId, ClaimId, Direction, LegEvent, LegHandle, LegNews, Mark, Moment, ReleaseReason,
    Timestamp, UserId,
};
use crate::store::batch::StoredWebhook;
use uuid::Uuid;

/// The agency of a story that names none.
pub(super) const AGENCY: &str = "agency";

fn uuid(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{kind} {name}").as_bytes())
}

pub(super) fn agency(name: &str) -> AgencyId {
    AgencyId(uuid("agency", name))
}

pub(super) fn user(name: &str) -> UserId {
    UserId(uuid("user", name))
}

pub(super) fn claim(name: &str) -> ClaimId {
    ClaimId(uuid("claim", name))
}

/// The second of that number in every story.
pub(super) fn second(number: i64) -> Timestamp {
    Timestamp::from_micros(1_795_225_200_123_456).plus_seconds(number)
}

/// One line of the carrier, as its webhooks describe it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub handle: String,
    pub leg_id: Option<String>,
    pub session: Option<String>,
    pub direction: Direction,
    pub mark: Mark,
    pub from: Option<String>,
    /// Its webhooks name the leg by its stable id alone.
    pub unnamed: bool,
}

impl Line {
    fn new(handle: &str, direction: Direction, mark: Mark) -> Self {
        Self {
            handle: handle.into(),
            leg_id: Some(format!("leg of {handle}")),
            session: Some("session".into()),
            direction,
            mark,
            from: None,
            unnamed: false,
        }
    }

    /// The caller's.
    pub(super) fn caller() -> Self {
        Self::new("caller", Direction::Incoming, Mark::Absent)
    }

    /// The one that the transfer of this claim made: its `mark` names the claim.
    pub(super) fn phone(name: &str) -> Self {
        let state = Mark::Ours(Some(claim(name)));
        Self::new(&format!("phone of {name}"), Direction::Outgoing, state)
    }

    /// An outgoing one of the same session, with no `mark`.
    pub(super) fn unmarked(handle: &str) -> Self {
        Self::new(handle, Direction::Outgoing, Mark::Absent)
    }

    pub(super) fn called(self, handle: &str) -> Self {
        let leg_id = Some(format!("leg of {handle}"));
        let handle = handle.into();
        Self {
            handle,
            leg_id,
            ..self
        }
    }

    pub(super) fn in_session(self, session: Option<&str>) -> Self {
        let session = session.map(str::to_owned);
        Self { session, ..self }
    }

    pub(super) fn marked(self, mark: Mark) -> Self {
        Self { mark, ..self }
    }

    pub(super) fn going(self, direction: Direction) -> Self {
        Self { direction, ..self }
    }

    pub(super) fn from(self, number: &str) -> Self {
        let from = Some(number.into());
        Self { from, ..self }
    }

    pub(super) fn unnamed(self) -> Self {
        Self {
            unnamed: true,
            ..self
        }
    }
}

pub(super) fn hangup(cause: &str) -> LegNews {
    LegNews::HungUp {
        cause: Some(cause.into()),
        source: None,
    }
}

pub(super) fn recording(id: &str, started: i64) -> LegNews {
    LegNews::Recorded {
        id: Some(id.into()),
        channels: Some("dual".into()),
        started_at: Some(second(started)),
        ended_at: Some(second(started + 5)),
    }
}

/// What happens, in the order in which it reaches us.
#[derive(Clone, Debug)]
pub(super) struct Story {
    agency: AgencyId,
    now: i64,
    appends: Vec<Append>,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            agency: agency(AGENCY),
            now: 0,
            appends: Vec::new(),
        }
    }

    /// From here on in this agency.
    pub(super) fn of(self, name: &str) -> Self {
        let agency = agency(name);
        Self { agency, ..self }
    }

    /// What follows happens at that second, be it earlier or later than what was told before.
    pub(super) fn at(self, now: i64) -> Self {
        Self { now, ..self }
    }

    pub(super) fn into_appends(self) -> Vec<Append> {
        self.appends
    }

    fn then(mut self, append: Append) -> Self {
        self.appends.push(append);
        self.now += 1;
        self
    }

    /// A webhook of this line. Its id is made of what it says and when.
    pub(super) fn hears(self, line: &Line, news: LegNews) -> Self {
        let id = format!("{} {news:?} {}", line.handle, self.now);
        self.hears_as(&id, line, news)
    }

    /// This line's `call.initiated`.
    pub(super) fn begins(self, line: &Line) -> Self {
        self.hears(line, LegNews::Initiated(line.direction))
    }

    /// A webhook of this line with that id.
    pub(super) fn hears_as(self, id: &str, line: &Line, news: LegNews) -> Self {
        let moment = Moment {
            occurred: second(self.now),
            received: second(self.now).plus_micros(1000),
        };
        let handle = if line.unnamed { "" } else { &line.handle };
        let webhook = StoredWebhook {
            agency_id: self.agency,
            carrier: LegHandle::test("").carrier,
            webhook_id: id.into(),
            event_type: format!("{news:?}"),
            leg: (!line.unnamed).then(|| LegHandle::test(&line.handle)),
            connection_id: None,
            occurred_at: moment.occurred,
            received_at: moment.received,
            body: String::new(),
        };
        let event = LegEvent {
            handle: LegHandle::test(handle),
            news,
            moment,
            session: line.session.clone(),
            leg_id: line.leg_id.clone(),
            from: line.from.clone(),
            to: None,
            caller_name: None,
            mark: line.mark,
        };
        let meaning = Meaning::Leg(event);
        self.then(Append::Webhook(WebhookAppend { webhook, meaning }))
    }

    /// The last append once more, at the same moment.
    pub(super) fn again(mut self) -> Self {
        self.appends.extend(self.appends.last().cloned());
        self
    }

    pub(super) fn rings(self, number: &str) -> Self {
        self.begins(&Line::caller().from(number))
    }

    pub(super) fn caller_answers(self) -> Self {
        self.hears(&Line::caller(), LegNews::Answered)
    }

    pub(super) fn caller_is_bridged(self) -> Self {
        self.hears(&Line::caller(), LegNews::Bridged)
    }

    pub(super) fn caller_hangs_up(self) -> Self {
        self.hears(&Line::caller(), hangup("normal_clearing"))
    }

    pub(super) fn recorded(self, id: &str, started: i64) -> Self {
        self.hears(&Line::caller(), recording(id, started))
    }

    pub(super) fn phone_rings(self, name: &str) -> Self {
        self.begins(&Line::phone(name))
    }

    pub(super) fn phone_answers(self, name: &str) -> Self {
        self.hears(&Line::phone(name), LegNews::Answered)
    }

    pub(super) fn phone_is_bridged(self, name: &str) -> Self {
        self.hears(&Line::phone(name), LegNews::Bridged)
    }

    pub(super) fn phone_hangs_up(self, name: &str, cause: &str) -> Self {
        self.hears(&Line::phone(name), hangup(cause))
    }

    /// The agent of that name claims the caller's call, by a claim of the same name.
    pub(super) fn claims(self, name: &str) -> Self {
        self.claims_as(name, name)
    }

    /// The agent claims the caller's call, by the claim of that name.
    pub(super) fn claims_as(self, agent: &str, name: &str) -> Self {
        self.claims_leg("caller", agent, name)
    }

    /// The agent claims the call of that leg.
    pub(super) fn claims_leg(self, handle: &str, agent: &str, name: &str) -> Self {
        let append = Append::Claim(ClaimAppend {
            agency_id: self.agency,
            handle: LegHandle::test(handle),
            claim_id: claim(name),
            user_id: user(agent),
            user_name: Some(agent.into()),
            at: second(self.now),
            most: None,
            driven_until: second(self.now),
        });
        self.then(append)
    }

    pub(super) fn gives_back(self, name: &str) -> Self {
        let by = Some(user(name));
        self.release(name, ReleaseReason::Cancelled, by)
    }

    pub(super) fn released(self, name: &str, reason: ReleaseReason) -> Self {
        self.release(name, reason, None)
    }

    fn release(self, name: &str, reason: ReleaseReason, by: Option<UserId>) -> Self {
        let append = Append::Release(ReleaseAppend {
            agency_id: self.agency,
            claim_id: claim(name),
            reason,
            by,
            at: second(self.now),
        });
        self.then(append)
    }

    pub(super) fn answers_plainly(self, name: &str) -> Self {
        let append = Append::PlainAnswer(PlainAnswerAppend {
            agency_id: self.agency,
            claim_id: claim(name),
            at: second(self.now),
        });
        self.then(append)
    }
}

//! A batch in memory: takes in appends one after the other and keeps account of what must be
//! written. Pure: no I/O and no clock but the one moment of the batch.

use super::append::{
    Answer, Append, ClaimAnswer, ClaimAppend, Meaning, PlainAnswerAppend, ReleaseAppend,
    WebhookAnswer, WebhookAppend,
};
use super::index::Index;
use crate::domain::{
    Actor, AgencyId, Call, CallId, Claim, Event, EventType, Facts, Leg, LegEvent, Moment, Reason,
    Standing, Status, Timestamp, UserId, derive,
};
use crate::store::StoreError;
use crate::store::batch::{Head, Loaded, NumberedEvent, WebhookOutcome, Writes};
use crate::view;
use std::collections::{BTreeSet, HashMap, HashSet};
use uuid::{NoContext, Uuid};

type Handle = (AgencyId, String);

/// The state of a batch.
pub struct Ledger {
    now: Timestamp,
    heads: HashMap<AgencyId, Head>,
    seen: HashSet<(AgencyId, String)>,
    index: Index,
    calls: HashMap<CallId, Call>,
    claims: HashMap<CallId, Vec<Claim>>,
    standings: HashMap<CallId, Vec<Standing>>,
    changed_legs: BTreeSet<Handle>,
    changed_calls: BTreeSet<CallId>,
    /// Calls whose claims may stand otherwise than before, also where the call itself does not.
    settled: BTreeSet<CallId>,
    writes: Writes,
}

impl Ledger {
    /// A ledger over what the database holds, at this moment.
    #[must_use]
    pub fn open(loaded: Loaded, now: Timestamp) -> Self {
        let mut claims: HashMap<CallId, Vec<Claim>> = HashMap::new();
        let mut index = Index::default();
        for (agency, leg) in loaded.legs {
            index.put_leg(agency, leg);
        }
        for (agency, claim) in loaded.claims {
            index.put_claim(agency, claim.id, claim.call_id);
            claims.entry(claim.call_id).or_default().push(claim);
        }
        for call in &loaded.calls {
            index.put_call(call.agency_id, &call.call_control_id, call.id);
        }
        Self {
            now,
            heads: loaded.heads,
            seen: loaded.repeats,
            index,
            calls: loaded
                .calls
                .into_iter()
                .map(|call| (call.id, call))
                .collect(),
            claims,
            standings: HashMap::new(),
            changed_legs: BTreeSet::new(),
            changed_calls: BTreeSet::new(),
            settled: BTreeSet::new(),
            writes: Writes::default(),
        }
    }

    /// Takes in one append. `None`: its agency is not there.
    ///
    /// # Errors
    /// When an event cannot be written as JSON.
    pub fn take(&mut self, append: &Append) -> Result<Option<Answer>, StoreError> {
        if !self.heads.contains_key(&append.agency_id()) {
            return Ok(None);
        }
        Ok(Some(match append {
            Append::Webhook(append) => Answer::Webhook(self.webhook(append)?),
            Append::Claim(append) => Answer::Claim(self.claim(append)?),
            Append::Release(append) => Answer::Done(self.release(append)?),
            Append::PlainAnswer(append) => Answer::Done(self.plain_answer(append)?),
        }))
    }

    /// What must be written.
    #[must_use]
    pub fn close(self) -> Writes {
        let mut writes = self.writes;
        for handle in &self.changed_legs {
            if let Some(leg) = self.index.leg(handle) {
                writes.legs.push((handle.0, leg.clone()));
            }
        }
        for id in &self.changed_calls {
            writes.calls.extend(self.calls.get(id).cloned());
        }
        for id in &self.settled {
            let Some(call) = self.calls.get(id) else {
                continue;
            };
            let claims = self.claims.get(id).into_iter().flatten();
            let standings = self.standings.get(id).into_iter().flatten();
            for (claim, standing) in claims.zip(standings) {
                writes
                    .claims
                    .push((call.agency_id, claim.clone(), *standing));
            }
        }
        let numbered: BTreeSet<AgencyId> =
            writes.events.iter().map(|(agency, _)| *agency).collect();
        for agency in numbered {
            if let Some(head) = self.heads.get(&agency) {
                writes.heads.push((agency, head.clone()));
            }
        }
        writes
    }

    fn webhook(&mut self, append: &WebhookAppend) -> Result<WebhookAnswer, StoreError> {
        let webhook = &append.webhook;
        let key = (webhook.agency_id, webhook.webhook_id.clone());
        if !self.seen.insert(key) {
            return Ok(WebhookAnswer::Repeat);
        }
        let outcome = match &append.meaning {
            Meaning::Leg(event) => self.leg_event(webhook.agency_id, event)?,
            Meaning::Nothing => WebhookOutcome::Ignored,
            Meaning::OtherConnection => WebhookOutcome::OtherConnection,
            Meaning::Unusable => WebhookOutcome::Failed,
        };
        self.writes.webhooks.push((webhook.clone(), outcome));
        Ok(WebhookAnswer::Stored(outcome))
    }

    fn leg_event(
        &mut self,
        agency: AgencyId,
        event: &LegEvent,
    ) -> Result<WebhookOutcome, StoreError> {
        let Some(handle) = self.index.handle_of(agency, event) else {
            return Ok(WebhookOutcome::Ignored);
        };
        let known = self.index.leg(&handle).cloned();
        let was_known = known.as_ref().is_some_and(Leg::is_known);
        let mut leg = known
            .clone()
            .unwrap_or_else(|| Leg::unknown(handle.1.clone()));
        leg.learn(event);
        if known.as_ref() != Some(&leg) {
            self.changed_legs.insert(handle.clone());
            self.index.put_leg(agency, leg.clone());
        }
        if !leg.is_known() {
            return Ok(WebhookOutcome::Held);
        }
        if known.is_some() && !was_known {
            // What waited for this leg's call.initiated has now been taken in.
            self.writes.unheld.push(handle.clone());
        }
        if leg.is_call() && self.index.call_of(&handle).is_none() {
            self.begin(agency, &handle, &leg)?;
        } else {
            for call in self.index.calls_touched_by(&handle, &leg) {
                self.settle(call, event.moment, None)?;
            }
        }
        Ok(WebhookOutcome::Applied)
    }

    /// A new call: tells its whole story so far, in order.
    fn begin(&mut self, agency: AgencyId, handle: &Handle, leg: &Leg) -> Result<(), StoreError> {
        let Some(initiated) = leg.initiated else {
            return Ok(());
        };
        let id = CallId(self.new_id());
        self.index.put_call(agency, &handle.1, id);
        let before_all = Timestamp::from_micros(i64::MIN);
        self.settle_as(id, agency, &leg.as_of(before_all), initiated, None)?;
        for moment in leg.later_moments() {
            self.settle_as(id, agency, &leg.as_of(moment.occurred), moment, None)?;
        }
        Ok(())
    }

    fn new_id(&self) -> Uuid {
        let micros = self.now.micros().max(0).unsigned_abs();
        let nanos = u32::try_from(micros % 1_000_000 * 1000).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(
            NoContext,
            micros / 1_000_000,
            nanos,
        ))
    }

    /// Works out anew what a call is and, if that is a change, numbers the event of it.
    fn settle(
        &mut self,
        id: CallId,
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<(), StoreError> {
        let Some(call) = self.calls.get(&id) else {
            return Ok(());
        };
        let agency = call.agency_id;
        let handle = (agency, call.call_control_id.clone());
        let Some(caller) = self.index.leg(&handle).cloned() else {
            return Ok(());
        };
        self.settle_as(id, agency, &caller, moment, actor)
    }

    fn settle_as(
        &mut self,
        id: CallId,
        agency: AgencyId,
        caller: &Leg,
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<(), StoreError> {
        let claims = self.claims.get(&id).map_or(&[][..], Vec::as_slice);
        let legs = self.index.other_legs(agency, caller, claims);
        let facts = Facts {
            caller,
            claims,
            legs: &legs,
        };
        let Some((mut call, standings)) = derive(id, agency, facts) else {
            return Ok(());
        };
        let standing = standings.last().copied();
        self.standings.insert(id, standings);
        self.settled.insert(id);
        let before = self.calls.get(&id);
        if let Some(before) = before {
            call.updated_at = before.updated_at;
        }
        let Some(event_type) = EventType::of_change(before, &call) else {
            return Ok(());
        };
        call.updated_at = self.now;
        let reason = match (event_type, standing) {
            (EventType::Released, Some(Standing::Released(reason))) => {
                Some(Reason::Released(reason))
            }
            (EventType::Ended, _) => Some(Reason::Hangup),
            _ => None,
        };
        self.calls.insert(id, call.clone());
        self.changed_calls.insert(id);
        self.number(
            agency,
            Event {
                event_type,
                reason,
                moment,
                actor,
                call,
            },
        )
    }

    fn number(&mut self, agency: AgencyId, event: Event) -> Result<(), StoreError> {
        let Some(head) = self.heads.get_mut(&agency) else {
            return Ok(());
        };
        let seq = head.last_seq + 1;
        let call = view::call_json(&event.call);
        let numbered = call.and_then(|call| {
            let json = view::event_json(&event, seq, self.now, &call)?;
            Ok((json, call.len()))
        });
        let (json, call_json_len) =
            numbered.map_err(|error| StoreError::Data(error.to_string()))?;
        head.last_seq = seq;
        self.writes.events.push((
            agency,
            NumberedEvent {
                seq,
                recorded_at: self.now,
                event,
                json,
                call_json_len,
            },
        ));
        Ok(())
    }

    fn claim(&mut self, append: &ClaimAppend) -> Result<ClaimAnswer, StoreError> {
        let handle = (append.agency_id, append.call_control_id.clone());
        let Some(call) = self
            .index
            .call_of(&handle)
            .and_then(|id| self.calls.get(&id))
            .cloned()
        else {
            return Ok(ClaimAnswer::Gone);
        };
        let claims = self.claims.entry(call.id).or_default();
        let held = claims.last().map(|claim| claim.id);
        let yours = claims.iter().any(|claim| claim.id == append.claim_id);
        match (call.status, held) {
            (Status::Ended, _) => Ok(ClaimAnswer::Gone),
            (Status::Answering | Status::Answered, Some(held))
                if yours || call.answered_by == Some(append.user_id) =>
            {
                Ok(ClaimAnswer::Won {
                    claim_id: if yours { append.claim_id } else { held },
                    call: Box::new(call),
                })
            }
            (Status::Answering | Status::Answered, _) => Ok(ClaimAnswer::Taken {
                call: Box::new(call),
            }),
            (Status::Incoming, _) => self.win(call.id, append),
        }
    }

    fn win(&mut self, id: CallId, append: &ClaimAppend) -> Result<ClaimAnswer, StoreError> {
        let claims = self.claims.entry(id).or_default();
        claims.push(Claim {
            id: append.claim_id,
            call_id: id,
            ordinal: i32::try_from(claims.len())
                .unwrap_or(i32::MAX)
                .saturating_add(1),
            user_id: append.user_id,
            user_name: append.user_name.clone(),
            claimed_at: append.at,
            released: None,
            plain_answer: false,
        });
        self.index.put_claim(append.agency_id, append.claim_id, id);
        let actor = Actor {
            id: append.user_id,
            name: append.user_name.clone(),
        };
        self.settle(id, command_moment(append.at), Some(actor))?;
        Ok(match self.calls.get(&id) {
            Some(call) => ClaimAnswer::Won {
                claim_id: append.claim_id,
                call: Box::new(call.clone()),
            },
            None => ClaimAnswer::Gone,
        })
    }

    /// A claim lets go, if it still holds a call that nobody has answered.
    fn release(&mut self, append: &ReleaseAppend) -> Result<bool, StoreError> {
        let Some((call, claim)) = self.holding(append.agency_id, append.claim_id) else {
            return Ok(false);
        };
        claim.released = Some((append.at, append.reason));
        let actor = append.by.map(|by| actor_of(claim, by));
        self.settle(call, command_moment(append.at), actor)?;
        Ok(true)
    }

    fn plain_answer(&mut self, append: &PlainAnswerAppend) -> Result<bool, StoreError> {
        let Some((call, claim)) = self.holding(append.agency_id, append.claim_id) else {
            return Ok(false);
        };
        claim.plain_answer = true;
        self.settle(call, command_moment(append.at), None)?;
        Ok(true)
    }

    /// The claim of that id and its call, if it holds the call at this moment.
    fn holding(
        &mut self,
        agency: AgencyId,
        claim: crate::domain::ClaimId,
    ) -> Option<(CallId, &mut Claim)> {
        let id = self.index.call_of_claim(agency, claim)?;
        let answering = self.calls.get(&id)?.status == Status::Answering;
        let last = self.claims.get_mut(&id)?.last_mut()?;
        (answering && last.id == claim).then_some((id, last))
    }
}

fn actor_of(claim: &Claim, by: UserId) -> Actor {
    Actor {
        id: by,
        name: claim.user_name.clone().filter(|_| claim.user_id == by),
    }
}

/// A command happens, is received and is ours in one moment.
fn command_moment(at: Timestamp) -> Moment {
    Moment {
        occurred: at,
        received: at,
    }
}

//! A batch in memory: takes in appends one after the other and keeps account of what must be
//! written. Pure: no I/O and no clock but the one moment of the batch.

mod agents;
mod asked;
mod call_logs;
mod commands;
mod owed;

use super::append::{Answer, Append, Meaning, Taken, WebhookAnswer, WebhookAppend};
use super::index::Index;
use crate::domain::{
    Actor, AgencyId, Call, CallId, Claim, Command, CommandId, Derived, Event, EventType, Facts,
    Happened, Leg, LegEvent, LegHandle, Moment, Reason, Standing, Status, Timestamp, UserId,
    derive,
};
use crate::store::StoreError;
use crate::store::batch::{
    Head, Loaded, NewEvent, WebhookKey, WebhookOutcome, Writes, WrittenClaim,
};
use crate::view::Published;
use agents::Agents;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::{NoContext, Uuid};

type Handle = (AgencyId, LegHandle);

/// The state of a batch.
pub(super) struct Ledger {
    now: Timestamp,
    /// The same moment by the clock that never jumps, from which deadlines are reckoned.
    steady: Timestamp,
    heads: HashMap<AgencyId, Head>,
    seen: HashSet<WebhookKey>,
    failed: HashSet<WebhookKey>,
    index: Index,
    calls: HashMap<CallId, Call>,
    claims: HashMap<CallId, Vec<Claim>>,
    commands: HashMap<CallId, Vec<Command>>,
    /// How the claims stand of every call that was worked out again in this batch.
    standings: BTreeMap<CallId, Vec<Standing>>,
    changed_legs: BTreeSet<Handle>,
    changed_calls: BTreeSet<CallId>,
    changed_commands: BTreeMap<CommandId, (AgencyId, Command)>,
    agents: Agents,
    writes: Writes,
}

impl Ledger {
    /// A ledger over what the database holds, at this moment: by the wall, and as deadlines have it.
    #[must_use]
    pub(super) fn open(loaded: Loaded, now: Timestamp, steady: Timestamp) -> Self {
        let mut claims: HashMap<CallId, Vec<Claim>> = HashMap::new();
        let mut index = Index::default();
        for (agency, leg) in loaded.legs {
            index.put_leg(agency, leg);
        }
        for (agency, claim) in loaded.claims {
            index.put_claim(agency, claim.id, claim.call_id);
            claims.entry(claim.call_id).or_default().push(claim);
        }
        let mut commands: HashMap<CallId, Vec<Command>> = HashMap::new();
        for command in loaded.commands {
            commands.entry(command.call).or_default().push(command);
        }
        for call in &loaded.calls {
            index.put_call(call.agency_id, &call.handle, call.id);
        }
        Self {
            now,
            steady,
            heads: loaded.heads,
            seen: loaded.repeats,
            failed: loaded.failed,
            index,
            calls: loaded
                .calls
                .into_iter()
                .map(|call| (call.id, call))
                .collect(),
            claims,
            commands,
            standings: BTreeMap::new(),
            changed_legs: BTreeSet::new(),
            changed_calls: BTreeSet::new(),
            changed_commands: BTreeMap::new(),
            agents: Agents::of(loaded.agents),
            writes: Writes::default(),
        }
    }

    /// Takes in one append. `None`: its agency is not there.
    ///
    /// # Errors
    /// When an event cannot be written as JSON.
    pub(super) fn take(&mut self, append: &Append) -> Result<Option<Answer>, StoreError> {
        if !self.heads.contains_key(&append.agency_id()) {
            return Ok(None);
        }
        Ok(Some(match append {
            Append::Webhook(append) => Answer::Webhook(self.webhook(append)?),
            Append::Claim(append) => Answer::Claim(self.claim(append)?),
            Append::Release(append) => Answer::Done(self.release(append)?),
            Append::PlainAnswer(append) => Answer::Done(self.plain_answer(append)?),
            Append::Command(append) => Answer::Done(self.command(append)?),
            Append::Ending(append) => Answer::Done(self.ending(append)),
            Append::Over(append) => Answer::Done(self.over(append)?),
            Append::Looked(append) => Answer::Done(self.looked(append)),
            Append::Agent(append) => Answer::Agent(self.agent(append)?.map(Box::new)),
        }))
    }

    /// What must be written.
    #[must_use]
    pub(super) fn close(mut self) -> Writes {
        let call_logs = self.call_logs();
        let mut writes = std::mem::take(&mut self.writes);
        // Of several of one kind about one leg or claim the last says how it is.
        let owed = std::mem::take(&mut writes.errands).into_iter();
        let owed: BTreeMap<_, _> = owed
            .map(|errand| {
                (
                    (
                        errand.agency_id,
                        errand.kind,
                        errand.carrier,
                        errand.subject.clone(),
                    ),
                    errand,
                )
            })
            .collect();
        writes.errands = owed.into_values().collect();
        writes.call_logs = call_logs;
        writes.agents = self.agents.changed();
        for handle in &self.changed_legs {
            if let Some(leg) = self.index.leg(handle) {
                writes.legs.push((handle.0, leg.clone()));
            }
        }
        let calls = self.changed_calls.iter();
        let calls = calls.filter_map(|id| self.calls.get(id).cloned());
        writes.calls.extend(calls);
        // Also where the call itself is as it was: how its claims stand may have changed, as when a
        // phone stops ringing after the caller has gone.
        for (id, standings) in &self.standings {
            let (Some(call), Some(claims)) = (self.calls.get(id), self.claims.get(id)) else {
                continue;
            };
            for (claim, standing) in claims.iter().zip(standings) {
                writes.claims.push(WrittenClaim {
                    agency_id: call.agency_id,
                    claim: claim.clone(),
                    standing: *standing,
                    command: self.latest_command(claim),
                });
            }
        }
        writes.commands = self.changed_commands.into_values().collect();
        let numbered = writes.events.iter().map(|new| new.published.agency);
        let numbered: BTreeSet<AgencyId> = numbered.collect();
        for agency in numbered {
            if let Some(head) = self.heads.get(&agency) {
                writes.heads.push((agency, head.clone()));
            }
        }
        writes
    }

    fn webhook(&mut self, append: &WebhookAppend) -> Result<WebhookAnswer, StoreError> {
        let webhook = &append.webhook;
        let key = (
            webhook.agency_id,
            webhook.carrier,
            webhook.webhook_id.clone(),
        );
        if !self.seen.insert(key.clone()) {
            return Ok(Taken::Before.into());
        }
        if self.failed.contains(&key) {
            // It changed nothing when it came first, so it is as good as new.
            self.writes.retaken.push(key);
        }
        let outcome = match &append.meaning {
            Meaning::Leg(event) => self.leg_event(webhook.agency_id, event)?,
            Meaning::Nothing => WebhookOutcome::Ignored,
            Meaning::OtherConnection => WebhookOutcome::OtherConnection,
            Meaning::Unusable => WebhookOutcome::Failed,
        };
        self.writes.webhooks.push((webhook.clone(), outcome));
        Ok(Taken::Now(outcome).into())
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
        if let Some(waiting) = self.index.waiting_for(agency, &leg) {
            leg.learn_recordings(waiting);
        }
        if known.as_ref() != Some(&leg) {
            self.changed_legs.insert(handle.clone());
            self.index.put_leg(agency, leg.clone());
        }
        if !leg.is_known() {
            if known.is_none() {
                self.owe_a_look(&handle);
            }
            return Ok(WebhookOutcome::Held);
        }
        if was_known && (self.index.call_of(&handle).is_some() || !leg.is_call()) {
            self.tell(&handle, event.moment)?;
            return Ok(WebhookOutcome::Applied);
        }
        if known.is_some() && !was_known {
            // What waited for this leg's call.initiated has now been taken in.
            self.writes.unheld.push(handle.clone());
        }
        self.tell_from_the_start(&handle, leg, event.moment)?;
        Ok(WebhookOutcome::Applied)
    }

    /// A leg that was not shown until now: tells its whole story so far, in order.
    fn tell_from_the_start(
        &mut self,
        handle: &Handle,
        leg: Leg,
        learnt: Moment,
    ) -> Result<(), StoreError> {
        let before_all = Timestamp::from_micros(i64::MIN);
        let first = leg.initiated.unwrap_or(learnt);
        self.index.put_leg(handle.0, leg.as_of(before_all));
        self.tell(handle, first)?;
        for moment in leg.later_moments() {
            self.index.put_leg(handle.0, leg.as_of(moment.occurred));
            self.tell(handle, moment)?;
        }
        self.index.put_leg(handle.0, leg);
        Ok(())
    }

    /// Tells what follows from a leg as it is now: a new call, or changes of those it bears on.
    fn tell(&mut self, handle: &Handle, moment: Moment) -> Result<(), StoreError> {
        let Some(leg) = self.index.leg(handle) else {
            return Ok(());
        };
        if leg.is_call() && self.index.call_of(handle).is_none() {
            let id = CallId(self.new_id());
            self.index.put_call(handle.0, &handle.1, id);
            return self.settle_leg(id, handle, moment, None);
        }
        for call in self.index.calls_touched_by(handle, leg) {
            self.settle(call, moment, None)?;
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

    /// What the call of that leg is, going by all that is known, and how its claims stand.
    fn derive(&self, id: CallId, handle: &Handle) -> Option<Derived> {
        let caller = self.index.leg(handle)?;
        let claims = self.claims.get(&id).map_or(&[][..], Vec::as_slice);
        let legs = self.index.other_legs(handle.0, caller, claims);
        let facts = Facts {
            caller,
            claims,
            legs: &legs,
        };
        derive(id, handle.0, facts)
    }

    /// Works out again what a call is and, if that is a change, numbers the event of it.
    fn settle(
        &mut self,
        id: CallId,
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<(), StoreError> {
        let Some(call) = self.calls.get(&id) else {
            return Ok(());
        };
        let handle = (call.agency_id, call.handle.clone());
        self.settle_leg(id, &handle, moment, actor)
    }

    fn settle_leg(
        &mut self,
        id: CallId,
        handle: &Handle,
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<(), StoreError> {
        let Some(derived) = self.derive(id, handle) else {
            return Ok(());
        };
        self.owe(handle, &derived);
        let Derived {
            mut call,
            standings,
            ..
        } = derived;
        let before = self.calls.get(&id);
        if let Some(before) = before {
            call.updated_at = before.updated_at;
        }
        let event_type = EventType::of_change(before, &call);
        let caller = self.index.leg(handle);
        let reason = match (event_type, standings.last()) {
            (Some(EventType::Released), Some(Standing::Released(reason))) => {
                Some(Reason::Released(*reason))
            }
            (Some(EventType::Ended), _) => caller.map(Reason::of_end),
            _ => None,
        };
        let actor = match event_type {
            // The hangup is the carrier's news, but somebody here may have asked for it.
            Some(EventType::Ended) => actor.or_else(|| caller?.ended_by.clone()),
            _ => actor,
        };
        self.standings.insert(id, standings);
        match event_type {
            Some(event_type) => self.record(event_type, reason, call, moment, actor),
            None => Ok(()),
        }
    }

    /// Keeps the call as it is now, and numbers the event that says so.
    fn record(
        &mut self,
        event_type: EventType,
        reason: Option<Reason>,
        mut call: Call,
        moment: Moment,
        actor: Option<Actor>,
    ) -> Result<(), StoreError> {
        call.updated_at = self.now;
        let before = self.calls.insert(call.id, call.clone());
        let hands = [before.as_ref().and_then(holder), holder(&call)];
        let agency = call.agency_id;
        self.changed_calls.insert(call.id);
        let event = Event {
            event_type,
            reason,
            moment,
            actor: actor.clone(),
            call,
        };
        self.number(agency, Happened::ToCall(event))?;
        self.hands_change(agency, hands, moment, actor)
    }

    fn number(&mut self, agency: AgencyId, event: Happened) -> Result<Option<i64>, StoreError> {
        let Some(head) = self.heads.get_mut(&agency) else {
            return Ok(None);
        };
        let seq = head.last_seq + 1;
        let published = Published::new(&event, head.epoch.clone(), seq, self.now);
        let published = published.map_err(|error| StoreError::Data(error.to_string()))?;
        head.last_seq = seq;
        self.writes.events.push(NewEvent { event, published });
        Ok(Some(seq))
    }
}

/// Whose hands are full with this call.
fn holder(call: &Call) -> Option<UserId> {
    let is_held = matches!(call.status, Status::Answering | Status::Answered);
    call.answered_by.filter(|_| is_held)
}

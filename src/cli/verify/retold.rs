//! The legs as the stored webhooks tell of them.

use crate::carriers::{WebhookError, understand};
use crate::domain::{
    Carrier, Claim, ClaimId, Leg, LegEvent, LegHandle, Moment, Timestamp, value_of,
};
use crate::store::KeptWebhook;
use crate::store::batch::WebhookOutcome;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Every leg that an agency's retained webhooks tell of.
#[derive(Default)]
pub(super) struct Retold {
    legs: BTreeMap<LegHandle, Leg>,
    /// By whose name it is, and the name, as with sessions.
    by_leg_id: HashMap<(Carrier, String), LegHandle>,
    by_session: HashMap<(Carrier, String), BTreeSet<LegHandle>>,
    by_claim: HashMap<ClaimId, BTreeSet<LegHandle>>,
    /// When the latest webhook of a leg came.
    heard: HashMap<LegHandle, Timestamp>,
    /// Webhooks that name their leg by its stable id alone.
    without_handle: Vec<LegEvent>,
    oldest: Option<Timestamp>,
}

impl Retold {
    /// Takes in one webhook, if it was let count. One that has failed, or is another connection's,
    /// tells nothing.
    ///
    /// # Errors
    /// When it counted, and yet cannot be understood.
    pub(super) fn take(&mut self, kept: &KeptWebhook) -> Result<(), WebhookError> {
        let received = kept.received_at;
        self.oldest = Some(self.oldest.map_or(received, |oldest| oldest.min(received)));
        let is = |outcome: WebhookOutcome| kept.outcome == outcome.name();
        if is(WebhookOutcome::Failed) || is(WebhookOutcome::OtherConnection) {
            return Ok(());
        }
        let Some(carrier) = kept.carrier() else {
            let why = "its carrier is not known here";
            return Err(WebhookError::Malformed(why.to_owned()));
        };
        let Some(event) = understand(carrier, &kept.body, received)?.news else {
            return Ok(());
        };
        if !event.handle.id.is_empty() {
            self.learn(event.handle.clone(), &event);
        } else if !is(WebhookOutcome::Ignored) {
            // Ignored: its leg was not known when it came, so it changed nothing then either.
            self.without_handle.push(event);
        }
        Ok(())
    }

    /// To be called when all have been taken in: finds the legs that were named by their stable ids,
    /// and what connects legs.
    pub(super) fn settle(&mut self) {
        for event in std::mem::take(&mut self.without_handle) {
            let carrier = event.handle.carrier;
            let leg_id = event.leg_id.clone().map(|leg_id| (carrier, leg_id));
            let handle = leg_id.and_then(|leg_id| self.by_leg_id.get(&leg_id));
            if let Some(handle) = handle.cloned() {
                self.learn(handle, &event);
            }
        }
        for (handle, leg) in &self.legs {
            if let Some(session) = value_of(&leg.session) {
                let session = (handle.carrier, session.to_owned());
                let legs = self.by_session.entry(session).or_default();
                legs.insert(handle.clone());
            }
            if let Some(claim) = leg.claim {
                let legs = self.by_claim.entry(claim).or_default();
                legs.insert(handle.clone());
            }
        }
    }

    fn learn(&mut self, handle: LegHandle, event: &LegEvent) {
        if let Some(leg_id) = event.leg_id.clone() {
            self.by_leg_id
                .insert((handle.carrier, leg_id), handle.clone());
        }
        let heard = self.heard.entry(handle.clone()).or_default();
        *heard = (*heard).max(event.moment.received);
        let leg = self.legs.entry(handle.clone());
        leg.or_insert_with(|| Leg::unknown(handle)).learn(event);
    }

    /// The carrier's word that a leg is over, whose hangup never came.
    pub(super) fn learn_over(&mut self, handle: &LegHandle, over: Moment) {
        if let Some(leg) = self.legs.get_mut(handle) {
            leg.learn_over(over);
        }
    }

    /// The leg of that handle.
    pub(super) fn leg(&self, handle: &LegHandle) -> Option<&Leg> {
        self.legs.get(handle)
    }

    /// The legs that are calls.
    pub(super) fn calls(&self) -> impl Iterator<Item = &Leg> {
        self.legs.values().filter(|leg| leg.is_call())
    }

    /// When the oldest webhook of all came.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.oldest
    }

    /// The legs beside the caller's that bear on the call: those of its session, and those that
    /// name one of its claims.
    pub(super) fn other_legs(&self, caller: &Leg, claims: &[Claim]) -> Vec<&Leg> {
        let session = value_of(&caller.session);
        let session = session.map(|session| (caller.handle.carrier, session.to_owned()));
        let session = session.and_then(|session| self.by_session.get(&session));
        let named = claims
            .iter()
            .filter_map(|claim| self.by_claim.get(&claim.id));
        let handles: BTreeSet<&LegHandle> = session.into_iter().chain(named).flatten().collect();
        handles
            .into_iter()
            .filter(|handle| **handle != caller.handle)
            .filter_map(|handle| self.legs.get(handle))
            .collect()
    }

    /// When the latest webhook of these legs came.
    pub(super) fn heard(&self, legs: &[&Leg]) -> Timestamp {
        let moments = legs.iter().filter_map(|leg| self.heard.get(&leg.handle));
        moments.max().copied().unwrap_or_default()
    }
}

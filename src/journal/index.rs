//! Finds legs and calls by what connects them: handles, sessions, claims.

use crate::domain::{
    AgencyId, CallId, Carrier, Claim, ClaimId, Leg, LegEvent, LegHandle, LegNews, value_of,
};
use std::collections::{BTreeSet, HashMap};

type Handle = (AgencyId, LegHandle);
/// A carrier's name for what legs share, or for a leg's stable id.
type Shared = (AgencyId, Carrier, String);

/// The legs of a batch and the ways to them. Every key holds the agency, and the carrier where it is
/// the carrier's: another's session or claim of the same name is another thing.
#[derive(Default)]
pub(super) struct Index {
    legs: HashMap<Handle, Leg>,
    by_leg_id: HashMap<Shared, Handle>,
    by_session: HashMap<Shared, BTreeSet<Handle>>,
    by_claim: HashMap<(AgencyId, ClaimId), BTreeSet<Handle>>,
    calls: HashMap<Handle, CallId>,
    claims: HashMap<(AgencyId, ClaimId), CallId>,
}

impl Index {
    /// Puts a leg in its places, in place of what was known of it.
    pub(super) fn put_leg(&mut self, agency: AgencyId, leg: Leg) {
        let handle = (agency, leg.handle.clone());
        let carrier = leg.handle.carrier;
        if let Some(session) = value_of(&leg.session) {
            let legs = self.by_session.entry((agency, carrier, session.to_owned()));
            legs.or_default().insert(handle.clone());
        }
        if let Some(leg_id) = value_of(&leg.leg_id)
            && handle.1 != waiting_place(carrier, leg_id)
        {
            self.by_leg_id
                .insert((agency, carrier, leg_id.to_owned()), handle.clone());
        }
        if let Some(claim) = leg.claim {
            let legs = self.by_claim.entry((agency, claim));
            legs.or_default().insert(handle.clone());
        }
        self.legs.insert(handle, leg);
    }

    /// Remembers that this leg is this call.
    pub(super) fn put_call(&mut self, agency: AgencyId, handle: &LegHandle, call: CallId) {
        self.calls.insert((agency, handle.clone()), call);
    }

    /// Remembers whose claim this is.
    pub(super) fn put_claim(&mut self, agency: AgencyId, claim: ClaimId, call: CallId) {
        self.claims.insert((agency, claim), call);
    }

    /// The leg of that handle.
    #[must_use]
    pub(super) fn leg(&self, handle: &Handle) -> Option<&Leg> {
        self.legs.get(handle)
    }

    /// The call whose caller's leg this is.
    #[must_use]
    pub(super) fn call_of(&self, handle: &Handle) -> Option<CallId> {
        self.calls.get(handle).copied()
    }

    /// The call that this claim is, or was, on.
    #[must_use]
    pub(super) fn call_of_claim(&self, agency: AgencyId, claim: ClaimId) -> Option<CallId> {
        self.claims.get(&(agency, claim)).copied()
    }

    /// Which leg an event is about: the one it names, or the one of its stable id. A recording may
    /// name no handle (the carrier's documents have none there) and come before its leg is known: it
    /// waits in a place of its own. `None` for other events that name no handle and no known leg.
    #[must_use]
    pub(super) fn handle_of(&self, agency: AgencyId, event: &LegEvent) -> Option<Handle> {
        if !event.handle.id.is_empty() {
            return Some((agency, event.handle.clone()));
        }
        let leg_id = event.leg_id.as_ref()?;
        let carrier = event.handle.carrier;
        let known = self.by_leg_id.get(&(agency, carrier, leg_id.clone()));
        let may_wait = matches!(event.news, LegNews::Recorded { .. });
        known
            .cloned()
            .or_else(|| may_wait.then(|| (agency, waiting_place(carrier, leg_id))))
    }

    /// What was told of this leg before its handle was known.
    #[must_use]
    pub(super) fn waiting_for(&self, agency: AgencyId, leg: &Leg) -> Option<&Leg> {
        let place = waiting_place(leg.handle.carrier, value_of(&leg.leg_id)?);
        self.legs.get(&(agency, place))
    }

    /// The calls that may change when this leg does: its own, those of its session, and that of the
    /// claim it names.
    #[must_use]
    pub(super) fn calls_touched_by(&self, handle: &Handle, leg: &Leg) -> BTreeSet<CallId> {
        let agency = handle.0;
        let mut calls: BTreeSet<CallId> = self.call_of(handle).into_iter().collect();
        if let Some(session) = value_of(&leg.session) {
            let legs = self
                .by_session
                .get(&(agency, leg.handle.carrier, session.to_owned()));
            calls.extend(
                legs.into_iter()
                    .flatten()
                    .filter_map(|leg| self.call_of(leg)),
            );
        }
        if let Some(claim) = leg.claim {
            calls.extend(self.call_of_claim(agency, claim));
        }
        calls
    }

    /// The legs beside the caller's that may bear on its call: those of its session and those that
    /// name one of its claims.
    #[must_use]
    pub(super) fn other_legs(&self, agency: AgencyId, caller: &Leg, claims: &[Claim]) -> Vec<&Leg> {
        let shared = |session: &str| (agency, caller.handle.carrier, session.to_owned());
        let session =
            value_of(&caller.session).and_then(|session| self.by_session.get(&shared(session)));
        let named = claims
            .iter()
            .filter_map(|claim| self.by_claim.get(&(agency, claim.id)));
        let handles: BTreeSet<&Handle> = session.into_iter().chain(named).flatten().collect();
        handles
            .into_iter()
            .filter(|(_, handle)| *handle != caller.handle)
            .filter_map(|handle| self.legs.get(handle))
            .collect()
    }
}

/// Where recordings wait for the handle of their leg. No handle of the carrier's has a space.
fn waiting_place(carrier: Carrier, leg_id: &str) -> LegHandle {
    LegHandle::new(carrier, format!("leg {leg_id}"))
}

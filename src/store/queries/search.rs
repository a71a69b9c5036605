//! The search for all that bears on the calls of a batch: what is found names more, until nothing
//! new is named.

use crate::domain::{AgencyId, Status};
use crate::store::batch::{AgentKey, BatchKeys, CarrierKey, Loaded};
use crate::store::claim_rows::{ClaimRow, CommandRow};
use crate::store::named::Named;
use crate::store::places::Places;
use crate::store::rows::{CallRow, LegRow, id};
use crate::store::{StoreError, parse_agency};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::Hash;

/// An agency, and what something of it is known by.
pub(super) type Key<K> = (AgencyId, K);

/// What to look for next, by kind.
pub(super) struct Asks {
    /// Legs, by handle.
    pub handles: Vec<Key<Named>>,
    /// Legs, by the carrier's stable id.
    pub leg_ids: Vec<Key<Named>>,
    /// Legs, by session.
    pub sessions: Vec<Key<Named>>,
    /// Claims with their calls, and the legs that name them.
    pub claims: Vec<Key<String>>,
    /// Calls with their claims, by the caller's leg.
    pub callers: Vec<Key<Named>>,
}

impl Asks {
    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        let named = [&self.handles, &self.leg_ids, &self.sessions, &self.callers];
        self.claims.is_empty() && named.into_iter().all(Vec::is_empty)
    }
}

/// What was found.
#[derive(Default)]
pub(super) struct Found {
    pub legs: Vec<LegRow>,
    pub calls: Vec<CallRow>,
    pub claims: Vec<ClaimRow>,
    pub commands: Vec<CommandRow>,
}

/// Keys of one kind, each to be asked for once.
struct Kind<K> {
    known: HashSet<Key<K>>,
    next: Vec<Key<K>>,
}

impl<K> Default for Kind<K> {
    fn default() -> Self {
        Self {
            known: HashSet::new(),
            next: Vec::new(),
        }
    }
}

impl<K: Clone + Eq + Hash> Kind<K> {
    fn add(&mut self, agency: AgencyId, key: K) {
        let key = (agency, key);
        if self.known.insert(key.clone()) {
            self.next.push(key);
        }
    }
}

impl Kind<Named> {
    fn add_all(&mut self, keys: &BTreeSet<CarrierKey>) {
        for (agency, carrier, name) in keys {
            self.add(*agency, Named::by(*carrier, name));
        }
    }
}

/// A search under way.
#[derive(Default)]
pub(super) struct Search {
    handles: Kind<Named>,
    leg_ids: Kind<Named>,
    sessions: Kind<Named>,
    claim_ids: Kind<String>,
    callers: Kind<Named>,
    legs: HashMap<Key<Named>, LegRow>,
    calls: HashMap<String, CallRow>,
    claims: HashMap<String, ClaimRow>,
    commands: HashMap<String, CommandRow>,
}

impl Search {
    /// A search that begins with what the appends name.
    pub(super) fn of(keys: &BatchKeys) -> Self {
        let mut search = Self::default();
        for (agency, handle) in &keys.handles {
            search.handles.add(*agency, handle.into());
        }
        search.leg_ids.add_all(&keys.leg_ids);
        search.sessions.add_all(&keys.sessions);
        for (agency, claim) in &keys.claims {
            search.claim_ids.add(*agency, claim.to_string());
        }
        search
    }

    /// What is to be asked for now; each key is handed out once.
    pub(super) fn asks(&mut self) -> Asks {
        let next = |kind: &mut Kind<Named>| std::mem::take(&mut kind.next);
        Asks {
            handles: next(&mut self.handles),
            leg_ids: next(&mut self.leg_ids),
            sessions: next(&mut self.sessions),
            claims: std::mem::take(&mut self.claim_ids.next),
            callers: next(&mut self.callers),
        }
    }

    /// Takes in what was found, and what it names.
    pub(super) fn take(&mut self, found: Found) -> Result<(), StoreError> {
        for row in found.legs {
            let agency = parse_agency(&row.agency_id)?;
            let named = |name: &str| Named::of((name.to_owned(), row.carrier.clone()));
            let handle = named(&row.call_control_id);
            self.handles.known.insert((agency, handle.clone()));
            // Every call is some leg's, so calls need no other way to be found.
            self.callers.add(agency, handle.clone());
            if let Some(session) = &row.call_session_id {
                self.sessions.add(agency, named(session));
            }
            if let Some(claim) = &row.claim_id {
                self.claim_ids.add(agency, claim.clone());
            }
            self.legs.insert((agency, handle), row);
        }
        for row in found.claims {
            let agency = parse_agency(&row.agency_id)?;
            self.claim_ids.add(agency, row.id.clone());
            self.claims.insert(row.id.clone(), row);
        }
        for row in found.commands {
            self.commands.insert(row.id.clone(), row);
        }
        self.take_calls(found.calls)
    }

    /// Takes in calls, and their callers' legs.
    pub(super) fn take_calls(&mut self, calls: Vec<CallRow>) -> Result<(), StoreError> {
        for row in calls {
            let agency = parse_agency(&row.agency_id)?;
            let handle = Named::of((row.call_control_id.clone(), row.carrier.clone()));
            self.handles.add(agency, handle.clone());
            self.callers.add(agency, handle);
            self.calls.insert(row.id.clone(), row);
        }
        Ok(())
    }

    /// The people who have, had or tried to get one of the calls that go on: they may become something
    /// else with it.
    pub(super) fn holders(&self) -> Result<Vec<AgentKey>, StoreError> {
        let goes_on = |call: &str| {
            let call = self.calls.get(call);
            call.is_some_and(|call| call.status != Status::Ended.name())
        };
        let claims = self.claims.values().filter(|claim| goes_on(&claim.call_id));
        claims
            .map(|claim| {
                let user = id(&claim.user_id, "claims.user_id")?;
                Ok((parse_agency(&claim.agency_id)?, user))
            })
            .collect()
    }

    /// Adds all that was found to what is loaded, and says where its rows stand.
    pub(super) fn finish(self, mut loaded: Loaded) -> Result<(Loaded, Places), StoreError> {
        let places = Places {
            legs: self.legs.values().map(LegRow::place).collect(),
            calls: self.calls.values().map(CallRow::place).collect(),
        };
        let mut claims: Vec<ClaimRow> = self.claims.into_values().collect();
        claims.sort_by(|a, b| (&a.call_id, a.ordinal).cmp(&(&b.call_id, b.ordinal)));
        loaded.legs = all(self.legs.into_values().map(LegRow::leg))?;
        loaded.calls = all(self.calls.into_values().map(CallRow::call))?;
        let mut commands: HashMap<String, Vec<CommandRow>> = HashMap::new();
        for row in self.commands.into_values() {
            let claim = row.claim_id.clone().unwrap_or_default();
            commands.entry(claim).or_default().push(row);
        }
        for row in claims {
            let rows = commands.remove(&row.id).unwrap_or_default();
            let (agency, claim, commands) = row.with_commands(rows)?;
            loaded.claims.push((agency, claim));
            loaded.commands.extend(commands);
        }
        Ok((loaded, places))
    }
}

fn all<T>(rows: impl Iterator<Item = Result<T, StoreError>>) -> Result<Vec<T>, StoreError> {
    rows.collect()
}

//! The search for all that bears on the calls of a batch: what is found names more, until nothing
//! new is named.

use crate::domain::AgencyId;
use crate::store::batch::{BatchKeys, Loaded};
use crate::store::claim_rows::{ClaimRow, CommandRow};
use crate::store::places::Places;
use crate::store::rows::{CallRow, LegRow};
use crate::store::{StoreError, parse_agency};
use std::collections::{BTreeSet, HashMap, HashSet};

/// An agency and its name for something.
pub(super) type Key = (AgencyId, String);

/// What to look for next, by kind.
pub(super) struct Asks {
    /// Legs, by handle.
    pub handles: Vec<Key>,
    /// Legs, by the carrier's stable id.
    pub leg_ids: Vec<Key>,
    /// Legs, by session.
    pub sessions: Vec<Key>,
    /// Claims with their calls, and the legs that name them.
    pub claims: Vec<Key>,
    /// Calls with their claims, by the caller's leg.
    pub callers: Vec<Key>,
}

impl Asks {
    /// Whether there is nothing to look for.
    pub(super) fn is_empty(&self) -> bool {
        let kinds = [
            &self.handles,
            &self.leg_ids,
            &self.sessions,
            &self.claims,
            &self.callers,
        ];
        kinds.into_iter().all(Vec::is_empty)
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
#[derive(Default)]
struct Kind {
    known: HashSet<Key>,
    next: Vec<Key>,
}

impl Kind {
    fn add(&mut self, agency: AgencyId, key: &str) {
        let key = (agency, key.to_owned());
        if self.known.insert(key.clone()) {
            self.next.push(key);
        }
    }

    fn add_all<T: ToString>(&mut self, keys: &BTreeSet<(AgencyId, T)>) {
        for (agency, key) in keys {
            self.add(*agency, &key.to_string());
        }
    }
}

/// A search under way.
#[derive(Default)]
pub(super) struct Search {
    handles: Kind,
    leg_ids: Kind,
    sessions: Kind,
    claim_ids: Kind,
    callers: Kind,
    /// By agency, carrier and handle.
    legs: HashMap<(AgencyId, String, String), LegRow>,
    calls: HashMap<String, CallRow>,
    claims: HashMap<String, ClaimRow>,
    commands: HashMap<String, CommandRow>,
}

impl Search {
    /// A search that begins with what the appends name.
    pub(super) fn of(keys: &BatchKeys) -> Self {
        let mut search = Self::default();
        for (agency, handle) in &keys.handles {
            search.handles.add(*agency, &handle.id);
        }
        search.leg_ids.add_all(&keys.leg_ids);
        search.sessions.add_all(&keys.sessions);
        search.claim_ids.add_all(&keys.claims);
        search
    }

    /// What is to be asked for now; each key is handed out once.
    pub(super) fn asks(&mut self) -> Asks {
        let next = |kind: &mut Kind| std::mem::take(&mut kind.next);
        Asks {
            handles: next(&mut self.handles),
            leg_ids: next(&mut self.leg_ids),
            sessions: next(&mut self.sessions),
            claims: next(&mut self.claim_ids),
            callers: next(&mut self.callers),
        }
    }

    /// Takes in what was found, and what it names.
    pub(super) fn take(&mut self, found: Found) -> Result<(), StoreError> {
        for row in found.legs {
            let agency = parse_agency(&row.agency_id)?;
            let handle = row.call_control_id.clone();
            self.handles.known.insert((agency, handle.clone()));
            // Every call is some leg's, so calls need no other way to be found.
            self.callers.add(agency, &row.call_control_id);
            if let Some(session) = &row.call_session_id {
                self.sessions.add(agency, session);
            }
            if let Some(claim) = &row.claim_id {
                self.claim_ids.add(agency, claim);
            }
            self.legs.insert((agency, row.carrier.clone(), handle), row);
        }
        for row in found.claims {
            self.claim_ids.add(parse_agency(&row.agency_id)?, &row.id);
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
            self.handles.add(agency, &row.call_control_id);
            self.callers.add(agency, &row.call_control_id);
            self.calls.insert(row.id.clone(), row);
        }
        Ok(())
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

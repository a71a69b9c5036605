//! What is kept how long: the whole of it in one table, and the steps in which it goes.

use super::schema::TABLES;
use super::{Backend, Named, Store, StoreError, postgres, sqlite};
use crate::config::Limits;
use crate::domain::{AgencyId, Timestamp};

/// How long rows are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// As long as boards may resume: `CALLBOARD_RETENTION_DAYS`.
    Resumable,
    /// `CALLBOARD_CALLS_KEPT_DAYS`; for ever where it is not set.
    Calls,
    /// `CALLBOARD_CALL_LOGS_KEPT_DAYS`; for ever where it is not set.
    CallLogs,
    /// Until they are done or given up, within hours; those that no node knows, as long as boards may
    /// resume.
    UntilDone,
    /// Until somebody removes them.
    UntilRemoved,
    /// As long as the database; nothing in them is about a person.
    Ours,
}

impl Term {
    /// For how many days; none where nothing goes by itself.
    #[must_use]
    pub const fn days(self, limits: &Limits) -> Option<u32> {
        match self {
            Self::Resumable | Self::UntilDone => Some(limits.retention_days),
            Self::Calls => limits.calls_kept_days,
            Self::CallLogs => limits.call_logs_kept_days,
            Self::UntilRemoved | Self::Ours => None,
        }
    }
}

/// What removes rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// [`Store::prune_events`].
    Events,
    /// [`Store::prune_webhooks`].
    Webhooks,
    /// [`Store::prune_call_logs`].
    CallLogs,
    /// [`Store::prune_calls`], each call with all that bears on it alone.
    Calls,
    /// The same, with the calls that they are of.
    WithCalls,
    /// [`Store::prune_calls`], and [`Store::prune_legs`] for those that bear on no call.
    Legs,
    /// Whoever did what was owed, or gave it up; [`Store::prune_calls`], as nothing is owed about what
    /// is gone; and [`Store::prune_errands`] where no node knows what they are.
    Errands,
    /// A command of somebody's.
    People,
    /// Whoever is next at it: what has run out goes when somebody signs in or a link is made.
    SignIns,
    /// [`Store::prune_agent_times`].
    AgentTimes,
    /// The node that looks after who is there, within minutes.
    Presence,
    /// Nothing.
    Nobody,
}

/// How long the rows of one table are kept.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    #[cfg_attr(not(test), allow(dead_code))] // For those who read it, and its test.
    pub table: &'static str,
    /// How long.
    pub term: Term,
    /// The column that says how old a row is; that of another table stands after its name.
    #[allow(dead_code)] // For those who read it; the queries have it.
    pub by: &'static str,
    /// What removes them.
    pub sweep: Sweep,
}

const fn kept(table: &'static str, term: Term, by: &'static str, sweep: Sweep) -> Kept {
    Kept {
        table,
        term,
        by,
        sweep,
    }
}

/// Every table, in the order in which retention goes over them. `callboard forget` looks for a number or a person in those that have a term, and
/// among the people.
pub const KEPT: [Kept; TABLES.len()] = [
    kept("call_events", Term::Resumable, "recorded_at", Sweep::Events),
    kept(
        "webhook_events",
        Term::Resumable,
        "received_at",
        Sweep::Webhooks,
    ),
    kept("call_logs", Term::CallLogs, "started_at", Sweep::CallLogs),
    kept("inbound_calls", Term::Calls, "ended_at", Sweep::Calls),
    kept(
        "claims",
        Term::Calls,
        "inbound_calls.ended_at",
        Sweep::WithCalls,
    ),
    kept(
        "commands",
        Term::Calls,
        "inbound_calls.ended_at",
        Sweep::WithCalls,
    ),
    kept("call_legs", Term::Calls, "updated_at", Sweep::Legs),
    kept("agent_times", Term::CallLogs, "ended_at", Sweep::AgentTimes),
    kept("errands", Term::UntilDone, "due_at", Sweep::Errands),
    kept("agencies", Term::UntilRemoved, "created_at", Sweep::People),
    kept("agency_heads", Term::UntilRemoved, "-", Sweep::People),
    kept(
        "agency_credentials",
        Term::UntilRemoved,
        "updated_at",
        Sweep::People,
    ),
    kept(
        "agency_keys",
        Term::UntilRemoved,
        "created_at",
        Sweep::People,
    ),
    kept("users", Term::UntilRemoved, "created_at", Sweep::People),
    kept("mails", Term::UntilRemoved, "made_at", Sweep::SignIns),
    kept("empty_seats", Term::UntilRemoved, "since", Sweep::People),
    kept("agents", Term::UntilRemoved, "since", Sweep::People),
    kept(
        "connections",
        Term::UntilRemoved,
        "left_at",
        Sweep::Presence,
    ),
    kept("nodes", Term::Ours, "seen_at", Sweep::Presence),
    kept("schema_floor", Term::Ours, "-", Sweep::Nobody),
    kept("directory", Term::Ours, "-", Sweep::Nobody),
    kept("pulse", Term::Ours, "-", Sweep::Nobody),
    kept("leases", Term::Ours, "held_until", Sweep::Nobody),
    kept("accounts", Term::UntilRemoved, "created_at", Sweep::People),
    kept(
        "account_factors",
        Term::UntilRemoved,
        "created_at",
        Sweep::People,
    ),
    kept("recovery_codes", Term::UntilRemoved, "-", Sweep::People),
    kept("identities", Term::UntilRemoved, "made_at", Sweep::People),
    kept(
        "sign_in_codes",
        Term::UntilRemoved,
        "expires_at",
        Sweep::SignIns,
    ),
    kept("signing_keys", Term::Ours, "made_at", Sweep::Nobody),
    kept(
        "sessions",
        Term::UntilRemoved,
        "refreshed_at",
        Sweep::SignIns,
    ),
    kept(
        "refresh_tokens",
        Term::UntilRemoved,
        "made_at",
        Sweep::SignIns,
    ),
    kept(
        "account_links",
        Term::UntilRemoved,
        "expires_at",
        Sweep::SignIns,
    ),
    kept(
        "sign_in_attempts",
        Term::UntilRemoved,
        "last_at",
        Sweep::SignIns,
    ),
];

/// What only one node at a time does.
#[derive(Clone, Debug)]
pub struct Lease {
    /// What it is.
    pub name: &'static str,
    /// Which node.
    pub holder: String,
    /// For how many seconds, unless it is prolonged.
    pub lasts_s: i64,
}

/// How many rows one step over calls removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub calls: usize,
    /// Their claims.
    pub claims: usize,
    /// What the carrier was asked for them.
    pub commands: usize,
    /// Their legs.
    pub legs: usize,
}

/// Each method is one query, and each that removes is one small transaction; all fail with
/// [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// Takes a lease or prolongs one's own; false while somebody else has it.
    pub async fn hold_lease(&self, lease: Lease, now: Timestamp) -> Result<bool, StoreError> {
        query!(self, write, kept::hold(lease, now))
    }

    /// Gives a lease back.
    pub async fn let_lease_go(&self, lease: Lease) -> Result<(), StoreError> {
        query!(self, write, kept::let_go(lease))
    }

    /// One small step of retention: events.
    pub async fn prune_events(
        &self,
        agency: AgencyId,
        before: Timestamp,
        limit: i64,
    ) -> Result<usize, StoreError> {
        query!(self, write, events::prune(agency, before, limit))
    }

    /// One small step of retention: raw webhooks.
    pub async fn prune_webhooks(
        &self,
        agency: AgencyId,
        before: Timestamp,
        limit: i64,
    ) -> Result<usize, StoreError> {
        query!(self, write, webhooks::prune(agency, before, limit))
    }

    /// One small step of retention: finished calls as agents read them.
    pub async fn prune_call_logs(
        &self,
        agency: AgencyId,
        before: Timestamp,
        limit: i64,
    ) -> Result<usize, StoreError> {
        query!(self, write, kept::prune_logs(agency, before, limit))
    }

    /// One small step of retention: what people were, and when.
    pub async fn prune_agent_times(
        &self,
        agency: AgencyId,
        before: Timestamp,
        limit: i64,
    ) -> Result<usize, StoreError> {
        query!(self, write, agents::prune_times(agency, before, limit))
    }

    /// One small step of retention: calls that ended before, each with all that bears on it.
    pub async fn prune_calls(
        &self,
        agency: AgencyId,
        before: Timestamp,
        limit: i64,
    ) -> Result<Swept, StoreError> {
        query!(self, write, kept::prune_calls(agency, before, limit))
    }

    /// One small step of retention: errands that were due before and that nobody has taken up, since
    /// no node knows their kind or their carrier.
    pub async fn prune_errands(
        &self,
        agency: AgencyId,
        before: Timestamp,
        limit: i64,
    ) -> Result<usize, StoreError> {
        query!(self, write, kept::prune_errands(agency, before, limit))
    }

    /// A page of an agency's legs after that one, with when each was last changed.
    pub async fn legs_page(
        &self,
        agency: AgencyId,
        after: Named,
        limit: i64,
    ) -> Result<Vec<(Named, i64)>, StoreError> {
        query!(self, read, legs::page(agency, after, limit))
    }

    /// Those of these legs go that were last changed before and bear on no call.
    pub async fn prune_legs(
        &self,
        agency: AgencyId,
        legs: Vec<Named>,
        before: Timestamp,
    ) -> Result<usize, StoreError> {
        query!(self, write, legs::prune(agency, legs, before))
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, TABLES};

    #[test]
    fn of_every_table_it_is_said_how_long_it_is_kept() {
        let mut said: Vec<&str> = KEPT.iter().map(|kept| kept.table).collect();
        let mut there = TABLES.to_vec();
        said.sort_unstable();
        there.sort_unstable();
        assert_eq!(said, there);
    }
}

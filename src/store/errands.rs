//! What control asks of the database: errands, and the claims and legs that they are about.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{
    AgencyId, Call, CallId, Claim, ClaimId, Command, Errand, Leg, LegHandle, Standing, Timestamp,
};

/// A claim with the call that it is, or was, on, and its commands.
#[derive(Clone, Debug)]
pub struct HeldClaim {
    pub claim: Claim,
    /// How it stands.
    pub standing: Standing,
    pub call: Call,
    /// What was asked of the carrier for it.
    pub commands: Vec<Command>,
}

/// Each method is one query; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// All that is known of a leg.
    pub async fn leg(
        &self,
        agency: AgencyId,
        handle: LegHandle,
    ) -> Result<Option<Leg>, StoreError> {
        query!(self, read, errands::leg(agency, handle))
    }

    /// A claim with its call, its commands, and how it stands.
    pub async fn claim(
        &self,
        agency: AgencyId,
        claim: ClaimId,
    ) -> Result<Option<HeldClaim>, StoreError> {
        query!(self, read, errands::claim(agency, claim))
    }

    /// The claim that holds a call which nobody has answered yet.
    pub async fn open_claim(
        &self,
        agency: AgencyId,
        call: CallId,
    ) -> Result<Option<Claim>, StoreError> {
        query!(self, read, errands::open_claim(agency, call))
    }

    /// How many errands are due and in nobody's hands, and since when the oldest of them is.
    pub async fn errands_due(
        &self,
        now: Timestamp,
    ) -> Result<(i64, Option<Timestamp>), StoreError> {
        query!(self, read, errands::due(now))
    }

    /// Takes up at most `limit` errands that are due and in nobody's hands, until `until`.
    pub async fn take_errands(
        &self,
        now: Timestamp,
        until: Timestamp,
        limit: i64,
    ) -> Result<Vec<Errand>, StoreError> {
        query!(self, write, errands::take(now, until, limit))
    }

    /// Removes an errand that is done, unless it has been owed again.
    pub async fn finish_errand(&self, errand: Errand) -> Result<(), StoreError> {
        query!(self, write, errands::finish(errand))
    }

    /// Puts an errand, as it is now, off until `due`, unless it has been owed again.
    pub async fn put_off_errand(&self, errand: Errand, due: Timestamp) -> Result<(), StoreError> {
        query!(self, write, errands::put_off(errand, due))
    }

    /// Brings near what is due, or leased, further in the future than any errand ever should be.
    pub async fn rein_in_errands(&self, now: Timestamp, lease_s: i64) -> Result<usize, StoreError> {
        query!(self, write, errands::rein_in(now, lease_s))
    }

    /// The clock that all nodes have in common: PostgreSQL's. On SQLite there is one node, and its
    /// own clock is as good as any.
    pub async fn common_time(&self) -> Result<Option<Timestamp>, StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(_) => {
                let micros = query!(self, read, errands::database_time())?;
                Ok(Some(Timestamp::from_micros(micros)))
            }
        }
    }

    /// On SQLite, whose file one process has to itself: what a process before this one had in its
    /// hands is free again at once. On PostgreSQL other nodes are at work, and leases run out.
    pub async fn free_errands(&self) -> Result<(), StoreError> {
        match &self.0 {
            Backend::Sqlite(_) => query!(self, write, errands::free()),
            Backend::Postgres(_) => Ok(()),
        }
    }
}

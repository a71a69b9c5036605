//! What may be asked of the database about itself: whether we may write, and which webhooks came.

use super::{Backend, KeptWebhook, Named, Store, StoreError, postgres, sqlite};
use crate::domain::{AgencyId, Call, Claim, Timestamp};
use rand::RngExt;
use rand::distr::Alphanumeric;

/// What we may not do in the database, as far as it can be told without doing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The statements that would let us do what serving takes; empty when nothing is missing.
    pub refused: String,
    /// The statements that would let us migrate; empty when we may.
    pub to_migrate: String,
}

/// What `verify` compares with the webhooks.
#[derive(Debug, Default)]
pub struct ToCheck {
    /// The calls, oldest first.
    pub calls: Vec<Call>,
    /// Their claims.
    pub claims: Vec<Claim>,
    /// The callers' legs of those that cannot be read here, and why.
    pub unreadable: Vec<(Named, String)>,
}

impl ToCheck {
    /// Something of that call cannot be read.
    pub fn leave_out(&mut self, call: &str, error: &StoreError) {
        let place = self.calls.iter().position(|one| one.id.to_string() == call);
        if let Some(place) = place {
            let handle = self.calls.remove(place).handle;
            self.unreadable.push(((&handle).into(), error.to_string()));
        }
    }
}

/// How many of an agency's kept webhooks are of one type and had one outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookTally {
    /// The carrier's word.
    pub event_type: String,
    /// What became of them.
    pub outcome: String,
    /// How many there are.
    pub count: i64,
    /// When the latest came.
    pub latest: Timestamp,
}

/// Each method is one query; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// Whether the database can be written to. It tries, and takes back what it tried.
    pub async fn rights(&self) -> Result<Rights, StoreError> {
        query!(self, write, rights::of_ours())
    }

    /// A page of an agency's raw webhooks, in the order of their keys.
    pub async fn kept_webhooks(
        &self,
        agency: AgencyId,
        after: Named,
        limit: i64,
    ) -> Result<Vec<KeptWebhook>, StoreError> {
        query!(self, read, webhooks::kept(agency, after, limit))
    }

    /// A page of every agency's webhooks that are kept raw since they could not be applied, after
    /// that one, in the order of agencies and keys.
    pub async fn failed_webhooks(
        &self,
        after: (AgencyId, Named),
        limit: i64,
    ) -> Result<Vec<(AgencyId, KeptWebhook)>, StoreError> {
        query!(self, read, webhooks::failed(after, limit))
    }

    /// How many webhooks of an agency are kept raw since they could not be applied.
    pub async fn count_failed(&self, agency: AgencyId) -> Result<i64, StoreError> {
        query!(self, read, webhooks::count_failed(agency))
    }

    /// Every call of an agency since `since`, and its claims.
    pub async fn calls_with_claims(
        &self,
        agency: AgencyId,
        since: Timestamp,
    ) -> Result<ToCheck, StoreError> {
        query!(self, read, webhooks::calls_with_claims(agency, since))
    }

    /// Writes, commits, takes it back and commits again: fails where a webhook could not be kept
    /// either. What is written is more than a webhook writes and cannot be made smaller, so that it
    /// needs room.
    pub async fn try_to_write(&self) -> Result<(), StoreError> {
        /// More than the pages that a call's first webhook changes, of 4 KiB each.
        const BYTES: usize = 96 * 1024;
        let body: Vec<u8> = rand::rng().sample_iter(Alphanumeric).take(BYTES).collect();
        let body = String::from_utf8_lossy(&body).into_owned();
        let id: i64 = rand::random();
        query!(self, write, pulse::beat(id, body))
    }

    /// The webhooks that are kept of an agency, counted.
    pub async fn webhook_tally(&self, agency: AgencyId) -> Result<Vec<WebhookTally>, StoreError> {
        query!(self, read, webhooks::tally(agency))
    }
}

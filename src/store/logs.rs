//! Finished calls: reading pages, agents' words, and counting.

use super::{Backend, NumberFilter, Store, StoreError, postgres, sqlite};
use crate::domain::{
    AgencyId, AgentCounts, CallId, CallResult, HourOfResult, LoggedCall, Timestamp, UserId, Waiting,
};
use std::collections::BTreeMap;

/// Which finished calls a page shows. Every filter narrows.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Any of these.
    pub results: Option<Vec<CallResult>>,
    /// Exactly this, as an agent wrote it.
    pub outcome: Option<String>,
    /// Began at or after.
    pub since: Option<Timestamp>,
    /// Began before.
    pub until: Option<Timestamp>,
    /// Came from or went to this number.
    pub number: Option<NumberFilter>,
    /// This person answered.
    pub answered_by: Option<UserId>,
    /// Comes after this call in the order of pages.
    pub before: Option<(Timestamp, CallId)>,
    /// At most so many.
    pub limit: i64,
}

/// What an agent writes; what is absent stays, and `Some(None)` clears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogWords {
    pub notes: Option<Option<String>>,
    pub outcome: Option<Option<String>>,
}

/// What became of an agent's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WordsWritten {
    /// They stand in the row, which is this now.
    Written(LoggedCall),
    /// Nothing was written: the row is not any more as the agent had read it, but this.
    Changed(LoggedCall),
    /// The agency has no such finished call.
    NoSuchCall,
}

/// Each method is one query; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// One page of an agency's finished calls, newest first.
    pub async fn call_logs(
        &self,
        agency: AgencyId,
        filter: LogFilter,
    ) -> Result<Vec<LoggedCall>, StoreError> {
        query!(self, read, call_logs::page(agency, filter))
    }

    /// One finished call of an agency.
    pub async fn call_log(
        &self,
        agency: AgencyId,
        call: CallId,
    ) -> Result<Option<LoggedCall>, StoreError> {
        query!(self, read, call_logs::one(agency, call))
    }

    /// Writes an agent's words; with `read`, only into the row that was last changed then.
    pub async fn write_log_words(
        &self,
        agency: AgencyId,
        call: CallId,
        words: LogWords,
        read: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<WordsWritten, StoreError> {
        query!(
            self,
            write,
            call_logs::write_words(agency, call, words, read, now)
        )
    }

    /// How many callers of an agency wait, and since when.
    pub async fn waiting(&self, agency: AgencyId) -> Result<Waiting, StoreError> {
        query!(self, read, stats::waiting(agency))
    }

    /// The finished calls of an agency that began at or after `since`, counted by hour and result.
    pub async fn finished_by_hour(
        &self,
        agency: AgencyId,
        since: Timestamp,
        service_level_s: u16,
    ) -> Result<Vec<HourOfResult>, StoreError> {
        query!(self, read, stats::by_hour(agency, since, service_level_s))
    }

    /// What was counted of each person of an agency since then.
    pub async fn counted_by_agent(
        &self,
        agency: AgencyId,
        since: Timestamp,
    ) -> Result<BTreeMap<UserId, AgentCounts>, StoreError> {
        query!(self, read, stats::by_agent(agency, since))
    }
}

/// The counting of finished calls by hour and result, as SQL: one statement that reads its range of
/// `idx_call_logs_stats` and nothing else. Written out, since it is the same on both databases and
/// so that tests can ask either how it goes about it; ids and numbers cannot break out of it.
#[must_use]
pub fn stats_sql(
    call_logs: &str,
    agency: AgencyId,
    since: Timestamp,
    service_level_s: u16,
) -> String {
    let since = since.micros();
    let promised = i64::from(service_level_s) * 1_000_000;
    format!(
        "SELECT (started_at - {since}) / 3600000000 AS hour, result, COUNT(*) AS calls, \
         CAST(SUM(wait) AS BIGINT) AS wait_micros, \
         CAST(SUM(CASE WHEN wait <= 20000000 THEN 1 ELSE 0 END) AS BIGINT) AS within_20_s, \
         CAST(SUM(CASE WHEN wait <= {promised} THEN 1 ELSE 0 END) AS BIGINT) AS as_promised \
         FROM {call_logs} \
         WHERE agency_id = '{agency}' AND started_at >= {since} \
         GROUP BY 1, 2"
    )
}

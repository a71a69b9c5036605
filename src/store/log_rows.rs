//! The rows of `call_logs`, and the way between them and the domain.

use super::StoreError;
use super::rows::{carrier, unknown};
use super::schema::plain::call_logs;
use crate::domain::{
    AgencyId, CallId, CallLog, CallResult, LegHandle, LoggedCall, Timestamp, UserId,
};
use diesel::prelude::*;
use serde::Serialize;
use std::str::FromStr;

/// What the journal writes: everything but the agents' words and another program's columns. There
/// is no link to a recording, ever.
#[derive(Clone, Debug, Insertable, Serialize)]
#[diesel(table_name = call_logs, treat_none_as_default_value = false)]
pub struct CallLogRow {
    pub id: String,
    pub agency_id: String,
    pub caller_id: Option<String>,
    pub phone_number: Option<String>,
    pub from_number: Option<String>,
    pub to_number: Option<String>,
    pub caller_name: Option<String>,
    pub result: String,
    pub duration: i64,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: i64,
    pub wait: i64,
    pub call_sid: String,
    pub direction: String,
    pub end_reason: Option<String>,
    pub answered_by: Option<String>,
    pub answered_by_name: Option<String>,
    pub created_at: i64,
    pub updated_at: i64,
    pub carrier: String,
}

impl CallLogRow {
    pub fn of(log: &CallLog, now: Timestamp) -> Self {
        let answered_by = log.answered_by.map(|user| user.to_string());
        Self {
            id: log.id.to_string(),
            agency_id: log.agency_id.to_string(),
            caller_id: answered_by.clone(),
            phone_number: log.from_number.clone(),
            from_number: log.from_number.clone(),
            to_number: log.to_number.clone(),
            caller_name: log.caller_name.clone(),
            result: log.result.name().into(),
            duration: log.duration_seconds(),
            started_at: log.started_at.micros(),
            answered_at: log.answered_at.map(Timestamp::micros),
            ended_at: log.ended_at.micros(),
            wait: log.wait_micros(),
            call_sid: log.handle.id.clone(),
            direction: "inbound".into(),
            end_reason: log.end_reason.clone(),
            answered_by,
            answered_by_name: log.answered_by_name.clone(),
            created_at: now.micros(),
            updated_at: now.micros(),
            carrier: log.handle.carrier.name().into(),
        }
    }
}

/// What is read back, in the order of [`logged_columns`].
#[derive(Clone, Debug, Queryable)]
pub(super) struct LoggedCallRow {
    pub id: String,
    pub agency_id: String,
    pub caller_id: Option<String>,
    pub from_number: Option<String>,
    pub to_number: Option<String>,
    pub caller_name: Option<String>,
    pub result: Option<String>,
    pub started_at: i64,
    pub answered_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub call_sid: String,
    pub end_reason: Option<String>,
    pub answered_by_name: Option<String>,
    pub outcome: Option<String>,
    pub notes: Option<String>,
    pub updated_at: i64,
    pub carrier: String,
}

/// The columns of a [`LoggedCallRow`].
macro_rules! logged_columns {
    () => {
        (
            call_logs::id,
            call_logs::agency_id,
            call_logs::caller_id,
            call_logs::from_number,
            call_logs::to_number,
            call_logs::caller_name,
            call_logs::result,
            call_logs::started_at,
            call_logs::answered_at,
            call_logs::ended_at,
            call_logs::call_sid,
            call_logs::end_reason,
            call_logs::answered_by_name,
            call_logs::outcome,
            call_logs::notes,
            call_logs::updated_at,
            call_logs::carrier,
        )
    };
}
pub(super) use logged_columns;

impl LoggedCallRow {
    /// Its place in the order of pages.
    pub(super) fn position(&self) -> Option<(Timestamp, CallId)> {
        let id = self.id.parse().ok()?;
        Some((Timestamp::from_micros(self.started_at), CallId(id)))
    }

    pub(super) fn logged(self) -> Result<LoggedCall, StoreError> {
        let answered_by = match &self.caller_id {
            Some(user) => Some(UserId(id(user, "call_logs.caller_id")?)),
            None => None,
        };
        let log = CallLog {
            id: CallId(id(&self.id, "call_logs.id")?),
            agency_id: AgencyId(id(&self.agency_id, "call_logs.agency_id")?),
            handle: LegHandle {
                carrier: carrier(&self.carrier, "call_logs.carrier", &self.id)?,
                id: self.call_sid,
            },
            from_number: self.from_number,
            to_number: self.to_number,
            caller_name: self.caller_name,
            result: result(self.result.as_deref(), &self.id)?,
            answered_by,
            answered_by_name: self.answered_by_name,
            started_at: Timestamp::from_micros(self.started_at),
            answered_at: self.answered_at.map(Timestamp::from_micros),
            ended_at: Timestamp::from_micros(self.ended_at.unwrap_or(self.started_at)),
            end_reason: self.end_reason,
        };
        Ok(LoggedCall {
            log,
            outcome: self.outcome,
            notes: self.notes,
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

/// The result of that name.
pub(super) fn result(name: Option<&str>, row: &str) -> Result<CallResult, StoreError> {
    let result = name.and_then(CallResult::from_name);
    result.ok_or_else(|| unknown("call_logs.result", row, name.unwrap_or_default()))
}

fn id<T: FromStr>(text: &str, column: &str) -> Result<T, StoreError> {
    text.parse()
        .map_err(|_| StoreError::Corrupt(format!("{column}: {text:?} is no UUID")))
}

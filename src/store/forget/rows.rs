//! The texts of each table in which somebody may stand, with what says whose they are.

use diesel::Queryable;

#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(crate) struct CallTexts {
    pub id: String,
    pub call_control_id: String,
    pub call_session_id: Option<String>,
    pub carrier: String,
    pub from_number: Option<String>,
    pub to_number: Option<String>,
    pub caller_name: Option<String>,
    pub answered_by: Option<String>,
    pub answered_by_name: Option<String>,
    pub recordings: String,
    pub participants: Option<String>,
}

#[derive(Clone, Debug, Queryable)]
pub(crate) struct ClaimTexts {
    pub id: String,
    pub user_id: String,
    pub user_name: Option<String>,
}

#[derive(Clone, Debug, Queryable)]
pub(crate) struct LegTexts {
    pub call_control_id: String,
    pub carrier: String,
    pub call_session_id: Option<String>,
    pub facts: String,
}

#[derive(Clone, Debug, Queryable)]
pub(crate) struct EventTexts {
    pub seq: i64,
    pub call_id: String,
    pub event: String,
    pub subject_id: Option<String>,
}

#[derive(Clone, Debug, Queryable)]
pub(crate) struct WebhookTexts {
    pub webhook_id: String,
    pub carrier: String,
    pub event_type: String,
    pub call_control_id: Option<String>,
    pub body: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub(crate) struct LogTexts {
    pub id: String,
    pub caller_id: Option<String>,
    pub answered_by: Option<String>,
    pub answered_by_name: Option<String>,
    pub phone_number: Option<String>,
    pub from_number: Option<String>,
    pub to_number: Option<String>,
    pub caller_name: Option<String>,
    pub prospect_name: Option<String>,
    pub notes: Option<String>,
    pub outcome: Option<String>,
    pub recording_url: Option<String>,
}

//! The filters and cursors of `GET /api/calls`.

use crate::domain::{Call, CallId, Status, Timestamp, UserId};
use crate::http::ApiError;
use crate::store::CallFilter;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

/// Calls on a page when the caller does not say.
const LIMIT: i64 = 100;
/// Most calls on a page.
const MOST: i64 = 1000;

/// The query of a page. All are text, so that each mistake gets a sentence of ours.
#[derive(Debug, Default, Deserialize)]
pub(super) struct PageQuery {
    status: Option<String>,
    since: Option<String>,
    until: Option<String>,
    number: Option<String>,
    answered_by: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl PageQuery {
    /// What to look for, one call more than the page shows.
    pub fn filter(self) -> Result<CallFilter, ApiError> {
        Ok(CallFilter {
            statuses: given(self.status).map(|text| statuses(&text)).transpose()?,
            since: given(self.since)
                .map(|text| moment("since", &text))
                .transpose()?,
            until: given(self.until)
                .map(|text| moment("until", &text))
                .transpose()?,
            number: given(self.number).map(number).transpose()?,
            answered_by: given(self.answered_by)
                .map(|text| user(&text))
                .transpose()?,
            before: given(self.cursor)
                .map(|text| read_cursor(&text))
                .transpose()?,
            limit: given(self.limit).map_or(Ok(LIMIT), |text| limit(&text))? + 1,
        })
    }
}

/// Where the next page begins: after this call.
pub(super) fn cursor(call: &Call) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}/{}", call.created_at.micros(), call.id))
}

fn read_cursor(text: &str) -> Result<(Timestamp, CallId), ApiError> {
    let read = || {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let decoded = String::from_utf8(bytes).ok()?;
        let (micros, id) = decoded.split_once('/')?;
        Some((
            Timestamp::from_micros(micros.parse().ok()?),
            id.parse().ok()?,
        ))
    };
    read().ok_or_else(|| bad("cursor: take it as it is from next_cursor"))
}

fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn bad(sentence: &str) -> ApiError {
    ApiError::BadRequest(sentence.to_owned())
}

fn statuses(text: &str) -> Result<Vec<Status>, ApiError> {
    text.split(',')
        .map(|name| {
            Status::from_name(name.trim()).ok_or_else(|| {
                bad("status: one or more of incoming, answering, answered, ended, with commas")
            })
        })
        .collect()
}

fn moment(name: &str, text: &str) -> Result<Timestamp, ApiError> {
    // A plus sign that was not encoded arrives as a space.
    Timestamp::parse(&text.replace(' ', "+")).ok_or_else(|| {
        bad(&format!(
            "{name}: a time as in 2026-11-21T01:40:00Z (RFC 3339)"
        ))
    })
}

fn number(text: String) -> Result<String, ApiError> {
    if text.contains('\0') || text.len() > 1024 {
        return Err(bad(
            "number: a phone number or SIP URI as the carrier sent it",
        ));
    }
    // A plus sign that was not encoded arrives as a space.
    Ok(match text.strip_prefix(' ') {
        Some(digits) => format!("+{digits}"),
        None => text,
    })
}

fn user(text: &str) -> Result<UserId, ApiError> {
    text.parse()
        .map_err(|_| bad("answered_by: the id of a user (a UUID)"))
}

fn limit(text: &str) -> Result<i64, ApiError> {
    let limit: i64 = text.parse().unwrap_or(0);
    if (1..=MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(bad("limit: a number from 1 to 1000"))
    }
}

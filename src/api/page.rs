//! Pages: their filters, their limits and their cursors, for calls and finished calls alike.

use crate::domain::{Audience, CallId, Status, Timestamp, UserId};
use crate::http::{ApiError, Operation, schema};
use crate::store::{CallFilter, NumberFilter};
use crate::telemetry::Refused;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::json;

/// Rows on a page when the caller does not say.
const LIMIT: i64 = 100;
/// Most rows on a page.
const MOST: i64 = 1000;

/// The query of a page of calls. All are text, so that each mistake gets a sentence of ours.
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
    pub(super) fn filter(self, audience: Audience) -> Result<CallFilter, ApiError> {
        Ok(CallFilter {
            statuses: statuses(self.status)?,
            since: moment("since", self.since)?,
            until: moment("until", self.until)?,
            number: number(self.number, audience)?,
            answered_by: user(self.answered_by)?,
            before: place(self.cursor)?,
            limit: limit(self.limit)? + 1,
        })
    }
}

/// What the document says of every page.
pub(super) fn paged(operation: Operation) -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": MOST, "default": LIMIT });
    operation
        .query("since", "Begun at this time or later.", schema::time())
        .query("until", "Begun before this time.", schema::time())
        .query(
            "number",
            "The caller's number or the called one: its last digits, at least 4, with or without separators. A SIP address as the carrier sent it. 403 for people for whom the agency masks callers' numbers.",
            schema::text(),
        )
        .query("answered_by", "The user who answered.", schema::uuid())
        .query("limit", "Rows on the page.", limit)
        .query(
            "cursor",
            "The `next_cursor` of the page before, as it is.",
            schema::text(),
        )
        .fails(400, "A parameter cannot be read; the sentence says which")
}

/// The rows that a page shows, of those that a filter found with one more than its limit, and the
/// cursor of the next page, if there is one.
pub(super) fn cut<T>(
    mut rows: Vec<T>,
    found_at_most: i64,
    place: impl Fn(&T) -> (Timestamp, CallId),
) -> (Vec<T>, Option<String>) {
    let shown = usize::try_from(found_at_most - 1).unwrap_or(usize::MAX);
    let more = rows.len() > shown;
    rows.truncate(shown);
    let last = rows.last().filter(|_| more);
    let next = last.map(|row| {
        let (at, id) = place(row);
        URL_SAFE_NO_PAD.encode(format!("{}/{id}", at.micros()))
    });
    (rows, next)
}

/// The place that a cursor names: after this row.
pub(super) fn place(text: Option<String>) -> Result<Option<(Timestamp, CallId)>, ApiError> {
    let read = |text: &String| {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let decoded = String::from_utf8(bytes).ok()?;
        let (micros, id) = decoded.split_once('/')?;
        Some((
            Timestamp::from_micros(micros.parse().ok()?),
            id.parse().ok()?,
        ))
    };
    let refuse = || bad("cursor: take it as it is from next_cursor");
    let given = given(text);
    given.map(|text| read(&text).ok_or_else(refuse)).transpose()
}

/// A parameter that says something.
pub(super) fn given(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

/// 400, in a sentence.
pub(super) fn bad(sentence: &str) -> ApiError {
    ApiError::BadRequest(sentence.to_owned())
}

/// One or more names with commas, each read by `read`.
pub(super) fn names<T>(
    text: Option<String>,
    read: impl Fn(&str) -> Option<T>,
    sentence: &str,
) -> Result<Option<Vec<T>>, ApiError> {
    let Some(text) = given(text) else {
        return Ok(None);
    };
    let names = text.split(',');
    let read = names.map(|name| read(name.trim()).ok_or_else(|| bad(sentence)));
    read.collect::<Result<_, _>>().map(Some)
}

fn statuses(text: Option<String>) -> Result<Option<Vec<Status>>, ApiError> {
    const SENTENCE: &str =
        "status: one or more of incoming, answering, answered, ended, with commas";
    names(text, Status::from_name, SENTENCE)
}

/// The time in the parameter of that name.
pub(super) fn moment(name: &str, text: Option<String>) -> Result<Option<Timestamp>, ApiError> {
    let Some(text) = given(text) else {
        return Ok(None);
    };
    // A plus sign that was not encoded arrives as a space.
    let at = Timestamp::parse(&text.replace(' ', "+"));
    at.map(Some).ok_or_else(|| {
        bad(&format!(
            "{name}: a time as in 2026-11-21T01:40:00Z (RFC 3339)"
        ))
    })
}

/// Fewest digits of a number that is looked for: a page of everybody whose number ends with a 7 is
/// nobody's wish.
const DIGITS: usize = 4;

/// The phone number in `number`: by its last digits, whatever separators were typed. What has
/// letters is a SIP address or a word, and looked for as it was sent. Whoever may not see numbers may
/// not find them out by asking either.
pub(super) fn number(
    text: Option<String>,
    audience: Audience,
) -> Result<Option<NumberFilter>, ApiError> {
    const MASKED: &str = "Callers' numbers are masked for your role and cannot be searched";
    const SENTENCE: &str =
        "number: the last digits of a phone number, at least 4, or a SIP address as it was sent";
    let Some(text) = given(text) else {
        return Ok(None);
    };
    if audience == Audience::Masked {
        let why = "numbers are masked for their role";
        return Err(ApiError::Forbidden(MASKED).because(Refused::Role, why));
    }
    let number = NumberFilter::read(&text, DIGITS);
    number.map(Some).ok_or_else(|| bad(SENTENCE))
}

/// The person in `answered_by`.
pub(super) fn user(text: Option<String>) -> Result<Option<UserId>, ApiError> {
    let refuse = |_| bad("answered_by: the id of a user (a UUID)");
    given(text)
        .map(|text| text.parse().map_err(refuse))
        .transpose()
}

/// How many rows a page shows.
pub(super) fn limit(text: Option<String>) -> Result<i64, ApiError> {
    let Some(text) = given(text) else {
        return Ok(LIMIT);
    };
    let limit: i64 = text.parse().unwrap_or(0);
    if (1..=MOST).contains(&limit) {
        Ok(limit)
    } else {
        Err(bad("limit: a number from 1 to 1000"))
    }
}

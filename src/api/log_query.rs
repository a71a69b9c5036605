//! What is asked of finished calls: the filters of a page, and whether it is to be a file.

use super::page::{bad, given, limit, moment, names, number, place, user};
use crate::domain::{Audience, CallResult};
use crate::http::ApiError;
use crate::store::LogFilter;
use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT, Header};
use serde::Deserialize;

/// Most characters of an outcome.
pub(super) const OUTCOME: usize = 100;

/// The query of a page of finished calls. All are text, so that each mistake gets a sentence of
/// ours.
#[derive(Debug, Default, Deserialize)]
pub(super) struct LogQuery {
    result: Option<String>,
    outcome: Option<String>,
    since: Option<String>,
    until: Option<String>,
    number: Option<String>,
    answered_by: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl LogQuery {
    /// What to look for, one row more than the page shows.
    pub(super) fn filter(self, audience: Audience) -> Result<LogFilter, ApiError> {
        const RESULTS: &str = "result: one or more of answered, abandoned, missed, with commas";
        Ok(LogFilter {
            results: names(self.result, CallResult::from_name, RESULTS)?,
            outcome: outcome(self.outcome)?,
            since: moment("since", self.since)?,
            until: moment("until", self.until)?,
            number: number(self.number, audience)?,
            answered_by: user(self.answered_by)?,
            before: place(self.cursor)?,
            limit: limit(self.limit)? + 1,
        })
    }
}

fn outcome(text: Option<String>) -> Result<Option<String>, ApiError> {
    let text = given(text);
    match &text {
        Some(text) if text.contains('\0') || text.chars().count() > OUTCOME => {
            Err(bad("outcome: at most 100 characters, as an agent wrote it"))
        }
        _ => Ok(text),
    }
}

/// Whether a file is wanted: `text/csv` is named, and no less wanted than JSON is where that is
/// named too. Anything goes, as browsers have it, means JSON.
pub(super) fn wants_csv(request: &HttpRequest) -> bool {
    use actix_web::http::header::Accept;
    if !request.headers().contains_key(ACCEPT) {
        return false;
    }
    let Ok(accept) = Accept::parse(request) else {
        return false;
    };
    let wanted = |name: &str| {
        let named = accept.iter().filter(|item| item.item.essence_str() == name);
        named.map(|item| item.quality).max()
    };
    let csv =
        wanted("text/csv").filter(|quality| *quality > actix_web::http::header::Quality::ZERO);
    csv.is_some_and(|csv| wanted("application/json").is_none_or(|json| csv >= json))
}

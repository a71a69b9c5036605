//! Finished calls: pages, the whole list as a file, and what agents write about them.

use super::calls::of_call;
use super::csv;
use super::log_query::{LogQuery, OUTCOME, wants_csv};
use super::page::{bad, cut, paged};
use crate::domain::{Audience, CallId, CallResult, LoggedCall, Right, Timestamp};
use crate::http::{ApiError, Caller, Context, Door, Operation, Route, Tag, read_body, schema};
use crate::store::{LogWords, WordsWritten};
use crate::view::CallLogView;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, ETAG, HeaderMap, IF_MATCH, VARY};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

/// Most characters of notes.
const NOTES: usize = 10_000;

const NO_LOG: ApiError = ApiError::NotFound("Call log not found");

pub(super) const PAGE: Route = Route::get(
    "/api/call-logs",
    Door::For(Right::ReadLogs),
    |route| route.to(page),
    |operation| {
        let results = schema::some_of(&CallResult::ALL.map(CallResult::name));
        let operation = operation
            .named(Tag::History, "callLogs", "Finished calls, newest first")
            .saying(
                "With `Accept: text/csv` all of them as a file, whatever `limit` and `cursor` say.",
            )
            .query("result", "One or more, with commas.", results)
            .query("outcome", "As an agent wrote it.", schema::text());
        paged(operation)
            .answers::<Page<'_>>(200, "One page, or the file")
            .answers_text(200, "One page, or the file", "text/csv")
    },
);

pub(super) const ONE: Route = Route::get(
    "/api/call-logs/{id}",
    Door::For(Right::ReadLogs),
    |route| route.to(one),
    |operation| {
        of_log(operation)
            .named(Tag::History, "callLog", "One finished call")
            .answers::<CallLogView<'_>>(200, "The row, with its `updated_at` as `ETag`")
    },
);

pub(super) const WRITE: Route = Route::patch(
    "/api/call-logs/{id}",
    Door::For(Right::ActOnCalls),
    |route| route.to(write),
    |operation| {
        let words = |most: usize| json!({ "type": ["string", "null"], "maxLength": most });
        let written = json!({
            "type": "object",
            "properties": { "notes": words(NOTES), "outcome": words(OUTCOME) },
            "minProperties": 1,
            "additionalProperties": false,
        });
        let example = json!({ "outcome": "booked", "notes": "Calls back on Monday." });
        of_log(operation)
            .named(Tag::History, "writeCallLog", "Write notes or an outcome")
            .header(
                "If-Match",
                "The row's `updated_at` as it was read: nothing is written when the row has changed since.",
            )
            .saying("A field that is left out stays; null or an empty text clears it.")
            .takes_written(written, example)
            .answers::<CallLogView<'_>>(200, "The row as it is now")
            .fails(400, "The body or `If-Match` cannot be read; the sentence says why")
            .fails_with(
                412,
                "The row has changed since it was read, and is this now",
                json!({ "call_log": { "$ref": "#/components/schemas/CallLog" } }),
            )
    },
);

fn of_log(operation: Operation) -> Operation {
    of_call(operation).fails(404, "Call log not found")
}

/// A page of finished calls.
#[derive(Serialize, ToSchema)]
#[schema(as = CallLogPage)]
struct Page<'a> {
    call_logs: Vec<CallLogView<'a>>,
    /// Where the next page begins, to be sent as `cursor`; null on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One page of the agency's finished calls, newest first; by `Accept: text/csv` all of them, as a
/// file, whatever `limit` and `cursor` say.
async fn page(
    caller: Caller,
    request: HttpRequest,
    query: web::Query<LogQuery>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let filter = query.into_inner().filter(caller.audience)?;
    let agency = caller.agency_id();
    if wants_csv(&request) {
        let reader = (agency, caller.audience);
        return csv::file(context.store.clone(), reader, filter, context.clock.now()).await;
    }
    let limit = filter.limit;
    let rows = context.store.call_logs(agency, filter).await?;
    let (rows, next_cursor) = cut(rows, limit, |row| (row.log.started_at, row.log.id));
    let call_logs = rows.iter();
    let call_logs = call_logs
        .map(|row| CallLogView::of(row, caller.audience))
        .collect();
    Ok(HttpResponse::Ok()
        .insert_header((VARY, "Accept"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(Page {
            call_logs,
            next_cursor,
        }))
}

/// One finished call.
async fn one(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id: CallId = path.parse().map_err(|_| NO_LOG)?;
    let row = context.store.call_log(caller.agency_id(), id).await?;
    Ok(as_it_is(&row.ok_or(NO_LOG)?, caller.audience))
}

/// An agent writes notes or an outcome; with `If-Match`, only into the row as it was read.
async fn write(
    caller: Caller,
    path: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let body = read_body(request.headers(), payload, &context.clock).await?;
    let words = words(&body)?;
    let read = read_at(request.headers())?;
    let id: CallId = path.parse().map_err(|_| NO_LOG)?;
    let (agency, now) = (caller.agency_id(), context.clock.now());
    let store = &context.store;
    match store.write_log_words(agency, id, words, read, now).await? {
        WordsWritten::Written(row) => Ok(as_it_is(&row, caller.audience)),
        WordsWritten::Changed(row) => Err(changed(&row, caller.audience)?),
        WordsWritten::NoSuchCall => Err(NO_LOG),
    }
}

/// The row, and what to send as `If-Match` to change this and nothing newer.
fn as_it_is(row: &LoggedCall, audience: Audience) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((ETAG, format!("\"{}\"", row.updated_at)))
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(CallLogView::of(row, audience))
}

/// Somebody wrote meanwhile: 412, with the row as it is now.
fn changed(row: &LoggedCall, audience: Audience) -> Result<ApiError, ApiError> {
    let row = serde_json::to_value(CallLogView::of(row, audience))?;
    Ok(ApiError::Detailed {
        status: StatusCode::PRECONDITION_FAILED,
        sentence: "The call log has changed since it was read; read it again".to_owned(),
        fields: Map::from_iter([("call_log".to_owned(), row)]),
    })
}

/// The time in `If-Match`, with or without the quotes of an entity tag; none when whatever stands
/// there may be changed.
fn read_at(headers: &HeaderMap) -> Result<Option<Timestamp>, ApiError> {
    const SENTENCE: &str = "If-Match: the updated_at of the call log as it was read, once";
    let mut given = headers.get_all(IF_MATCH);
    let (first, second) = (given.next(), given.next());
    let Some(first) = first else {
        return Ok(None);
    };
    let text = first.to_str().unwrap_or_default().trim();
    if second.is_none() && text == "*" {
        return Ok(None);
    }
    let quoted = text
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let at = Timestamp::parse(quoted.unwrap_or(text)).filter(|_| second.is_none());
    at.map(Some).ok_or_else(|| bad(SENTENCE))
}

fn words(body: &[u8]) -> Result<LogWords, ApiError> {
    const SENTENCE: &str = "The body must be a JSON object with notes, outcome or both";
    let fields: Map<String, Value> = serde_json::from_slice(body).map_err(|_| bad(SENTENCE))?;
    let mut words = LogWords::default();
    for (name, value) in fields {
        match name.as_str() {
            "notes" => words.notes = Some(text("notes", value, NOTES)?),
            "outcome" => words.outcome = Some(text("outcome", value, OUTCOME)?),
            _ => {
                return Err(bad(
                    "Only notes and outcome can be written; another field was sent",
                ));
            }
        }
    }
    if words == LogWords::default() {
        return Err(bad(SENTENCE));
    }
    Ok(words)
}

/// What to write into a field: a text, or nothing for null and for a text without characters.
fn text(name: &str, value: Value, most: usize) -> Result<Option<String>, ApiError> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.is_empty() => Ok(None),
        Value::String(text) if text.chars().count() <= most && !text.contains('\0') => {
            Ok(Some(text))
        }
        _ => Err(bad(&format!(
            "{name}: a text of at most {most} characters (U+0000 not among them), or null"
        ))),
    }
}

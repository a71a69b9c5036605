//! Finished calls as a file for spreadsheets (RFC 4180), streamed: a page is read when the one
//! before it is on its way, so that a list of any length costs a page of memory.

use crate::domain::{AgencyId, Audience, LoggedCall, Timestamp};
use crate::http::ApiError;
use crate::store::{LogFilter, Store, StoreError};
use crate::view::{caller_name_for, number_for, plain};
use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, VARY};
use bytes::Bytes;
use futures_util::stream;

/// Rows of a page: with the longest notes 10 MiB.
const PAGE: i64 = 250;

/// The first line.
const NAMES: [&str; 16] = [
    "id",
    "call_control_id",
    "from_number",
    "to_number",
    "caller_name",
    "result",
    "answered_by",
    "answered_by_name",
    "started_at",
    "answered_at",
    "ended_at",
    "wait",
    "duration",
    "end_reason",
    "outcome",
    "notes",
];

/// The whole filtered list, newest first. The first page is read before the answer begins, so that
/// a database that is away is a 503; one that goes away later breaks the connection off, and the
/// reader sees that the file is not complete.
pub(super) async fn file(
    store: Store,
    (agency, audience): (AgencyId, Audience),
    mut filter: LogFilter,
    now: Timestamp,
) -> Result<HttpResponse, ApiError> {
    filter.before = None;
    filter.limit = PAGE;
    let first = store.call_logs(agency, filter.clone()).await?;
    let pages = stream::try_unfold(Some((first, true)), move |page| {
        let (store, mut filter) = (store.clone(), filter.clone());
        async move {
            let Some((rows, is_first)) = page else {
                return Ok::<_, StoreError>(None);
            };
            let text = text(&rows, is_first, audience);
            let whole = i64::try_from(rows.len()).unwrap_or(PAGE) >= PAGE;
            let Some(last) = rows.last().filter(|_| whole) else {
                return Ok(Some((text, None)));
            };
            filter.before = Some((last.log.started_at, last.log.id));
            drop(rows);
            let next = store.call_logs(agency, filter).await.inspect_err(|error| {
                tracing::warn!("A list of finished calls broke off: {error}");
            })?;
            Ok(Some((text, Some((next, false)))))
        }
    });
    let day: String = now.to_string().chars().take(10).collect();
    let disposition = format!("attachment; filename=\"call-logs-{day}.csv\"");
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8; header=present")
        .insert_header((CONTENT_DISPOSITION, disposition))
        .insert_header((VARY, "Accept"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(pages))
}

fn text(rows: &[LoggedCall], with_names: bool, audience: Audience) -> Bytes {
    let mut text = String::new();
    if with_names {
        // Without this mark spreadsheets take the file for one of their own country's old encoding.
        text.push('\u{feff}');
        text.push_str(&NAMES.join(","));
        text.push_str("\r\n");
    }
    for row in rows {
        write_row(&mut text, row, audience);
    }
    text.into()
}

fn write_row(text: &mut String, row: &LoggedCall, audience: Audience) {
    let log = &row.log;
    let owned = |text: &Option<String>| text.clone().unwrap_or_default();
    let named = |text: Option<&str>| plain(text.unwrap_or_default()).into_owned();
    let at = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
    let cells = [
        log.id.to_string(),
        log.handle.id.clone(),
        named(number_for(audience, log.from_number.as_deref()).as_deref()),
        named(log.to_number.as_deref()),
        named(caller_name_for(audience, log.caller_name.as_deref()).as_deref()),
        log.result.name().to_owned(),
        log.answered_by
            .map(|user| user.to_string())
            .unwrap_or_default(),
        named(log.answered_by_name.as_deref()),
        log.started_at.to_string(),
        at(log.answered_at),
        log.ended_at.to_string(),
        log.wait_seconds().to_string(),
        log.duration_seconds().to_string(),
        owned(&log.end_reason),
        owned(&row.outcome),
        owned(&row.notes),
    ];
    for (place, cell) in cells.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        write_cell(text, cell);
    }
    text.push_str("\r\n");
}

/// A cell, in quotes where it needs them. A spreadsheet would take what begins like a formula for
/// one, a phone number with its plus sign too: an apostrophe before it keeps it a text that people
/// can read. One before an apostrophe as well, so that programs can always take the first one away.
fn write_cell(text: &mut String, cell: &str) {
    let first = cell.chars().next();
    let guarded = first.is_some_and(|first| "=+-@\t\r\n'＝＋－＠".contains(first));
    // Where a decimal comma is written, spreadsheets part columns at semicolons.
    let quoted = cell.contains([',', ';', '"', '\r', '\n']);
    if quoted {
        text.push('"');
    }
    if guarded {
        text.push('\'');
    }
    if quoted {
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::write_cell;

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_never_a_formula() {
        for (cell, written) in [
            ("", ""),
            ("Zoë", "Zoë"),
            ("a,b", "\"a,b\""),
            ("a;b", "\"a;b\""),
            ("rent;=1+1", "\"rent;=1+1\""),
            ("=1;2", "\"'=1;2\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("+15550100", "'+15550100"),
            ("=1+1", "'=1+1"),
            ("-2", "'-2"),
            ("@cmd", "'@cmd"),
            ("\tx", "'\tx"),
            ("\rx", "\"'\rx\""),
            (
                "=HYPERLINK(\"a\",\"b\")",
                "\"'=HYPERLINK(\"\"a\"\",\"\"b\"\")\"",
            ),
            ("'quoted'", "''quoted'"),
            ("＝1", "'＝1"),
            ("a=1", "a=1"),
        ] {
            let mut text = String::new();
            write_cell(&mut text, cell);
            assert_eq!(text, written, "{cell:?}");
        }
    }
}

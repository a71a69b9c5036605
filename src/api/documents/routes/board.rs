//! History, numbers, people.

use super::{paged, results, text, time, uuid};
use crate::api::call_logs::{self, NOTES};
use crate::api::documents::operation::Operation;
use crate::api::log_query::OUTCOME;
use crate::api::users::Users;
use crate::view::{CallLogView, MeView, StatsView};
use serde_json::json;

pub(super) fn operations() -> Vec<Operation> {
    let words = |most: usize| json!({ "type": ["string", "null"], "maxLength": most });
    let written = json!({
        "type": "object",
        "properties": { "notes": words(NOTES), "outcome": words(OUTCOME) },
        "minProperties": 1,
        "additionalProperties": false,
    });
    let log = |method, id, summary| {
        Operation::open(method, "/api/call-logs/{id}", id, summary)
            .for_agents()
            .with("id", "The call's `id`.", uuid())
            .fails(404, "Call log not found")
    };
    vec![
        paged(
            Operation::open(
                "GET",
                "/api/call-logs",
                "callLogs",
                "Finished calls, newest first",
            )
            .for_agents()
            .saying(
                "With `Accept: text/csv` all of them as a file, whatever `limit` and `cursor` say.",
            )
            .query("result", "One or more, with commas.", results())
            .query("outcome", "As an agent wrote it.", text()),
        )
        .answers::<call_logs::Page<'_>>(200, "One page, or the file")
        .answers_text(200, "One page, or the file", "text/csv"),
        log("GET", "callLog", "One finished call")
            .answers::<CallLogView<'_>>(200, "The row, with its `updated_at` as `ETag`"),
        log("PATCH", "writeCallLog", "Write notes or an outcome")
        .header(
            "If-Match",
            "The row's `updated_at` as it was read: nothing is written when the row has changed since.",
        )
        .saying("A field that is left out stays; null or an empty text clears it.")
        .takes_written(
            written,
            json!({ "outcome": "booked", "notes": "Calls back on Monday." }),
        )
        .answers::<CallLogView<'_>>(200, "The row as it is now")
        .fails(400, "The body or `If-Match` cannot be read; the sentence says why")
        .fails_with(
            412,
            "The row has changed since it was read, and is this now",
            json!({ "call_log": { "$ref": "#/components/schemas/CallLog" } }),
        ),
        Operation::open("GET", "/api/stats", "stats", "The numbers of a wallboard")
            .for_agents()
            .query(
                "since",
                "Where the day begins, within the last 31 days; midnight UTC unless said. One later than now begins now.",
                time(),
            )
            .answers::<StatsView>(200, "Who waits now, and how calls came out")
            .fails(400, "`since` cannot be read, or is out of range"),
        Operation::open("GET", "/api/users", "users", "The agency's people")
            .for_admins()
            .answers::<Users>(200, "Those who came first before the others"),
        Operation::open("GET", "/api/me", "me", "Who I am")
            .for_agents()
            .answers::<MeView>(200, "The person, role and agency"),
    ]
}

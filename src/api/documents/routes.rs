//! The table of what each route is for. A test holds it against the routes that are registered, and
//! against what a running server answers.

mod board;
mod calls;
mod carrier;
mod open;

use super::operation::Operation;
use crate::domain::{CallResult, Status};
use serde_json::{Value, json};

/// Every operation, in the order of the document.
pub(super) fn all() -> impl Iterator<Item = Operation> {
    let parts = [
        (CALLS, calls::operations()),
        (BOARD, board::operations()),
        (AGENCY, carrier::credentials()),
        (ULTRAVOX, carrier::ultravox()),
        (TELNYX, open::webhook()),
        (SERVER, open::server()),
    ];
    let tagged = |(tag, operations): (&'static str, Vec<Operation>)| {
        operations.into_iter().map(move |one| one.tagged(tag))
    };
    parts.into_iter().flat_map(tagged)
}

const CALLS: &str = "Calls";
const BOARD: &str = "History and people";
const AGENCY: &str = "Credentials";
const ULTRAVOX: &str = "Ultravox";
const TELNYX: &str = "Telnyx";
const SERVER: &str = "Server";

/// The groups and what they hold.
pub(super) fn tags() -> Value {
    let tags = [
        (
            CALLS,
            "Calls that ring or go on, and what an agent does with them.",
        ),
        (BOARD, "Finished calls, numbers for the wallboard, people."),
        (
            AGENCY,
            "The agency's keys to its carriers: values in, beginnings out.",
        ),
        (ULTRAVOX, "The agency's carriers in its Ultravox account."),
        (TELNYX, "Where the carrier sends what happens."),
        (SERVER, "Health, documents, the page and the socket."),
    ];
    let tag = |(name, text)| json!({ "name": name, "description": text });
    tags.map(tag).into_iter().collect()
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn uuid() -> Value {
    json!({ "type": "string", "format": "uuid" })
}

fn time() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn one_of(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// One or more words with commas.
fn some_of(words: &[&str]) -> Value {
    let any = words.join("|");
    json!({ "type": "string", "pattern": format!("^({any})(,({any}))*$") })
}

/// What pages of calls and of finished calls have in common.
fn paged(operation: Operation) -> Operation {
    let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 });
    operation
        .query("since", "Begun at this time or later.", time())
        .query("until", "Begun before this time.", time())
        .query(
            "number",
            "The caller's number or the called one: its last digits, at least 4, with or without separators. A SIP address as the carrier sent it.",
            text(),
        )
        .query("answered_by", "The user who answered.", uuid())
        .query("limit", "Rows on the page.", limit)
        .query(
            "cursor",
            "The `next_cursor` of the page before, as it is.",
            text(),
        )
        .fails(400, "A parameter cannot be read; the sentence says which")
}

fn statuses() -> Value {
    some_of(&Status::ALL.map(Status::name))
}

fn results() -> Value {
    some_of(&CallResult::ALL.map(CallResult::name))
}

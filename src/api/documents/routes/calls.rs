//! Calls that ring or go on.

use super::{one_of, paged, statuses, text, uuid};
use crate::api::calls::{Page, PendingCalls, Timeline};
use crate::api::control::{Answered, Done};
use crate::api::documents::operation::Operation;
use crate::api::recordings::RecordingLink;
use crate::view::CallView;
use serde_json::json;

const NOT_FOUND: &str = "Call not found or already ended";
const CARRIER: &str = "The carrier failed or refused";

pub(super) fn operations() -> Vec<Operation> {
    let mut operations = reads();
    operations.extend(acts());
    operations
}

fn reads() -> Vec<Operation> {
    let call = |path, id, summary| {
        Operation::open("GET", path, id, summary).for_agents().with(
            "id",
            "The call's `id`.",
            uuid(),
        )
    };
    vec![
        Operation::open("GET", "/api/telnyx/calls/pending", "pendingCalls", "Calls that nobody has")
            .for_agents()
            .query("order", "Which come first; newest unless said.", one_of(&["newest", "oldest"]))
            .answers::<PendingCalls<'_>>(200, "At most 100 calls with status `incoming`")
            .fails(400, "`order` is neither"),
        paged(
            Operation::open("GET", "/api/calls", "calls", "Calls of every status, newest first")
                .for_agents()
                .query("status", "One or more, with commas.", statuses()),
        )
        .answers::<Page<'_>>(200, "One page"),
        call("/api/calls/{id}", "call", "One call")
            .answers::<CallView<'_>>(200, "The call")
            .fails(404, "Call not found"),
        call("/api/calls/{id}/events", "events", "The timeline of a call")
            .answers::<Timeline>(200, "Its events within retention, as sockets have heard them")
            .fails(404, "Call not found"),
        call(
            "/api/calls/{id}/recordings/{recording_id}",
            "recording",
            "A fresh link to a recording",
        )
        .with("recording_id", "The recording's `id`.", text())
        .saying("The link is the carrier's and opens the recording to whoever has it: ask when somebody wants to listen, and do not keep it.")
        .answers::<RecordingLink<'_>>(200, "The link; `Cache-Control: no-store`")
        .fails(404, "Recording not found")
        .fails(409, "The recording is not ready yet")
        .fails(502, CARRIER),
    ]
}

fn acts() -> Vec<Operation> {
    let act = |path, id, summary| {
        Operation::open("POST", path, id, summary)
            .for_agents()
            .with(
                "call_control_id",
                "The call's `call_control_id`, percent-encoded.",
                text(),
            )
            .fails(404, NOT_FOUND)
            .fails(502, CARRIER)
    };
    let taker = json!({
        "answered_by": { "type": ["string", "null"], "format": "uuid" },
        "answered_by_name": { "type": ["string", "null"] },
    });
    vec![
        act("/api/telnyx/calls/{call_control_id}/answer", "answer", "Take a call")
            .saying("Of any number of agents exactly one gets it. The carrier then rings the agent's phone; a `call.answered` or `call.released` on the socket says how it came out. Safe to repeat.")
            .answers::<Answered<'_>>(200, "The call is this agent's, also when asked again")
            .fails_with(409, "Somebody else has it (named), or this agent has as many calls as one may", taker),
        act("/api/telnyx/calls/{call_control_id}/release", "release", "Give a call back")
            .answers::<Done>(200, "It rings again")
            .fails(409, "It is not this agent's, or it is answered"),
        act("/api/telnyx/calls/{call_control_id}/end", "end", "Hang a call up")
            .answers::<Done>(200, "It is over, also when the carrier says that it already was"),
    ]
}

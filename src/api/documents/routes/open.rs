//! What needs no token: the webhook, health, documents, the page, the socket.

use super::uuid;
use crate::api::documents::operation::Operation;
use crate::api::health::{Health, NotReady, Ready};
use crate::view::AcceptedView;
use serde_json::json;

pub(super) fn webhook() -> Vec<Operation> {
    let webhook = |path, id, text| {
        let body = json!({
            "type": "object",
            "description": "The event is in `data`, or is the body itself.",
            "properties": { "data": { "type": "object" } },
        });
        let example = json!({ "data": {
            "record_type": "event", "id": "0ccc7b54-4df3-4bca-a65a-3da1ecc777f0",
            "event_type": "call.initiated", "occurred_at": "2026-11-21T01:40:00.123456Z",
            "payload": {
                "call_control_id": "v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg",
                "direction": "incoming", "from": "+15551234567", "to": "+15559876543",
            },
        }});
        Operation::open("POST", path, id, "A webhook of Telnyx")
            .saying(text)
            .takes_written(body, example)
            .answers::<AcceptedView>(200, "Stored for good; unknown types and repeats too")
            .fails(
                400,
                "No event, or a call's without a handle that can be used; the sentence says which",
            )
            .fails(
                401,
                "Bad, missing or stale signature, or an agency that is not there",
            )
            .fails(415, "Not JSON")
            .fails(429, "Too many refused requests from this address")
            .fails(503, "It could not be stored within 1.5 s; send it again")
    };
    vec![
        webhook(
            "/api/telnyx/webhook",
            "webhook",
            "The agency is the one that has the payload's `connection_id`, else the default one. Signed as Telnyx does: `telnyx-signature-ed25519`, `telnyx-timestamp`.",
        ),
        webhook(
            "/api/telnyx/webhook/{agency_id}",
            "webhookOfAgency",
            "Signed as Telnyx does: `telnyx-signature-ed25519`, `telnyx-timestamp`.",
        )
        .with("agency_id", "Whose webhook it is.", uuid()),
    ]
}

pub(super) fn server() -> Vec<Operation> {
    let get = |path, id, summary| Operation::open("GET", path, id, summary);
    let document = || json!({ "type": "object" });
    vec![
        get("/ws", "socket", "The socket")
            .saying("A WebSocket with subprotocol `callboard.v1`; `/asyncapi.json` says what is spoken on it. The token comes in its first message, or as a bearer token here.")
            .answers_nothing(101, "Upgraded")
            .fails(400, "Not an upgrade, a token in the address, or only other subprotocols")
            .fails(403, "Not an allowed origin"),
        get("/healthz", "alive", "The process runs").answers::<Health>(200, "It does"),
        get("/readyz", "ready", "The server can do its work")
            .answers::<Ready>(200, "It can")
            .answers::<NotReady>(503, "What it cannot do without is named"),
        get("/openapi.json", "openapi", "This document")
            .answers_written(200, "OpenAPI 3.1", document()),
        get("/asyncapi.json", "asyncapi", "The socket's document")
            .answers_written(200, "AsyncAPI 3.0", document()),
        get("/docs", "docs", "A page to read both").answers_text(200, "HTML", "text/html"),
        get("/", "board", "The board").answers_text(200, "HTML", "text/html"),
    ]
}

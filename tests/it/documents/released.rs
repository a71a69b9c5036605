//! The documents only grow: what the last release promised is promised still.
//!
//! `released/` holds both documents of the last release. With each release, and only then, renew
//! them: `CALLBOARD_RENEW_DOCUMENTS=1 cargo test --test it -- the_documents_only_grow`.

use super::growth;
use crate::support::World;
use crate::support::documents::Documents;
use serde_json::{Value, json};
use std::path::Path;

const OPENAPI: &str = include_str!("released/openapi.json");
const ASYNCAPI: &str = include_str!("released/asyncapi.json");

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("a released document")
}

/// A document without what is each server's own.
fn of_any_server(mut document: Value) -> Value {
    document
        .as_object_mut()
        .expect("a document")
        .remove("servers");
    document
}

async fn the_documents_only_grow(world: World) {
    let now = Documents::of(&world.node().await).await;
    if std::env::var_os("CALLBOARD_RENEW_DOCUMENTS").is_some() {
        for (name, document) in [("openapi", now.openapi), ("asyncapi", now.asyncapi)] {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/documents/released");
            let text = serde_json::to_string_pretty(&of_any_server(document)).expect("JSON");
            std::fs::write(folder.join(format!("{name}.json")), text + "\n").expect("a file");
        }
        return;
    }
    let mut faults = growth::openapi(&read(OPENAPI), &now.openapi);
    faults.extend(growth::asyncapi(&read(ASYNCAPI), &now.asyncapi));
    assert!(
        faults.is_empty(),
        "clients of the last release would break:\n{}",
        faults.join("\n")
    );
}

on_each_database!(the_documents_only_grow);

/// Changes a released document at a place, and gives what is found wrong then.
fn found(document: &str, pointer: &str, change: impl FnOnce(&mut Value)) -> Vec<String> {
    let old = read(document);
    let mut new = old.clone();
    change(
        new.pointer_mut(pointer)
            .unwrap_or_else(|| panic!("no {pointer}")),
    );
    if old.get("openapi").is_some() {
        growth::openapi(&old, &new)
    } else {
        growth::asyncapi(&old, &new)
    }
}

fn removes(name: &str) -> impl FnOnce(&mut Value) + '_ {
    move |value| match value {
        Value::Object(fields) => drop(fields.remove(name).expect("a field")),
        Value::Array(items) => {
            let before = items.len();
            items.retain(|item| {
                item != name && !item["$ref"].as_str().is_some_and(|to| to.ends_with(name))
            });
            assert_ne!(items.len(), before, "{name}");
        }
        _ => panic!("nothing to remove {name} from"),
    }
}

#[test]
fn what_would_break_a_client_is_found() {
    let patch = "/paths/~1api~1call-logs~1{id}/patch";
    let body = format!("{patch}/requestBody/content/application~1json/schema");
    let call = "/components/schemas/Call";
    let cases = [
        (
            OPENAPI,
            "/paths",
            removes("/api/me"),
            "GET /api/me: is gone",
        ),
        (
            OPENAPI,
            "/paths/~1api~1call-logs~1{id}",
            removes("patch"),
            "PATCH /api/call-logs/{id}: is gone",
        ),
        (
            OPENAPI,
            &*format!("{patch}/responses"),
            removes("412"),
            "PATCH /api/call-logs/{id} 412: is gone",
        ),
        (
            OPENAPI,
            &*format!("{body}/properties"),
            removes("notes"),
            ".notes: is gone",
        ),
        (
            OPENAPI,
            &*format!("{call}/properties"),
            removes("to_number"),
            ".to_number: is gone",
        ),
        (
            OPENAPI,
            &*format!("{call}/required"),
            removes("to_number"),
            "to_number may be left out now",
        ),
        (
            OPENAPI,
            "/components/schemas/Status/enum",
            removes("answering"),
            "the word \"answering\" is gone",
        ),
        (
            ASYNCAPI,
            "/components/schemas/EventType/enum",
            removes("call.ended"),
            "the word \"call.ended\" is gone",
        ),
        (
            ASYNCAPI,
            "/operations/hear/messages",
            removes("refresh"),
            "hear: refresh is gone",
        ),
        (
            ASYNCAPI,
            "/components/schemas/Event/properties",
            removes("call"),
            "event.call: is gone",
        ),
    ];
    for (document, pointer, change, expected) in cases {
        let faults = found(document, pointer, change);
        assert!(
            faults.iter().any(|fault| fault.ends_with(expected)),
            "{expected}: {faults:?}"
        );
    }
    type Change = (&'static str, String, fn(&mut Value), &'static str);
    let changes: [Change; 6] = [
        (
            OPENAPI,
            body.clone(),
            |body| body["required"] = json!(["notes"]),
            "notes is required now",
        ),
        (
            OPENAPI,
            format!("{body}/properties/notes"),
            |notes| notes["maxLength"] = json!(5),
            "maxLength was 10000, is 5",
        ),
        (
            OPENAPI,
            format!("{body}/properties/notes"),
            |notes| notes["type"] = json!("string"),
            "is {\"string\"}",
        ),
        (
            OPENAPI,
            "/paths/~1api~1stats/get/parameters/0".into(),
            |since| since["required"] = json!(true),
            "\"since\" is required now",
        ),
        (
            OPENAPI,
            "/paths/~1api~1stats/get".into(),
            |stats| stats["x-role"] = json!("owners"),
            "is \"owners\"",
        ),
        (
            ASYNCAPI,
            "/x-close-codes/0".into(),
            |close| close["reconnect"] = json!("no"),
            "is not what it was",
        ),
    ];
    for (document, pointer, change, expected) in changes {
        let faults = found(document, &pointer, change);
        assert!(
            faults.iter().any(|fault| fault.ends_with(expected)),
            "{expected}: {faults:?}"
        );
    }
}

#[test]
fn what_a_client_passes_over_is_no_fault() {
    let put = |name: &'static str, what: Value| move |value: &mut Value| value[name] = what;
    let optional = json!({ "type": "integer" });
    for (document, pointer, change) in [
        (OPENAPI, "/paths", put("/api/more", json!({ "get": {} }))),
        (
            OPENAPI,
            "/components/schemas/Call/properties",
            put("more", optional.clone()),
        ),
        (
            OPENAPI,
            "/paths/~1api~1me/get/responses",
            put("418", json!({})),
        ),
        (
            ASYNCAPI,
            "/components/schemas/Connect/properties",
            put("more", optional),
        ),
        (ASYNCAPI, "/components/messages", put("more", json!({}))),
    ] {
        assert_eq!(
            found(document, pointer, change),
            Vec::<String>::new(),
            "{pointer}"
        );
    }
    for (document, pointer, word) in [
        (OPENAPI, "/components/schemas/Status/enum", json!("held")),
        (OPENAPI, "/components/schemas/Call/required", json!("more")),
        (
            ASYNCAPI,
            "/operations/tell/messages",
            json!({ "$ref": "#/channels/board/messages/more" }),
        ),
    ] {
        let more = |value: &mut Value| value.as_array_mut().expect("a list").push(word);
        assert_eq!(
            found(document, pointer, more),
            Vec::<String>::new(),
            "{pointer}"
        );
    }
}

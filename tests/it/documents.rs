//! The documents: that they are what their standards say, that they are whole, and that the server
//! answers and speaks as they have it.

mod answers;
mod growth;
mod reader;
mod released;

use crate::support::World;
use crate::support::documents::{Documents, faults, fits, operations};
use callboard_simulator::browser::CloseCode;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SDK: &str = include_str!("../../static/sdk/connection.js");
const OPENAPI: &str = include_str!("schemas/openapi-3.1.json");
const ASYNCAPI: &str = include_str!("schemas/asyncapi-3.0.0.json");

/// A document against its standard's own schema.
fn is_standard(document: &Value, standard: &str) {
    let standard: Value = serde_json::from_str(standard).expect("a standard");
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&standard)
        .expect("a standard's schema");
    let faults = faults(&validator, document);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// The schemas of a document by name.
fn schemas(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let schemas = document["components"]["schemas"].as_object();
    schemas.expect("schemas").iter()
}

async fn the_documents_are_what_their_standards_say(world: World) {
    let documents = Documents::of(&world.node().await).await;
    is_standard(&documents.openapi, OPENAPI);
    is_standard(&documents.asyncapi, ASYNCAPI);
    assert_eq!(documents.openapi["openapi"], "3.1.0");
    assert_eq!(documents.asyncapi["asyncapi"], "3.0.0");
    // OpenAPI's own schema leaves what is inside a schema to JSON Schema.
    for (name, schema) in schemas(&documents.openapi).chain(schemas(&documents.asyncapi)) {
        assert!(
            jsonschema::draft202012::meta::is_valid(schema),
            "{name}: {schema}"
        );
    }
}

async fn everything_that_a_document_refers_to_is_in_it(world: World) {
    let documents = Documents::of(&world.node().await).await;
    for document in [&documents.openapi, &documents.asyncapi] {
        let text = document.to_string();
        let references = text.split(r##""$ref":"#"##).skip(1);
        let mut seen = 0;
        for reference in references.filter_map(|rest| rest.split('"').next()) {
            assert!(
                document.pointer(reference).is_some(),
                "{reference} is not there"
            );
            seen += 1;
        }
        assert!(seen > 20, "{seen} references");
    }
}

async fn both_documents_have_the_same_calls_and_events(world: World) {
    let documents = Documents::of(&world.node().await).await;
    let shared = [
        "Call",
        "Recording",
        "Event",
        "Actor",
        "User",
        "Agency",
        "Status",
        "Reason",
        "EventType",
        "Time",
    ];
    let plain = |document: &Value, name: &str| {
        let mut schema = document["components"]["schemas"][name].clone();
        schema
            .as_object_mut()
            .unwrap_or_else(|| panic!("no {name}"))
            .remove("examples");
        schema
    };
    for name in shared {
        assert_eq!(
            plain(&documents.openapi, name),
            plain(&documents.asyncapi, name),
            "{name}"
        );
    }
}

async fn every_example_fits_its_schema_and_every_object_has_one(world: World) {
    let documents = Documents::of(&world.node().await).await;
    for (document, parts_of_events) in [
        (&documents.openapi, vec![]),
        (
            &documents.asyncapi,
            vec!["Actor", "Agency", "Recording", "User"],
        ),
    ] {
        for (name, schema) in schemas(document) {
            let is_object = schema["type"] == "object" || schema.get("allOf").is_some();
            let examples = schema["examples"].as_array().cloned().unwrap_or_default();
            assert!(
                !is_object || !examples.is_empty() || parts_of_events.contains(&name.as_str()),
                "{name} has no example"
            );
            for example in examples {
                fits(
                    document,
                    &json!({"$ref": format!("#/components/schemas/{name}")}),
                    &example,
                    name,
                );
            }
        }
    }
    for (method, path, operation) in operations(&documents.openapi) {
        if let Some(body) = operation.get("requestBody") {
            let media = &body["content"]["application/json"];
            assert!(
                media.get("example").is_some(),
                "{method} {path} has no example"
            );
            if !path.starts_with("/api/telnyx/webhook") {
                fits(
                    &documents.openapi,
                    &media["schema"],
                    &media["example"],
                    &format!("{method} {path}"),
                );
            }
        }
    }
    for (name, message) in documents.asyncapi["components"]["messages"]
        .as_object()
        .unwrap()
    {
        let payload = &message["examples"][0]["payload"];
        assert!(
            payload["type"].is_string(),
            "{name} has no example: {message}"
        );
        documents.has_message(name, payload);
    }
}

async fn the_simulated_browser_knows_every_close_code_of_the_document_and_does_what_it_says(
    world: World,
) {
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    let metrics = node.metrics().await;
    let closes = documents.asyncapi["x-close-codes"].as_array().unwrap();
    assert_eq!(closes.len(), 12);
    for close in closes {
        let code = close["code"].as_u64().unwrap();
        let known = CloseCode(u16::try_from(code).unwrap());
        let name = close["name"].as_str().unwrap();
        assert_eq!(known.name(), Some(&*name.replace('_', " ")), "{code}");
        assert_eq!(json!(known.may_reconnect()), close["reconnect"], "{code}");
        assert!(
            metrics.contains(&format!("socket_closes_total{{code=\"{code}\"}}")),
            "{code} has no series"
        );
    }
}

async fn the_client_library_names_every_close_code_of_the_document(world: World) {
    let documents = Documents::of(&world.node().await).await;
    let closes = documents.asyncapi["x-close-codes"].as_array().unwrap();
    let documented = closes.iter().map(|close| close["code"].as_u64().unwrap());
    let table = SDK.split_once("export const CLOSED = {").unwrap().1;
    let table = table.split_once('}').unwrap().0;
    let named = table.lines().filter_map(|line| {
        let (code, _name) = line.trim().split_once(": '")?;
        code.parse().ok()
    });
    assert_eq!(
        named.collect::<BTreeSet<u64>>(),
        documented.collect::<BTreeSet<u64>>()
    );
}

async fn the_documents_name_the_public_address(world: World) {
    let near = Documents::of(&world.node().await).await;
    assert_eq!(near.openapi["servers"][0]["url"], "http://localhost:3001");
    let server = |host: &str, pathname: &str, protocol: &str| json!({"host": host, "pathname": pathname, "protocol": protocol});
    assert_eq!(
        near.asyncapi["servers"]["callboard"],
        server("localhost:3001", "/", "ws")
    );
    let world = world.configured(|config| {
        config.listener.base_url = "https://calls.example/board/api/".parse().unwrap();
    });
    let far = Documents::of(&world.node().await).await;
    assert_eq!(
        far.openapi["servers"][0]["url"],
        "https://calls.example/board"
    );
    assert_eq!(
        far.asyncapi["servers"]["callboard"],
        server("calls.example", "/board", "wss")
    );
}

on_each_database!(
    the_documents_are_what_their_standards_say,
    everything_that_a_document_refers_to_is_in_it,
    both_documents_have_the_same_calls_and_events,
    every_example_fits_its_schema_and_every_object_has_one,
    the_simulated_browser_knows_every_close_code_of_the_document_and_does_what_it_says,
    the_client_library_names_every_close_code_of_the_document,
    the_documents_name_the_public_address,
);

//! What a running server says is what the documents have.

use crate::support::World;
use crate::support::documents::Documents;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use crate::support::patience::look_again;
use crate::support::retelling::tell;
use crate::support::wire::{Heard, Wire};
use callboard::domain::{CredentialKey, ReleaseReason, UserId};
use callboard_simulator::HangupCause;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;

const UNKNOWN: &str = "0193e0a0-0000-7000-8000-000000000000";

/// Asks, and holds the answer against the document; it must have that status.
struct Asking<'a> {
    world: &'a World,
    node: &'a Node,
    documents: &'a Documents,
}

impl Asking<'_> {
    async fn gets(&self, user: UserId, path: &str, tail: &str, status: u16) -> Value {
        self.does(user, "GET", path, tail, None, status)
            .await
            .json()
    }

    /// `path` as the document has it, `asked` in place of it.
    async fn does(
        &self,
        user: UserId,
        method: &str,
        path: &str,
        asked: &str,
        body: Option<Value>,
        status: u16,
    ) -> Reply {
        let asked = if asked.starts_with('/') {
            asked.to_owned()
        } else {
            format!("{path}{asked}")
        };
        let answer = self.node.does(self.world, user, method, &asked, body).await;
        assert_eq!(answer.status, status, "{method} {asked}: {}", answer.text());
        self.documents.has(method, path, &answer);
        answer
    }

    /// The example of a body in the document.
    fn example(&self, method: &str, path: &str) -> Option<Value> {
        let operation = &self.documents.openapi["paths"][path][method.to_lowercase()];
        Some(operation["requestBody"]["content"]["application/json"]["example"].clone())
    }
}

fn text(message: &Value, field: &str) -> String {
    message[field].as_str().expect("a text").to_owned()
}

async fn heard(wire: &mut Wire) -> Value {
    loop {
        match wire.hears().await {
            Heard::Text(message) => return message,
            Heard::Ping => {}
            other => panic!("not a message: {other:?}"),
        }
    }
}

async fn calls_their_timelines_and_history_read_as_the_document_has_them(world: World) {
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    let asking = Asking {
        world: &world,
        node: &node,
        documents: &documents,
    };
    let (anna, ben, mallory) = (world.anna, world.ben, world.mallory);
    let carrier = node.carrier(&world.acme);
    let (call, other) = (
        carrier.new_call("+15550100"),
        carrier.new_call("sip:zoë@example.com"),
    );
    tell(&carrier, [&call.initiated(), &other.initiated()]).await;
    let (claim, _) = node.wins(ben, "Ben", &call.call_control_id).await;
    node.releases(claim, ReleaseReason::NoAnswer, Some(ben))
        .await;
    node.wins(anna, "Anna", &call.call_control_id).await;
    tell(&carrier, [&call.answered()]).await;
    world.clock.advance(Duration::from_secs(60));
    tell(
        &carrier,
        [
            &call.recording_saved(),
            &call.hung_up(HangupCause::NormalClearing),
        ],
    )
    .await;

    let pending = asking
        .gets(anna, "/api/telnyx/calls/pending", "?order=oldest", 200)
        .await;
    assert_eq!(pending["calls"].as_array().unwrap().len(), 1);
    asking
        .gets(anna, "/api/telnyx/calls/pending", "?order=random", 400)
        .await;
    let page = asking.gets(anna, "/api/calls", "?limit=1", 200).await;
    let next = text(&page, "next_cursor");
    asking
        .gets(anna, "/api/calls", &format!("?limit=1&cursor={next}"), 200)
        .await;
    asking.gets(anna, "/api/calls", "?limit=0", 400).await;
    let ended = asking.gets(anna, "/api/calls", "?status=ended", 200).await;
    let id = text(&ended["calls"][0], "id");
    let one = asking
        .gets(anna, "/api/calls/{id}", &format!("/api/calls/{id}"), 200)
        .await;
    assert_eq!(one["recordings"].as_array().unwrap().len(), 1);
    let events = asking
        .gets(
            anna,
            "/api/calls/{id}/events",
            &format!("/api/calls/{id}/events"),
            200,
        )
        .await;
    assert!(events["events"].as_array().unwrap().len() > 4, "{events}");
    for user in [anna, mallory] {
        let id = if user == anna { UNKNOWN } else { &id };
        asking
            .gets(user, "/api/calls/{id}", &format!("/api/calls/{id}"), 404)
            .await;
        asking
            .gets(
                user,
                "/api/calls/{id}/events",
                &format!("/api/calls/{id}/events"),
                404,
            )
            .await;
        asking
            .gets(
                user,
                "/api/calls/{id}/recordings/{recording_id}",
                &format!("/api/calls/{id}/recordings/x"),
                404,
            )
            .await;
    }

    let logs = asking.gets(anna, "/api/call-logs", "?limit=5", 200).await;
    assert_eq!(logs["call_logs"].as_array().unwrap().len(), 1);
    asking
        .gets(anna, "/api/call-logs", "?result=lost", 400)
        .await;
    let token = world.token(anna);
    let file = node
        .ask("GET", "/api/call-logs")
        .bearer_auth(token.expose_secret());
    documents.has(
        "GET",
        "/api/call-logs",
        &reply(file.header("accept", "text/csv")).await,
    );
    let path = "/api/call-logs/{id}";
    let example = asking.example("PATCH", path);
    let log = format!("/api/call-logs/{id}");
    let written = asking
        .does(anna, "PATCH", path, &log, example.clone(), 200)
        .await
        .json();
    assert_eq!(written["outcome"], example.as_ref().unwrap()["outcome"]);
    asking
        .does(
            anna,
            "PATCH",
            path,
            &log,
            Some(json!({"result": "answered"})),
            400,
        )
        .await;
    asking
        .does(mallory, "PATCH", path, &log, example, 404)
        .await;
    let read = asking.gets(anna, path, &log, 200).await;
    assert_eq!(read, written);
    asking.gets(mallory, path, &log, 404).await;
    asking.gets(anna, "/api/stats", "", 200).await;
    asking
        .gets(anna, "/api/stats", "?since=yesterday", 400)
        .await;
}

async fn people_and_credentials_read_as_the_document_has_them(world: World) {
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    let asking = Asking {
        world: &world,
        node: &node,
        documents: &documents,
    };
    let (anna, olivia) = (world.anna, world.olivia);
    asking.gets(anna, "/api/me", "", 200).await;
    asking.gets(olivia, "/api/users", "", 200).await;
    asking.gets(anna, "/api/users", "", 403).await;

    asking.gets(olivia, "/api/agency/webhooks", "", 200).await;
    asking.gets(anna, "/api/agency/webhooks", "", 403).await;

    let (all, one) = ("/api/agency/credentials", "/api/agency/credentials/{key}");
    let example = asking.example("PUT", all);
    asking.does(olivia, "PUT", all, "", example, 200).await;
    let key = format!("{all}/telnyx_application_id");
    let example = asking.example("PUT", one);
    asking.does(olivia, "PUT", one, &key, example, 200).await;
    asking
        .does(olivia, "PUT", one, &key, Some(json!({"value": ""})), 400)
        .await;
    asking.does(olivia, "PUT", one, &key, None, 415).await;
    asking.gets(olivia, all, "", 200).await;
    asking.gets(olivia, one, &key, 200).await;
    asking.does(olivia, "DELETE", one, &key, None, 204).await;
    asking.gets(olivia, one, &key, 404).await;
}

async fn taking_a_call_reads_as_the_document_has_it(world: World) {
    let line = world.line().await;
    let (world, node) = (&line.world, &line.node);
    let documents = Documents::of(node).await;
    let asking = Asking {
        world,
        node,
        documents: &documents,
    };
    let call = line.exchange.rings("+15550100").await;
    let act = async |user, action: &str, id: &str, status| {
        let path = format!("/api/telnyx/calls/{{call_control_id}}/{action}");
        let id = id.replace(':', "%3A");
        let asked = format!("/api/telnyx/calls/{id}/{action}");
        asking
            .does(user, "POST", &path, &asked, None, status)
            .await
            .json()
    };
    let id = call.id();
    act(world.anna, "answer", id, 200).await;
    let taken = act(world.ben, "answer", id, 409).await;
    assert_eq!(taken["answered_by_name"], "Anna");
    act(world.ben, "release", id, 409).await;
    act(world.anna, "release", id, 200).await;
    act(world.ben, "end", id, 200).await;
    for action in ["answer", "release", "end"] {
        act(world.mallory, action, id, 404).await;
    }
}

async fn a_link_to_a_recording_reads_as_the_document_has_it(world: World) {
    let line = world.line().await;
    let (world, node) = (&line.world, &line.node);
    let documents = Documents::of(node).await;
    let asking = Asking {
        world,
        node,
        documents: &documents,
    };
    let call = line.exchange.rings("+15550100").await;
    line.does(world.anna, "answer", &call).await;
    let phone = line
        .exchange
        .phone("sip:anna@sip.telnyx.com")
        .rings()
        .await
        .answers();
    let step = Duration::from_millis(50);
    world
        .wind_until(step, async {
            while !call.is_recorded() {
                look_again().await;
            }
        })
        .await;
    assert!(phone.is_alive());
    call.hangs_up();
    let kept = async {
        loop {
            let ended = asking
                .gets(world.anna, "/api/calls", "?status=ended", 200)
                .await;
            let ended = &ended["calls"][0];
            if ended["recordings"][0]["ended_at"].is_string() {
                return (text(ended, "id"), text(&ended["recordings"][0], "id"));
            }
        }
    };
    let (id, recording) = world.wind_until(step, kept).await;
    let path = "/api/calls/{id}/recordings/{recording_id}";
    let link = asking
        .gets(
            world.anna,
            path,
            &format!("/api/calls/{id}/recordings/{recording}"),
            200,
        )
        .await;
    assert!(text(&link, "url").starts_with("http"), "{link}");
}

async fn carriers_in_ultravox_read_as_the_document_has_them(world: World) {
    let (world, _ultravox) = world.with_ultravox().await;
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    let asking = Asking {
        world: &world,
        node: &node,
        documents: &documents,
    };
    let olivia = world.olivia;
    let imports = [
        "/functions/v1/import-telnyx-to-ultravox",
        "/api/ultravox/import-telnyx",
        "/api/ultravox/import-twilio",
        "/api/ultravox/import-plivo",
    ];
    for path in imports {
        asking.does(olivia, "POST", path, "", None, 200).await;
    }
    let status = asking.gets(olivia, "/api/ultravox/status", "", 200).await;
    assert!(status["ultravox"]["telnyx"].is_object(), "{status}");
    let (path, telnyx) = (
        "/api/ultravox/telephony_configs/{carrier}",
        "/api/ultravox/telephony_configs/telnyx",
    );
    asking.gets(olivia, path, telnyx, 200).await;
    let example = asking.example("PATCH", path);
    asking
        .does(olivia, "PATCH", path, telnyx, example, 200)
        .await;
    asking
        .does(
            olivia,
            "PATCH",
            path,
            telnyx,
            Some(json!({"callCreationAllowAllAgents": 7})),
            400,
        )
        .await;
    asking.does(olivia, "DELETE", path, telnyx, None, 204).await;
    asking.gets(olivia, path, telnyx, 404).await;
    asking
        .gets(olivia, path, "/api/ultravox/telephony_configs/other", 404)
        .await;
    let whole = "/api/ultravox/telephony_config";
    let example = asking.example("PATCH", whole);
    asking.does(olivia, "PATCH", whole, "", example, 200).await;
    world.unsets(&world.acme, CredentialKey::TelnyxApiKey).await;
    let missing = asking
        .does(olivia, "POST", imports[0], "", None, 400)
        .await
        .json();
    assert_eq!(missing["missing"], json!(["telnyx_api_key"]));
}

async fn a_webhook_and_health_read_as_the_document_has_them(world: World) {
    let node = world.credulous_node().await;
    let documents = Documents::of(&node).await;
    let posts = async |path: &str, asked: &str, body: String, status: u16| {
        let post = node
            .ask("POST", asked)
            .header("content-type", "application/json")
            .body(body);
        let answer = reply(post).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        documents.has("POST", path, &answer);
    };
    let path = "/api/telnyx/webhook/{agency_id}";
    let ours = format!("/api/telnyx/webhook/{}", world.acme.id);
    let example = &documents.openapi["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        ["example"];
    posts(path, &ours, example.to_string(), 200).await;
    posts(path, &ours, "{}".into(), 400).await;
    posts(
        path,
        &format!("/api/telnyx/webhook/{UNKNOWN}"),
        example.to_string(),
        401,
    )
    .await;
    // The example is a call that rings.
    let pending = node
        .reads(&world, world.anna, "/api/telnyx/calls/pending")
        .await;
    assert_eq!(pending.calls("from_number"), ["+15551234567"]);
    for path in ["/healthz", "/readyz"] {
        documents.has("GET", path, &reply(node.ask("GET", path)).await);
    }
    for path in ["/openapi.json", "/asyncapi.json", "/docs", "/"] {
        documents.has("GET", path, &reply(node.ask("GET", path)).await);
    }
}

async fn a_socket_says_what_the_document_has(world: World) {
    let node = world.node().await;
    let documents = Documents::of(&node).await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    let mut wire = Wire::open(&node).await;
    let snapshot = wire.connects(&world.token_for(world.anna, 100)).await;
    assert_eq!(
        (
            &snapshot["type"],
            snapshot["calls"].as_array().unwrap().len()
        ),
        (&json!("snapshot"), 1)
    );
    documents.has_message("snapshot", &snapshot);

    node.wins(world.ben, "Ben", &call.call_control_id).await;
    tell(&carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;
    for event_type in ["call.answering", "call.ended"] {
        let event = heard(&mut wire).await;
        assert_eq!(event["type"], event_type);
        documents.has_message("event", &event);
    }
    let example = |name: &str| {
        documents.asyncapi["components"]["messages"][name]["examples"][0]["payload"].clone()
    };
    let mut said = Vec::new();
    wire.say(example("ping")).await;
    said.push(heard(&mut wire).await);
    wire.say(json!({"type": "sing"})).await;
    said.push(heard(&mut wire).await);
    world.wind(Duration::from_secs(15)).await;
    said.push(heard(&mut wire).await);
    // Not silent meanwhile, as a client is not that answers pings.
    wire.say(json!({"type": "ping"})).await;
    said.push(heard(&mut wire).await);
    let mut refresh = example("refresh");
    refresh["token"] = world.token_for(world.anna, 80).expose_secret().into();
    wire.say(refresh).await;
    said.push(heard(&mut wire).await);
    world.wind(Duration::from_secs(25)).await;
    said.extend([heard(&mut wire).await, heard(&mut wire).await]);
    wire.say(json!({"type": "refresh", "token": "garbage"}))
        .await;
    said.push(heard(&mut wire).await);
    let mut types: Vec<_> = said.iter().map(|message| text(message, "type")).collect();
    for (name, message) in types.iter().zip(&said) {
        documents.has_message(name, message);
    }
    types.sort();
    assert_eq!(
        types,
        [
            "error",
            "error",
            "heartbeat",
            "heartbeat",
            "pong",
            "pong",
            "refreshed",
            "token_expiring"
        ]
    );

    let mut again = Wire::open(&node).await;
    let mut connect = example("connect");
    connect["token"] = world.token(world.anna).expose_secret().into();
    connect["position"] = json!({"epoch": snapshot["epoch"], "seq": snapshot["seq"]});
    again.say(connect).await;
    let resumed = heard(&mut again).await;
    assert_eq!(
        (&resumed["type"], &resumed["from"]),
        (&json!("resumed"), &json!(1))
    );
    documents.has_message("resumed", &resumed);
    documents.has_message("event", &heard(&mut again).await);
}

on_each_database!(
    calls_their_timelines_and_history_read_as_the_document_has_them,
    people_and_credentials_read_as_the_document_has_them,
    taking_a_call_reads_as_the_document_has_it,
    a_link_to_a_recording_reads_as_the_document_has_it,
    carriers_in_ultravox_read_as_the_document_has_them,
    a_webhook_and_health_read_as_the_document_has_them,
    a_socket_says_what_the_document_has,
);

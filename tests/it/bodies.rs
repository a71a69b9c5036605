//! What a webhook may say: everything that Telnyx sends, and nothing that one of our databases
//! would choke on.

use crate::support::World;
use crate::support::http::bent;
use crate::support::node::Node;
use crate::support::world::Tenant;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use callboard::store::StoredBoard;
use callboard_simulator::{Carrier, Webhook};
use serde_json::{Value, json};

/// Bends a fresh `call.initiated` of Acme and delivers it.
async fn bends(node: &Node, world: &World, bend: impl FnOnce(&mut Value)) -> (u16, Value) {
    let carrier = node.carrier(&world.acme);
    let body = bent(&carrier.new_call("+15550100").initiated(), bend);
    let reply = node.receives(&world.acme, body).await;
    (reply.status, reply.json())
}

/// The sentence with which a body is refused.
async fn refuses(node: &Node, world: &World, body: &str) -> String {
    let mut acme = node.carrier(&world.acme).sign(body);
    let path = format!("/api/telnyx/webhook/{}", world.acme.id);
    acme.url.set_path(&path);
    let reply = node.takes(&acme).await;
    assert_eq!(reply.status, 400, "{body}: {}", reply.text());
    reply.error()
}

/// The numbers of the calls that ring, as they were sent.
async fn ringing(node: &Node, world: &World) -> Vec<String> {
    let path = "/api/telnyx/calls/pending?order=oldest";
    node.reads(world, world.anna, path)
        .await
        .calls("from_number")
}

fn event(carrier: &Carrier, event_type: &str, payload: Value) -> Webhook {
    let Value::Object(extra) = payload else {
        panic!("a payload is an object")
    };
    carrier.new_call("+15550100").event(event_type, extra)
}

/// What people try first by hand, to the letter.
const CURL: &str = r#"{
    "data": {
      "event_type": "call.initiated",
      "payload": {
        "call_control_id": "test-123",
        "from": "+15551234567",
        "to": "+15559876543"
      }
    }
  }"#;

async fn the_guides_curl_line_rings_once_however_often_it_is_sent(world: World) {
    world.is_emptied().await;
    let node = world.credulous_node().await;
    let mut curl = node.carrier(&world.acme).sign(CURL);
    (curl.signature, curl.timestamp) = (None, None);
    for _ in 0..2 {
        let reply = node.takes(&curl).await;
        assert_eq!(
            (reply.status, reply.text()),
            (200, r#"{"success":true}"#.into())
        );
    }
    let agencies = world.store.agencies().await.unwrap();
    let StoredBoard { head, calls, .. } = world
        .store
        .board(agencies[0].agency.id)
        .await
        .unwrap()
        .unwrap();
    let call = &calls[0];
    assert_eq!(
        (head.last_seq, calls.len(), call.created_at),
        (1, 1, world.clock.now())
    );
    assert_eq!(call.handle.id, "test-123");
    assert_eq!(call.from_number.as_deref(), Some("+15551234567"));
    assert_eq!(call.to_number.as_deref(), Some("+15559876543"));
}

async fn a_credulous_server_still_checks_a_signature_that_is_there(world: World) {
    let node = world.credulous_node().await;
    let carrier = node.carrier(&world.acme);
    let webhook = carrier.new_call("+15550100").initiated();
    let mut request = carrier.request(&webhook, 1);
    request.body.push(b' ');
    assert_eq!(node.takes(&request).await.status, 401);
    request.signature = None;
    assert_eq!(node.takes(&request).await.status, 200);
}

async fn a_webhook_without_an_id_is_known_again_by_its_body(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    for id in [Value::Null, json!(""), json!(" ")] {
        let body = bent(&call.initiated(), |data| data["id"] = id);
        for _ in 0..2 {
            assert_eq!(node.receives(&world.acme, body.clone()).await.status, 200);
        }
    }
    assert_eq!(world.outcomes(world.acme.id).await.len(), 3);
    assert_eq!(ringing(&node, &world).await.len(), 1);
    let numbered = |data: &mut Value| data["id"] = json!(7);
    for _ in 0..2 {
        let body = bent(&call.bridged(), numbered);
        assert_eq!(node.receives(&world.acme, body).await.status, 200);
    }
    assert_eq!(world.outcomes(world.acme.id).await.len(), 4);
}

async fn what_is_not_a_webhook_is_refused_in_a_sentence(world: World) {
    let node = world.node().await;
    assert_eq!(refuses(&node, &world, "{}").await, "No data in webhook");
    assert_eq!(
        refuses(&node, &world, r#"{"data":null}"#).await,
        "No data in webhook"
    );
    let deep = "[".repeat(500);
    for garbage in [
        "",
        "null",
        "1",
        "\"data\"",
        "{\"data\":",
        "{} {}",
        "\u{feff}{}",
        &deep,
    ] {
        let sentence = refuses(&node, &world, garbage).await;
        assert!(
            sentence.starts_with("The body is not a JSON object"),
            "{garbage}: {sentence}"
        );
    }
    for (body, sentence) in [
        (json!({"data": "call.initiated"}), "data must be an object"),
        (json!({"data": {}}), "data.event_type must be text"),
        (
            json!({"data": {"event_type": 7}}),
            "data.event_type must be text",
        ),
        (
            json!({"data": {"event_type": "call.initiated", "payload": []}}),
            "data.payload must be an object",
        ),
    ] {
        assert_eq!(refuses(&node, &world, &body.to_string()).await, sentence);
    }
}

async fn a_list_is_no_object_whatever_stands_in_it(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let webhook = carrier.new_call("+15550100").initiated();
    let body: Value = serde_json::from_slice(&webhook.body(1, "https://a/b")).unwrap();
    let data = &body["data"];
    let fields = json!([
        data["id"],
        data["event_type"],
        data["occurred_at"],
        data["payload"]
    ]);
    for list in [json!([data]), json!({"data": fields})] {
        refuses(&node, &world, &list.to_string()).await;
    }
    assert!(ringing(&node, &world).await.is_empty());
}

async fn a_body_without_its_envelope_counts_like_any_other(world: World) {
    let node = world.node().await;
    let flat = |tenant: &Tenant, bend: fn(&mut Value)| {
        let webhook = node.carrier(tenant).new_call("+15550100").initiated();
        let body: Value = serde_json::from_str(&bent(&webhook, bend)).unwrap();
        body["data"].clone()
    };
    let named_as_v2 = flat(&world.acme, |_| {});
    let named_as_v1 = flat(&world.acme, |data| {
        data["created_at"] = json!("2026-11-21T08:59:58.5Z");
        data["occurred_at"] = Value::Null;
    });
    let beside_nothing = flat(&world.acme, |data| data["data"] = Value::Null);
    for body in [&named_as_v2, &named_as_v1, &beside_nothing, &named_as_v2] {
        let reply = node.receives(&world.acme, body.to_string()).await;
        assert_eq!(
            (reply.status, reply.text()),
            (200, r#"{"success":true}"#.into())
        );
    }
    assert_eq!(world.outcomes(world.acme.id).await, ["applied"; 3]);
    let pending = node
        .reads(&world, world.anna, "/api/telnyx/calls/pending?order=oldest")
        .await;
    assert_eq!(
        pending.calls("created_at")[0],
        "2026-11-21T08:59:58.500000Z"
    );

    // The agency is found by the connection that stands there, and by no other.
    let rivals = flat(&world.rival, |_| {}).to_string();
    assert_eq!(node.receives(&world.acme, rivals.clone()).await.status, 401);
    assert_eq!(node.receives(&world.rival, rivals).await.status, 200);
    assert_eq!(world.outcomes(world.rival.id).await, ["applied"]);
}

async fn a_slash_at_the_end_of_the_webhooks_path_costs_no_call(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let paths = [
        "/api/telnyx/webhook/".to_owned(),
        format!("/api/telnyx/webhook/{}/", world.acme.id),
    ];
    for path in &paths {
        let mut request = carrier.request(&carrier.new_call("+15550100").initiated(), 1);
        request.url.set_path(path);
        assert_eq!(node.takes(&request).await.status, 200, "{path}");
    }
    assert_eq!(ringing(&node, &world).await.len(), 2);
    for route in ["/api/telnyx/webhook", "/api/telnyx/webhook/{agency_id}"] {
        let counted = format!("callboard_http_requests_total{{route=\"{route}\",status=\"200\"}}");
        assert_eq!(node.metric(&counted).await, Some(1), "{route}");
    }
}

async fn another_api_version_is_told_which_setting_to_change(world: World) {
    let node = world.node().await;
    let flat = json!({"record_type": "event", "id": "1", "event_type": "call_initiated",
        "created_at": "2026-11-21T09:00:00Z", "payload": {"call_control_id": "v3:1"}});
    let signed_as_v2 = refuses(&node, &world, &flat.to_string()).await;
    assert!(
        signed_as_v2.contains("webhook_api_version"),
        "{signed_as_v2}"
    );

    let mut request = node.carrier(&world.acme).sign(flat.to_string());
    (request.signature, request.timestamp) = (None, None);
    request
        .headers
        .push(("x-telnyx-signature".into(), "t=1520983646,h=WlEX".into()));
    let signed_as_v1 = node.takes(&request).await;
    assert_eq!(
        (signed_as_v1.status, signed_as_v1.error()),
        (400, signed_as_v2)
    );
}

async fn another_content_type_is_refused_and_a_texml_form_told_the_setting(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let webhook = carrier.new_call("+15550100").initiated();
    let mut request = carrier.request(&webhook, 1);
    for (content_type, says) in [
        (
            Some("application/x-www-form-urlencoded; charset=utf-8"),
            "TeXML",
        ),
        (Some("text/plain"), "application/json"),
        (Some("application/json-seq"), "application/json"),
        (None, "application/json"),
    ] {
        request.content_type = content_type.map(str::to_owned);
        let reply = node.takes(&request).await;
        assert_eq!(
            (reply.status, reply.error().contains(says)),
            (415, true),
            "{content_type:?}"
        );
    }
    request.content_type = Some("Application/JSON;charset=UTF-8".into());
    assert_eq!(node.takes(&request).await.status, 200);
}

async fn a_call_event_without_a_usable_handle_is_refused(world: World) {
    let node = world.node().await;
    for handle in [
        json!(""),
        json!("  "),
        json!(12),
        json!(null),
        json!(["v3:1"]),
        json!(true),
    ] {
        let (status, body) = bends(&node, &world, |data| {
            data["payload"]["call_control_id"] = handle.clone();
        })
        .await;
        assert_eq!(status, 400, "{handle}");
        assert!(
            body["error"]
                .as_str()
                .unwrap()
                .contains("data.payload.call_control_id")
        );
    }
    let (status, _) = bends(&node, &world, |data| data["payload"] = json!({})).await;
    // Without a payload there is no connection either, so it is nobody's.
    assert_eq!(status, 401);
}

async fn what_is_not_known_is_stored_and_lets_calls_be(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    for webhook in [
        event(&carrier, "call.teleported", json!({"to": {"mars": true}})),
        event(
            &carrier,
            "conference.created",
            json!({"call_control_id": 7}),
        ),
        event(&carrier, "call.cost", json!({"total_cost": 0.01})),
        event(&carrier, "streaming.started", json!({"from": "\u{0}"})),
    ] {
        assert_eq!(node.takes(&carrier.request(&webhook, 1)).await.status, 200);
    }
    assert_eq!(world.outcomes(world.acme.id).await, ["ignored"; 4]);
    let (status, _) = bends(&node, &world, |data| {
        data["payload"]["new_field"] = json!({"deep": [1, {"er": null}]});
        data["payload"]["from_sip_uri"] = json!("nul\u{0}");
        data["novelty"] = json!(1e300);
    })
    .await;
    assert_eq!((status, ringing(&node, &world).await.len()), (200, 1));
}

async fn a_webhook_that_does_not_say_when_happened_when_it_came(world: World) {
    let node = world.node().await;
    for when in [json!(null), json!("soon"), json!(1_779_233_415)] {
        let (status, _) = bends(&node, &world, |data| data["occurred_at"] = when.clone()).await;
        assert_eq!(status, 200, "{when}");
    }
    let reply = node
        .reads(&world, world.anna, "/api/telnyx/calls/pending")
        .await;
    assert_eq!(
        reply.calls("created_at"),
        vec![world.clock.now().to_string(); 3]
    );
}

async fn a_text_that_is_too_long_or_odd_costs_nobody_the_call(world: World) {
    let node = world.node().await;
    let mut callers = 0;
    for field in [
        "call_leg_id",
        "call_session_id",
        "caller_id_name",
        "from",
        "to",
        "client_state",
        "direction",
        "state",
        "connection_codecs",
    ] {
        for odd in [
            "a\u{0}b",
            &"\u{1f4de}".repeat(300),
            &"é".repeat(100_000),
            "\u{0}",
        ] {
            let (status, body) = bends(&node, &world, |data| {
                data["payload"][field] = json!(odd);
            })
            .await;
            assert_eq!(status, 200, "{field}: {body}");
            callers += 1;
        }
    }
    // Half an emoji, where a program counted its halves; and a name in another encoding.
    let webhook = node.carrier(&world.acme).new_call("+15550100").initiated();
    let halved = |half: &str| {
        bent(&webhook, |data| {
            data["payload"]["caller_id_name"] = json!("Ann#");
        })
        .replace('#', half)
    };
    let latin = halved("#").into_bytes().into_iter();
    let latin = latin
        .map(|byte| if byte == b'#' { 0xe9 } else { byte })
        .collect();
    for body in [
        halved("\\ud83d").into_bytes(),
        halved("\\ude00").into_bytes(),
        latin,
    ] {
        assert_eq!(node.receives(&world.acme, body).await.status, 200);
    }
    assert_eq!(world.outcomes(world.acme.id).await.len(), callers + 1);
    assert_eq!(ringing(&node, &world).await.len(), callers + 1);
    let reply = node
        .reads(&world, world.anna, "/api/telnyx/calls/pending")
        .await;
    assert!(
        reply
            .calls("caller_name")
            .contains(&"Ann\u{fffd}".to_owned())
    );
    assert!(
        reply
            .calls("caller_name")
            .contains(&"\u{1f4de}".repeat(256))
    );
    assert!(reply.calls("from_number").contains(&"ab".to_owned()));
}

async fn an_ids_length_costs_nobody_the_call_and_two_that_differ_stay_two(world: World) {
    let node = world.node().await;
    let long = "é".repeat(300);
    for id in [
        format!("{long}1"),
        format!("{long}2"),
        "7\u{0}".into(),
        "7".into(),
        format!("{long}1"),
    ] {
        let (status, _) = bends(&node, &world, |data| data["id"] = json!(id)).await;
        assert_eq!(status, 200, "{id}");
    }
    assert_eq!(world.outcomes(world.acme.id).await.len(), 4);
    let carrier = node.carrier(&world.acme);
    for event_type in [&long, "call.sang\u{0}"] {
        let event = event(&carrier, event_type, json!({"call_control_id": "v3:1"}));
        assert_eq!(node.takes(&carrier.request(&event, 1)).await.status, 200);
    }
    let beside_calls = event(
        &carrier,
        "conference.created",
        json!({"call_control_id": long}),
    );
    assert_eq!(
        node.takes(&carrier.request(&beside_calls, 1)).await.status,
        200
    );
}

async fn a_long_client_state_is_another_programs_and_its_leg_a_caller(world: World) {
    let node = world.node().await;
    let (_, body) = bends(&node, &world, |data| {
        // Ours in its beginning.
        let state = format!("callboard:claim:{}", "x".repeat(2000));
        data["payload"]["client_state"] = json!(STANDARD.encode(state));
    })
    .await;
    assert_eq!(
        (body, ringing(&node, &world).await.len()),
        (json!({"success": true}), 1)
    );
}

async fn a_handle_that_cannot_be_used_is_refused(world: World) {
    let node = world.node().await;
    for (handle, status) in [
        ("é".repeat(256), 200),
        ("é".repeat(257), 400),
        ("v3:\u{0}".into(), 400),
        ("v3:\u{fffd}".into(), 400),
    ] {
        let (answer, body) = bends(&node, &world, |data| {
            data["payload"]["call_control_id"] = json!(handle);
        })
        .await;
        assert_eq!(answer, status, "{handle}: {body}");
    }
}

async fn numbers_are_kept_as_they_were_sent(world: World) {
    let node = world.node().await;
    let sip = format!("sip:{}@sip.telnyx.com", "g".repeat(51));
    assert_eq!(sip.len(), 70);
    let sent = [
        "",
        "anonymous",
        "+1-202-555-0133",
        &sip,
        "sip:anonymous@anonymous.invalid",
        "Ünknown ",
    ];
    for from in sent {
        let (status, _) = bends(&node, &world, |data| {
            data["payload"]["from"] = json!(from);
            data["payload"]["to"] = json!(sip);
        })
        .await;
        assert_eq!(status, 200, "{from}");
        world.clock.advance(std::time::Duration::from_secs(1));
    }
    assert_eq!(ringing(&node, &world).await, sent);
    let reply = node
        .reads(&world, world.anna, "/api/telnyx/calls/pending")
        .await;
    assert_eq!(reply.calls("to_number"), vec![sip; 6]);
}

async fn a_body_may_have_a_mebibyte_and_no_more(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let webhook = carrier.new_call("+15550100").initiated();
    let mut body = webhook.body(1, "https://a/b");
    body.resize(1024 * 1024, b' ');
    assert_eq!(node.receives(&world.acme, body.clone()).await.status, 200);
    body.push(b' ');
    let refused = node.receives(&world.acme, body).await;
    assert_eq!(
        (refused.status, refused.error()),
        (413, "The body is larger than 1 MiB".into())
    );
}

async fn a_body_that_is_announced_too_large_is_not_waited_for(world: World) {
    let node = world.node().await;
    let answer = node
        .answers_raw(
            "POST /api/telnyx/webhook HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Content-Length: 1099511627776\r\n\r\n{",
        )
        .await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(
        answer.ends_with(r#"{"error":"The body is larger than 1 MiB"}"#),
        "{answer}"
    );
}

async fn a_body_of_unsaid_length_is_cut_at_a_mebibyte_with_its_connection(world: World) {
    let node = world.node().await;
    let mut request = String::from(
        "POST /api/telnyx/webhook HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n100001\r\n",
    );
    request.push_str(&" ".repeat(0x10_0001));
    let answer = node.answers_raw(&request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

async fn a_webhook_may_come_in_chunks(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let request = carrier.request(&carrier.new_call("+15550100").initiated(), 1);
    let body = String::from_utf8(request.body).unwrap();
    let (head, tail) = body.split_at(10);
    let answer = node
        .answers_raw(&format!(
            "POST /api/telnyx/webhook HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n\
         Connection: close\r\nTransfer-Encoding: chunked\r\ntelnyx-timestamp: {}\r\n\
         telnyx-signature-ed25519: {}\r\n\r\na\r\n{head}\r\n{:x}\r\n{tail}\r\n0\r\n\r\n",
            request.timestamp.unwrap(),
            request.signature.unwrap(),
            tail.len(),
        ))
        .await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(ringing(&node, &world).await, ["+15550100"]);
}

on_each_database!(
    the_guides_curl_line_rings_once_however_often_it_is_sent,
    a_credulous_server_still_checks_a_signature_that_is_there,
    a_webhook_without_an_id_is_known_again_by_its_body,
    what_is_not_a_webhook_is_refused_in_a_sentence,
    a_list_is_no_object_whatever_stands_in_it,
    a_body_without_its_envelope_counts_like_any_other,
    a_slash_at_the_end_of_the_webhooks_path_costs_no_call,
    another_api_version_is_told_which_setting_to_change,
    another_content_type_is_refused_and_a_texml_form_told_the_setting,
    a_call_event_without_a_usable_handle_is_refused,
    what_is_not_known_is_stored_and_lets_calls_be,
    a_webhook_that_does_not_say_when_happened_when_it_came,
    a_text_that_is_too_long_or_odd_costs_nobody_the_call,
    an_ids_length_costs_nobody_the_call_and_two_that_differ_stay_two,
    a_long_client_state_is_another_programs_and_its_leg_a_caller,
    a_handle_that_cannot_be_used_is_refused,
    numbers_are_kept_as_they_were_sent,
    a_body_may_have_a_mebibyte_and_no_more,
    a_body_that_is_announced_too_large_is_not_waited_for,
    a_body_of_unsaid_length_is_cut_at_a_mebibyte_with_its_connection,
    a_webhook_may_come_in_chunks,
);

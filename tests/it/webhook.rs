//! The webhook's door: whose signature opens it, and for how long.

use crate::support::World;
use crate::support::http::Reply;
use callboard::clock::Clock;
use callboard::domain::{CredentialKey, Timestamp};
use callboard_simulator::{SignedRequest, SigningKey};
use serde_json::{Value, json};

/// The published vector: RFC 8032's first test key signing a real-looking webhook.
const PUBLIC_KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const TIMESTAMP: i64 = 1_779_233_415;
const SIGNATURE: &str =
    "D+dMYVfK1ACTLVsBReTTQON8yEhPcWLVGsZS4P7p0YYWZqdICpNBxmqQa/reKGzcMgLDVdKsdgdV6g1bD1HgDw==";
const BODY: &str = r#"{"data":{"event_type":"call.initiated","id":"9f9301c2-a9db-41bf-a670-013af4c67e3a","occurred_at":"2026-05-19T23:30:15.038431Z","payload":{"call_control_id":"v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg","call_leg_id":"428c31b6-7af4-4bcb-b7f5-5013ef9657c1","call_session_id":"428c31b6-abf3-3bc1-b7f4-5013ef9657c1","client_state":null,"connection_id":"1684641123236054244","direction":"incoming","from":"+13125550100","state":"parked","to":"+13125550199"},"record_type":"event"},"meta":{"attempt":1,"delivered_to":"https://example.com/webhooks/telnyx"}}"#;

fn is_refused(reply: &Reply) {
    assert_eq!(reply.status, 401, "{reply:?}");
    assert_eq!(reply.error(), "Webhook signature verification failed");
}

fn is_taken(reply: &Reply) {
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.text(), r#"{"success":true}"#);
}

/// The clock and the key of the published vector.
async fn of_the_vector(mut world: World) -> World {
    let signed = Timestamp::from_micros(TIMESTAMP * 1_000_000);
    world.clock = Clock::by_hand(signed.plus_seconds(7));
    let key = CredentialKey::TelnyxPublicKey;
    world.sets(&world.acme, key, PUBLIC_KEY).await;
    world
}

fn vector(url: &str, body: impl Into<Vec<u8>>) -> SignedRequest {
    SignedRequest {
        url: format!("{url}/api/telnyx/webhook").parse().expect("a URL"),
        content_type: Some("application/json".into()),
        timestamp: Some(TIMESTAMP.to_string()),
        signature: Some(SIGNATURE.into()),
        headers: Vec::new(),
        body: body.into(),
    }
}

async fn the_published_vector_is_believed(world: World) {
    let world = of_the_vector(world).await;
    let node = world.node().await;

    is_taken(&node.takes(&vector(&node.url, BODY)).await);

    let pending = node
        .reads(&world, world.anna, "/api/telnyx/calls/pending")
        .await;
    assert_eq!(pending.calls("from_number"), ["+13125550100"]);
    assert_eq!(pending.calls("created_at"), ["2026-05-19T23:30:15.038431Z"]);
}

async fn the_published_vector_serialised_anew_is_refused(world: World) {
    let world = of_the_vector(world).await;
    let node = world.node().await;
    let value: Value = serde_json::from_str(BODY).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();

    for body in [pretty, format!("{BODY}\n"), BODY.replace("+1312", "+1313")] {
        is_refused(&node.takes(&vector(&node.url, body)).await);
    }
    let mut restamped = vector(&node.url, BODY);
    restamped.timestamp = Some((TIMESTAMP + 1).to_string());
    is_refused(&node.takes(&restamped).await);
    assert!(world.outcomes(world.acme.id).await.is_empty());
}

async fn a_webhook_without_a_good_signature_is_refused(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let request = carrier.request(&carrier.new_call("+15550100").initiated(), 1);
    let other = carrier.sign("another body").signature.unwrap();
    let bends: [fn(&mut SignedRequest, String); 7] = [
        |request, _| request.signature = None,
        |request, _| request.timestamp = None,
        |request, _| request.signature = Some("not base64!".into()),
        |request, _| request.signature = Some("AAAA".into()),
        |request, other| request.signature = Some(other),
        |request, _| request.timestamp = Some("yesterday".into()),
        |request, _| request.timestamp = Some(String::new()),
    ];
    for bend in bends {
        let mut bent = request.clone();
        bend(&mut bent, other.clone());
        is_refused(&node.takes(&bent).await);
    }
    is_taken(&node.takes(&request).await);
}

async fn a_signature_is_good_for_300_seconds_either_way(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let now = world.clock.now().seconds();
    let body = carrier
        .new_call("+15550100")
        .initiated()
        .body(1, "https://a/b");

    for seconds in [now - 301, now + 301, i64::MIN, i64::MAX] {
        is_refused(&node.takes(&carrier.sign_at(seconds, body.clone())).await);
    }
    for seconds in [now - 299, now + 299] {
        is_taken(&node.takes(&carrier.sign_at(seconds, body.clone())).await);
    }
}

async fn while_keys_are_rotated_both_open_the_door(world: World) {
    let (old, new) = (world.acme.key.public_key(), SigningKey::generate().unwrap());
    let both = format!("{old}, {}", new.public_key());
    world
        .sets(&world.acme, CredentialKey::TelnyxPublicKey, &both)
        .await;
    let node = world.node().await;
    let call = node.carrier(&world.acme).new_call("+15550100");
    is_taken(
        &node
            .receives(&world.acme, call.initiated().body(1, "https://a/b"))
            .await,
    );

    let mut acme = world.acme.clone();
    acme.key = new;
    let call = node.carrier(&acme).new_call("+15550101");
    is_taken(
        &node
            .receives(&acme, call.initiated().body(1, "https://a/b"))
            .await,
    );
    acme.key = SigningKey::generate().unwrap();
    is_refused(
        &node
            .receives(&acme, call.answered().body(1, "https://a/b"))
            .await,
    );
}

async fn an_agency_without_a_key_believes_nobody(world: World) {
    world
        .unsets(&world.acme, CredentialKey::TelnyxPublicKey)
        .await;
    let node = world.node().await;
    let call = node.carrier(&world.acme).new_call("+15550100");
    is_refused(
        &node
            .receives(&world.acme, call.initiated().body(1, "https://a/b"))
            .await,
    );
    assert!(world.outcomes(world.acme.id).await.is_empty());
}

async fn a_new_key_counts_within_five_seconds_and_the_old_one_no_more(world: World) {
    let node = world.node().await;
    let old = node.carrier(&world.acme);
    let call = old.new_call("+15550100");
    let mut acme = world.acme.clone();
    acme.key = SigningKey::generate().unwrap();
    let new = acme.key.public_key();

    world
        .sets(&world.acme, CredentialKey::TelnyxPublicKey, &new)
        .await;
    is_taken(&node.takes(&old.request(&call.bridged(), 1)).await);
    node.learns(&world).await;

    is_taken(
        &node
            .receives(&acme, call.initiated().body(1, "https://a/b"))
            .await,
    );
    is_refused(&node.takes(&old.request(&call.answered(), 1)).await);
}

async fn a_signed_word_for_nothing_at_all_is_no_webhook(world: World) {
    let node = world.node().await;
    let answer = node
        .receives(
            &world.acme,
            json!({"data": {
                "payload": {"connection_id": world.acme.connection},
            }})
            .to_string(),
        )
        .await;
    assert_eq!(
        (answer.status, answer.error()),
        (400, "data.event_type must be text".into())
    );
}

on_each_database!(
    the_published_vector_is_believed,
    the_published_vector_serialised_anew_is_refused,
    a_webhook_without_a_good_signature_is_refused,
    a_signature_is_good_for_300_seconds_either_way,
    while_keys_are_rotated_both_open_the_door,
    an_agency_without_a_key_believes_nobody,
    a_new_key_counts_within_five_seconds_and_the_old_one_no_more,
    a_signed_word_for_nothing_at_all_is_no_webhook,
);

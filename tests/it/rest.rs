//! REST: who may read what, and that it is what sockets have heard.

use crate::support::World;
use crate::support::http::reply;
use callboard::domain::{ReleaseReason, UserId};
use callboard_simulator::HangupCause;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;
use uuid::Uuid;

/// The paths that only people of an agency may read.
const CLOSED: [&str; 8] = [
    "/api/me",
    "/api/telnyx/calls/pending",
    "/api/calls",
    "/api/calls/0193e0a0-0000-7000-8000-000000000000",
    "/api/calls/0193e0a0-0000-7000-8000-000000000000/events",
    "/api/call-logs",
    "/api/stats",
    "/api/users",
];

async fn nobody_reads_anything_without_a_good_token(world: World) {
    let node = world.node().await;
    let token = |seconds| {
        world
            .token_for(world.anna, seconds)
            .expose_secret()
            .to_owned()
    };
    let (good, expired) = (token(3600), token(-3600));
    let (head, signature) = good.rsplit_once('.').unwrap();
    let unsigned = format!("{head}.");
    let swapped = format!("{head}.{}", signature.chars().rev().collect::<String>());
    let bad = [
        "",
        "Bearer",
        "Bearer ",
        "Basic YW5uYTpwYXNz",
        "Bearer garbage",
    ]
    .map(str::to_owned);
    let bearer = [expired, unsigned, swapped].map(|token| format!("Bearer {token}"));
    let mut refused = 0;
    for authorization in bad.iter().chain(&bearer) {
        for path in CLOSED.iter().take(3) {
            let answer = reply(node.ask("GET", path).header("authorization", authorization)).await;
            assert_eq!(
                (answer.status, answer.header("www-authenticate")),
                (401, Some("Bearer"))
            );
            assert!(!answer.error().contains(&good[..20]), "{}", answer.error());
            refused += 1;
        }
    }
    assert_eq!(reply(node.ask("GET", CLOSED[4])).await.status, 401);
    let mut counted = 0;
    for reason in ["missing", "malformed", "expired", "signature"] {
        let name = format!("callboard_refusals_total{{reason=\"token_{reason}\"}}");
        counted += node.metric(&name).await.unwrap_or_default();
    }
    assert_eq!(counted, refused + 1);
    let any_case = node
        .ask("GET", "/api/me")
        .header("authorization", format!("bEARER  {good}"));
    assert_eq!(reply(any_case).await.status, 200);
}

async fn a_person_without_an_agency_is_forbidden_everything(world: World) {
    let node = world.node().await;
    let sql = format!(
        "UPDATE users SET agency_id = NULL WHERE id = '{}'",
        world.ben
    );
    world.database.execute(&sql).await;
    for person in [UserId(Uuid::new_v4()), world.ben] {
        for path in CLOSED {
            let answer = node.reads(&world, person, path).await;
            assert_eq!(answer.status, 403, "{path}");
            // Whom to ask, and what to send.
            let sentence = format!(
                "This user does not belong to an agency. Ask the agency's owner for an invitation, \
                 and send this: user {person}"
            );
            assert_eq!(answer.error(), sentence, "{path}");
            assert_eq!(answer.json()["user_id"], person.to_string());
        }
    }
}

async fn another_agencys_call_is_as_unknown_as_one_that_never_was(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    carrier
        .deliver(&carrier.new_call("+15550100").initiated())
        .await;
    let id = node
        .reads(&world, world.anna, "/api/calls")
        .await
        .calls("id")
        .remove(0);
    for tail in ["", "/events"] {
        let own = node
            .reads(&world, world.anna, &format!("/api/calls/{id}{tail}"))
            .await;
        assert_eq!(own.status, 200);
        let theirs = node
            .reads(&world, world.mallory, &format!("/api/calls/{id}{tail}"))
            .await;
        for unknown in [Uuid::new_v4().to_string(), "7".into(), "%00".into()] {
            let never = node
                .reads(
                    &world,
                    world.mallory,
                    &format!("/api/calls/{unknown}{tail}"),
                )
                .await;
            assert_eq!(never.undated(), theirs.clone().undated());
        }
        assert_eq!(
            (theirs.status, theirs.error()),
            (404, "Call not found".into())
        );
    }
    for path in [
        "/api/calls",
        "/api/telnyx/calls/pending",
        "/api/calls?number=%2B15550100",
    ] {
        assert!(
            node.reads(&world, world.mallory, path)
                .await
                .calls("id")
                .is_empty(),
            "{path}"
        );
    }
}

async fn a_person_reads_who_they_are(world: World) {
    let node = world.node().await;
    let me = node.reads(&world, world.olivia, "/api/me").await;
    assert_eq!(
        me.json(),
        json!({
            "user": {
                "id": world.olivia.to_string(), "name": "Olivia", "email": null,
                "role": "agency_owner", "agency_id": world.acme.id.to_string(), "sip_username": null,
            },
            "role": "agency_owner",
            "agency": {"id": world.acme.id.to_string(), "name": "Acme"},
        })
    );
}

async fn pending_calls_come_newest_first_or_oldest_and_at_most_a_hundred(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut numbers = Vec::new();
    let mut last = None;
    for number in 0..102 {
        let call = carrier.new_call(&format!("+1555{number:04}"));
        carrier.deliver(&call.initiated()).await;
        numbers.push(call.from.clone());
        last = Some(call);
        world.clock.advance(Duration::from_secs(1));
    }
    carrier
        .deliver(&last.unwrap().hung_up(HangupCause::OriginatorCancel))
        .await;
    let pending = async |query: &str| {
        let path = format!("/api/telnyx/calls/pending{query}");
        node.reads(&world, world.anna, &path).await
    };
    let oldest: Vec<_> = numbers[..100].to_vec();
    let newest: Vec<_> = numbers[1..101].iter().rev().cloned().collect();
    assert_eq!(pending("").await.calls("from_number"), newest);
    assert_eq!(pending("?order=newest").await.calls("from_number"), newest);
    assert_eq!(pending("?order=oldest").await.calls("from_number"), oldest);
    assert_eq!(pending("").await.json()["success"], true);
    assert_eq!(
        pending("?order=random").await.error(),
        "order: newest (the default) or oldest"
    );
}

async fn a_claimed_call_is_not_pending_until_it_is_given_back(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    carrier.deliver(&call.initiated()).await;
    let pending = async || {
        let reply = node
            .reads(&world, world.ben, "/api/telnyx/calls/pending")
            .await;
        reply.calls("status")
    };
    let (claim, _) = node.wins(world.anna, "Anna", &call.call_control_id).await;
    assert!(pending().await.is_empty());
    node.releases(claim, ReleaseReason::Cancelled, Some(world.anna))
        .await;
    assert_eq!(pending().await, ["incoming"]);
}

async fn a_timeline_is_byte_for_byte_what_the_sockets_heard(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut socket = node.socket(&world, world.anna).await;
    socket.hears(1).await;
    let (call, other) = (
        carrier.new_call("\u{1F4DE} \"Zoë\" </script>"),
        carrier.new_call("+15550101"),
    );
    carrier.deliver(&call.initiated()).await;
    carrier.deliver(&other.initiated()).await;
    let (claim, _) = node.wins(world.ben, "Ben", &call.call_control_id).await;
    node.releases(claim, ReleaseReason::NoAnswer, None).await;
    carrier
        .deliver(&call.hung_up(HangupCause::OriginatorCancel))
        .await;

    let mut frames = socket.hears(5).await;
    frames.remove(1);
    let last: Value = serde_json::from_str(frames.last().unwrap()).unwrap();
    let path = format!("/api/calls/{}", last["call"]["id"].as_str().unwrap());
    let timeline = node
        .reads(&world, world.anna, &format!("{path}/events"))
        .await;
    assert_eq!(
        timeline.text(),
        format!(r#"{{"events":[{}]}}"#, frames.join(","))
    );
    let one = node.reads(&world, world.anna, &path).await;
    assert!(
        frames[3].ends_with(&format!(r#","call":{}}}"#, one.text())),
        "{}",
        one.text()
    );
}

async fn a_snapshot_holds_the_calls_that_rest_shows(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    carrier
        .deliver(&carrier.new_call("+15550100").initiated())
        .await;
    world.clock.advance(Duration::from_secs(1));
    carrier
        .deliver(&carrier.new_call("+15550101").initiated())
        .await;
    let snapshot = node
        .socket(&world, world.anna)
        .await
        .hears(1)
        .await
        .remove(0);
    let pending = node
        .reads(&world, world.anna, "/api/telnyx/calls/pending?order=oldest")
        .await;
    let snapshot: Value = serde_json::from_str(&snapshot).unwrap();
    assert_eq!(snapshot["calls"], pending.json()["calls"]);
}

async fn a_call_reads_as_the_contract_has_it(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    carrier.deliver(&call.initiated()).await;
    let shown = node.reads(&world, world.anna, "/api/calls").await.json();
    let mut shown = shown["calls"][0].clone();
    let id = shown.as_object_mut().unwrap().remove("id").unwrap();
    assert_eq!(
        id.as_str()
            .unwrap()
            .parse::<Uuid>()
            .unwrap()
            .get_version_num(),
        7
    );
    assert_eq!(
        shown,
        json!({
            "call_control_id": call.call_control_id,
            "call_session_id": call.call_session_id.to_string(),
            "from_number": "+15550100", "to_number": "+15550109999", "caller_name": "+15550100",
            "direction": "inbound", "status": "incoming", "answered_by": null,
            "answered_by_name": null, "caller_answered_at": null, "answered_at": null,
            "ended_at": null, "connected": false, "hangup_cause": null, "recordings": [], "participants": [],
            "created_at": "2026-11-21T09:00:00.000000Z", "updated_at": "2026-11-21T09:00:00.000000Z",
        })
    );
}

on_each_database!(
    nobody_reads_anything_without_a_good_token,
    a_person_without_an_agency_is_forbidden_everything,
    another_agencys_call_is_as_unknown_as_one_that_never_was,
    a_person_reads_who_they_are,
    pending_calls_come_newest_first_or_oldest_and_at_most_a_hundred,
    a_claimed_call_is_not_pending_until_it_is_given_back,
    a_timeline_is_byte_for_byte_what_the_sockets_heard,
    a_snapshot_holds_the_calls_that_rest_shows,
    a_call_reads_as_the_contract_has_it,
);

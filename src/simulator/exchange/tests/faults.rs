//! Everything that can go wrong, on demand.

use super::{World, said};
use crate::ANY;
use crate::exchange::{ExchangeSettings, Fault, Hears};
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;

#[actix_web::test]
async fn an_answer_can_go_wrong_with_and_without_the_command_being_done() {
    let mut refused = Fault::refusal(403, "D35", "/from");
    for (fault, status) in [
        (Fault::too_many_requests(7), 429),
        (Fault::status(500), 500),
        (refused.clone(), 403),
        (Fault::html(), 502),
        (Fault::garbage(), 200),
        (Fault::slow(Duration::ZERO), 200),
    ] {
        for (fault, done) in [
            (fault.clone().with_effect(), true),
            (fault.without_effect(), false),
        ] {
            let world = World::by_default();
            let caller = world.exchange.rings("+15550100").await;
            world.exchange.faults().next(1, "answer", fault);
            let answer = world
                .command(caller.id(), "answer", json!({}))
                .send()
                .await
                .unwrap();
            assert_eq!(answer.status(), status);
            let heard = if done { Hears::Silence } else { Hears::Ringing };
            assert_eq!(caller.hears(), heard, "{status} {done}");
            let asked = &world.exchange.requests()[0];
            assert_eq!((asked.status, asked.effect), (Some(status), done));
            if status == 429 {
                assert_eq!(answer.headers()["retry-after"], "7");
            }
            // The next one is as usual.
            world.tells(caller.id(), "answer", json!({})).await;
        }
    }
    refused = refused.with_effect();
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    world.exchange.faults().next(1, ANY, refused);
    let refused = world.refused(caller.id(), "answer", json!({})).await;
    assert_eq!(refused, (403, "D35".to_owned(), "/from".to_owned()));
}

#[actix_web::test]
async fn garbage_and_pages_are_no_json() {
    let world = World::by_default();
    world
        .exchange
        .faults()
        .next(1, "recordings", Fault::garbage());
    world.exchange.faults().next(1, "recordings", Fault::html());
    for kind in ["application/json", "text/html"] {
        let answer = world
            .asks(reqwest::Method::GET, "/recordings")
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], kind);
        assert!(answer.json::<serde_json::Value>().await.is_err());
    }
}

#[actix_web::test]
async fn a_connection_breaks_before_or_after_the_command() {
    for (fault, heard) in [
        (Fault::drops(), Hears::Ringing),
        (Fault::drops().with_effect(), Hears::Silence),
    ] {
        let world = World::by_default();
        let caller = world.exchange.rings("+15550100").await;
        world.exchange.faults().next(1, "answer", fault);
        let broken = world
            .command(caller.id(), "answer", json!({}))
            .send()
            .await
            .unwrap_err();
        assert!(!broken.is_timeout(), "{broken}");
        assert_eq!(caller.hears(), heard);
        assert_eq!(world.exchange.requests()[0].status, None);
    }
}

#[actix_web::test]
async fn a_request_can_hang_or_wait_for_the_clock() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    world
        .exchange
        .faults()
        .next(1, "answer", Fault::hangs().with_effect());
    let hanging = world.command(caller.id(), "answer", json!({}));
    let unheard = hanging
        .timeout(Duration::from_millis(200))
        .send()
        .await
        .unwrap_err();
    assert!(unheard.is_timeout(), "{unheard}");
    assert_eq!(caller.hears(), Hears::Silence);

    world
        .exchange
        .faults()
        .next(1, "hangup", Fault::slow(Duration::from_secs(5)));
    let mut slow = Box::pin(said(world.command(caller.id(), "hangup", json!({}))));
    let done = world.exchange.hears(|request| request.action == "hangup");
    tokio::select! {
        _ = &mut slow => panic!("answered before its time"),
        request = done => assert!(request.effect),
    }
    let early = tokio::time::timeout(Duration::from_millis(100), &mut slow);
    assert!(early.await.is_err(), "the clock stands");
    // The hand moves on until the wait, which begins after the request was noted, is over.
    let answered = async {
        loop {
            tokio::select! {
                answer = &mut slow => return answer,
                () = tokio::task::yield_now() => world.clock.advance(Duration::from_secs(1)),
            }
        }
    };
    assert_eq!(answered.await.0, 200);
    assert!(!caller.is_alive());
}

#[actix_web::test]
async fn a_fault_stays_until_it_is_lifted_and_keeps_to_its_action() {
    let world = World::by_default();
    let caller = world.exchange.rings("+15550100").await;
    world
        .exchange
        .faults()
        .until_lifted("answer", Fault::status(503));
    for _ in 0..3 {
        assert_eq!(world.refused(caller.id(), "answer", json!({})).await.0, 503);
    }
    let path = format!("/calls/{}", caller.id());
    assert_eq!(world.reads(&path).await.0, 200);
    world.exchange.faults().lift();
    world.tells(caller.id(), "answer", json!({})).await;
}

#[actix_web::test]
async fn webhooks_get_lost_and_can_be_sent_late() {
    let world = World::by_default();
    let faults = world.exchange.faults();
    faults.loses("call.answered", 1);
    let caller = world.exchange.rings("+15550100").await;
    world.tells(caller.id(), "answer", json!({})).await;
    faults.loses_until_lifted(ANY);
    caller.hangs_up();
    assert_eq!(world.told().await, ["caller initiated"]);
    assert_eq!(world.exchange.totals().lost, 2);
    let lost = faults.lost();
    assert_eq!(
        lost.iter()
            .map(|one| one.event_type.as_str())
            .collect::<Vec<_>>(),
        ["call.answered", "call.hangup"]
    );
    faults.lift();
    world.exchange.rings("+15550101").await.hangs_up();
    assert_eq!(
        world.told().await[1..],
        ["caller initiated", "caller hangup originator_cancel"]
    );
}

#[actix_web::test]
async fn its_webhooks_come_twice_and_out_of_order_when_asked() {
    let world = World::open(ExchangeSettings {
        duplicates: 100,
        reorder: 100,
        ..ExchangeSettings::default()
    });
    world.exchange.faults().lift();
    let ringing = world.exchange.rings("+15550100");
    // Both occur before either has left, so that the later one can overtake.
    let caller = tokio::select! {
        biased;
        caller = ringing => caller,
        () = async {
            loop {
                tokio::task::yield_now().await;
                world.clock.advance(Duration::from_secs(1));
            }
        } => unreachable!(),
    };
    world.exchange.settled().await;
    let first = world.receiver.received().len();
    assert_eq!(first, 2);
    world
        .tells(
            caller.id(),
            "transfer",
            json!({"to": "sip:anna@sip.telnyx.com"}),
        )
        .await;
    caller.hangs_up();
    world.hears(first + 4).await;
    let received = &world.receiver.received()[first..];
    assert_ne!(received[0].event_type(), "call.initiated");
    let ids: HashSet<_> = received.iter().map(super::Received::id).collect();
    assert!(ids.len() * 2 <= received.len() + 1);
}

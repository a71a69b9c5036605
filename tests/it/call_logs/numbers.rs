//! Looking for a number, in whatever form it was sent and is typed.

use super::{accepting, given_up, texts};
use crate::support::World;

async fn a_number_is_found_by_its_last_digits_however_it_was_sent_and_typed(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let sent = [
        "+15550104321",
        "sip:+15550104321@10.0.0.1:5060",
        "(555) 010-4321",
        "tel:555.010.4321;ext=1",
    ];
    for from in sent.iter().chain(&["+15550104322", "sip:zoe4321b@a.b"]) {
        given_up(&world, &carrier, from).await;
    }
    // Each has been sent a second before the next.
    let all: Vec<_> = sent.iter().rev().map(|from| (*from).to_owned()).collect();
    for typed in [
        "4321",
        "010-4321",
        "555 010 4321",
        "0104321",
        "(555)%20010/4321",
        "555%C2%A0010%E2%80%914321",
        "tel:5550104321",
    ] {
        let query = format!("number={typed}");
        assert_eq!(
            texts(&node, &world, &query, "from_number").await,
            all,
            "{typed}"
        );
        let calls = node
            .reads(&world, world.anna, &format!("/api/calls?{query}"))
            .await;
        assert_eq!(calls.calls("from_number"), all, "{typed}");
        let file = accepting(&node, &world, world.anna, &query, "text/csv")
            .await
            .text();
        assert_eq!(
            file.matches("\r\n").count(),
            1 + all.len(),
            "{typed}: {file}"
        );
    }
    for (typed, found) in [
        ("%2B1%20555%20010%204321", all[2..].to_vec()),
        ("15550104322", vec!["+15550104322".to_owned()]),
        ("sip:%2B15550104321@10.0.0.1:5060", vec![all[2].clone()]),
        ("sip:zoe4321b@a.b", vec!["sip:zoe4321b@a.b".to_owned()]),
        ("5060", vec![]),
        ("25550104321", vec![]),
    ] {
        let query = format!("number={typed}");
        assert_eq!(
            texts(&node, &world, &query, "from_number").await,
            found,
            "{typed}"
        );
    }
    for typed in ["321", "4-3-2", "%2B", "%20"] {
        for path in ["/api/calls", "/api/call-logs"] {
            let reply = node
                .reads(&world, world.anna, &format!("{path}?number={typed}"))
                .await;
            assert_eq!(reply.status, 400, "{typed}");
            assert!(reply.error().contains("at least 4"), "{}", reply.error());
        }
    }
}

on_each_database!(a_number_is_found_by_its_last_digits_however_it_was_sent_and_typed,);

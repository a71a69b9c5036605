//! A node of yesterday beside one of tomorrow, which writes words that it does not know.

use crate::support::World;
use crate::support::command::{callboard, each_refuses};
use crate::support::patience::soon;
use crate::support::process::url_of;
use crate::support::retelling::tell;
use callboard_simulator::HangupCause;
use callboard_simulator::browser::Position;
use std::time::Duration;

/// Soon reaches the head poll, which comes every two seconds.
const HEAD_POLL: Duration = Duration::from_millis(100);
const ANNAS_PHONE: &str = "sip:anna@sip.telnyx.com";

/// What a newer release may have written about the call of that leg, and how it reads today.
fn words_of_tomorrow(leg: &str) -> Vec<(String, String)> {
    let call =
        |set: &str| format!("UPDATE inbound_calls SET {set} WHERE call_control_id = '{leg}'");
    let claim = |set: &str| {
        format!(
            "UPDATE claims SET {set} WHERE call_id IN
             (SELECT id FROM inbound_calls WHERE call_control_id = '{leg}')"
        )
    };
    let facts = |from: &str, to: &str| {
        format!(
            "UPDATE call_legs SET facts = replace(facts, '{from}', '{to}')
             WHERE call_control_id = '{leg}'"
        )
    };
    vec![
        (call("status = 'parked'"), call("status = 'answering'")),
        (
            call("recordings = '[{\"voicemail\":1}]'"),
            call("recordings = '[]'"),
        ),
        (claim("command = 'teleport'"), claim("command = 'transfer'")),
        (
            claim("release_reason = 'bored', released_at = 1"),
            claim("release_reason = NULL, released_at = NULL"),
        ),
        (facts("incoming", "sideways"), facts("sideways", "incoming")),
    ]
}

async fn a_node_of_yesterday_meets_a_word_of_tomorrow(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    for place in 0..words_of_tomorrow("").len() {
        let (theirs, ours) = (carrier.new_call("+15550100"), carrier.new_call("+15550200"));
        tell(&carrier, [&theirs.initiated(), &ours.initiated()]).await;
        node.wins(world.anna, "Anna", &theirs.call_control_id).await;
        let (written, today) = words_of_tomorrow(&theirs.call_control_id).swap_remove(place);
        world.database.execute(&written).await;
        let end = theirs.hung_up(HangupCause::OriginatorCancel);
        let our_end = ours.hung_up(HangupCause::OriginatorCancel);

        // Both at once, so that they meet in one batch.
        let (refused, acknowledged) =
            tokio::join!(carrier.deliver(&end), carrier.deliver(&our_end));

        let statuses = (refused.status, acknowledged.status);
        assert_eq!(statuses, (Some(503), Some(200)), "{written}");
        for path in ["/api/calls", "/api/call-logs", "/api/telnyx/calls/pending"] {
            let (status, _) = node.get(&world, world.anna, path).await;
            assert_eq!(status, 200, "{path}: {written}");
        }
        node.board(&world, world.ben).await;

        world.database.execute(&today).await;
        tell(&carrier, [&end]).await;
    }
    let outcomes = world.outcomes(world.acme.id).await;
    assert!(
        outcomes.iter().all(|outcome| outcome == "applied"),
        "{outcomes:?}"
    );
}

async fn a_result_of_tomorrow_is_left_out_of_pages_that_stay_whole(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    for from in ["+15550100", "+15550200", "+15550300"] {
        let call = carrier.new_call(from);
        let over = call.hung_up(HangupCause::OriginatorCancel);
        tell(&carrier, [&call.initiated(), &over]).await;
        world.clock.advance(Duration::from_secs(1));
    }
    let newest = "UPDATE call_logs SET result = 'voicemail' WHERE from_number = '+15550300';
         UPDATE inbound_calls SET status = 'archived' WHERE from_number = '+15550300'";
    world.database.execute(newest).await;

    for (path, field) in [("/api/call-logs", "call_logs"), ("/api/calls", "calls")] {
        let (_, page) = node
            .get(&world, world.anna, &format!("{path}?limit=1"))
            .await;
        assert_eq!(page[field][0]["from_number"], "+15550200", "{page}");
        let cursor = page["next_cursor"].as_str().expect("a cursor");
        let next = format!("{path}?limit=1&cursor={cursor}");
        let (_, page) = node.get(&world, world.anna, &next).await;
        assert_eq!(page[field][0]["from_number"], "+15550100", "{page}");
    }
    let (status, stats) = node.get(&world, world.anna, "/api/stats").await;
    assert_eq!((status, &stats["abandoned"]), (200, &2.into()));
}

async fn errands_of_tomorrow_wait_while_those_of_today_are_done(world: World) {
    let line = world.line().await;
    for number in 0..70 {
        let (kind, carrier) = [
            ("teleport", "telnyx"),
            ("fax", "telnyx"),
            ("look", "homing"),
        ][number % 3];
        let sql = format!(
            "INSERT INTO errands (agency_id, kind, carrier, subject, due_at)
             VALUES ('{}', '{kind}', '{carrier}', '{number}', 0)",
            line.world.acme.id
        );
        line.world.database.execute(&sql).await;
    }

    let caller = line.exchange.rings("+15550100").await;
    line.does(line.world.anna, "answer", &caller).await;
    let phone = soon("a phone", line.exchange.phone(ANNAS_PHONE).rings()).await;
    line.does(line.world.anna, "release", &caller).await;
    line.owes_no("hang_up").await;
    assert!(!phone.is_alive());

    let wait = "SELECT kind FROM errands WHERE leased_until IS NULL AND attempts = 0
         AND (kind IN ('teleport', 'fax') OR carrier = 'homing')";
    assert_eq!(line.world.database.texts(wait).await.len(), 70);
}

/// Another node writes the next event of an agency whose last one is the first: these columns beside
/// those that every release writes, and this text of it.
async fn another_writes(world: &World, columns: &str, values: &str, text: &str) {
    let columns = format!("agency_id, seq, call_id, event_type, recorded_at, event{columns}");
    let sql = format!(
        "INSERT INTO call_events ({columns})
         SELECT agency_id, 2, call_id, event_type, recorded_at, {text}{values} FROM call_events;
         UPDATE agency_heads SET last_seq = 2 WHERE agency_id = '{}'",
        world.acme.id
    );
    world.database.execute(&sql).await;
}

async fn an_event_that_yesterdays_node_wrote_is_told_and_resumed(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    let mut anna = node.board(&world, world.anna).await;
    let epoch = anna.position().epoch;
    let late = "replace(replace(replace(event, '\"seq\":1,', '\"seq\":2,'),
                'call.incoming', 'call.updated'), '+15550100', '+15550177')";
    another_writes(&world, "", "", late).await;

    let words = world.wind_until(HEAD_POLL, anna.hears_words(1)).await;
    assert_eq!(words, ["2 call.updated +15550177 incoming"]);
    let ben = node.board(&world, world.ben).await;
    assert_eq!(ben.shows(), ["+15550177 incoming"]);
    drop(node);
    // Nobody has watched since: all of it is read from the journal.
    let node = world.node().await;
    let start = Position { epoch, seq: 0 };
    let mut anna = node.board_at(&world, world.anna, start).await;
    assert_eq!(
        anna.hears_words(2).await,
        [
            "1 call.incoming +15550100 incoming",
            "2 call.updated +15550177 incoming",
        ]
    );
}

async fn an_event_of_what_only_tomorrow_knows_is_passed_on(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    let mut anna = node.socket(&world, world.anna).await;
    anna.hears(1).await;
    let text = r#"{"type":"agent.updated","seq":2,"agent":{"state":"away"}}"#;
    let columns = ", subject_kind, subject_id";
    another_writes(&world, columns, ", 'agent', 'anna'", &format!("'{text}'")).await;

    let told = world.wind_until(HEAD_POLL, anna.hears(1)).await;
    assert_eq!(told, [text]);
    tell(&carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;
    let next = anna.hears(1).await.remove(0);
    assert!(
        next.starts_with(r#"{"type":"call.ended","seq":3,"#),
        "{next}"
    );
}

async fn a_schema_that_needs_a_newer_program_is_refused_in_a_sentence(world: World) {
    let url = url_of(&world);
    let raise = |floor: &str| format!("UPDATE schema_floor SET floor = '{floor}'");
    for floor in ["20991231000001", "20261231999999"] {
        world.database.execute(&raise(floor)).await;
        each_refuses(
            &url,
            &["needs a newer callboard", floor, "start the newer program"],
        )
        .await;
    }

    // One that this program knows is no hindrance.
    world.database.execute(&raise("20261126000001")).await;
    let ended = callboard(&["migrate", "--check"], &url).await;
    assert_eq!(ended.code, 0, "{}", ended.said);
}

on_each_database!(
    a_node_of_yesterday_meets_a_word_of_tomorrow,
    a_result_of_tomorrow_is_left_out_of_pages_that_stay_whole,
    errands_of_tomorrow_wait_while_those_of_today_are_done,
    an_event_that_yesterdays_node_wrote_is_told_and_resumed,
    an_event_of_what_only_tomorrow_knows_is_passed_on,
    a_schema_that_needs_a_newer_program_is_refused_in_a_sentence,
);

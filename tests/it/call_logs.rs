//! Finished calls: their row, how they came out, late details, agents' words, pages and the file.

mod forms;
mod numbers;

use crate::support::World;
use crate::support::http::{Reply, bent, reply};
use crate::support::node::Node;
use crate::support::retelling::tell;
use callboard::carriers::telnyx::client_state;
use callboard::domain::{Timestamp, UserId};
use callboard_simulator::{Carrier, HangupCause, HangupSource, Leg};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;

/// The rows on that person's page.
async fn logs(node: &Node, world: &World, user: UserId, query: &str) -> Vec<Value> {
    let path = format!("/api/call-logs?{query}");
    let reply = node.reads(world, user, &path).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    let page = reply.json()["call_logs"].as_array().cloned();
    page.expect("call_logs")
}

/// One field of the rows on Anna's page.
async fn texts(node: &Node, world: &World, query: &str, field: &str) -> Vec<String> {
    let rows = logs(node, world, world.anna, query).await;
    let text = |row: &Value| row[field].as_str().unwrap_or("-").to_owned();
    rows.iter().map(text).collect()
}

/// A person writes about a finished call.
async fn writes(node: &Node, world: &World, user: UserId, id: &str, body: &str) -> Reply {
    let request = node.ask("PATCH", &format!("/api/call-logs/{id}"));
    let token = world.token(user);
    let request = request
        .bearer_auth(token.expose_secret())
        .header("content-type", "application/json");
    reply(request.body(body.to_owned())).await
}

/// What a person gets who accepts this.
async fn accepting(node: &Node, world: &World, user: UserId, query: &str, accept: &str) -> Reply {
    let request = node.ask("GET", &format!("/api/call-logs?{query}"));
    let token = world.token(user);
    let request = request.bearer_auth(token.expose_secret());
    reply(request.header("accept", accept)).await
}

fn id(row: &Value) -> String {
    row["id"].as_str().unwrap().to_owned()
}

/// A call that rang for five seconds and was given up.
async fn given_up(world: &World, carrier: &Carrier, from: &str) -> Leg {
    let call = carrier.new_call(from);
    carrier.deliver(&call.initiated()).await;
    world.clock.advance(Duration::from_secs(5));
    tell(carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;
    call
}

/// So many finished calls, a second apart, as if they had been there for long.
async fn long_ago(world: &World, count: i64) {
    let (agency, now) = (world.acme.id, world.clock.now().micros());
    let sql = format!(
        "INSERT INTO call_logs (id, agency_id, result, started_at, ended_at, call_sid, created_at, updated_at)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
         SELECT '00000000-0000-7000-8000-' || CAST(100000000000 + i AS TEXT), '{agency}', 'missed',
                {now} - i * CAST(1000000 AS BIGINT), {now}, 'old-' || CAST(i AS TEXT), {now}, {now} FROM n"
    );
    world.database.execute(&sql).await;
}

async fn a_finished_call_has_its_row(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    world.clock.advance(Duration::from_secs(2));
    let (claim, _) = node.wins(world.ben, "Ben", &call.call_control_id).await;
    let leg = call.second_leg(Some(client_state(claim)));
    world.clock.advance(Duration::from_millis(5500));
    tell(
        &carrier,
        [&leg.initiated(), &leg.answered(), &call.bridged()],
    )
    .await;
    world.clock.advance(Duration::from_secs(61));
    assert!(logs(&node, &world, world.anna, "").await.is_empty());
    tell(&carrier, [&call.hung_up(HangupCause::NormalClearing)]).await;

    let mut rows = logs(&node, &world, world.anna, "").await;
    assert_eq!(rows.len(), 1);
    let shown = node
        .reads(&world, world.anna, "/api/calls")
        .await
        .calls("id");
    let row = rows.remove(0);
    assert_eq!(
        row,
        json!({
            "id": shown[0], "call_control_id": call.call_control_id,
            "from_number": "+15550100", "to_number": "+15550109999", "caller_name": "+15550100",
            "direction": "inbound", "result": "answered",
            "answered_by": world.ben.to_string(), "answered_by_name": "Ben",
            "started_at": "2026-11-21T09:00:00.000000Z", "answered_at": "2026-11-21T09:00:07.500000Z",
            "ended_at": "2026-11-21T09:01:08.500000Z", "wait": 7, "duration": 61,
            "end_reason": "normal_clearing", "outcome": null, "notes": null,
            "updated_at": "2026-11-21T09:01:08.500000Z",
        })
    );
    let guide = "SELECT caller_id || ' ' || answered_by || ' ' || phone_number || ' ' || direction
                 FROM call_logs WHERE recording_url IS NULL AND prospect_id IS NULL";
    let ben = world.ben;
    assert_eq!(
        world.database.texts(guide).await,
        [format!("{ben} {ben} +15550100 inbound")]
    );
}

async fn how_a_call_came_out_goes_by_who_left(world: World) {
    use HangupCause::{NormalClearing, OriginatorCancel, Timeout};
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    for (from, cause, source) in [
        ("gave up", OriginatorCancel, HangupSource::Caller),
        ("sent away", NormalClearing, HangupSource::Callee),
        ("timed out", Timeout, HangupSource::Unknown),
    ] {
        let call = carrier.new_call(from);
        tell(&carrier, [&call.initiated()]).await;
        world.clock.advance(Duration::from_secs(1));
        tell(&carrier, [&call.hung_up_by(cause, source)]).await;
    }
    // Nobody says who hung up; the cause is one that callers have.
    let call = carrier.new_call("silent");
    tell(&carrier, [&call.initiated()]).await;
    let silent = bent(&call.hung_up(NormalClearing), |data| {
        data["payload"]
            .as_object_mut()
            .unwrap()
            .remove("hangup_source");
    });
    assert_eq!(node.receives(&world.acme, silent).await.status, 200);
    // An agent had it, and the caller left while the phone rang.
    world.clock.advance(Duration::from_secs(1));
    let call = carrier.new_call("claimed");
    tell(&carrier, [&call.initiated()]).await;
    node.wins(world.ben, "Ben", &call.call_control_id).await;
    tell(&carrier, [&call.hung_up(OriginatorCancel)]).await;

    let rows = logs(&node, &world, world.anna, "").await;
    let results: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["from_number"].as_str().unwrap(),
                row["result"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        results,
        [
            ("claimed", "abandoned"),
            ("silent", "abandoned"),
            ("timed out", "missed"),
            ("sent away", "missed"),
            ("gave up", "abandoned"),
        ]
    );
    assert!(
        rows.iter().all(|row| row["duration"] == 0
            && row["answered_by"].is_null()
            && row["answered_by_name"].is_null()
            && row["answered_at"].is_null()),
        "{rows:?}"
    );
    assert_eq!(rows[2]["wait"], 1);
}

async fn late_details_mend_the_row_and_leave_what_agents_wrote(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    let nameless = bent(&call.initiated(), |data| {
        data["payload"].as_object_mut().unwrap().remove("from");
    });
    assert_eq!(node.receives(&world.acme, nameless).await.status, 200);
    world.clock.advance(Duration::from_secs(4));
    let mut answered = call.answered();
    answered.occurred_at = world.clock.now().into();
    world.clock.advance(Duration::from_secs(56));
    let causeless = bent(&call.hung_up(HangupCause::NormalClearing), |data| {
        for name in ["from", "hangup_cause", "hangup_source"] {
            data["payload"].as_object_mut().unwrap().remove(name);
        }
    });
    assert_eq!(node.receives(&world.acme, causeless).await.status, 200);
    let row = logs(&node, &world, world.anna, "").await.remove(0);
    assert_eq!(
        (&row["result"], &row["from_number"]),
        (&json!("missed"), &json!(null))
    );
    let body = r#"{"notes": "calls back at five", "outcome": "callback"}"#;
    assert_eq!(
        writes(&node, &world, world.ben, &id(&row), body)
            .await
            .status,
        200
    );
    let words = async || {
        let row = logs(&node, &world, world.anna, "").await.remove(0);
        assert_eq!(
            (&row["notes"], &row["outcome"]),
            (&json!("calls back at five"), &json!("callback"))
        );
        row
    };

    // The carrier tells once more that it is over, and now by whom: no event, but another result.
    let events = world.last_seq(&world.acme).await;
    let sourced = bent(&call.hung_up(HangupCause::NormalClearing), |data| {
        for name in ["from", "hangup_cause"] {
            data["payload"].as_object_mut().unwrap().remove(name);
        }
    });
    assert_eq!(node.receives(&world.acme, sourced).await.status, 200);
    assert_eq!(words().await["result"], "abandoned");
    assert_eq!(world.last_seq(&world.acme).await, events);

    // An answer that comes late, with the number.
    tell(&carrier, [&answered]).await;
    let row = words().await;
    assert_eq!(row["result"], "answered");
    assert_eq!((&row["wait"], &row["duration"]), (&json!(4), &json!(56)));
    assert_eq!(row["from_number"], "+15550100");
    tell(&carrier, [&call.hung_up(HangupCause::NormalClearing)]).await;
    assert_eq!(words().await["end_reason"], "normal_clearing");
    assert_eq!(logs(&node, &world, world.anna, "").await.len(), 1);
}

async fn agents_write_notes_and_outcome_and_nothing_else(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    given_up(&world, &carrier, "+15550100").await;
    let row = logs(&node, &world, world.anna, "").await.remove(0);
    let id = id(&row);
    let write = async |user, body: Value| writes(&node, &world, user, &id, &body.to_string()).await;
    world.clock.advance(Duration::from_secs(1));
    let notes = "ü".repeat(10_000);
    let both = write(
        world.anna,
        json!({"notes": notes, "outcome": "ü".repeat(100)}),
    )
    .await
    .json();
    assert_eq!(
        (&both["notes"], &both["result"]),
        (&json!(notes), &json!("abandoned"))
    );
    assert_eq!(both["updated_at"], "2026-11-21T09:00:06.000000Z");
    let other = write(world.ben, json!({"outcome": "sold"})).await.json();
    assert_eq!(
        (&other["notes"], &other["outcome"]),
        (&json!(notes), &json!("sold"))
    );
    let cleared = write(world.olivia, json!({"notes": null})).await.json();
    assert_eq!(
        (&cleared["notes"], &cleared["outcome"]),
        (&json!(null), &json!("sold"))
    );
    let emptied = write(world.olivia, json!({"outcome": ""})).await.json();
    assert_eq!(emptied["outcome"], json!(null));
    assert_eq!(logs(&node, &world, world.anna, "").await, [emptied]);

    for (body, words) in [
        (json!({"notes": "ü".repeat(10_001)}), "notes: "),
        (json!({"outcome": "ü".repeat(101)}), "outcome: "),
        (json!({"outcome": "a\u{0}b"}), "outcome: "),
        (json!({"notes": 7}), "notes: "),
        (
            json!({"notes": "x", "result": "answered"}),
            "Only notes and outcome",
        ),
        (json!({}), "The body must be"),
        (json!(["notes"]), "The body must be"),
    ] {
        let reply = write(world.anna, body).await;
        assert_eq!(reply.status, 400);
        assert!(reply.error().starts_with(words), "{}", reply.error());
    }
    assert_eq!(
        writes(&node, &world, world.anna, &id, "notes").await.status,
        400
    );
    assert_eq!(
        logs(&node, &world, world.anna, "").await[0]["notes"],
        json!(null)
    );
    let brew = reply(node.ask("BREW", &format!("/api/call-logs/{id}"))).await;
    assert_eq!(
        (brew.status, brew.header("allow")),
        (405, Some("GET, HEAD, PATCH"))
    );
}

async fn another_agencys_finished_calls_are_not_there(world: World) {
    let node = world.node().await;
    given_up(&world, &node.carrier(&world.acme), "+15550100").await;
    given_up(&world, &node.carrier(&world.rival), "+15550199").await;
    let own = logs(&node, &world, world.anna, "").await;
    assert_eq!(
        (own.len(), &own[0]["from_number"]),
        (1, &json!("+15550100"))
    );
    let theirs = logs(&node, &world, world.mallory, "").await;
    assert_eq!(
        (theirs.len(), &theirs[0]["from_number"]),
        (1, &json!("+15550199"))
    );
    assert!(
        logs(&node, &world, world.mallory, "number=%2B15550100")
            .await
            .is_empty()
    );
    let file = accepting(&node, &world, world.mallory, "", "text/csv")
        .await
        .text();
    assert!(
        !file.contains("+15550100") && file.contains("+15550199"),
        "{file}"
    );

    let body = r#"{"notes": "mine"}"#;
    let refused = writes(&node, &world, world.mallory, &id(&own[0]), body).await;
    for nobodys in [uuid::Uuid::new_v4().to_string(), "7".into()] {
        let never = writes(&node, &world, world.mallory, &nobodys, body).await;
        assert_eq!(never.undated(), refused.clone().undated());
    }
    assert_eq!(
        (refused.status, refused.error()),
        (404, "Call log not found".into())
    );
    assert_eq!(logs(&node, &world, world.anna, "").await, own);
}

async fn each_filter_of_finished_calls_narrows_by_its_own_rule(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    // Rang at 09:00, 09:01 and 09:02.
    let talked = carrier.new_call("+1555");
    tell(&carrier, [&talked.initiated()]).await;
    let (claim, _) = node.wins(world.ben, "Ben", &talked.call_control_id).await;
    let leg = talked.second_leg(Some(client_state(claim)));
    tell(
        &carrier,
        [
            &leg.initiated(),
            &leg.answered(),
            &talked.hung_up(HangupCause::NormalClearing),
        ],
    )
    .await;
    world.clock.advance(Duration::from_secs(60));
    given_up(&world, &carrier, "+2555").await;
    world.clock.advance(Duration::from_secs(55));
    let missed = carrier.new_call("sip:zoë@a.b");
    tell(
        &carrier,
        [&missed.initiated(), &missed.hung_up(HangupCause::Timeout)],
    )
    .await;
    let rows = logs(&node, &world, world.anna, "").await;
    writes(
        &node,
        &world,
        world.anna,
        &id(&rows[2]),
        r#"{"outcome": "sold, twice"}"#,
    )
    .await;

    let (t, g, m) = ("+1555", "+2555", "sip:zoë@a.b");
    let (ben, anna) = (
        format!("answered_by={}", world.ben),
        format!("answered_by={}", world.anna),
    );
    for (query, expected) in [
        ("", vec![m, g, t]),
        ("result=&limit=&cursor=&outcome=&unknown=1", vec![m, g, t]),
        ("result=answered", vec![t]),
        ("result=abandoned", vec![g]),
        ("result=answered,%20missed", vec![m, t]),
        ("result=missed,missed", vec![m]),
        ("outcome=sold,%20twice", vec![t]),
        ("outcome=sold", vec![]),
        ("since=2026-11-21T09:01:00Z", vec![m, g]),
        ("until=2026-11-21T09:01:00Z", vec![t]),
        (
            "since=2026-11-21T10:01:00+01:00&until=2026-11-21T09:02:00Z",
            vec![g],
        ),
        ("number=+2555", vec![g]),
        ("number=sip:zo%C3%AB@a.b", vec![m]),
        ("number=%2B15550109999", vec![m, g, t]),
        (
            "number=%2B15550109999&result=answered,abandoned",
            vec![g, t],
        ),
        (&ben, vec![t]),
        (&anna, vec![]),
    ] {
        assert_eq!(
            texts(&node, &world, query, "from_number").await,
            expected,
            "{query}"
        );
        // The file goes by the same filters.
        let file = accepting(&node, &world, world.anna, query, "text/csv")
            .await
            .text();
        assert_eq!(
            file.matches("\r\n").count(),
            1 + expected.len(),
            "{query}: {file}"
        );
    }
    for (query, word) in [
        ("result=ringing", "result: "),
        ("result=missed,", "result: "),
        ("since=today", "since: "),
        ("until=x", "until: "),
        ("number=%00", "number: "),
        ("number=255", "number: "),
        ("answered_by=Ben", "answered_by: "),
        ("limit=0", "limit: "),
        ("limit=1001", "limit: "),
        ("cursor=x", "cursor: "),
        (&format!("outcome={}", "x".repeat(101)), "outcome: "),
    ] {
        for accept in ["*/*", "text/csv"] {
            let reply = accepting(&node, &world, world.anna, query, accept).await;
            assert_eq!(reply.status, 400, "{query}");
            assert!(
                reply.error().starts_with(word),
                "{query}: {}",
                reply.error()
            );
        }
    }
}

async fn pages_of_finished_calls_neither_skip_nor_repeat(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    long_ago(&world, 90).await;
    for number in 0..30 {
        // Some share a moment, so that the id must tell them apart.
        let call = carrier.new_call(&format!("+1555{number:04}"));
        tell(
            &carrier,
            [&call.initiated(), &call.hung_up(HangupCause::Timeout)],
        )
        .await;
        if number % 3 == 0 {
            world.clock.advance(Duration::from_secs(1));
        }
    }
    for filter in ["", "&result=missed", "&result=missed,abandoned"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let path = format!("/api/call-logs?limit=16&cursor={cursor}{filter}");
            let page = node.reads(&world, world.anna, &path).await.json();
            let rows = page["call_logs"].as_array().unwrap();
            assert!(rows.len() <= 16);
            seen.extend(
                rows.iter()
                    .map(|row| (row["started_at"].as_str().unwrap().to_owned(), id(row))),
            );
            if seen.len() < 30 {
                given_up(&world, &carrier, "+15559999").await;
            }
            match page["next_cursor"].as_str() {
                Some(next) => cursor = next.to_owned(),
                None => break,
            }
        }
        let distinct: HashSet<_> = seen.iter().collect();
        assert_eq!(distinct.len(), seen.len());
        assert!(
            seen.is_sorted_by(|newer, older| newer >= older),
            "not newest first"
        );
        let later = filter.ends_with("abandoned");
        assert!(
            seen.len() == 120 || later && seen.len() > 120,
            "{}",
            seen.len()
        );
    }
}

async fn the_file_of_finished_calls_is_whole_and_safe_to_open(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    given_up(&world, &carrier, "=HYPERLINK(\"http://evil\")").await;
    let row = logs(&node, &world, world.anna, "").await.remove(0);
    let notes = json!({"notes": "said \"no\", twice\nand left", "outcome": "@sold"});
    writes(&node, &world, world.anna, &id(&row), &notes.to_string()).await;
    let file = accepting(&node, &world, world.anna, "limit=1", "text/csv, */*;q=0.1").await;
    assert_eq!(
        file.header("content-type"),
        Some("text/csv; charset=utf-8; header=present")
    );
    assert_eq!(
        file.header("content-disposition"),
        Some("attachment; filename=\"call-logs-2026-11-21.csv\"")
    );
    assert_eq!(
        file.text(),
        format!(
            "\u{feff}id,call_control_id,from_number,to_number,caller_name,result,answered_by,answered_by_name,\
         started_at,answered_at,ended_at,wait,duration,end_reason,outcome,notes\r\n\
         {},{},\"'=HYPERLINK(\"\"http://evil\"\")\",'+15550109999,\"'=HYPERLINK(\"\"http://evil\"\")\",\
         abandoned,,,2026-11-21T09:00:00.000000Z,,2026-11-21T09:00:05.000000Z,5,0,\
         originator_cancel,'@sold,\"said \"\"no\"\", twice\nand left\"\r\n",
            id(&row),
            row["call_control_id"].as_str().unwrap(),
        )
    );
    for accept in [
        "*/*",
        "application/json",
        "text/csv;q=0.5, application/json",
        "text/csv;q=0",
        "text/html",
    ] {
        let json = accepting(&node, &world, world.anna, "", accept).await;
        assert_eq!(
            json.header("content-type"),
            Some("application/json"),
            "{accept}"
        );
        assert_eq!(
            json.header("vary").map(|vary| vary.contains("ccept")),
            Some(true)
        );
    }

    // What turns the writing around or hides in a name stays out, and a semicolon parts no cells.
    given_up(&world, &carrier, "\u{202e}Eva;=1+1\u{200b}").await;
    let file = accepting(&node, &world, world.anna, "limit=1", "text/csv")
        .await
        .text();
    assert!(
        file.contains(",\"Eva;=1+1\",'+15550109999,\"Eva;=1+1\","),
        "{file}"
    );

    // Longer than any page, and as long as some pages exactly.
    long_ago(&world, 749).await;
    let file = accepting(&node, &world, world.anna, "limit=10", "text/csv")
        .await
        .text();
    let ids: HashSet<_> = file.lines().filter(|line| line.contains(",old-")).collect();
    assert_eq!((ids.len(), file.matches("\r\n").count()), (749, 752));
    let since = Timestamp::parse("2026-11-21T09:00:00Z").unwrap();
    let query = format!("since={since}");
    let file = accepting(&node, &world, world.anna, &query, "text/csv")
        .await
        .text();
    assert_eq!(file.matches("\r\n").count(), 1 + 2 + 10);
}

on_each_database!(
    a_finished_call_has_its_row,
    how_a_call_came_out_goes_by_who_left,
    late_details_mend_the_row_and_leave_what_agents_wrote,
    agents_write_notes_and_outcome_and_nothing_else,
    another_agencys_finished_calls_are_not_there,
    each_filter_of_finished_calls_narrows_by_its_own_rule,
    pages_of_finished_calls_neither_skip_nor_repeat,
    the_file_of_finished_calls_is_whole_and_safe_to_open,
);

//! Two carriers that give the same names to legs, sessions and webhooks: each goes its own way. There is
//! one carrier so far, so the other one's rows are written as tomorrow's release will write them.

use crate::support::World;
use crate::support::command::callboard;
use crate::support::node::Node;
use crate::support::process::url_of;
use crate::support::retelling::tell;
use callboard::carriers::telnyx::client_state;
use callboard::config::DatabaseUrl;
use callboard_simulator::{Carrier, HangupCause, Leg};
use std::time::Duration;

/// The columns of each table that hold a carrier's name for something, and those by which we know its
/// row: another carrier's row is another one of ours.
const TABLES: [(&str, &[&str]); 5] = [
    ("inbound_calls", &["id"]),
    ("call_legs", &[]),
    ("webhook_events", &[]),
    ("errands", &[]),
    ("call_logs", &["id"]),
];

/// What the next release does before it writes a second carrier, as ARCHITECTURE.md has it.
async fn takes_the_last_step(world: &World) {
    let page = include_str!("../../ARCHITECTURE.md");
    let (_, step) = page.split_once("```sql\n").expect("the step");
    let (step, _) = step.split_once("```").expect("its end");
    let step = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => step.replace("callboard.", ""),
        DatabaseUrl::Postgres(_) => step.to_owned(),
    };
    assert!(step.contains("_of_one_carrier"), "{step}");
    world.database.execute(&step).await;
}

/// The other carrier has everything that Telnyx has, under the same names; our ids aside.
async fn has_its_double(world: &World) {
    for (table, ids) in TABLES {
        let columns = columns_of(world, table).await;
        let values = columns.iter().map(|column| match column.as_str() {
            "carrier" => "'homing'".to_owned(),
            // Claims are ours, so no two of anybody's legs name the same one.
            "claim_id" => "NULL".to_owned(),
            column if ids.contains(&column) => format!(
                "CASE substr({column}, 1, 1) WHEN '7' THEN '8' ELSE '7' END || substr({column}, 2)"
            ),
            column => column.to_owned(),
        });
        let (values, columns) = (values.collect::<Vec<_>>().join(", "), columns.join(", "));
        let of_legs = match table {
            "errands" => "WHERE kind NOT IN ('drive', 'expire')",
            _ => "",
        };
        let copy =
            format!("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} {of_legs}");
        world.database.execute(&copy).await;
    }
}

async fn columns_of(world: &World, table: &str) -> Vec<String> {
    let sql = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => format!("SELECT name FROM pragma_table_info('{table}')"),
        DatabaseUrl::Postgres(_) => format!(
            "SELECT column_name::text FROM information_schema.columns
             WHERE table_schema = 'callboard' AND table_name = '{table}'"
        ),
    };
    world.database.texts(&sql).await
}

/// All that the other carrier has.
async fn of_the_other(world: &World) -> Vec<String> {
    let mut rows = Vec::new();
    for (table, _) in TABLES {
        rows.extend(rows_of(world, table, "homing").await);
    }
    rows
}

async fn rows_of(world: &World, table: &str, carrier: &str) -> Vec<String> {
    let columns = columns_of(world, table).await;
    let columns = columns.iter();
    let columns: Vec<String> = columns
        .map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')"))
        .collect();
    let row = columns.join(" || ', ' || ");
    let sql = format!("SELECT {row} FROM {table} WHERE carrier = '{carrier}' ORDER BY 1");
    world.database.texts(&sql).await
}

/// A call on which Anna is, in the middle of its life, and one that is held; and what is owed.
async fn has_calls(world: &World, node: &Node, carrier: &Carrier) -> [Leg; 3] {
    let call = carrier.new_call("+12025550133");
    tell(carrier, [&call.initiated()]).await;
    let (claim, _) = node.wins(world.anna, "Anna", &call.call_control_id).await;
    let phone = call.second_leg(Some(client_state(claim)));
    tell(carrier, [&phone.initiated(), &phone.answered()]).await;
    let over = carrier.new_call("+12025550133");
    let end = over.hung_up(HangupCause::OriginatorCancel);
    tell(carrier, [&over.initiated(), &end]).await;
    let held = carrier.new_call("+12025550134");
    tell(carrier, [&held.answered()]).await;
    [call, phone, held]
}

async fn what_two_carriers_name_alike_goes_its_own_way(world: World) {
    takes_the_last_step(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let [call, phone, held] = has_calls(&world, &node, &carrier).await;
    has_its_double(&world).await;
    // One of the other's webhooks has the id of the next one.
    let end = call.hung_up(HangupCause::NormalClearing);
    let sql = format!(
        "UPDATE webhook_events SET webhook_id = '{}' WHERE carrier = 'homing' AND event_type = \
         'call.answered' AND call_control_id = '{}'",
        end.id, held.call_control_id
    );
    world.database.execute(&sql).await;
    let theirs = of_the_other(&world).await;
    assert!(theirs.len() > 10, "{theirs:#?}");
    let next = end.id.to_string();
    assert!(theirs.iter().any(|row| row.contains(&next)), "{theirs:#?}");

    // A repeat, legs that are known by handle, session and claim, and one that waited for its begin.
    tell(&carrier, [&call.initiated(), &phone.bridged(), &end]).await;
    tell(&carrier, [&phone.hung_up(HangupCause::NormalClearing)]).await;
    tell(&carrier, [&held.initiated()]).await;

    assert_eq!(of_the_other(&world).await, theirs);
    let (_, page) = node.get(&world, world.anna, "/api/calls").await;
    let calls = page["calls"].as_array().expect("calls");
    let shown = calls.iter().map(|call| {
        let words = ["from_number", "status"].map(|field| call[field].as_str().unwrap_or("-"));
        words.join(" ")
    });
    let mut shown: Vec<String> = shown.collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            "+12025550133 ended",
            "+12025550133 ended",
            "+12025550134 answered"
        ]
    );
    let (_, logs) = node.get(&world, world.anna, "/api/call-logs").await;
    assert_eq!(
        logs["call_logs"].as_array().map(Vec::len),
        Some(2),
        "{logs}"
    );
    for table in ["webhook_events", "call_legs"] {
        let [ours, theirs] = ["telnyx", "homing"].map(|carrier| rows_of(&world, table, carrier));
        let (ours, theirs) = (ours.await.len(), theirs.await.len());
        assert!(ours >= theirs && theirs > 2, "{table}: {ours}, {theirs}");
    }
}

async fn what_one_carrier_has_named_is_removed_and_the_others_stays(world: World) {
    takes_the_last_step(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let [call, phone, _] = has_calls(&world, &node, &carrier).await;
    let end = call.hung_up(HangupCause::NormalClearing);
    let gone = phone.hung_up(HangupCause::NormalClearing);
    tell(&carrier, [&end, &gone]).await;
    has_its_double(&world).await;
    // What the other carrier has is as new as can be.
    let year = 365 * 24 * 3600;
    let later = world.clock.now().plus_seconds(year).micros();
    for (table, column) in [
        ("inbound_calls", "updated_at"),
        ("call_legs", "updated_at"),
        ("webhook_events", "received_at"),
    ] {
        let sql = format!("UPDATE {table} SET {column} = {later} WHERE carrier = 'homing'");
        world.database.execute(&sql).await;
    }
    let theirs = of_the_other(&world).await;
    world.clock.advance(Duration::from_secs(60));

    let (store, acme, now) = (&world.store, world.acme.id, world.clock.now());
    let webhooks = store.prune_webhooks(acme, now, 1000).await.unwrap();
    let calls = store.prune_calls(acme, now, 50).await.unwrap();
    let legs = store.legs_page(acme, Default::default(), 50).await.unwrap();
    let legs = legs.into_iter().map(|(leg, _)| leg).collect();
    let stray = store.prune_legs(acme, legs, now).await.unwrap();

    assert_eq!((calls.calls, calls.legs, stray), (2, 3, 1));
    assert!(webhooks > 5, "{webhooks}");
    assert_eq!(of_the_other(&world).await, theirs);
    for table in ["inbound_calls", "call_legs", "webhook_events"] {
        assert_eq!(rows_of(&world, table, "telnyx").await, [""; 0], "{table}");
    }
}

async fn who_called_over_one_carrier_is_forgotten_and_the_others_caller_is_not(world: World) {
    takes_the_last_step(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    has_calls(&world, &node, &carrier).await;
    has_its_double(&world).await;
    // Over the other carrier somebody else called, whose name nobody is to lose.
    for (table, _) in TABLES.into_iter().filter(|(table, _)| *table != "errands") {
        for column in columns_of(&world, table).await {
            let is_text = [
                "from_number",
                "phone_number",
                "caller_name",
                "facts",
                "body",
            ];
            if is_text.contains(&column.as_str()) {
                let sql = format!(
                    "UPDATE {table} SET {column} = replace({column}, '2025550133', '3035550199')
                     WHERE carrier = 'homing'"
                );
                world.database.execute(&sql).await;
            }
        }
    }
    let theirs = of_the_other(&world).await;
    assert!(theirs.iter().any(|row| row.contains("3035550199")));

    let url = url_of(&world);
    let ended = callboard(&["forget", "--number", "+12025550133"], &url).await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    assert_eq!(of_the_other(&world).await, theirs);
    for table in ["inbound_calls", "call_legs", "webhook_events", "call_logs"] {
        for row in rows_of(&world, table, "telnyx").await {
            assert!(!row.contains("2025550133"), "{table}: {row}");
        }
    }
}

/// The upserts of the release before this one, by the keys that there were then.
async fn yesterdays_node_writes_legs_and_errands_beside_ours(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    let agency = world.acme.id;
    let legs =
        "agency_id, call_control_id, call_session_id, call_leg_id, claim_id, facts, updated_at";
    let facts = "replace(facts, '+15550100', '+15550177')";
    let errands = "agency_id, kind, subject, due_at, leased_until, attempts, command_n";
    for sql in [
        // One that ours has written, and one that ours has not seen.
        format!(
            "INSERT INTO call_legs ({legs}) SELECT agency_id, call_control_id, call_session_id,
             call_leg_id, claim_id, {facts}, updated_at FROM call_legs WHERE true
             ON CONFLICT (agency_id, call_control_id) DO UPDATE SET facts = excluded.facts"
        ),
        format!(
            "INSERT INTO call_legs ({legs}) SELECT agency_id, 'v3:theirs', call_session_id,
             call_leg_id, claim_id, facts, updated_at FROM call_legs WHERE true
             ON CONFLICT (agency_id, call_control_id) DO UPDATE SET facts = excluded.facts"
        ),
        format!(
            "INSERT INTO errands ({errands}) VALUES ('{agency}', 'look', 'v3:theirs', 1, NULL, 0, 1)
             ON CONFLICT (agency_id, kind, subject) DO UPDATE SET due_at = excluded.due_at"
        ),
        format!(
            "INSERT INTO errands ({errands}) VALUES ('{agency}', 'look', 'v3:theirs', 2, NULL, 0, 1)
             ON CONFLICT (agency_id, kind, subject) DO UPDATE SET due_at = excluded.due_at"
        ),
    ] {
        world.database.execute(&sql).await;
    }

    tell(&carrier, [&call.hung_up(HangupCause::OriginatorCancel)]).await;

    let (_, page) = node.get(&world, world.anna, "/api/calls").await;
    let shown = ["from_number", "status"].map(|field| page["calls"][0][field].clone());
    assert_eq!(shown, ["+15550177", "ended"]);
    let names = "SELECT call_control_id FROM call_legs WHERE carrier = 'telnyx' ORDER BY 1";
    let mut names = world.database.texts(names).await;
    names.sort_unstable();
    let mut wanted = [call.call_control_id.clone(), "v3:theirs".into()];
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    let due = "SELECT CAST(due_at AS TEXT) FROM errands WHERE subject = 'v3:theirs'";
    assert_eq!(world.database.texts(due).await, ["2"]);
}

on_each_database!(
    what_two_carriers_name_alike_goes_its_own_way,
    what_one_carrier_has_named_is_removed_and_the_others_stays,
    who_called_over_one_carrier_is_forgotten_and_the_others_caller_is_not,
    yesterdays_node_writes_legs_and_errands_beside_ours,
);

//! The wallboard's numbers, and the agency's people.

use crate::support::World;
use crate::support::node::Node;
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use callboard::domain::{AgencyId, Role, UserId};
use callboard::store::stats_sql;
use callboard_simulator::{Carrier, HangupCause};
use serde_json::{Value, json};
use std::time::Duration;

async fn stats(node: &Node, world: &World, user: UserId, query: &str) -> Value {
    let path = format!("/api/stats?{query}");
    let reply = node.reads(world, user, &path).await;
    assert_eq!(reply.status, 200, "{query}: {}", reply.text());
    reply.json()
}

/// A call that is answered after so many seconds, and over a minute later.
async fn answered_after(world: &World, carrier: &Carrier, micros: u64) {
    let call = carrier.new_call("+15550100");
    tell(carrier, [&call.initiated()]).await;
    world.clock.advance(Duration::from_micros(micros));
    tell(carrier, [&call.answered()]).await;
    world.clock.advance(Duration::from_secs(60));
    tell(carrier, [&call.hung_up(HangupCause::NormalClearing)]).await;
}

/// The hours in which something was, as `hour answered missed abandoned`.
fn busy_hours(stats: &Value) -> Vec<String> {
    let hours = stats["calls_by_hour"].as_array().unwrap();
    for hour in hours {
        let sum = ["answered", "missed", "abandoned"].map(|result| hour[result].as_i64().unwrap());
        assert_eq!(hour["calls"].as_i64().unwrap(), sum.iter().sum::<i64>());
    }
    let busy = hours.iter().filter(|hour| hour["calls"] != 0);
    busy.map(|hour| {
        let at = hour["hour"].as_str().unwrap();
        format!(
            "{at} {} {} {}",
            hour["answered"], hour["missed"], hour["abandoned"]
        )
    })
    .collect()
}

async fn a_quiet_agency_has_a_day_of_zeros(world: World) {
    let node = world.node().await;
    let stats = stats(&node, &world, world.anna, "").await;
    let hours: Vec<Value> = (0..=9)
        .map(|hour| {
            json!({
                "hour": format!("2026-11-21T0{hour}:00:00.000000Z"),
                "calls": 0, "answered": 0, "missed": 0, "abandoned": 0,
            })
        })
        .collect();
    assert_eq!(
        stats,
        json!({
            "waiting_now": 0, "longest_wait_s": 0.0, "answered": 0, "missed": 0, "abandoned": 0,
            "agents": [],
            "average_wait_s": null, "within_20_s": null, "service_level_s": 20,
            "within_service_level": null, "calls_by_hour": hours,
            "since": "2026-11-21T00:00:00.000000Z", "as_of": "2026-11-21T09:00:00.000000Z",
        })
    );
}

async fn the_wallboard_counts_who_waits_and_how_the_day_went(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    answered_after(&world, &carrier, 20_000_000).await;
    answered_after(&world, &carrier, 20_000_001).await;
    answered_after(&world, &carrier, 4_999_999).await;
    world.clock.advance(Duration::from_secs(3600));
    let (gone, missed) = (carrier.new_call("+1"), carrier.new_call("+2"));
    tell(&carrier, [&gone.initiated(), &missed.initiated()]).await;
    world.clock.advance(Duration::from_secs(600));
    tell(
        &carrier,
        [
            &gone.hung_up(HangupCause::OriginatorCancel),
            &missed.hung_up(HangupCause::Timeout),
        ],
    )
    .await;
    // One rings, one is being answered, one is talked on.
    let (ringing, claimed, talking) = (
        carrier.new_call("+3"),
        carrier.new_call("+4"),
        carrier.new_call("+5"),
    );
    tell(&carrier, [&talking.initiated(), &talking.answered()]).await;
    world.clock.advance(Duration::from_secs(10));
    tell(&carrier, [&claimed.initiated()]).await;
    node.wins(world.ben, "Ben", &claimed.call_control_id).await;
    world.clock.advance(Duration::from_secs(30));
    tell(&carrier, [&ringing.initiated()]).await;
    world.clock.advance(Duration::from_millis(2500));

    let today = stats(&node, &world, world.anna, "").await;
    assert_eq!(
        (&today["waiting_now"], &today["longest_wait_s"]),
        (&json!(2), &json!(32.5))
    );
    assert_eq!(
        (&today["answered"], &today["missed"], &today["abandoned"]),
        (&json!(3), &json!(1), &json!(1))
    );
    assert_eq!(today["average_wait_s"], json!(15.0));
    assert_eq!(today["within_20_s"], json!(2.0 / 3.0));
    assert_eq!(
        busy_hours(&today),
        [
            "2026-11-21T09:00:00.000000Z 3 0 0",
            "2026-11-21T10:00:00.000000Z 0 1 1"
        ]
    );
    assert_eq!(today["calls_by_hour"].as_array().unwrap().len(), 11);

    // A day may begin at any moment, as midnight does elsewhere.
    let india = stats(&node, &world, world.anna, "since=2026-11-21T00:00:00+05:30").await;
    assert_eq!(india["since"], "2026-11-20T18:30:00.000000Z");
    assert_eq!(
        busy_hours(&india),
        [
            "2026-11-21T08:30:00.000000Z 3 0 0",
            "2026-11-21T09:30:00.000000Z 0 1 1"
        ]
    );
    let late = stats(&node, &world, world.anna, "since=2026-11-21T10:00:00Z").await;
    assert_eq!(
        (&late["answered"], &late["average_wait_s"], &late["missed"]),
        (&json!(0), &json!(null), &json!(1))
    );
    // Nobody else's.
    let rival = stats(&node, &world, world.mallory, "").await;
    assert!(
        rival["waiting_now"] == 0 && busy_hours(&rival).is_empty(),
        "{rival}"
    );

    // The next day begins with nothing but those who still wait.
    world.clock.advance(Duration::from_secs(14 * 3600));
    let next = stats(&node, &world, world.anna, "").await;
    assert_eq!(next["since"], "2026-11-22T00:00:00.000000Z");
    assert!(
        next["waiting_now"] == 2 && next["answered"] == 0 && busy_hours(&next).is_empty(),
        "{next}"
    );
}

async fn a_day_that_makes_no_sense_is_refused(world: World) {
    let node = world.node().await;
    for since in ["yesterday", "2026-10-21T08:59:59Z", "1970-01-01T00:00:00Z"] {
        let reply = node
            .reads(&world, world.anna, &format!("/api/stats?since={since}"))
            .await;
        assert!(
            reply.status == 400 && reply.error().starts_with("since: "),
            "{since}: {}",
            reply.text()
        );
    }
    let month = stats(&node, &world, world.anna, "since=2026-10-21T09:00:00Z").await;
    assert_eq!(
        month["calls_by_hour"].as_array().unwrap().len(),
        31 * 24 + 1
    );
}

async fn a_day_that_begins_later_than_now_by_a_browsers_clock_begins_now(world: World) {
    let node = world.node().await;
    for since in [
        "2026-11-21T09:00:00.000001Z",
        "2026-11-21T09:14:00Z",
        "2026-11-22T00:00:00Z",
        "2031-01-01T00:00:00%2B14:00",
    ] {
        let day = stats(&node, &world, world.anna, &format!("since={since}")).await;
        assert_eq!(
            (&day["since"], &day["answered"]),
            (&day["as_of"], &json!(0)),
            "{since}"
        );
        assert_eq!(day["as_of"], "2026-11-21T09:00:00.000000Z", "{since}");
    }
}

async fn the_numbers_are_read_off_one_range_of_one_index(world: World) {
    let (agency, now) = (world.acme.id, world.clock.now().micros());
    let rows = format!(
        "INSERT INTO call_logs (id, agency_id, result, started_at, call_sid, created_at, updated_at)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
         SELECT 'row-' || CAST(i AS TEXT), '{agency}', 'missed', {now} - i * CAST(60000000 AS BIGINT),
                'old-' || CAST(i AS TEXT), 0, 0 FROM n"
    );
    world.database.execute(&rows).await;
    let plan = plan(&world, agency).await;
    let found = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => {
            "SEARCH call_logs USING COVERING INDEX idx_call_logs_stats (agency_id=? AND started_at>?)"
        }
        DatabaseUrl::Postgres(_) => "Index Only Scan using idx_call_logs_stats on call_logs",
    };
    assert!(plan.iter().any(|line| line.contains(found)), "{plan:#?}");
    assert!(
        !plan
            .iter()
            .any(|line| line.contains("SCAN") || line.contains("Seq Scan")),
        "{plan:#?}"
    );
}

async fn only_owners_and_admins_see_the_agencys_people(world: World) {
    let node = world.node().await;
    let anna = node.reads(&world, world.anna, "/api/users").await;
    assert_eq!(
        (anna.status, anna.error()),
        (
            403,
            "Only the agency's owner or an admin (role agency_owner or agency_admin) may do this"
                .into()
        )
    );
    let people = async |user| {
        let reply = node.reads(&world, user, "/api/users").await;
        assert_eq!(reply.status, 200);
        let users = reply.json()["users"].as_array().unwrap().clone();
        let mut names: Vec<_> = users
            .iter()
            .map(|user| user["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        (names, users)
    };
    let (names, users) = people(world.olivia).await;
    assert_eq!(names, ["Anna", "Ben", "Olivia"]);
    let ben = users.iter().find(|user| user["name"] == "Ben").unwrap();
    assert_eq!(
        *ben,
        json!({
            "id": world.ben.to_string(), "name": "Ben", "email": null, "role": "agency_member",
            "agency_id": world.acme.id.to_string(), "sip_username": null,
            "status": "active", "since": null, "invitation_expires_at": null,
            "has_account": false, "second_factor": false, "sessions": 0, "last_seen_at": null,
            "mail": null,
        })
    );
    assert_eq!(people(world.mallory).await.0, ["Mallory"]);
    world
        .changes_user(world.ben, |ben| ben.role = Some(Role::Admin))
        .await;
    node.learns(&world).await;
    assert_eq!(
        people(world.ben).await.0,
        ["Anna", "Ben", "Olivia the Second"]
    );
}

on_each_database!(
    a_quiet_agency_has_a_day_of_zeros,
    the_wallboard_counts_who_waits_and_how_the_day_went,
    a_day_that_makes_no_sense_is_refused,
    a_day_that_begins_later_than_now_by_a_browsers_clock_begins_now,
    the_numbers_are_read_off_one_range_of_one_index,
    only_owners_and_admins_see_the_agencys_people,
);

/// How the database goes about the counting of a day.
async fn plan(world: &World, agency: AgencyId) -> Vec<String> {
    let sql = stats_sql(
        "call_logs",
        agency,
        world.clock.now().plus_seconds(-86_400),
        20,
    );
    match &world.database.url {
        DatabaseUrl::Sqlite { path } => {
            use diesel::prelude::*;
            use diesel::sql_types::{Integer, Text};
            let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
            let plan = format!("EXPLAIN QUERY PLAN {sql}");
            let plan = diesel::dsl::sql::<(Integer, Integer, Integer, Text)>(&plan);
            let lines: Vec<(i32, i32, i32, String)> = plan.load(&mut conn).unwrap();
            lines.into_iter().map(|(_, _, _, line)| line).collect()
        }
        DatabaseUrl::Postgres(_) => {
            // As the server's own housekeeping does in time.
            world.database.texts("VACUUM ANALYZE call_logs").await;
            world.database.texts(&format!("EXPLAIN {sql}")).await
        }
    }
}

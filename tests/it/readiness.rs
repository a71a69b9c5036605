//! `/readyz` is the duty: whether a webhook could be kept now.

use crate::support::World;
use crate::support::database::Database;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use crate::support::patience::soon;
use crate::support::process::Process;
use callboard::config::DatabaseUrl;
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// Longer than a commit speaks for the database.
const LATER: Duration = Duration::from_secs(6);

async fn it_tells_how_the_last_commit_went_and_when(world: World) {
    let node = world.node().await;
    node.rings(&world.acme, 1).await;
    for age in [0.0, 4.0] {
        let ready = ready(&node).await;
        assert_eq!(
            (ready.status, &ready.json()["last_commit"]),
            (200, &json!({"ok": true, "age_s": age}))
        );
        world.clock.advance(Duration::from_secs(4));
    }
}

async fn however_many_ask_one_of_them_makes_it_write(world: World) {
    let node = world.node().await;
    for _ in 0..3 {
        world.clock.advance(LATER);
        let before = node.app.store.writes();
        let asked = join_all((0..50).map(|_| ready(&node))).await;
        assert!(
            asked
                .iter()
                .all(|ready| ready.status == 200 && ready.json()["last_commit"]["age_s"] == 0.0)
        );
        // Errands and the like may have written meanwhile.
        let writes = node.app.store.writes() - before;
        assert!(writes < 8, "{writes} writes for 50 who asked");
        assert!(
            world
                .database
                .texts("SELECT body FROM pulse")
                .await
                .is_empty()
        );
    }
}

async fn a_database_that_takes_no_rows_is_named_and_used_again_at_once(world: World) {
    let node = world.node().await;
    assert_eq!(ready(&node).await.status, 200);
    world.refuses("INSERT", "pulse").await;
    world.clock.advance(LATER);
    is_named(&ready(&node).await);
    world.allows("pulse").await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ready(&node).await.status, 200);
}

async fn a_table_that_takes_no_webhooks_is_named_long_after_the_last_one(world: World) {
    let node = world.node().await;
    node.rings(&world.acme, 1).await;
    for table in [
        "webhook_events",
        "inbound_calls",
        "call_legs",
        "call_events",
        "claims",
        "commands",
        "call_logs",
    ] {
        world.refuses("INSERT", table).await;
        world.clock.advance(LATER);
        is_named(&ready(&node).await);
        world.allows(table).await;
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(ready(&node).await.status, 200, "{table}");
    }
}

async fn one_webhook_that_could_be_kept_does_not_speak_for_all(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    // Only what rings needs a row here.
    let word = world.refuses("INSERT", "inbound_calls").await;
    let rings = carrier.new_call("+15550100");
    assert_eq!(
        carrier.deliver(&rings.initiated()).await.status,
        Some(503),
        "{word}"
    );
    is_named(&ready(&node).await);
    let early = carrier.new_call("+15550101").answered();
    assert_eq!(carrier.deliver(&early).await.status, Some(200));
    is_named(&ready(&node).await);

    world.allows("inbound_calls").await;
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ready(&node).await.status, 200);
    assert_eq!(carrier.deliver(&rings.initiated()).await.status, Some(200));
}

on_each_database!(
    it_tells_how_the_last_commit_went_and_when,
    however_many_ask_one_of_them_makes_it_write,
    a_database_that_takes_no_rows_is_named_and_used_again_at_once,
    a_table_that_takes_no_webhooks_is_named_long_after_the_last_one,
    one_webhook_that_could_be_kept_does_not_speak_for_all,
);

/// A full disk leaves room for so many pages more; some are too few for a webhook and enough for less.
const ROOM: [u64; 6] = [0, 2, 5, 9, 14, 20];
/// A page of SQLite's log.
const PAGE: u64 = 4096 + 24;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_on_a_full_disk_is_named_for_as_long_as_it_is_full() {
    let world = World::in_real_time(Database::migrated_sqlite().await).await;
    let process = Process::start(&world).await;
    let carrier = process.carrier(&world, &world.acme);
    let client = crate::support::node::client();
    let asked = async || reply(client.get(format!("{}/readyz", process.url))).await;
    // Whoever reads keeps the log from beginning again at its start, as a file without room does.
    let _reader = world.database.read_by_another();
    for room in ROOM {
        process.files_end_at(Some(world.database.log_size() + room * PAGE));
        let full = async {
            loop {
                let call = carrier.new_call("+15550100").initiated();
                if carrier.deliver(&call).await.status == Some(503) {
                    return;
                }
            }
        };
        soon("the disk to be full", full).await;
        // What is known is asked for, and then what a try finds; twice.
        for _ in 0..2 {
            let mut age = 0.0;
            let tried = async {
                loop {
                    let answer = asked().await;
                    is_named(&answer);
                    let now = answer.json()["last_commit"]["age_s"]
                        .as_f64()
                        .expect("an age");
                    if now < age {
                        return;
                    }
                    age = now;
                }
            };
            soon("a try", tried).await;
        }
        process.files_end_at(None);
        process.is_ready().await;
        let call = carrier.new_call("+15550100").initiated();
        assert_eq!(carrier.deliver(&call).await.status, Some(200));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_on_a_full_disk_is_named_for_as_long_as_it_is_full() {
    let world = World::on_postgres().await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    for full in [&TABLES[..], &["pulse"], &["webhook_events", "call_events"]] {
        let raise = "CREATE FUNCTION extend() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;";
        let each =
            |sql: fn(&str) -> String| full.iter().map(|table| sql(table)).collect::<String>();
        let fills = each(|table| {
            format!(
                "CREATE TRIGGER fills BEFORE INSERT ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION extend();"
            )
        });
        world.database.execute(&format!("{raise}{fills}")).await;
        let call = carrier.new_call("+15550100").initiated();
        if full == ["pulse"] {
            world.clock.advance(LATER);
        } else {
            assert_eq!(carrier.deliver(&call).await.status, Some(503));
            is_named(&ready(&node).await);
        }
        for later in [Duration::from_secs(1), LATER, LATER] {
            world.clock.advance(later);
            is_named(&ready(&node).await);
        }
        let empties = each(|table| format!("DROP TRIGGER fills ON {table};"));
        world
            .database
            .execute(&format!("{empties}DROP FUNCTION extend()"))
            .await;
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(ready(&node).await.status, 200);
        assert_eq!(carrier.deliver(&call).await.status, Some(200));
    }
}

/// What a full disk keeps from growing.
const TABLES: [&str; 9] = [
    "webhook_events",
    "inbound_calls",
    "call_legs",
    "call_events",
    "claims",
    "commands",
    "errands",
    "call_logs",
    "pulse",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_sqlite_that_another_process_holds_is_named() {
    let world = World::on_sqlite().await;
    let node = world.node().await;
    let lock = world.database.locked_by_another();
    world.clock.advance(LATER);
    is_named(&ready(&node).await);
    drop(lock);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(ready(&node).await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgres_that_became_read_only_is_named() {
    let world = World::on_postgres().await;
    let node = world.node().await;
    for (value, status) in [("on", 503), ("off", 200)] {
        let alter = format!(
            "SET default_transaction_read_only = off; BEGIN READ WRITE; \
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = {value}', \
             current_database()); END $$; COMMIT; \
             SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()"
        );
        world.database.execute(&alter).await;
        world.clock.advance(LATER);
        let as_it_should = async {
            while ready(&node).await.status != status {
                world.clock.advance(Duration::from_secs(1));
            }
        };
        soon("readyz to know", as_it_should).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_to_a_table_that_nobody_has_touched_is_noticed() {
    let world = World::on_postgres().await;
    let role = format!("server_{}", Uuid::new_v4().simple());
    let DatabaseUrl::Postgres(url) = &world.database.url else {
        panic!("PostgreSQL")
    };
    let owner = url.config.get_user().expect("a user");
    let theirs = url
        .display
        .replacen(&format!("{owner}@"), &format!("{role}@"), 1);
    let grant = format!(
        "CREATE ROLE {role} LOGIN; GRANT ALL ON SCHEMA callboard TO {role}; \
         DO $$ BEGIN EXECUTE format('GRANT ALL ON DATABASE %I TO {role}', current_database()); END $$; \
         GRANT ALL ON ALL TABLES IN SCHEMA callboard TO {role}"
    );
    world.database.execute(&grant).await;
    let world = world.configured(|config| {
        config.database = DatabaseUrl::parse(&theirs).expect("a URL");
    });
    let node = world.node().await;
    assert_eq!(ready(&node).await.status, 200);
    for table in ["call_events", "claims", "commands"] {
        let revoke = format!("REVOKE INSERT ON {table} FROM {role}");
        world.database.execute(&revoke).await;
        world.clock.advance(LATER);
        is_named(&ready(&node).await);
        world
            .database
            .execute(&format!("GRANT INSERT ON {table} TO {role}"))
            .await;
        world.clock.advance(Duration::from_secs(1));
        assert_eq!(ready(&node).await.status, 200);
    }
    drop(node);
    let done = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    world.database.execute(&done).await;
}

async fn ready(node: &Node) -> Reply {
    reply(node.ask("GET", "/readyz")).await
}

fn is_named(asked: &Reply) {
    assert_eq!(
        (asked.status, asked.error()),
        (503, "Not ready: database".into())
    );
    assert_eq!(asked.json()["missing"], json!(["database"]));
    assert_eq!(asked.json()["last_commit"]["ok"], json!(false));
}

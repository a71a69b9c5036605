//! `/readyz` is the duty: whether a webhook could be kept now.

use crate::support::World;
use crate::support::http::{Reply, reply};
use crate::support::node::Node;
use crate::support::patience::soon;
use callboard::config::DatabaseUrl;
use futures_util::future::join_all;
use serde_json::json;
use std::time::Duration;
use uuid::Uuid;

/// Longer than a commit speaks for the database.
const LATER: Duration = Duration::from_secs(6);

on_every_database! {
    async fn it_tells_how_the_last_commit_went_and_when(world: World) {
        let node = world.node().await;
        node.rings(&world.acme, 1).await;
        for age in [0.0, 4.0] {
            let ready = ready(&node).await;
            assert_eq!((ready.status, &ready.json()["last_commit"]), (200, &json!({"ok": true, "age_s": age})));
            world.clock.advance(Duration::from_secs(4));
        }
    }

    async fn however_many_ask_one_of_them_makes_it_write(world: World) {
        let node = world.node().await;
        for _ in 0..3 {
            world.clock.advance(LATER);
            let before = node.app.store.writes();
            let asked = join_all((0..50).map(|_| ready(&node))).await;
            assert!(asked.iter().all(|ready| ready.status == 200 && ready.json()["last_commit"]["age_s"] == 0.0));
            // Errands and the like may have written meanwhile.
            let writes = node.app.store.writes() - before;
            assert!(writes < 8, "{writes} writes for 50 who asked");
            assert!(world.database.texts("SELECT body FROM pulse").await.is_empty());
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
}

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
    for table in ["call_events", "claims"] {
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

//! What lives long may die of a bug; it is started again, and finds out what it missed.

use crate::support::World;
use crate::support::http::reply;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::retelling::tell;
use crate::support::wiretap::Wiretap;
use callboard::config::DatabaseUrl;
use callboard::domain::CredentialKey;
use std::time::Duration;
use uuid::Uuid;

const STEP: Duration = Duration::from_millis(50);

async fn a_journal_that_dies_over_a_batch_is_started_again_with_its_queue(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100").initiated();
    let word = world.refuses("INSERT", "webhook_events").await;
    let _trap = Wiretap::kills_who_says(&word);

    let delivery = carrier.deliver(&call).await;
    assert_ne!(delivery.status, Some(200), "{delivery:?}");
    world.wind_until(STEP, died(&node, "journal")).await;
    world.allows("webhook_events").await;

    tell(&carrier, [&call]).await;
    assert_eq!(
        anna.hears_words(1).await,
        ["1 call.incoming +15550100 incoming"]
    );
    world.clock.advance(Duration::from_secs(1));
    let ready = reply(node.ask("GET", "/readyz")).await;
    assert_eq!(ready.status, 200, "{}", ready.error());
}

async fn a_head_poll_that_dies_still_hears_that_the_numbering_was_renewed(world: World) {
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let _trap = Wiretap::kills_who_says(&format!("Numbering of agency {}", world.acme.id));
    world.store.renew_epoch("another".into()).await.unwrap();

    let ended = world.wind_until(STEP, anna.ends()).await;

    assert!(ended.starts_with("1012 "), "{ended}");
    assert_eq!(ends(&node, "head_poll").await, 1);
}

async fn a_directory_that_dies_over_a_change_reads_it_again(world: World) {
    let node = world.node().await;
    let connection = format!("9{}", Uuid::new_v4().as_u128() % 1_000_000_000_000_000_000);
    let _trap = Wiretap::kills_who_says(&format!("{connection} is claimed"));
    world
        .sets(&world.acme, CredentialKey::TelnyxConnectionIds, &connection)
        .await;
    world
        .sets(
            &world.rival,
            CredentialKey::TelnyxConnectionIds,
            &connection,
        )
        .await;

    world.wind_until(STEP, died(&node, "directory")).await;

    // Whose webhooks these are is known: they are verified, by the one or the other's key.
    let both = [&world.acme, &world.rival].map(|tenant| {
        let mut theirs = tenant.clone();
        theirs.connection.clone_from(&connection);
        node.carrier(&theirs)
    });
    let known = async {
        loop {
            for carrier in &both {
                let call = carrier.new_call("+15550100").initiated();
                if carrier.deliver(&call).await.status == Some(200) {
                    return;
                }
            }
        }
    };
    world.wind_until(STEP, known).await;
}

async fn errands_are_seen_to_by_a_task_that_died_over_them(world: World) {
    let line = world.line().await;
    let word = line.world.refuses("UPDATE", "errands").await;
    let trap = Wiretap::kills_who_says(&word);
    let call = line.exchange.rings("+15550100").await;
    line.does(line.world.anna, "answer", &call).await;
    let _ = line
        .phone_rings(crate::support::exchange::ANNAS_PHONE)
        .await
        .answers();

    line.world
        .wind_until(STEP, died(&line.node, "errands"))
        .await;
    let waits = async {
        while line.node.metric("callboard_errands_due ").await == Some(0) {
            look_again().await;
        }
    };
    line.world.wind_until(STEP, waits).await;
    drop(trap);
    line.world.allows("errands").await;

    // The recording was owed all the while.
    let asked = line.is_asked("record_start", 1);
    line.world.wind_until(STEP, asked).await;
}

async fn a_retention_that_dies_half_way_goes_on(world: World) {
    let node = world.node().await;
    node.rings(&world.acme, 3).await;
    let word = world.refuses("DELETE", "call_events").await;
    let trap = Wiretap::kills_who_says(&word);
    world.clock.advance(Duration::from_secs(8 * 24 * 3600));
    soon("retention to die", died(&node, "retention")).await;
    drop(trap);
    world.allows("call_events").await;

    // The calls have meanwhile ended, which is not long ago.
    let old = "SELECT event_type FROM call_events WHERE event_type = 'call.incoming'";
    let gone = async {
        while !world.database.texts(old).await.is_empty() {
            look_again().await;
        }
    };
    world.wind_until(Duration::from_secs(60), gone).await;
    assert_eq!(ends(&node, "retention").await, 1);
}

on_each_database!(
    a_journal_that_dies_over_a_batch_is_started_again_with_its_queue,
    a_head_poll_that_dies_still_hears_that_the_numbering_was_renewed,
    a_directory_that_dies_over_a_change_reads_it_again,
    errands_are_seen_to_by_a_task_that_died_over_them,
    a_retention_that_dies_half_way_goes_on,
);

async fn ends(node: &Node, duty: &str) -> u64 {
    let name = format!("callboard_duty_ends_total{{duty=\"{duty}\"}}");
    node.metric(&name).await.expect("the metric")
}

async fn died(node: &Node, duty: &str) {
    while ends(node, duty).await == 0 {
        look_again().await;
    }
}

impl World {
    /// From now on the database refuses this, with a word of its own.
    pub async fn refuses(&self, what: &str, table: &str) -> String {
        let word = format!("story {}", Uuid::new_v4());
        let sql = match &self.database.url {
            DatabaseUrl::Sqlite { .. } => format!(
                "CREATE TRIGGER refuses BEFORE {what} ON {table} \
                 BEGIN SELECT RAISE(ABORT, '{word}'); END"
            ),
            DatabaseUrl::Postgres(_) => format!(
                "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION '{word}'; END $$; \
                 CREATE TRIGGER refuses BEFORE {what} ON {table} \
                 FOR EACH ROW EXECUTE FUNCTION refuse()"
            ),
        };
        self.database.execute(&sql).await;
        word
    }

    /// It refuses that no more.
    pub async fn allows(&self, table: &str) {
        let sql = match &self.database.url {
            DatabaseUrl::Sqlite { .. } => "DROP TRIGGER refuses".to_owned(),
            DatabaseUrl::Postgres(_) => {
                format!("DROP TRIGGER refuses ON {table}; DROP FUNCTION refuse()")
            }
        };
        self.database.execute(&sql).await;
    }
}

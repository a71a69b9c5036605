//! A fault of the database is never taken for a fault of a webhook: whatever it is, and in whatever
//! language the server speaks of it, the webhook is refused with 503 and sent again, and soon after
//! the fault is mended everything is on the board, without a restart.

use crate::support::World;
use crate::support::database::Database;
use crate::support::node::Node;
use crate::support::postgres::OwnPostgres;
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use callboard_simulator::{Carrier, HangupCause, Webhook};
use std::time::{Duration, Instant};

/// How long all may take to be well again once a fault is mended.
const RECOVERY: Duration = Duration::from_secs(10);

/// What breaks the database, and what mends it.
struct Fault {
    name: &'static str,
    breaks: String,
    mends: String,
}

fn fault(name: &'static str, breaks: impl Into<String>, mends: impl Into<String>) -> Fault {
    let (breaks, mends) = (breaks.into(), mends.into());
    Fault {
        name,
        breaks,
        mends,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_postgres_is_taken_for_a_webhooks() {
    survives(&World::on_postgres().await, faults_of_postgres()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_a_postgres_that_speaks_german_is_taken_for_a_webhooks() {
    let server = std::env::var("CALLBOARD_TEST_POSTGRES_GERMAN")
        .expect("CALLBOARD_TEST_POSTGRES_GERMAN names no server: run the stories by tests/run");
    let world = World::on(Database::postgres_on(&server).await).await;
    survives(&world, faults_of_postgres()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_fault_of_an_sqlite_is_taken_for_a_webhooks() {
    let of_everybody = |then: &str| {
        format!(
            "CREATE TABLE met (never TEXT CHECK (never IS NULL), needed TEXT NOT NULL DEFAULT '');
             CREATE TRIGGER fault BEFORE INSERT ON call_events BEGIN {then}; END"
        )
    };
    let gone = "DROP TRIGGER fault; DROP TABLE met";
    let faults = vec![
        fault(
            "a table was renamed",
            "ALTER TABLE call_legs RENAME TO call_legs_away",
            "ALTER TABLE call_legs_away RENAME TO call_legs",
        ),
        fault(
            "a column was renamed",
            "ALTER TABLE call_logs RENAME COLUMN wait TO waited",
            "ALTER TABLE call_logs RENAME COLUMN waited TO wait",
        ),
        fault(
            "a trigger refuses everything",
            of_everybody("SELECT RAISE(ABORT, 'not today')"),
            gone,
        ),
        fault(
            "a constraint that nothing can meet",
            of_everybody("INSERT INTO met (never) VALUES (NEW.call_id)"),
            gone,
        ),
        fault(
            "a value that everything lacks",
            of_everybody("INSERT INTO met (needed) VALUES (NULL)"),
            gone,
        ),
    ];
    survives(&World::on_sqlite().await, faults).await;
}

/// Everything that a person with an SQL prompt, a full disk or a tired administrator can do.
fn faults_of_postgres() -> Vec<Fault> {
    let mut faults = vec![
        fault(
            "a table was renamed",
            "ALTER TABLE call_legs RENAME TO call_legs_away",
            "ALTER TABLE call_legs_away RENAME TO call_legs",
        ),
        fault(
            "a column was renamed",
            "ALTER TABLE call_logs RENAME COLUMN wait TO waited",
            "ALTER TABLE call_logs RENAME COLUMN waited TO wait",
        ),
        fault(
            "a column is a number now",
            "ALTER TABLE inbound_calls ALTER COLUMN call_session_id TYPE integer USING NULL",
            "ALTER TABLE inbound_calls ALTER COLUMN call_session_id TYPE text",
        ),
        fault(
            "a column is too narrow now",
            "ALTER TABLE call_legs ALTER COLUMN call_leg_id TYPE varchar(3) USING NULL",
            "ALTER TABLE call_legs ALTER COLUMN call_leg_id TYPE text",
        ),
        fault(
            "a moment does not fit any more",
            "ALTER TABLE call_events ALTER COLUMN recorded_at TYPE integer USING 0",
            "ALTER TABLE call_events ALTER COLUMN recorded_at TYPE bigint",
        ),
        fault(
            "a column was added that nobody fills",
            "ALTER TABLE call_events ADD COLUMN needed text NOT NULL DEFAULT '';
             ALTER TABLE call_events ALTER COLUMN needed DROP DEFAULT",
            "ALTER TABLE call_events DROP COLUMN needed",
        ),
        fault(
            "a constraint that nothing can meet",
            "ALTER TABLE webhook_events ADD CONSTRAINT never CHECK (false) NOT VALID",
            "ALTER TABLE webhook_events DROP CONSTRAINT never",
        ),
    ];
    // A full disk, no memory, too many locks, cancelled, shut down, a broken index, a limit, a
    // trigger's own, a deadlock, no right, data that is nobody's, and codes that nobody has heard of.
    let codes = [
        "53100", "53200", "55P03", "57014", "57P01", "XX002", "54000", "P0001", "40P01", "42501",
        "22P02", "23505", "0A000", "ZZ999",
    ];
    faults.extend(codes.map(|code| {
        fault(
            code,
            format!(
                "CREATE FUNCTION fault() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                   RAISE EXCEPTION 'kaputt' USING ERRCODE = '{code}';
                 END $$;
                 CREATE TRIGGER fault BEFORE INSERT ON call_events
                 FOR EACH ROW EXECUTE FUNCTION fault()"
            ),
            "DROP TRIGGER fault ON call_events; DROP FUNCTION fault()",
        )
    }));
    faults
}

async fn survives(world: &World, faults: Vec<Fault>) {
    no_views(world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut anna = node.board(world, world.anna).await;
    for (
        place,
        Fault {
            name,
            breaks,
            mends,
        },
    ) in faults.into_iter().enumerate()
    {
        let (before, during) = (carrier.new_call("+15550100"), carrier.new_call("+15550200"));
        tell(&carrier, [&before.initiated()]).await;
        let webhooks = [
            before.hung_up(HangupCause::OriginatorCancel),
            during.initiated(),
        ];

        world.database.execute(&breaks).await;
        refused(&carrier, &webhooks, name).await;
        world.database.execute(&mends).await;

        acknowledged_soon(&carrier, &webhooks, name).await;
        tell(&carrier, [&during.hung_up(HangupCause::NormalClearing)]).await;
        let told = 4 * (place as u64 + 1);
        assert_eq!(anna.hears_lives(told).await.len(), 2, "{name}");
        // Readers recover too.
        let (status, _) = node.get(world, world.anna, "/api/call-logs").await;
        assert_eq!(status, 200, "{name}");
    }
    all_applied(world).await;
}

/// The views for people at a prompt hold on to the columns that they show.
async fn no_views(world: &World) {
    let kinds = ["calls", "events", "legs", "claims", "webhooks", "call_logs"];
    let sql = kinds.map(|kind| format!("DROP VIEW IF EXISTS {kind}_readable;"));
    world.database.execute(&sql.concat()).await;
}

/// One of these at least meets the fault; none is kept as failed, and none acknowledged without
/// being on the board.
async fn refused(carrier: &Carrier, webhooks: &[Webhook], fault: &str) {
    let mut statuses = Vec::new();
    for webhook in webhooks {
        statuses.push(carrier.deliver(webhook).await.status);
    }
    assert!(statuses.contains(&Some(503)), "{fault}: {statuses:?}");
    let others = |status: &Option<u16>| matches!(status, Some(200 | 503));
    assert!(statuses.iter().all(others), "{fault}: {statuses:?}");
}

async fn acknowledged_soon(carrier: &Carrier, webhooks: &[Webhook], fault: &str) {
    let mended = Instant::now();
    for webhook in webhooks {
        while carrier.deliver(webhook).await.status != Some(200) {
            assert!(mended.elapsed() < RECOVERY, "{fault}: not well in time");
        }
    }
}

async fn all_applied(world: &World) {
    let outcomes = world.outcomes(world.acme.id).await;
    let all = outcomes.iter().all(|outcome| outcome == "applied");
    assert!(all, "{outcomes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_costs_no_webhook() {
    let world = World::on_postgres().await;
    let (world, role) = as_an_ordinary_role(world).await;
    let grant = |verb, right: &str, table| {
        let whom = if verb == "GRANT" { "TO" } else { "FROM" };
        format!("{verb} {right} ON {table} {whom} {role}")
    };
    let missing = [
        ("INSERT", "call_events"),
        ("INSERT", "call_logs"),
        ("UPDATE", "inbound_calls"),
        ("INSERT", "webhook_events"),
        ("SELECT", "claims"),
        ("UPDATE", "agency_heads"),
    ];
    let faults = missing.map(|(right, table)| {
        let (breaks, mends) = (grant("REVOKE", right, table), grant("GRANT", right, table));
        fault(table, breaks, mends)
    });
    survives(&world, faults.into()).await;
}

/// The same world, whose servers come as a role that is not above all rights.
async fn as_an_ordinary_role(world: World) -> (World, String) {
    let DatabaseUrl::Postgres(url) = &world.database.url else {
        panic!("PostgreSQL has roles");
    };
    let name = url.config.get_dbname().expect("a database").to_owned();
    let port = url.config.get_ports()[0];
    let role = format!("app_{name}");
    let sql = format!(
        "CREATE ROLE {role} LOGIN;
         GRANT CREATE ON DATABASE {name} TO {role};
         GRANT ALL ON SCHEMA callboard TO {role};
         GRANT ALL ON ALL TABLES IN SCHEMA callboard TO {role}"
    );
    world.database.execute(&sql).await;
    let url = DatabaseUrl::parse(&format!("postgres://{role}@127.0.0.1:{port}/{name}"));
    let url = url.expect("a URL");
    (world.configured(|config| config.database = url), role)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_cancelled_or_cut_off_is_sent_again_whatever_the_language() {
    let german = OwnPostgres::german();
    let world = World::in_real_time(german.database().await).await;
    let node = world.node().await;
    let carrier = node.patient_carrier(&world.acme);
    let calls: Vec<_> = (0..40)
        .map(|number| carrier.new_call(&format!("+155501{number:02}")).initiated())
        .collect();

    let told = futures_util::future::join_all(calls.iter().map(|call| carrier.deliver(call)));
    let (told, ()) = tokio::join!(told, async {
        for call in 0..20 {
            let how = ["pg_cancel_backend", "pg_terminate_backend"][call % 2];
            interrupts(&world, how).await;
        }
    });

    assert!(told.iter().all(|delivery| delivery.status == Some(200)));
    assert_eq!(world.last_seq(&world.acme).await, 40);
    all_applied(&world).await;
}

/// Interrupts all connections but the one that asks.
async fn interrupts(world: &World, how: &str) {
    let sql = format!(
        "SELECT count({how}(pid))::text FROM pg_stat_activity
         WHERE datname = current_database() AND pid <> pg_backend_pid()
         AND backend_type = 'client backend'"
    );
    world.database.texts(&sql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_is_not_let_go_of_costs_no_webhook_in_german() {
    let german = OwnPostgres::german();
    let world = World::on(german.database().await).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100").initiated();

    let lock = world.database.locks("call_legs").await;
    let delivery = carrier.deliver(&call).await;
    assert_eq!(delivery.status, Some(503), "{delivery:?}");
    drop(lock);

    acknowledged_soon(&carrier, &[call], "a lock").await;
    all_applied(&world).await;
}

/// Statements that connections have prepared and that are not valid any more are forgotten with
/// their connections: readers' as well as the writers'.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_altered_table_under_a_running_server_needs_no_restart() {
    let world = World::on_postgres().await;
    no_views(&world).await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let calls: Vec<Webhook> = (0..20)
        .map(|_| carrier.new_call("+15550100").initiated())
        .collect();
    tell(&carrier, &calls[..10]).await;
    // All of the readers' connections have planned what they read.
    reads_at_once(&node, &world).await;

    let alter = "ALTER TABLE inbound_calls ALTER COLUMN caller_name TYPE varchar(1000);
                 ALTER TABLE call_legs ADD COLUMN later text;
                 ALTER TABLE agency_heads ALTER COLUMN epoch TYPE varchar(100)";
    world.database.execute(alter).await;

    let altered = Instant::now();
    acknowledged_soon(&carrier, &calls[10..], "an altered table").await;
    while reads_at_once(&node, &world).await.contains(&503) {
        assert!(altered.elapsed() < RECOVERY, "readers are not well in time");
    }
    all_applied(&world).await;
}

async fn reads_at_once(node: &Node, world: &World) -> Vec<u16> {
    let reads = (0..12).map(|_| node.get(world, world.anna, "/api/calls"));
    let read = futures_util::future::join_all(reads).await;
    read.into_iter().map(|(status, _)| status).collect()
}

//! Poolers before PostgreSQL: one that gives us a session of our own serves wholly, one that does not
//! is refused before anything is read or left behind.

use crate::support::World;
use crate::support::command::{callboard, each_refuses};
use crate::support::database::Database;
use crate::support::pooler::Pooler;
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use callboard_simulator::HangupCause;

/// The guide's tables, as a database holds them that served another program before.
const OTHERS: &str = "CREATE TABLE public.users (id text, marker text); \
     CREATE TABLE public.call_logs (id text, marker text); \
     INSERT INTO public.users VALUES ('1', 'theirs'); \
     INSERT INTO public.call_logs VALUES ('1', 'theirs')";
/// What our connections set for themselves.
const SETTINGS: [&str; 6] = [
    "search_path",
    "enable_seqscan",
    "plan_cache_mode",
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
];

async fn shared_database() -> Database {
    let database = Database::postgres().await;
    database.execute(OTHERS).await;
    database
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_pooler_is_refused_by_every_command_and_left_as_it_was() {
    let database = shared_database().await;
    let modes: [(&str, &[&str]); 5] = [
        ("transaction", &[]),
        // As many set it up for JDBC.
        (
            "transaction",
            &["ignore_startup_parameters = extra_float_digits,options"],
        ),
        (
            "transaction",
            &[
                "default_pool_size = 1",
                "ignore_startup_parameters = options",
            ],
        ),
        (
            "transaction",
            &["server_round_robin = 1", "min_pool_size = 5"],
        ),
        ("statement", &[]),
    ];
    for (mode, settings) in modes {
        let pooler = Pooler::start(mode, settings);
        let other = pooler.client(&database).await;
        let words = [
            "transaction pooler",
            "use the session pooler or the direct address, port 5432",
        ];
        each_refuses(&pooler.url_of(&database), &words).await;
        for setting in SETTINGS {
            let rows = other
                .simple_query(&format!("SHOW {setting}"))
                .await
                .expect("a setting");
            let left = format!("{rows:?}");
            let ours = ["callboard", "\"off\"", "force_generic_plan", "00ms", "1s"];
            assert!(
                !ours.iter().any(|ours| left.contains(ours)),
                "{mode}: {setting} is {left}"
            );
        }
    }
    let schemas = "SELECT nspname::text FROM pg_namespace WHERE nspname = 'callboard'";
    assert!(database.texts(schemas).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_transaction_pooler_is_refused_too() {
    let database = shared_database().await;
    let pooler = Pooler::start("transaction", &["default_pool_size = 4"]);
    let others: Vec<_> =
        futures_util::future::join_all((0..3).map(|_| pooler.client(&database))).await;
    let busy = others.into_iter().map(|other| {
        tokio::spawn(async move {
            while other.batch_execute("BEGIN; SELECT 1; COMMIT").await.is_ok() {}
        })
    });
    let busy: Vec<_> = busy.collect();
    for _ in 0..5 {
        each_refuses(&pooler.url_of(&database), &["is a transaction pooler"]).await;
    }
    busy.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_pooler_serves_wholly_beside_tables_of_the_same_names() {
    let modes: [&[&str]; 2] = [
        &["default_pool_size = 40"],
        &[
            "default_pool_size = 40",
            "ignore_startup_parameters = extra_float_digits,options",
        ],
    ];
    for settings in modes {
        let mut database = shared_database().await;
        let pooler = Pooler::start("session", settings);
        let direct = database.url.clone();
        let url = pooler.url_of(&database);
        database.url = DatabaseUrl::parse(&url).expect("a URL");
        let world = World::on(database).await;
        let node = world.node().await;
        let mut anna = node.board(&world, world.anna).await;
        let carrier = node.carrier(&world.acme);
        let call = carrier.new_call("+15550100");
        let over = call.hung_up(HangupCause::OriginatorCancel);
        tell(&carrier, [&call.initiated(), &over]).await;
        assert_eq!(
            anna.hears_words(2).await,
            [
                "1 call.incoming +15550100 incoming",
                "2 call.ended +15550100 ended hangup"
            ]
        );
        let ended = callboard(&["migrate", "--check"], &url).await;
        assert_eq!(ended.code, 0, "{}", ended.said);
        let mut beside = world.database;
        beside.url = direct;
        let theirs = beside.texts("SELECT marker FROM public.call_logs").await;
        assert_eq!(theirs, ["theirs"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_statement_hangs_on_a_search_path() {
    let database = shared_database().await;
    let DatabaseUrl::Postgres(url) = &database.url else {
        panic!("PostgreSQL")
    };
    let name = url.config.get_dbname().expect("a name");
    // Whoever connects from now on finds the other program's tables first, or none.
    database
        .execute(&format!(
            "ALTER DATABASE {name} SET search_path TO public, pg_temp"
        ))
        .await;
    let world = World::on(database).await;
    let node = world.node().await;
    let mut anna = node.board(&world, world.anna).await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call("+15550100");
    tell(
        &carrier,
        [
            &call.initiated(),
            &call.hung_up(HangupCause::OriginatorCancel),
        ],
    )
    .await;
    anna.hears_words(2).await;
    for path in [
        "/api/calls",
        "/api/call-logs",
        "/api/agency/stats",
        "/api/agency/users",
    ] {
        let (status, said) = node.get(&world, world.olivia, path).await;
        assert!(status < 500, "{path}: {said}");
    }
    let theirs = world
        .database
        .texts("SELECT marker FROM public.users")
        .await;
    assert_eq!(theirs, ["theirs"]);
}

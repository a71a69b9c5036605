//! What keeps a server from starting is said in a sentence that mends it, by every command alike.

use crate::support::World;
use crate::support::command::{callboard, each_refuses, prepared};
use crate::support::database::Database;
use crate::support::patience::soon;
use crate::support::postgres::OwnPostgres;
use crate::support::process::url_of;
use crate::support::retelling::tell;
use callboard::config::DatabaseUrl;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;

/// The address of that database for another user.
fn as_user(world: &World, user: &str) -> String {
    let DatabaseUrl::Postgres(url) = &world.database.url else {
        panic!("PostgreSQL")
    };
    url.display.replace("callboard@", &format!("{user}@"))
}

/// A role with a name of its own, since roles are the server's.
fn role() -> String {
    format!("role_{}", uuid::Uuid::new_v4().simple())
}

const ALL: &str = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA callboard";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_make_nothing_serves_where_nothing_is_missing() {
    let world = World::on_postgres().await;
    let role = role();
    let sql = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA callboard TO {role}; GRANT {ALL} TO {role}"
    );
    world.database.execute(&sql).await;
    let url = as_user(&world, &role);
    let migrated = callboard(&["migrate"], &url).await;
    assert!(
        migrated.code == 0 && migrated.said.contains("no migration was missing"),
        "{}",
        migrated.said
    );
    let mut world = world;
    world.database.url = DatabaseUrl::parse(&url).expect("a URL");
    world.config.database = world.database.url.clone();
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    tell(&carrier, [&carrier.new_call("+15550100").initiated()]).await;
    world.database.url =
        DatabaseUrl::parse(&as_user(&world, "callboard").replace(&role, "callboard"))
            .expect("a URL");
    world
        .database
        .execute(&format!("DROP OWNED BY {role}"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_ends_the_start_with_what_grants_it() {
    let world = World::on_postgres().await;
    let role = role();
    let url = as_user(&world, &role);
    let setup = format!("CREATE ROLE {role} LOGIN");
    world.database.execute(&setup).await;
    each_refuses(
        &url,
        &[&format!("GRANT USAGE ON SCHEMA callboard TO {role}")],
    )
    .await;
    let sql = format!("GRANT USAGE ON SCHEMA callboard TO {role}; GRANT {ALL} TO {role}");
    world.database.execute(&sql).await;
    for (taken, granted) in [
        (
            "INSERT ON callboard.webhook_events",
            "GRANT INSERT ON callboard.webhook_events TO",
        ),
        (
            "UPDATE, DELETE ON callboard.errands",
            "GRANT UPDATE, DELETE ON callboard.errands TO",
        ),
        (
            "SELECT ON callboard.__diesel_schema_migrations",
            "GRANT SELECT ON callboard.__diesel_schema_migrations TO",
        ),
    ] {
        world
            .database
            .execute(&format!("REVOKE {taken} FROM {role}"))
            .await;
        let grant = format!("{granted} {role}");
        each_refuses(&url, &[&grant]).await;
        world.database.execute(&grant).await;
        assert_eq!(callboard(&["migrate"], &url).await.code, 0);
    }
    // A policy hides rows from all but the owner: no right is missing, and nothing can be read.
    let closed = "ALTER TABLE callboard.claims ENABLE ROW LEVEL SECURITY";
    world.database.execute(closed).await;
    each_refuses(
        &url,
        &["ALTER TABLE callboard.claims DISABLE ROW LEVEL SECURITY"],
    )
    .await;
    world
        .database
        .execute(&format!("DROP OWNED BY {role}"))
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_may_not_apply_what_is_missing_hears_what_would_let_him() {
    let database = Database::postgres().await;
    let role = role();
    database.execute(&format!("CREATE ROLE {role} LOGIN")).await;
    let DatabaseUrl::Postgres(url) = &database.url else {
        panic!("PostgreSQL")
    };
    let name = url.config.get_dbname().expect("a name");
    let url = url.display.replace("callboard@", &format!("{role}@"));
    let ended = callboard(&["migrate"], &url).await;
    let grant = format!("GRANT CREATE ON DATABASE {name} TO {role}");
    assert!(
        ended.code == 1 && ended.said.contains(&grant),
        "{}",
        ended.said
    );
    let usage = format!("GRANT USAGE ON SCHEMA callboard TO {role}");
    let made = format!("CREATE SCHEMA callboard; {usage}");
    database.execute(&made).await;
    let ended = callboard(&["serve"], &url).await;
    let grant = format!("GRANT CREATE ON SCHEMA callboard TO {role}");
    assert!(
        ended.code == 1 && ended.said.contains(&grant),
        "{}",
        ended.said
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_waits_for_its_turn_and_says_so() {
    let database = Database::postgres().await;
    let DatabaseUrl::Postgres(url) = &database.url else {
        panic!("PostgreSQL")
    };
    let (other, connection) = url
        .config
        .connect(tokio_postgres::NoTls)
        .await
        .expect("a client");
    tokio::spawn(connection);
    let turn = "BEGIN; SELECT pg_advisory_xact_lock(1667329132, 1651466610)";
    other.batch_execute(turn).await.expect("the turn");
    let mut waiting = prepared(&["migrate"], &url.display)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("a command");
    let mut lines = BufReader::new(waiting.stderr.take().expect("stderr")).lines();
    let said = soon("a line", lines.next_line())
        .await
        .expect("text")
        .expect("a line");
    assert!(
        said.contains("Another process migrates") && said.contains("at most 30 s"),
        "{said}"
    );
    other.batch_execute("ROLLBACK").await.expect("an end");
    let ended = soon("its turn", waiting.wait()).await.expect("an end");
    assert!(ended.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_ends_every_command() {
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("an address").port();
    let held = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((client, _)) = silent.accept().await {
            held.push(client);
        }
    });
    each_refuses(&format!("postgres://me@127.0.0.1:{port}/b"), &["no answer"]).await;
    each_refuses(
        &format!("postgres://me@127.0.0.1:{port}/b?sslmode=require"),
        &["no answer"],
    )
    .await;
    held.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stalled_server_ends_every_command() {
    let postgres = OwnPostgres::start();
    let database = postgres.database().await;
    postgres.stall();
    let DatabaseUrl::Postgres(url) = &database.url else {
        panic!("PostgreSQL")
    };
    each_refuses(&url.display, &["no answer"]).await;
    postgres.resume();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_and_a_wrong_name_are_told_apart_in_any_language() {
    let postgres = OwnPostgres::start_german();
    let database = postgres.database().await;
    let file = database
        .texts("SELECT current_setting('hba_file')")
        .await
        .remove(0);
    database
        .execute(&format!(
            "CREATE ROLE locked LOGIN PASSWORD 'right'; \
         COPY (SELECT 'host all callboard 127.0.0.1/32 trust' UNION ALL \
         SELECT 'host all locked 127.0.0.1/32 scram-sha-256') TO '{file}'; \
         SELECT pg_reload_conf()"
        ))
        .await;
    let DatabaseUrl::Postgres(url) = &database.url else {
        panic!("PostgreSQL")
    };
    let at = url.display.split_once('@').expect("a user").1;
    let locked = format!("postgres://locked:hunter2@{at}");
    let refused = [
        "refuses the password of user locked",
        "correct the password in DATABASE_URL",
    ];
    each_refuses(&locked, &refused).await;
    assert!(
        !callboard(&["migrate"], &locked)
            .await
            .said
            .contains("hunter2")
    );
    each_refuses(
        &format!("postgres://stranger:x@{at}"),
        &["does not let user stranger in"],
    )
    .await;
    let server = at.split_once('/').expect("a name").0;
    let nowhere = format!("postgres://callboard@{server}/nowhere");
    each_refuses(
        &nowhere,
        &[
            "there is no database \"nowhere\"",
            "CREATE DATABASE \"nowhere\"",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_cannot_be_reached_is_told_by_how() {
    each_refuses("postgres://me@127.0.0.1:1/b", &["nothing listens there"]).await;
    each_refuses(
        "postgres://me@[2001:db8::1]/b",
        &["an IPv6 address only", "session pooler, port 5432"],
    )
    .await;
    each_refuses("postgres://me@db.invalid/b", &["db.invalid leads nowhere"]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_that_cannot_be_trusted_is_told_with_its_remedy() {
    let port = shows_a_certificate().await;
    let at = format!("127.0.0.1:{port}/b");
    for mode in ["verify-ca", "verify-full"] {
        let url = format!("postgres://me@{at}?sslmode={mode}");
        each_refuses(
            &url,
            &["authority that is not known here", "sslrootcert=FILE"],
        )
        .await;
    }
    let ours = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/support/certificates/authority.pem"
    );
    let url = format!("postgres://me@{at}?sslmode=verify-full&sslrootcert={ours}");
    each_refuses(&url, &["its certificate is for another host", "verify-ca"]).await;
}

/// A server that speaks TLS with a certificate of its own authority for db.example, and no more.
async fn shows_a_certificate() -> u16 {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support/certificates");
    let chain = CertificateDer::from_pem_file(format!("{folder}/server.pem")).expect("PEM");
    let key = PrivateKeyDer::from_pem_file(format!("{folder}/server.key")).expect("PEM");
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![chain], key)
        .expect("a certificate");
    let config = std::sync::Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let config = std::sync::Arc::clone(&config);
            tokio::spawn(async move {
                let _ = client.read_exact(&mut [0; 8]).await;
                let _ = client.write_all(b"S").await;
                let client = client.into_std().expect("a socket");
                client.set_nonblocking(false).expect("a socket that waits");
                let shaken = tokio::task::spawn_blocking(move || {
                    let mut tls = rustls::ServerConnection::new(config).expect("TLS");
                    let mut client = client;
                    tls.complete_io(&mut client)
                });
                shaken.await
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_another_program_is_told_what_it_is_here() {
    let url = url_of(&World::on_postgres().await);
    for (more, said) in [
        (
            "pgbouncer=true",
            "use the session pooler or the direct address, port 5432",
        ),
        ("ssl=true", "sslmode=require"),
        ("sslmode=no-verify", "sslmode=require"),
        ("connection_limit=1", "Prisma"),
    ] {
        for command in ["serve", "migrate", "doctor"] {
            let ended = callboard(&[command], &format!("{url}?{more}")).await;
            assert_eq!(ended.code, 2, "{}", ended.said);
            assert!(ended.said.contains(said), "{}", ended.said);
        }
    }
}

//! The doctor: a set-up that is right, and each thing that may be wrong with it.

use crate::support::World;
use crate::support::checkup::Said;
use crate::support::database::Database;
use crate::support::mailbox::{Mailbox, PASSWORD};
use callboard::config::DatabaseUrl;
use callboard::domain::CredentialKey;
use callboard_simulator::ExchangeSettings;
use callboard_simulator::ultravox::Fault;
use serde_json::json;
use uuid::Uuid;

/// Where nobody listens.
const NOBODY: &str = "http://127.0.0.1:1";

fn usual() -> ExchangeSettings {
    ExchangeSettings::default()
}

/// An exchange that says this of Acme's application.
fn application(said: serde_json::Value) -> ExchangeSettings {
    ExchangeSettings {
        application: said.as_object().cloned().unwrap_or_default(),
        ..usual()
    }
}

async fn a_set_up_that_is_right_is_told_so_line_by_line(world: World) {
    let set_up = world.set_up(usual()).await;
    let said = set_up.doctor().await;
    assert_eq!(said.code, 0);
    let acme = said.lines.iter().filter(|line| line.contains("Acme: "));
    assert!(
        acme.clone().count() >= 8 && acme.clone().all(|line| line.starts_with("ok ")),
        "{:#?}",
        said.lines
    );
    for words in [
        "it is up and lets us in",
        "no table is missing",
        "it can be written to",
        "HS256 tokens are checked",
        "a callboard answers there",
        "can be opened: ultravox_api_key, telnyx_api_key, telnyx_public_key",
        "everyone has a SIP name",
        "phones are called at sip.telnyx.com",
        "the latest webhook came",
        "no recording is due",
        "is active, sends API v2 webhooks here and may call out",
        "is no Call Control application, and Ultravox wants a TeXML one",
        "Ultravox has what is stored",
    ] {
        said.says("ok ", words);
    }
    said.says("warning ", "names this machine alone");
    assert!(!said.lines.concat().contains("Rival"));

    let all = set_up.doctor_of(&[], &[]).await;
    all.says("ok ", "2 agencies, 2 looked at")
        .says("warning ", "Rival: there is no telnyx_api_key");
    assert_eq!(all.code, 0);
}

async fn an_application_that_is_set_up_wrongly_is_mended_point_by_point(world: World) {
    let url = "https://me:hunter2@elsewhere.example/hook";
    let set_up = world
        .set_up(application(json!({
            "active": false, "webhook_api_version": "1", "webhook_event_url": url,
            "outbound": {"outbound_voice_profile_id": null},
        })))
        .await;
    let said = set_up.doctor().await;
    let here = format!(
        "set its webhook URL to {}/api/telnyx/webhook/{}",
        set_up.line.node.url, set_up.line.world.acme.id
    );
    said.says("wrong ", "is not active")
        .says("wrong ", "webhooks of API v1")
        .says("wrong ", &here)
        .says("wrong ", "no outbound voice profile")
        .has_wrong(4);
    assert!(!said.lines.concat().contains("hunter2"));
}

async fn telnyx_refusing_the_key_or_not_knowing_the_application_is_told(world: World) {
    let set_up = world.set_up(usual()).await;
    let world = &set_up.line.world;
    world
        .sets(&world.acme, CredentialKey::TelnyxConnectionIds, "4242")
        .await;
    set_up
        .doctor()
        .await
        .says("wrong ", "knows no Call Control application 4242");
    world
        .sets(
            &world.acme,
            CredentialKey::TelnyxApiKey,
            "KEY_of_another_account",
        )
        .await;
    let said = set_up.doctor().await;
    said.says("wrong ", "store the right telnyx_api_key");
    assert!(!said.lines.concat().contains("KEY_of_another_account"));
    world.unsets(&world.acme, CredentialKey::TelnyxApiKey).await;
    set_up
        .doctor()
        .await
        .says("warning ", "calls show, and cannot be answered");
}

async fn one_application_cannot_serve_the_board_and_ultravox(world: World) {
    let set_up = world.set_up(usual()).await;
    let world = &set_up.line.world;
    world
        .sets(
            &world.acme,
            CredentialKey::TelnyxApplicationId,
            &world.acme.connection,
        )
        .await;
    set_up.ultravox_has(json!({"applicationSid": world.acme.connection}));
    set_up
        .doctor()
        .await
        .says("wrong ", "must be a TeXML application")
        .says("wrong ", "a phone number has one of the two")
        .has_wrong(1);
}

async fn what_ultravox_has_otherwise_is_named(world: World) {
    let set_up = world.set_up(usual()).await;
    set_up.ultravox_has(
        json!({"apiKey": "other", "applicationSid": "1", "callCreationAllowAllAgents": false}),
    );
    set_up
        .doctor()
        .await
        .says("wrong ", "another value for telnyx_api_key")
        .says("wrong ", "another applicationSid")
        .says("wrong ", "lets no agent take calls of Telnyx")
        .has_wrong(3);
    set_up
        .ultravox
        .fails(Fault::says(401, json!({"detail": "Invalid API key."})));
    set_up
        .doctor()
        .await
        .says("wrong ", "did not say what it has: Invalid API key.")
        .has_wrong(1);
}

async fn a_network_that_is_dead_yields_lines_and_no_abort(world: World) {
    let set_up = world.set_up(usual()).await;
    let dead = ["TELNYX_API_BASE", "ULTRAVOX_API_BASE", "SUPABASE_URL"].map(|name| (name, NOBODY));
    let api = format!("{NOBODY}/api");
    let said = set_up
        .doctor_with(&[dead.as_slice(), &[("API_BASE_URL", &api)]].concat())
        .await;
    said.says(
        "wrong ",
        "API_BASE_URL http://127.0.0.1:1/api: 127.0.0.1 cannot be reached",
    )
    .says(
        "wrong ",
        "the keys of http://127.0.0.1:1/ cannot be fetched",
    )
    .says("wrong ", "application at Telnyx cannot be looked up")
    .says("wrong ", "Ultravox did not say")
    .says("ok ", "the latest webhook came")
    .has_wrong(4);
}

async fn a_server_that_is_no_callboard_does_not_pass_for_one(world: World) {
    let set_up = world.set_up(usual()).await;
    let other = format!("{}/api", set_up.ultravox.url());
    set_up
        .doctor_with(&[("API_BASE_URL", &other)])
        .await
        .says("wrong ", "and not as callboard does");
}

async fn credentials_that_cannot_be_opened_are_named_one_by_one(world: World) {
    let set_up = world.set_up(usual()).await;
    let other = "/////////////////////////////////////////wE=";
    let said = set_up
        .doctor_with(&[("CALLBOARD_ENCRYPTION_KEY", other)])
        .await;
    for key in [
        "telnyx_api_key",
        "telnyx_public_key",
        "ultravox_api_key",
        "telnyx_caller_id",
    ] {
        said.says("wrong ", &format!("{key} is stored and cannot be opened: "));
    }
    said.says("wrong ", "every webhook is refused");
    let said = set_up
        .doctor_with(&[("CALLBOARD_ENCRYPTION_KEY", "")])
        .await;
    said.says(
        "wrong ",
        "cannot be opened: CALLBOARD_ENCRYPTION_KEY is not set",
    );
    let world = &set_up.line.world;
    world
        .sets(&world.acme, CredentialKey::TelnyxPublicKey, "AAEC")
        .await;
    set_up
        .doctor()
        .await
        .says("wrong ", "each must be base64 of 32 bytes")
        .says("wrong ", "every webhook is refused");
}

async fn nobody_can_sign_in_without_a_secret_or_a_project(world: World) {
    let set_up = world.set_up(usual()).await;
    set_up
        .doctor_with(&[("SUPABASE_JWT_SECRET", ""), ("CALLBOARD_ACCOUNTS", "off")])
        .await
        .says(
            "wrong ",
            "nobody can sign in: neither SUPABASE_URL nor SUPABASE_JWT_SECRET",
        )
        .has_wrong(1);
    set_up
        .doctor_with(&[("SUPABASE_JWT_SECRET", "short")])
        .await
        .says("warning ", "shorter than 32 bytes")
        .has_wrong(0);
}

async fn a_value_with_what_was_pasted_along_is_warned_of_by_name(world: World) {
    let set_up = world.set_up(usual()).await;
    let said = set_up
        .doctor_with(&[
            (
                "SUPABASE_JWT_SECRET",
                "hush-hush-hush-hush-hush-hush-hush\n",
            ),
            ("TELNYX_SIP_PASSWORD", "\"hush\""),
            ("ULTRAVOX_API_KEY", "hush # of the staging account"),
        ])
        .await;
    said.says(
        "warning ",
        "settings: SUPABASE_JWT_SECRET begins or ends with a line end",
    )
    .says(
        "warning ",
        "settings: TELNYX_SIP_PASSWORD begins or ends with a quote",
    )
    .says(
        "warning ",
        "settings: ULTRAVOX_API_KEY is or holds a comment",
    )
    .has_wrong(0);
    assert!(!said.lines.concat().contains("hush"), "{:#?}", said.lines);
}

async fn an_issuer_that_names_itself_otherwise_is_told_with_the_setting_that_mends_it(
    world: World,
) {
    let set_up = world.set_up(usual()).await;
    let issuer = "https://auth.acme.example/auth/v1";
    let project = answering(200, &json!({"issuer": format!("{issuer}/"), "keys": []}));
    let there = ("SUPABASE_URL", project.as_str());
    let mend = format!("all are refused; to mend it: set SUPABASE_JWT_ISSUER={issuer}");
    set_up
        .doctor_with(&[there])
        .await
        .says("wrong ", &mend)
        .has_wrong(1);
    let named = format!("https://other.example,{issuer}");
    set_up
        .doctor_with(&[there, ("SUPABASE_JWT_ISSUER", &named)])
        .await
        .says("ok ", "as is expected")
        .has_wrong(0);
}

async fn a_proxy_that_lets_no_socket_through_is_told(world: World) {
    let set_up = world.set_up(usual()).await;
    set_up.doctor().await.says(
        "ok ",
        "a WebSocket opens there for a page of http://127.0.0.1",
    );
    for (status, words) in [
        (
            400,
            "the upgrade to a WebSocket is answered by 400; to mend it: let the proxy pass the upgrade on",
        ),
        (403, "a WebSocket is refused to a page of http://127.0.0.1"),
    ] {
        let proxy = answering(status, &json!({"status": "alive"}));
        let api = format!("{proxy}/api");
        set_up
            .doctor_with(&[("API_BASE_URL", &api)])
            .await
            .says("wrong ", words);
    }
}

async fn phones_that_will_not_ring_are_warned_of_and_spoil_nothing(world: World) {
    let set_up = world.set_up(usual()).await;
    let world = &set_up.line.world;
    world.gives_phone(world.ben, "Ben", None).await;
    set_up
        .doctor()
        .await
        .says("warning ", "1 person (Ben) without a SIP name: ")
        .has_wrong(0);
    world
        .sets(&world.acme, CredentialKey::TelnyxSipUsername, "shared")
        .await;
    set_up
        .doctor()
        .await
        .says("warning ", "rings the last client that registered")
        .has_wrong(0);
    world.gives_phone(world.ben, "Ben", Some("anna")).await;
    set_up
        .doctor_with(&[("TELNYX_SIP_SERVER", "rtc.telnyx.com")])
        .await
        .says("warning ", "2 people (Anna, Ben) with the same SIP name")
        .says("warning ", "the signalling host of WebRTC clients only")
        .has_wrong(0);
}

async fn webhooks_that_stay_away_and_recordings_that_do_are_noticed(world: World) {
    let set_up = world.set_up(usual()).await;
    let world = &set_up.line.world;
    let becomes = |what: &'static str| world.database.execute(what);
    becomes("UPDATE webhook_events SET event_type = 'call.bridged'").await;
    set_up
        .doctor()
        .await
        .says("warning ", "no call.recording.saved came");
    set_up
        .doctor_with(&[("CALLBOARD_RECORDING", "off")])
        .await
        .says("ok ", "calls are not recorded");
    becomes("UPDATE webhook_events SET event_type = 'call.recording.saved'").await;
    set_up
        .doctor()
        .await
        .says("ok ", "the latest recording was saved");
    becomes("UPDATE webhook_events SET event_type = 'call.recording.error'").await;
    set_up.doctor().await.says(
        "warning ",
        "the latest news of a recording is that it failed",
    );
    becomes("UPDATE webhook_events SET outcome = 'other_connection'").await;
    set_up
        .doctor()
        .await
        .says("wrong ", "of connections that are not its own")
        .has_wrong(1);
    // A body that nobody understands, or the server would soon have applied it.
    becomes(
        "UPDATE webhook_events SET outcome = 'failed', body = '{}', received_at = received_at - 259200000000",
    )
    .await;
    set_up
        .doctor()
        .await
        .says("warning ", "the latest webhook came 3 days ago")
        .says("warning ", "kept raw: 1")
        .has_wrong(0);
    becomes("DELETE FROM webhook_events").await;
    set_up
        .doctor()
        .await
        .says("warning ", "no webhook came in the last 7 days")
        .has_wrong(0);
}

async fn agencies_and_people_must_be_there(world: World) {
    let set_up = world.set_up(usual()).await;
    let world = &set_up.line.world;
    let nobody = Uuid::nil().to_string();
    set_up
        .doctor_of(&["--agency", &nobody], &[])
        .await
        .says("wrong ", &format!("there is no agency {nobody}"))
        .has_wrong(1);
    world.database.execute("DELETE FROM users").await;
    set_up
        .doctor()
        .await
        .says("wrong ", "nobody works there")
        .has_wrong(1);
    let empty = World::on(match &world.database.url {
        DatabaseUrl::Sqlite { .. } => Database::sqlite(),
        DatabaseUrl::Postgres(_) => Database::postgres().await,
    })
    .await;
    empty.is_emptied().await;
    let url = crate::support::process::url_of(&empty);
    let there = [("DATABASE_URL", url.as_str())];
    set_up
        .doctor_of(&[], &there)
        .await
        .says("wrong ", "agencies: there is none")
        .has_wrong(1);
    let described = [there[0], ("TELNYX_CALLER_ID", "+15550109000")];
    set_up
        .doctor_of(&[], &described)
        .await
        .says("warning ", "the settings describe one")
        .has_wrong(0);
}

async fn what_is_tried_in_the_database_is_taken_back(world: World) {
    let before = world.store.directory_version().await.expect("a version");
    for _ in 0..20 {
        let rights = world.store.rights().await.expect("rights");
        assert!(rights.refused.is_empty() && rights.to_migrate.is_empty());
    }
    assert_eq!(
        world.store.directory_version().await.expect("a version"),
        before
    );
    world
        .sets(
            &world.acme,
            CredentialKey::TelnyxSipUsername,
            "still writes",
        )
        .await;
}

async fn a_database_that_is_away_or_empty_is_told_and_left_as_it_is(world: World) {
    let set_up = world.set_up(usual()).await;
    let world = &set_up.line.world;
    let (away, empty) = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => (Database::sqlite(), None),
        DatabaseUrl::Postgres(_) => (Database::sqlite(), Some(Database::postgres().await)),
    };
    let DatabaseUrl::Sqlite { path } = &away.url else {
        panic!("a file")
    };
    let url = format!("sqlite://{}", path.display());
    let said = set_up.doctor_with(&[("DATABASE_URL", &url)]).await;
    goes_on(said.says("wrong ", "there is none yet").has_wrong(1));
    assert!(!path.exists());
    let said = set_up
        .doctor_with(&[("DATABASE_URL", "postgres://nobody@127.0.0.1:1/x")])
        .await;
    goes_on(
        said.says("wrong ", "database postgres://nobody@127.0.0.1:1/x: ")
            .has_wrong(1),
    );
    if let Some(Database {
        url: DatabaseUrl::Postgres(url),
        ..
    }) = &empty
    {
        for _ in 0..2 {
            let said = set_up.doctor_with(&[("DATABASE_URL", &url.display)]).await;
            goes_on(said.says("wrong ", "migrations missing").has_wrong(1));
        }
    }
}

async fn the_mail_server_is_tried(world: World) {
    let set_up = world.set_up(usual()).await;
    let from = ("MAIL_FROM", "callboard@example.com");
    for way in ["wrapped", "starttls"] {
        let mailbox = Mailbox::start(way);
        let url = mailbox.url(PASSWORD);
        let said = set_up.doctor_with(&[("SMTP_URL", &url), from]).await;
        said.says("ok ", "lets us in; mails come from callboard@example.com");
        let url = mailbox.url("another/secret");
        let said = set_up.doctor_with(&[("SMTP_URL", &url), from]).await;
        said.says("wrong ", "takes no mails");
        assert!(!said.lines.concat().contains("secret"), "{:#?}", said.lines);
    }
    let nobody = ("SMTP_URL", "smtps://mail:secret@127.0.0.1:1");
    let said = set_up.doctor_with(&[nobody, from]).await;
    said.says("wrong ", "smtps://127.0.0.1:1 takes no mails");
}

on_each_database!(
    the_mail_server_is_tried,
    a_set_up_that_is_right_is_told_so_line_by_line,
    an_application_that_is_set_up_wrongly_is_mended_point_by_point,
    telnyx_refusing_the_key_or_not_knowing_the_application_is_told,
    one_application_cannot_serve_the_board_and_ultravox,
    what_ultravox_has_otherwise_is_named,
    a_network_that_is_dead_yields_lines_and_no_abort,
    a_server_that_is_no_callboard_does_not_pass_for_one,
    credentials_that_cannot_be_opened_are_named_one_by_one,
    nobody_can_sign_in_without_a_secret_or_a_project,
    a_value_with_what_was_pasted_along_is_warned_of_by_name,
    an_issuer_that_names_itself_otherwise_is_told_with_the_setting_that_mends_it,
    a_proxy_that_lets_no_socket_through_is_told,
    phones_that_will_not_ring_are_warned_of_and_spoil_nothing,
    webhooks_that_stay_away_and_recordings_that_do_are_noticed,
    agencies_and_people_must_be_there,
    what_is_tried_in_the_database_is_taken_back,
    a_database_that_is_away_or_empty_is_told_and_left_as_it_is,
);

/// Somebody who says this to whatever is asked, and has this status for a WebSocket.
fn answering(status: u16, body: &serde_json::Value) -> String {
    use std::io::{BufRead, BufReader, Write};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let body = body.to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let lines = BufReader::new(&stream).lines().map_while(Result::ok);
            let asked: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let is_upgrade = asked
                .iter()
                .any(|line| line.to_lowercase().starts_with("upgrade:"));
            let status = if is_upgrade { status } else { 200 };
            let length = body.len();
            let _ = write!(
                &stream,
                "HTTP/1.1 {status} So\r\nConnection: close\r\nContent-Type: application/json\r\n\
                 Content-Length: {length}\r\n\r\n{body}"
            );
        }
    });
    url
}

/// What needs no database is looked at all the same.
fn goes_on(said: &Said) {
    said.says("ok ", "a callboard answers there");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_file_that_another_holds_cannot_be_written_to() {
    let set_up = World::on_sqlite().await.set_up(usual()).await;
    let held = set_up.line.world.database.locked_by_another();
    set_up
        .doctor()
        .await
        .says("wrong ", "locked")
        .says("ok ", "a callboard answers there");
    drop(held);
    set_up.doctor().await.has_wrong(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_user_without_rights_is_told_which_are_missing() {
    let set_up = World::on_postgres().await.set_up(usual()).await;
    let world = &set_up.line.world;
    let DatabaseUrl::Postgres(url) = &world.database.url else {
        panic!("PostgreSQL")
    };
    let role = format!("reader_{}", Uuid::new_v4().simple());
    let owner = url.config.get_user().expect("a user");
    let theirs = url
        .display
        .replacen(&format!("{owner}@"), &format!("{role}@"), 1);
    assert_ne!(theirs, url.display);
    world
        .database
        .execute(&format!(
            "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA callboard TO {role}; \
             GRANT SELECT ON ALL TABLES IN SCHEMA callboard TO {role}; \
             GRANT INSERT, UPDATE, DELETE ON claims TO {role}"
        ))
        .await;
    let asks = [("DATABASE_URL", theirs.as_str())];
    let said = set_up.doctor_with(&asks).await;
    let grant = format!("GRANT INSERT, UPDATE, DELETE ON callboard.agencies TO {role}");
    said.says("wrong ", &grant);
    assert!(!said.lines.concat().contains("claims"));
    world
        .database
        .execute(&format!(
            "GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA callboard TO {role}"
        ))
        .await;
    set_up
        .doctor_with(&asks)
        .await
        .says("ok ", "it can be written to")
        .says(
            "warning ",
            "a newer callboard could not apply its migrations",
        );
    let done = format!("DROP OWNED BY {role}; DROP ROLE {role}");
    world.database.execute(&done).await;
    world
        .database
        .execute("DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$")
        .await;
    set_up
        .doctor()
        .await
        .says("wrong ", "it cannot be written to: ")
        .says("wrong ", "read-only");
}

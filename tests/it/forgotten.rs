//! `callboard forget`: no trace is left of a number or a person, others' stay, and the rest agrees.

use crate::support::World;
use crate::support::command::{Ended, callboard, prepared};
use crate::support::http::reply;
use crate::support::node::Node;
use crate::support::patience::{look_again, soon};
use crate::support::process::url_of;
use crate::support::retelling::tell;
use callboard::carriers::telnyx::client_state;
use callboard::config::DatabaseUrl;
use callboard::domain::Role;
use callboard_simulator::browser::{CloseCode, Message};
use callboard_simulator::{Carrier, HangupCause};
use secrecy::ExposeSecret;
use std::process::Stdio;
use std::time::Duration;

const NUMBER: &str = "+12025550133";
const DIGITS: &str = "2025550133";
/// The rows of a talk in which something stands, in the order in which they are walked over, but for
/// those that come last.
const ALL_BUT_LOGS: [(&str, usize); 4] = [
    ("webhook_events", 4),
    ("call_events", 5),
    ("claims", 0),
    ("call_legs", 1),
];
/// As others have it: longer, shorter, another last digit.
const SIMILAR: [&str; 3] = ["+120255501334", "+1202555013", "+12025550134"];

async fn a_number_is_forgotten_everywhere_and_similar_ones_are_not(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    talks(&world, &node, &carrier, NUMBER).await;
    for similar in SIMILAR {
        talks(&world, &node, &carrier, similar).await;
    }
    writes_notes(&node, &world).await;
    talks_at_rivals(&node, &world).await;
    waits_to_be_applied(&world).await;
    assert!(is_in(&world.database.dump(), DIGITS.as_bytes()));

    let agency = world.acme.id.to_string();
    let ended = forgets(&world, &["--number", "(202) 555-0133", "--agency", &agency]).await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    for (table, rows) in [
        ("webhook_events", 5),
        ("call_events", 5),
        ("call_legs", 1),
        ("call_logs", 4),
        ("inbound_calls", 1),
        ("claims", 0),
    ] {
        assert_eq!(erased(&ended, table), rows, "{table}: {}", ended.said);
    }
    assert!(
        ended.said.contains("1 recording at the carrier"),
        "{}",
        ended.said
    );
    for text in texts_of(&world, &agency).await {
        assert!(
            !text.contains("2025550133\"") && !text.contains("Secretive"),
            "{text}"
        );
    }
    let numbers = world
        .database
        .texts("SELECT from_number FROM inbound_calls ORDER BY from_number");
    let mut left = vec![NUMBER.to_owned(), "anonymous".into()];
    left.extend(SIMILAR.map(str::to_owned));
    left.sort_unstable();
    let mut numbers = numbers.await;
    numbers.sort_unstable();
    assert_eq!(numbers, left, "the rival's own call is the rival's");
    is_verified(&world).await;

    let ended = forgets(&world, &["--number", NUMBER]).await;
    assert_eq!(
        erased(&ended, "inbound_calls"),
        1,
        "the rival's: {}",
        ended.said
    );
    leaves_no_trace(&world, DIGITS, "20255501334");
    let again = forgets(&world, &["--number", NUMBER]).await;
    assert!(
        again.said.contains("Nothing was left to forget"),
        "{}",
        again.said
    );
    is_verified(&world).await;
}

async fn a_person_is_forgotten_everywhere_and_colleagues_are_not(world: World) {
    world
        .changes_user(world.ben, |ben| {
            ben.name = Some("Benedict Example".into());
            ben.email = Some("benedict@example.com".into());
            ben.sip_username = Some("benedictphone".into());
            ben.role = Some(Role::Owner);
        })
        .await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    talks(&world, &node, &carrier, NUMBER).await;
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    node.wins(world.anna, "Anna", &call.call_control_id).await;
    writes_notes(&node, &world).await;
    let key = serde_json::json!({ "name": "Wall", "rights": ["display"] });
    let made = node
        .does(&world, world.ben, "POST", "/api/agency/keys", Some(key))
        .await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = world.ben.to_string();
    assert!(is_in(&world.database.dump(), id.as_bytes()));

    let ended = forgets(&world, &["--person", &id]).await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    for (table, rows) in [
        ("claims", 1),
        ("call_logs", 1),
        ("inbound_calls", 1),
        ("agency_keys", 1),
        ("users", 1),
    ] {
        assert_eq!(erased(&ended, table), rows, "{table}: {}", ended.said);
    }
    for word in [id.as_str(), "Benedict", "benedict"] {
        leaves_no_trace(&world, word, "\u{0}");
    }
    let anna = world.anna.to_string();
    let claimed = world
        .database
        .texts("SELECT user_id FROM claims ORDER BY claimed_at, user_id");
    assert!(claimed.await.contains(&anna));
    is_verified(&world).await;
    let again = forgets(&world, &["--person", &id]).await;
    assert!(
        again.said.contains("Nothing was left to forget"),
        "{}",
        again.said
    );
}

async fn open_boards_begin_again_with_what_is_left(world: World) {
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let mut mallory = node.board(&world, world.mallory).await;
    let mut anna = node.board(&world, world.anna).await;
    let call = carrier.new_call(NUMBER);
    tell(&carrier, [&call.initiated()]).await;
    anna.hears().await;
    let seen = anna.position();

    let ended = forgets(&world, &["--number", NUMBER]).await;
    assert_eq!(ended.code, 0, "{}", ended.said);
    let closed = world
        .wind_until(Duration::from_millis(100), anna.closes())
        .await;

    assert_eq!(closed.code, CloseCode(1012));
    let mut anna = node.board_at(&world, world.anna, seen).await;
    assert!(matches!(anna.greeting(), Message::Snapshot(snapshot)
        if snapshot.reason == "epoch_changed"));
    assert_eq!(anna.shows(), ["anonymous incoming"]);
    let gone = call.hung_up(HangupCause::OriginatorCancel);
    tell(&carrier, [&gone]).await;
    assert_eq!(
        anna.hears_words(1).await,
        ["2 call.ended anonymous ended hangup"]
    );
    // Nobody of another agency is disturbed.
    mallory.is_served().await;
}

async fn a_failed_webhook_is_applied_afterwards_without_the_number(world: World) {
    refuses(&world, "inbound_calls", "INSERT").await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    let call = carrier.new_call(NUMBER);
    tell(&carrier, [&call.initiated()]).await;
    assert_eq!(world.outcomes(world.acme.id).await, ["failed"]);

    let ended = forgets(&world, &["--number", NUMBER]).await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    assert_eq!(erased(&ended, "webhook_events"), 1, "{}", ended.said);
    leaves_no_trace(&world, DIGITS, "\u{0}");
    allows(&world, "inbound_calls").await;
    let applied = async {
        while world.outcomes(world.acme.id).await != ["applied"] {
            look_again().await;
        }
    };
    world.wind_until(Duration::from_millis(200), applied).await;
    let anna = node.board(&world, world.anna).await;
    assert_eq!(anna.shows(), ["anonymous incoming"]);
    leaves_no_trace(&world, DIGITS, "\u{0}");
    is_verified(&world).await;
}

async fn what_fails_half_way_says_what_it_did_and_the_next_does_the_rest(world: World) {
    let node = world.node().await;
    talks(&world, &node, &node.carrier(&world.acme), NUMBER).await;
    refuses(&world, "call_logs", "UPDATE").await;

    let ended = forgets(&world, &["--number", NUMBER]).await;

    assert_eq!(ended.code, 1, "{}", ended.said);
    for (table, rows) in ALL_BUT_LOGS {
        assert_eq!(erased(&ended, table), rows, "{table}: {}", ended.said);
    }
    for sentence in ["1 recording at the carrier", "run it again for the rest"] {
        assert!(ended.said.contains(sentence), "{}", ended.said);
    }
    allows(&world, "call_logs").await;
    does_the_rest(&world).await;
}

async fn what_is_killed_half_way_is_done_by_the_next(world: World) {
    let node = world.node().await;
    talks(&world, &node, &node.carrier(&world.acme), NUMBER).await;
    let stalled = stalls(&world).await;

    let words = ["forget", "--number", NUMBER];
    let mut killed = prepared(&words, &url_of(&world));
    let killed = killed.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut killed = killed.expect("the binary");
    let legs = async {
        let sql = format!("SELECT facts FROM call_legs WHERE facts LIKE '%{DIGITS}%'");
        while !world.database.texts(&sql).await.is_empty() {
            look_again().await;
        }
    };
    soon("the legs", legs).await;
    killed.kill().await.expect("a process to kill");

    go_on(&world, stalled).await;
    let logs = "SELECT from_number FROM call_logs";
    assert_eq!(world.database.texts(logs).await, [NUMBER]);
    does_the_rest(&world).await;
}

async fn whom_to_forget_must_be_said_in_full(world: World) {
    for words in [
        &["--number", "0133"][..],
        &["--number", "anonymous"],
        &["--number", ""],
        &[],
        &[
            "--number",
            NUMBER,
            "--person",
            "00000000-0000-0000-0000-000000000001",
        ],
        &[
            "--number",
            NUMBER,
            "--agency",
            "00000000-0000-0000-0000-000000000001",
        ],
    ] {
        let ended = forgets(&world, words).await;
        assert_ne!(ended.code, 0, "{words:?}: {}", ended.said);
    }
}

on_each_database!(
    a_number_is_forgotten_everywhere_and_similar_ones_are_not,
    a_person_is_forgotten_everywhere_and_colleagues_are_not,
    open_boards_begin_again_with_what_is_left,
    a_failed_webhook_is_applied_afterwards_without_the_number,
    what_fails_half_way_says_what_it_did_and_the_next_does_the_rest,
    what_is_killed_half_way_is_done_by_the_next,
    whom_to_forget_must_be_said_in_full,
);

/// The next `forget` finds in the logs and the calls what the one before has left, and nothing else.
async fn does_the_rest(world: &World) {
    let ended = forgets(world, &["--number", NUMBER]).await;
    assert_eq!(ended.code, 0, "{}", ended.said);
    for (table, _) in ALL_BUT_LOGS {
        assert_eq!(erased(&ended, table), 0, "{table}: {}", ended.said);
    }
    for table in ["call_logs", "inbound_calls"] {
        assert_eq!(erased(&ended, table), 1, "{table}: {}", ended.said);
    }
    leaves_no_trace(world, DIGITS, "\u{0}");
    leaves_no_trace(world, "Secretive", "\u{0}");
    is_verified(world).await;
}

/// From now on the database refuses that of a table, as what cannot be stored.
async fn refuses(world: &World, table: &str, what: &str) {
    let trigger = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => format!(
            "CREATE TABLE refused (word TEXT NOT NULL);
             CREATE TRIGGER refuse BEFORE {what} ON {table}
             WHEN NEW.from_number LIKE '+1202555013_' OR NEW.from_number = 'anonymous'
             BEGIN INSERT INTO refused VALUES (NULL); END"
        ),
        DatabaseUrl::Postgres(_) => format!(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
             'BEGIN RAISE not_null_violation; END';
             CREATE TRIGGER refuse BEFORE {what} ON {table} FOR EACH ROW
             WHEN (NEW.from_number LIKE '+1202555013_' OR NEW.from_number = 'anonymous') EXECUTE FUNCTION refuse()"
        ),
    };
    world.database.execute(&trigger).await;
}

async fn allows(world: &World, table: &str) {
    let sql = match &world.database.url {
        DatabaseUrl::Sqlite { .. } => "DROP TRIGGER refuse".to_owned(),
        DatabaseUrl::Postgres(_) => format!("DROP TRIGGER refuse ON {table}"),
    };
    world.database.execute(&sql).await;
}

/// Whoever erases call logs does not get to an end of it.
async fn stalls(world: &World) -> Option<tokio_postgres::Client> {
    if let DatabaseUrl::Postgres(_) = &world.database.url {
        return Some(world.database.locks("call_logs IN SHARE MODE").await);
    }
    let endless = "CREATE VIEW endless AS WITH RECURSIVE numbers (n) AS \
                   (SELECT 1 UNION ALL SELECT n + 1 FROM numbers) SELECT n FROM numbers;
                   CREATE TRIGGER stall BEFORE UPDATE ON call_logs \
                   BEGIN SELECT count(*) FROM endless; END";
    world.database.execute(endless).await;
    None
}

async fn go_on(world: &World, stalled: Option<tokio_postgres::Client>) {
    match stalled {
        Some(lock) => lock.batch_execute("ROLLBACK").await.expect("SQL"),
        None => {
            let sql = "DROP TRIGGER stall; DROP VIEW endless";
            world.database.execute(sql).await;
        }
    }
}

async fn forgets(world: &World, words: &[&str]) -> Ended {
    let words: Vec<&str> = ["forget"].iter().chain(words).copied().collect();
    callboard(&words, &url_of(world)).await
}

/// Ben talks with whoever has that number and a name; it is recorded.
async fn talks(world: &World, node: &Node, carrier: &Carrier, number: &str) {
    let call = carrier.new_call(number);
    let mut rings = call.initiated();
    let name = format!("Secretive {number}");
    rings.payload.insert("caller_id_name".into(), name.into());
    tell(carrier, [&rings]).await;
    let (claim, _) = node
        .wins(world.ben, "Benedict Example", &call.call_control_id)
        .await;
    let phone = call.second_leg(Some(client_state(claim)));
    tell(
        carrier,
        [
            &phone.initiated(),
            &call.bridged(),
            &call.hung_up(HangupCause::NormalClearing),
            &call.recording_saved(),
        ],
    )
    .await;
}

async fn talks_at_rivals(node: &Node, world: &World) {
    let carrier = node.carrier(&world.rival);
    let call = carrier.new_call(NUMBER);
    tell(
        &carrier,
        [
            &call.initiated(),
            &call.hung_up(HangupCause::OriginatorCancel),
        ],
    )
    .await;
}

/// Anna writes down whom she is to call back, at every finished call.
async fn writes_notes(node: &Node, world: &World) {
    let ids = format!(
        "SELECT id FROM call_logs WHERE agency_id = '{}'",
        world.acme.id
    );
    for id in world.database.texts(&ids).await {
        let request = node.ask("PATCH", &format!("/api/call-logs/{id}"));
        let token = world.token(world.anna);
        let request = request.bearer_auth(token.expose_secret());
        let body = r#"{"notes": "call +1 202-555-0133 back, says Benedict Example"}"#;
        let request = request.header("content-type", "application/json");
        assert_eq!(reply(request.body(body)).await.status, 200);
    }
}

/// A webhook that was not applied holds the number as well.
async fn waits_to_be_applied(world: &World) {
    let (agency, now) = (world.acme.id, world.clock.now().micros());
    let body = format!(r#"{{"data":{{"event_type":"x","payload":{{"from":"{NUMBER}"}}}}}}"#);
    let sql = format!(
        "INSERT INTO webhook_events (agency_id, webhook_id, event_type, call_control_id, \
         connection_id, occurred_at, received_at, outcome, body) VALUES ('{agency}', 'failed-1', 'x', NULL, NULL, {now}, {now}, \
         'ignored', '{body}')"
    );
    world.database.execute(&sql).await;
}

/// How many rows of that table it says that it erased.
fn erased(ended: &Ended, table: &str) -> usize {
    let mut lines = ended.said.lines();
    let line = lines.find(|line| line.starts_with(table));
    let line = line.unwrap_or_else(|| panic!("{table}: {}", ended.said));
    let last = line.split_whitespace().last().expect("a count");
    last.parse().expect("a count")
}

/// All texts of an agency's rows.
async fn texts_of(world: &World, agency: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (table, columns) in [
        (
            "inbound_calls",
            "COALESCE(from_number, '') || COALESCE(caller_name, '') || recordings",
        ),
        ("call_legs", "facts"),
        ("call_events", "event"),
        ("webhook_events", "body"),
        (
            "call_logs",
            "COALESCE(from_number, '') || COALESCE(caller_name, '') || COALESCE(notes, '')",
        ),
    ] {
        let sql = format!("SELECT {columns} FROM {table} WHERE agency_id = '{agency}'");
        let texts = world.database.texts(&sql).await;
        all.extend(
            texts
                .into_iter()
                .filter(|text| !SIMILAR.iter().any(|one| text.contains(one))),
        );
    }
    all
}

/// Nothing of it lies in the database, whatever the table, nor in its file.
fn leaves_no_trace(world: &World, word: &str, but: &str) {
    let dump = world.database.dump();
    let dump = String::from_utf8_lossy(&dump).replace(but, "");
    let at = dump.find(word);
    let around = at.map(|at| {
        let from = dump.floor_char_boundary(at.saturating_sub(200));
        let to = dump.ceil_char_boundary((at + 60).min(dump.len()));
        &dump[from..to]
    });
    assert_eq!(around, None, "{word}");
}

fn is_in(dump: &[u8], word: &[u8]) -> bool {
    dump.windows(word.len()).any(|window| window == word)
}

async fn is_verified(world: &World) {
    let ended = callboard(&["verify"], &url_of(world)).await;
    assert_eq!(ended.code, 0, "{}", ended.said);
}

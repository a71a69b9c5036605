//! `callboard forget`: no trace is left of a number or a person, others' stay, and the rest agrees.

use crate::support::World;
use crate::support::command::{Ended, callboard};
use crate::support::http::reply;
use crate::support::node::Node;
use crate::support::process::url_of;
use crate::support::retelling::tell;
use callboard::carriers::telnyx::client_state;
use callboard_simulator::browser::{CloseCode, Message};
use callboard_simulator::{Carrier, HangupCause};
use secrecy::ExposeSecret;
use std::time::Duration;

const NUMBER: &str = "+12025550133";
const DIGITS: &str = "2025550133";
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
    fails_to_be_applied(&world).await;
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
        })
        .await;
    let node = world.node().await;
    let carrier = node.carrier(&world.acme);
    talks(&world, &node, &carrier, NUMBER).await;
    let call = carrier.new_call("+15550100");
    tell(&carrier, [&call.initiated()]).await;
    node.wins(world.anna, "Anna", &call.call_control_id).await;
    writes_notes(&node, &world).await;
    let id = world.ben.to_string();
    assert!(is_in(&world.database.dump(), id.as_bytes()));

    let ended = forgets(&world, &["--person", &id]).await;

    assert_eq!(ended.code, 0, "{}", ended.said);
    for (table, rows) in [
        ("claims", 1),
        ("call_logs", 1),
        ("inbound_calls", 1),
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
    whom_to_forget_must_be_said_in_full,
);

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

/// A webhook that waits to be applied holds the number as well.
async fn fails_to_be_applied(world: &World) {
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

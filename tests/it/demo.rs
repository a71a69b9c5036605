//! The demo, as somebody sees it who has just typed it.

mod nodes;

use crate::support::browser::Board;
use crate::support::patience::soon;
use callboard_simulator::browser::{BrowserSettings, Buttons, Event, Pressed};
use serde_json::Value;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// A demo in a folder of its own, away from anybody's settings.
fn demo(folder: &TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    command
        .arg("demo")
        .arg("--data")
        .arg(folder.path().join("data"))
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("CALLBOARD_METRICS_ADDR", "off")
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

#[tokio::test]
async fn one_calls_life_goes_through_the_answer_route_to_its_recording() {
    let folder = tempfile::tempdir().unwrap();
    let ended = demo(&folder, &["--once", "--port", "23500"]).output();
    let output = soon("the demo to end", ended).await.unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    assert_eq!(told(output.stdout), ONE_CALLS_LIFE);
}

/// What `--once` tells on however many nodes.
const ONE_CALLS_LIFE: [&str; 7] = [
    "snapshot null null 0",
    "call.incoming \"incoming\" false 0",
    "call.answering \"answering\" false 0",
    "call.answered \"answered\" true 0",
    "call.updated \"answered\" true 0",
    "call.ended \"ended\" false 0",
    "call.updated \"ended\" false 1",
];

/// The frames of `--once` in words.
fn told(stdout: Vec<u8>) -> Vec<String> {
    let lines = String::from_utf8(stdout).unwrap();
    let told = lines.lines().map(|line| {
        let frame: Value = serde_json::from_str(line).unwrap();
        let of = |field: &str| frame["call"][field].to_string();
        let recordings = frame["call"]["recordings"].as_array().map_or(0, Vec::len);
        let kind = frame["type"].as_str().unwrap();
        let (status, connected) = (of("status"), of("connected"));
        format!("{kind} {status} {connected} {recordings}")
    });
    told.collect()
}

/// The link of somebody whose name the welcome prints.
async fn link_of(name: &str, running: &mut Child) -> String {
    let mut lines = BufReader::new(running.stdout.take().unwrap()).lines();
    let link = loop {
        let line = soon("the welcome", lines.next_line()).await.unwrap();
        let line = line.expect("a link");
        let mut words = line.split_whitespace();
        if words.next() == Some(name) {
            break words.next().expect("a link").to_owned();
        }
    };
    // Read on, or the demo would stop at a full pipe.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    link
}

/// Whom the link signs in, as a browser that follows it finds out: the page and the token.
async fn follows(link: &str) -> (String, String) {
    let redirect = opens(link).await;
    assert_eq!(redirect.status(), 303);
    assert_eq!(redirect.headers()["cache-control"], "no-store");
    assert_eq!(redirect.headers()["referrer-policy"], "no-referrer");
    let to = redirect.headers()["location"].to_str().unwrap();
    let token = to
        .strip_prefix("/#token=")
        .expect("a token in the fragment");
    let (page, _) = link.split_once("as/").expect("a code");
    (page.to_owned(), token.to_owned())
}

/// What is answered to a browser that opens this address, before it goes where that leads.
async fn opens(link: &str) -> reqwest::Response {
    let stays = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(stays).build().unwrap();
    soon("an answer", client.get(link).send()).await.unwrap()
}

#[tokio::test]
async fn a_link_is_short_serves_again_and_again_and_stands_in_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let run = || {
        let mut command = demo(&folder, &["--port", "23700", "--log-filter", "debug"]);
        command.stdout(Stdio::piped()).spawn().unwrap()
    };
    let mut running = run();
    let link = link_of("Ben", &mut running).await;
    assert!(link.len() < 40, "{link}");
    assert_eq!(follows(&link).await, follows(&link).await);

    let (page, token) = follows(&link).await;
    let me = reqwest::Client::new().get(format!("{page}api/me"));
    let me = me.bearer_auth(&token).send().await.unwrap();
    let me: Value = me.json().await.unwrap();
    assert_eq!(me["user"]["name"], "Ben", "{me}");

    // A code that nobody has, of the right length, and one that begins rightly.
    let (known, _) = link.split_at(link.len() - 1);
    for wrong in [
        format!("{page}as/0123456789"),
        known.to_owned(),
        format!("{page}as/"),
    ] {
        assert_eq!(opens(&wrong).await.status(), 404, "{wrong}");
    }
    running.kill().await.unwrap();
    let log = std::fs::read_to_string(folder.path().join("data/callboard.log")).unwrap();
    let (_, code) = link.split_once("as/").unwrap();
    assert!(log.contains("DEBUG") && !log.contains(code) && !log.contains(&token));

    // A page that was kept as a bookmark opens in the next run, too.
    let mut again = run();
    assert_eq!(link_of("Ben", &mut again).await, link);
    again.kill().await.unwrap();
}

/// The next event of this call.
async fn hears_of(board: &mut Board, call: &str) -> Event {
    loop {
        let event = board.hears().await;
        if event.call.id() == call {
            return event;
        }
    }
}

#[tokio::test]
async fn a_person_who_clicks_before_the_played_agents_gets_the_call_and_is_left_alone_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = demo(&folder, &["--port", "23600", "--calls-per-minute", "30"]);
    let mut running = command.stdout(Stdio::piped()).spawn().unwrap();
    // Nobody plays Olivia: whatever she does, a person does.
    let (url, token) = follows(&link_of("Olivia", &mut running).await).await;
    let mut board = Board::open(BrowserSettings::new(&url, token.clone().into())).await;
    let buttons = Buttons::new(url.parse().unwrap(), token.into()).unwrap();

    let rings = loop {
        let event = board.hears().await;
        if event.kind == "call.incoming" {
            break event;
        }
    };
    let handle = rings.call.text("call_control_id").unwrap();
    let pressed = soon("an answer", buttons.answer(handle)).await.unwrap();
    assert!(matches!(pressed, Pressed::Done(Some(_))), "{pressed:?}");
    let call = rings.call.id();
    let taken = hears_of(&mut board, call).await;
    assert_eq!(taken.kind, "call.answering");
    let answered = hears_of(&mut board, call).await;
    assert_eq!(answered.kind, "call.answered", "her phone is picked up");
    let ended = loop {
        let event = hears_of(&mut board, call).await;
        assert_eq!(event.call.text("answered_by_name"), Some("Olivia"));
        if event.kind == "call.ended" {
            break event;
        }
    };
    assert_eq!(ended.actor, None, "the caller hung up, nobody else");
    running.kill().await.unwrap();
}

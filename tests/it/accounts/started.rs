//! From an empty machine: what `serve` prints, what it makes, and the commands that print links.

use super::house::{PASSWORD, token_of};
use crate::support::World;
use crate::support::command::prepared;
use crate::support::node::client;
use crate::support::patience::{look_again, soon};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// A `callboard` with these words on a database in that folder, and no settings.
fn bare(words: &[&str], folder: &Path) -> Command {
    let database = format!("sqlite://{}", folder.join("board.db").display());
    let mut command = prepared(words, &database);
    command
        .current_dir(folder)
        .env_remove("SUPABASE_JWT_SECRET")
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// What it prints, line by line.
fn lines(child: &mut Child) -> Lines<BufReader<ChildStdout>> {
    BufReader::new(child.stdout.take().expect("stdout")).lines()
}

/// The one line that a command prints.
async fn said(words: &[&str], folder: &Path) -> String {
    let ended = soon("a command", bare(words, folder).output()).await;
    let ended = ended.expect("an end");
    assert!(ended.status.success(), "{words:?}");
    let said = String::from_utf8(ended.stdout).expect("text");
    assert_eq!(said.lines().count(), 1, "{said}");
    said.trim_end().to_owned()
}

async fn posts(at: &str, path: &str, body: Value) -> (u16, Value) {
    let sent = client()
        .post(format!("{at}{path}"))
        .json(&body)
        .send()
        .await;
    let answer = sent.expect("an answer");
    let status = answer.status().as_u16();
    (status, answer.json().await.expect("JSON"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stranger_starts_it_sets_it_up_and_invites_a_colleague() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut server = bare(&["serve"], folder.path()).spawn().expect("a server");
    let line = soon("the setup link", lines(&mut server).next_line()).await;
    let line = line.expect("a line").expect("a line");
    let link = line.strip_prefix("SETUP ").expect("the setup link");
    let (address, _) = link.split_once("/setup#").expect("where it leads");
    let key = std::fs::metadata(folder.path().join("board.db.key")).expect("a key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);

    let body = json!({
        "token": token_of(link), "agency": "Acme", "name": "Olivia",
        "email": "olivia@example.com", "password": PASSWORD,
    });
    let (status, done) = posts(address, "/api/setup", body).await;
    assert_eq!(status, 200, "{done}");
    let agency = done["agency"]["id"].as_str().expect("an id");
    let words = [
        "user",
        "invite",
        "--agency",
        agency,
        "--role",
        "agency_member",
    ];
    let invitation = said(&words, folder.path()).await;
    assert!(invitation.contains("/invite#"), "{invitation}");
    let body = json!({
        "token": token_of(&invitation), "email": "ben@example.com", "password": PASSWORD,
    });
    let (status, ben) = posts(address, "/api/invitations/accept", body).await;
    assert_eq!(status, 200, "{ben}");
    let id = ben["user"]["id"].as_str().expect("an id");
    let reset = said(&["user", "reset", "--id", id], folder.path()).await;
    let body = json!({ "type": "recovery", "token_hash": token_of(&reset) });
    let (status, opened) = posts(address, "/auth/v1/verify", body).await;
    assert_eq!(status, 200, "{opened}");
    server.kill().await.expect("its end");

    // Started again it has the same keys, and nothing to set up.
    let mut again = bare(&["serve"], folder.path());
    let (_, port) = address.rsplit_once(':').expect("a port");
    let mut server = again.env("API_PORT", port).spawn().expect("a server");
    let me = format!("{address}/api/me");
    let bearer = opened["access_token"].as_str().expect("a token");
    let served = async {
        loop {
            let asked = client().get(&me).bearer_auth(bearer).send().await;
            if let Ok(answer) = asked {
                return answer.status().as_u16();
            }
            look_again().await;
        }
    };
    assert_eq!(soon("an answer", served).await, 200);
    server.start_kill().expect("its end");
    let printed = lines(&mut server).next_line().await.expect("the end");
    assert_eq!(printed, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_is_served_without_an_encryption_key_and_accounts_ask_for_one() {
    let world = World::on_postgres().await;
    let world = world.configured(|config| {
        config.auth.jwt_secret = None;
        config.encryption_key = None;
    });
    let node = world.node().await;
    assert_eq!(node.app.setup_link().await.expect("the database"), None);
    let url = crate::support::process::url_of(&world);
    let mut serve = prepared(&["serve"], &url);
    let serve = serve
        .env_remove("SUPABASE_JWT_SECRET")
        .env("CALLBOARD_ACCOUNTS", "on")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = soon("a refusal", serve.output()).await.expect("an end");
    assert!(!ended.status.success());
    let said = String::from_utf8(ended.stderr).expect("text");
    assert!(
        said.contains("CALLBOARD_ENCRYPTION_KEY is not set, and accounts need it"),
        "{said}"
    );
}

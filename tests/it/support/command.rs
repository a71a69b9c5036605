//! A command of the binary, run as an operator runs it.

use super::world::JWT_SECRET;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

/// How a command ended.
pub struct Ended {
    pub code: i32,
    /// All that it said.
    pub said: String,
    pub took: Duration,
}

/// Runs `callboard` with these words on that database.
pub async fn callboard(words: &[&str], database: &str) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let began = Instant::now();
    let ended = prepared(words, database)
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let ended = super::patience::soon("the command", ended).await;
    let ended = ended.expect("an end");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    Ended {
        code: ended.status.code().expect("a code"),
        said: text(ended.stdout) + &text(ended.stderr),
        took: began.elapsed(),
    }
}

/// The command, not yet run.
pub fn prepared(words: &[&str], database: &str) -> Command {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("a port").port();
    drop(free);
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    command
        .args(words)
        .env_clear()
        .env("API_PORT", port.to_string())
        .env("CALLBOARD_METRICS_ADDR", "off")
        .env("DATABASE_URL", database)
        .env("SUPABASE_JWT_SECRET", JWT_SECRET)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// All commands that a deploy runs end with 1, within ten seconds, and say these words.
pub async fn each_refuses(database: &str, words: &[&str]) {
    for command in [&["serve"][..], &["migrate"], &["doctor"], &["user", "list"]] {
        let ended = callboard(command, database).await;
        assert_eq!(ended.code, 1, "{command:?}: {}", ended.said);
        for word in words {
            assert!(
                ended.said.contains(word),
                "{command:?} lacks {word}: {}",
                ended.said
            );
        }
        assert!(
            ended.took < Duration::from_secs(10),
            "{command:?} took {:?}",
            ended.took
        );
    }
}

//! A command of the binary, run as an operator runs it.

use super::world::JWT_SECRET;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::Command;

const BINARY: &str = env!("CARGO_BIN_EXE_callboard");
/// What a deploy runs, and one command of the many.
const COMMANDS: [&[&str]; 4] = [&["serve"], &["migrate"], &["doctor"], &["user", "list"]];

/// How a command ended.
pub struct Ended {
    pub code: i32,
    /// All that it said.
    pub said: String,
    pub took: Duration,
}

/// Runs `callboard` with these words on that database.
pub async fn callboard(words: &[&str], database: &str) -> Ended {
    ended(prepared(words, database)).await
}

async fn ended(mut command: Command) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    let began = Instant::now();
    let ended = command
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
    set_up(Command::new(BINARY), words, database)
}

fn set_up(mut command: Command, words: &[&str], database: &str) -> Command {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("an address").port();
    drop(free);
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
    for command in COMMANDS {
        let ended = callboard(command, database).await;
        ended.refuses(command, words);
    }
}

/// The same where root, too, may write only what its mode lets its owner write.
pub async fn each_refuses_without_power(database: &str, words: &[&str]) {
    for command in COMMANDS {
        let mut powerless = Command::new("setpriv");
        let none = ["--inh-caps=-all", "--bounding-set=-all", "--", BINARY];
        powerless.args(none);
        let ran = match rustix::process::geteuid().is_root() {
            true => powerless,
            false => Command::new(BINARY),
        };
        ended(set_up(ran, command, database))
            .await
            .refuses(command, words);
    }
}

impl Ended {
    fn refuses(&self, command: &[&str], words: &[&str]) {
        let (said, took) = (&self.said, self.took);
        assert_eq!(self.code, 1, "{command:?}: {said}");
        for word in words {
            assert!(said.contains(word), "{command:?} lacks {word}: {said}");
        }
        assert!(took < Duration::from_secs(10), "{command:?} took {took:?}");
    }
}

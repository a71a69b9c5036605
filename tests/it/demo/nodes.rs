//! A demo of several nodes, of which any may be killed while somebody looks on.

use super::{demo, follows, told};
use crate::support::browser::Board;
use crate::support::database::Database;
use crate::support::patience::{look_again, soon};
use callboard::config::DatabaseUrl;
use callboard_simulator::browser::{BrowserSettings, Message};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long three processes may take to do all that is asked of them, on a busy machine.
const LONG: Duration = Duration::from_secs(120);

fn address(database: &Database) -> &str {
    match &database.url {
        DatabaseUrl::Postgres(url) => &url.display,
        DatabaseUrl::Sqlite { .. } => panic!("PostgreSQL"),
    }
}

/// A demo of three nodes, as whoever started it reads it.
struct Demo {
    running: Child,
    lines: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Demo {
    fn of_three(database: &Database, port: &str, and: &[&str]) -> (TempDir, Command) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = demo(&folder, &["--nodes", "3", "--database", address(database)]);
        command.args(["--port", port]).args(and);
        (folder, command)
    }

    fn starts((folder, mut command): (TempDir, Command)) -> Self {
        let mut running = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(running.stdout.take().unwrap()).lines();
        Self {
            running,
            lines,
            _folder: folder,
        }
    }

    /// All three live.
    async fn is_whole(&mut self) {
        while processes(&self.says("nodes: ").await).len() < 3 {}
    }

    /// The next line that has this in it.
    async fn says(&mut self, what: &str) -> String {
        let said = async {
            loop {
                let line = self.lines.next_line().await.unwrap();
                let line = line.unwrap_or_else(|| panic!("ended without {what}"));
                if line.contains(what) {
                    return line;
                }
            }
        };
        let said = tokio::time::timeout(LONG, said).await;
        said.unwrap_or_else(|_| panic!("waited in vain for {what}"))
    }
}

/// The processes that a line names, which are not the numbers of nodes.
fn processes(line: &str) -> Vec<u32> {
    let digits = line.split(|letter: char| !letter.is_ascii_digit());
    let numbers = digits.filter_map(|word| word.parse().ok());
    numbers.filter(|number| *number > 9).collect()
}

/// Killed with -9, as the demo invites one to.
async fn kill(process: u32) {
    let process = process.to_string();
    let killed = Command::new("kill").args(["-9", &process]).status().await;
    assert!(killed.unwrap().success());
}

/// Resolves when it runs no more; nobody need have taken note of its end.
async fn is_gone(process: u32) {
    let gone = async {
        let file = format!("/proc/{process}/stat");
        while let Ok(stat) = std::fs::read_to_string(&file) {
            let state = stat.rsplit_once(") ").map_or("", |(_, rest)| rest);
            if state.starts_with(['Z', 'X']) {
                break;
            }
            look_again().await;
        }
    };
    soon("the process to be gone", gone).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_calls_life_on_three_nodes_is_what_it_is_on_one() {
    let database = Database::postgres().await;
    let (_folder, mut command) = Demo::of_three(&database, "23100", &["--once"]);
    let ended = tokio::time::timeout(LONG, command.output()).await;
    let output = ended.expect("an end").unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    assert_eq!(told(output.stdout), super::ONE_CALLS_LIFE);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_node_may_be_killed_and_the_boards_go_on_by_the_others() {
    let database = Database::postgres().await;
    let command = Demo::of_three(&database, "23150", &["--calls-per-minute", "60"]);
    let mut demo = Demo::starts(command);
    let line = demo.says("Olivia").await;
    let link = line.split_whitespace().nth(1).unwrap().to_owned();
    let nodes = processes(&demo.says("process").await);
    assert_eq!(nodes.len(), 3);
    // Her link is known to whichever node she comes to.
    let (url, token) = follows(&link).await;
    for _ in 0..2 {
        assert_eq!(follows(&link).await.0, url);
    }
    let settings = BrowserSettings::new(&url, token.into());
    let mut board = Board::open(settings.clone()).await;

    for (node, process) in (1..).zip(nodes) {
        let position = board.leaves().await;
        kill(process).await;
        // Its connection may still have been on its way to the node that died.
        let comes_back = async {
            loop {
                let there = settings.clone().at(position.clone());
                if let Ok(board) = Board::try_open(there).await {
                    return board;
                }
            }
        };
        board = soon("a board to come back", comes_back).await;
        assert!(matches!(board.greeting(), Message::Resumed(_)));
        while board.position().seq < position.seq + 3 {
            board.hears().await;
        }
        demo.says(&format!("Node {node} has died")).await;
        demo.is_whole().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_do_not_outlive_a_demo_that_is_killed() {
    let database = Database::postgres().await;
    let mut demo = Demo::starts(Demo::of_three(&database, "23200", &[]));
    let nodes = processes(&demo.says("process").await);
    kill(demo.running.id().unwrap()).await;
    demo.running.wait().await.unwrap();
    for node in nodes {
        is_gone(node).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_kills_the_node_of_its_number() {
    let database = Database::postgres().await;
    let (folder, command) = Demo::of_three(&database, "23250", &[]);
    let command = command.as_std();
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_str().unwrap()).collect();
    // A terminal of its own.
    let mut terminal = Command::new("script");
    terminal
        .args(["-qefc", &words.join(" "), "/dev/null"])
        .env("CALLBOARD_METRICS_ADDR", "off")
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .kill_on_drop(true);
    let mut demo = Demo::starts((folder, terminal));
    demo.says("Press 1 to 3").await;
    let mut keys = demo.running.stdin.take().unwrap();
    keys.write_all(b"x2").await.unwrap();
    let killed = demo.says("Node 2 is killed").await;
    assert!(
        killed.contains("2 is dead") && killed.contains("1 lives"),
        "{killed}"
    );
    demo.is_whole().await;
}

#[tokio::test]
async fn nodes_that_could_not_share_their_database_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let ended = demo(&folder, &["--nodes", "3", "--port", "23300"]).output();
    let output = soon("the demo to end", ended).await.unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    assert!(words.contains("--database postgres://"), "{words}");
}

#[cfg(feature = "proving")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_killed_one_after_the_other_lose_nothing() {
    let database = Database::postgres().await;
    let torture = ["--torture", "--seconds", "8", "--seed", "11"];
    let (_folder, mut command) = Demo::of_three(&database, "23350", &torture);
    let ended = tokio::time::timeout(2 * LONG, command.output()).await;
    let output = ended.expect("an end").unwrap();
    let words = String::from_utf8_lossy(&output.stdout);
    assert!(words.contains(", 3 nodes, "), "{words}");
    let verdict = "lost 0, twice 0, out of order 0, gaps 0; ";
    assert!(words.contains(verdict), "{words}");
    assert!(output.status.success(), "{words}");
}

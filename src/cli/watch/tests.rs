use super::{Watch, WatchError};
use crate::clock::Clock;
use crate::domain::Timestamp;
use callboard_simulator::browser::scripted::{Act, ScriptedServer, event, resumed, snapshot};
use callboard_simulator::browser::{BrowserSettings, ResumingBrowser};
use std::io::{self, Write};
use std::time::Duration;
use tokio::sync::oneshot;

/// The operator: reads the lines, lets time pass while the board waits, and presses ctrl-c on
/// reading what was to be seen.
struct Operator {
    read: Vec<u8>,
    clock: Clock,
    waits_for: &'static str,
    ctrl_c: Option<oneshot::Sender<()>>,
}

impl Write for Operator {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.read.extend(bytes);
        let text = String::from_utf8_lossy(&self.read);
        let line = text.trim_end().lines().last().unwrap_or_default();
        if text.ends_with('\n') && line.contains("trying again") {
            self.clock.advance(Duration::from_secs(20));
        }
        if line.contains(self.waits_for)
            && let Some(ctrl_c) = self.ctrl_c.take()
        {
            ctrl_c.send(()).unwrap();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

async fn watched(
    scripts: Vec<Vec<Act>>,
    waits_for: &'static str,
) -> (Result<(), WatchError>, Vec<String>) {
    let server = ScriptedServer::play(scripts).await;
    let recorded = Timestamp::parse("2026-11-21T01:40:00.015Z").unwrap();
    let clock = Clock::by_hand(recorded.plus_micros(800));
    let settings = BrowserSettings::new(server.url(), "anna's token".into());
    let board = ResumingBrowser::new(settings, clock.clone());
    let (ctrl_c, pressed) = oneshot::channel();
    let mut operator = Operator {
        read: Vec::new(),
        clock: clock.clone(),
        waits_for,
        ctrl_c: Some(ctrl_c),
    };
    let ended = Watch::new(board, clock, &mut operator)
        .until(async { pressed.await.map_err(io::Error::other) })
        .await;
    let read = String::from_utf8(operator.read).unwrap();
    (ended, read.lines().map(str::to_owned).collect())
}

#[tokio::test]
async fn events_are_shown_one_per_line_and_a_reconnection_says_what_was_missed() {
    let (ended, lines) = watched(
        vec![
            vec![snapshot(10), event(11), Act::Close(4000)],
            vec![resumed(11, 12), event(12), Act::FallSilent],
        ],
        "      12  ",
    )
    .await;
    ended.unwrap();
    assert_eq!(
        lines[0],
        "-- board at 10 of epoch e (fresh), 0 calls open, watched by Anna"
    );
    let live = lines[2].split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(live, "11 call.incoming +15550100 incoming - 12.0 3.0 0.8");
    assert_eq!(lines[1].len(), lines[2].len(), "the columns have headings");
    assert!(lines[3].starts_with("-- lost: 4000 (slow); trying again in "));
    assert_eq!(
        lines[4],
        "-- reconnected, resumed from 11: 1 events to catch up"
    );
    assert!(lines[5].ends_with(" 3.0    missed"), "{}", lines[5]);
    assert_eq!(
        lines[6],
        "-- 2 events over 2 connections (1 resumed); lost 0, twice 0, out of order 0, gaps 0; \
         recorded to here: median 0.8 ms, 99% within 0.8 ms, worst 0.8 ms"
    );
}

#[tokio::test]
async fn a_broken_promise_is_shown_and_spoils_the_end() {
    let script = vec![snapshot(10), event(11), event(13), Act::FallSilent];
    let (ended, lines) = watched(vec![script], "!!").await;
    assert!(matches!(ended, Err(WatchError::Promises(tally)) if tally.gaps == 1));
    assert_eq!(lines[4], "!! event 13 came where event 12 was due");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_not_waited_for() {
    let (ended, lines) = watched(vec![vec![Act::Close(1013)]], "-").await;
    let why = ended.unwrap_err().to_string();
    assert!(why.contains("1013 (try again later)"), "{why}");
    assert_eq!(lines, [""; 0]);
}

#[tokio::test]
async fn a_board_that_is_sent_away_ends_with_the_reason() {
    let (ended, lines) = watched(vec![vec![snapshot(10), Act::Close(4501)]], "never").await;
    let why = ended.unwrap_err().to_string();
    assert!(why.contains("4501 (forbidden)"), "{why}");
    assert!(lines.last().unwrap().starts_with("-- 0 events over 1 "));
}

use super::{Lost, ResumingBrowser, Step};
use crate::browser::scripted::{Act, ScriptedServer, event, resumed, snapshot};
use crate::browser::{BrowserError, BrowserSettings, CloseCode, Message};
use crate::clock::Timestamp;
use crate::hands::{Hand, by_hand};
use serde_json::json;
use std::time::Duration;

struct Wall {
    clock: Hand,
    board: ResumingBrowser,
}

impl Wall {
    fn facing(server: &ScriptedServer) -> Self {
        let clock = by_hand(Timestamp::from_micros(0));
        let settings = BrowserSettings::new(server.url(), "anna's token".into());
        let board = ResumingBrowser::new(settings, clock.clone());
        Self { clock, board }
    }

    /// The numbers of the messages up to the loss of the connection.
    async fn until_lost(&mut self) -> (Vec<u64>, Lost) {
        let mut seen = Vec::new();
        loop {
            match self.board.next().await.unwrap() {
                Step::Lost(lost) => return (seen, lost),
                Step::Received { received, fault } => {
                    assert_eq!(fault, None);
                    seen.extend(number(&received.message));
                }
            }
        }
    }
}

fn number(message: &Message) -> Option<u64> {
    match message {
        Message::Snapshot(snapshot) => Some(snapshot.seq),
        Message::Resumed(resumed) => Some(resumed.from),
        Message::Event(event) => Some(event.seq),
        _ => None,
    }
}

fn draining(retry_after_ms: u64) -> Act {
    let error = json!({"type": "error", "code": "draining", "message": "m",
        "reconnect": true, "retry_after_ms": retry_after_ms});
    Act::Say(error.to_string())
}

#[tokio::test]
async fn a_board_comes_back_with_its_position_and_hears_what_it_missed() {
    let server = ScriptedServer::play(vec![
        vec![snapshot(10), event(11), Act::Cut],
        vec![resumed(11, 13), event(12), event(13), Act::Close(4000)],
    ])
    .await;
    let mut wall = Wall::facing(&server);

    let (seen, lost) = wall.until_lost().await;
    assert_eq!(seen, [10, 11]);
    assert_eq!(lost.closed.unwrap().code, CloseCode::ABNORMAL);
    assert!(lost.wait <= Duration::from_millis(500));

    wall.clock.advance(lost.wait);
    let (seen, lost) = wall.until_lost().await;
    assert_eq!(seen, [11, 12, 13]);
    assert_eq!(lost.closed.unwrap().code, CloseCode::SLOW);

    let tally = *wall.board.checker().tally();
    assert!(tally.held());
    assert_eq!((tally.connections, tally.resumed), (2, 1));
    let said = server.connects().await;
    assert_eq!(said[0], json!({"type": "connect", "token": "anna's token"}));
    assert_eq!(said[1]["position"], json!({"epoch": "e", "seq": 11}));
}

#[tokio::test]
async fn the_servers_word_on_when_to_come_back_is_obeyed() {
    let server = ScriptedServer::play(vec![
        vec![snapshot(1), draining(7_300), Act::Close(1001)],
        vec![resumed(1, 1), Act::Cut],
    ])
    .await;
    let mut wall = Wall::facing(&server);
    let (_, lost) = wall.until_lost().await;
    assert_eq!(lost.wait, Duration::from_millis(7_300));

    wall.clock.advance(lost.wait - Duration::from_millis(1));
    let early = tokio::time::timeout(Duration::from_millis(50), wall.board.next()).await;
    assert!(early.is_err(), "came back early: {early:?}");
    wall.clock.advance(Duration::from_millis(1));
    let (seen, lost) = wall.until_lost().await;
    assert_eq!(seen, [1]);
    assert!(lost.wait < Duration::from_secs(2), "told once, obeyed once");
}

#[tokio::test]
async fn a_board_that_is_turned_away_stays_away() {
    let server = ScriptedServer::play(vec![vec![
        Act::Say(
            json!({"type": "error", "code": "unauthorized", "message": "expired",
            "reconnect": false})
            .to_string(),
        ),
        Act::Close(4500),
    ]])
    .await;
    let mut wall = Wall::facing(&server);
    for _ in 0..2 {
        let error = wall.board.next().await.unwrap_err();
        assert!(matches!(error, BrowserError::Closed { .. }), "{error}");
        assert!(error.to_string().contains("4500"));
        assert!(error.to_string().contains("expired"));
    }
}

#[tokio::test]
async fn a_board_that_is_sent_away_in_mid_session_stays_away() {
    let server = ScriptedServer::play(vec![vec![snapshot(1), Act::Close(4501)]]).await;
    let mut wall = Wall::facing(&server);
    assert!(matches!(wall.board.next().await, Ok(Step::Received { .. })));
    for _ in 0..2 {
        assert!(wall.board.next().await.is_err());
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_left_after_two_and_a_half_heartbeats() {
    let server = ScriptedServer::play(vec![
        vec![snapshot(1), Act::FallSilent],
        vec![resumed(1, 2), event(2), Act::Cut],
    ])
    .await;
    let mut wall = Wall::facing(&server);
    assert!(matches!(wall.board.next().await, Ok(Step::Received { .. })));
    wall.clock.advance(Duration::from_millis(37_400));
    let early = tokio::time::timeout(Duration::from_millis(50), wall.board.next()).await;
    assert!(early.is_err(), "left early: {early:?}");
    wall.clock.advance(Duration::from_millis(100));
    let (_, lost) = wall.until_lost().await;
    assert_eq!(lost.closed, None);
    assert!(lost.why.contains("37.5 s"), "{}", lost.why);
    wall.clock.advance(lost.wait);
    assert_eq!(wall.until_lost().await.0, [1, 2]);
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again_ever_more_slowly() {
    let server = ScriptedServer::play(vec![]).await;
    let mut wall = Wall::facing(&server);
    server.connects().await;
    let mut longest = Duration::ZERO;
    for _ in 0..40 {
        let (seen, lost) = wall.until_lost().await;
        assert!(seen.is_empty());
        assert!(lost.why.contains("cannot reach 127.0.0.1"), "{}", lost.why);
        assert!(!lost.why.contains("token"));
        longest = longest.max(lost.wait);
        wall.clock.advance(lost.wait);
    }
    assert!(longest > Duration::from_secs(5) && longest <= Duration::from_secs(20));
}

#[tokio::test]
async fn what_a_server_repeats_after_a_resume_is_found_out() {
    let server = ScriptedServer::play(vec![
        vec![snapshot(10), event(11), Act::Cut],
        vec![resumed(11, 11), event(11), Act::Cut],
    ])
    .await;
    let mut wall = Wall::facing(&server);
    let (_, lost) = wall.until_lost().await;
    wall.clock.advance(lost.wait);
    while !matches!(wall.board.next().await.unwrap(), Step::Lost(_)) {}
    assert_eq!(wall.board.checker().tally().twice, 1);
}

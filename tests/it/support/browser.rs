//! A board in an agent's browser, which checks every message it gets against the protocol.

use super::patience::soon;
use super::wire::words_of_end;
use callboard_simulator::browser::{
    Agent, Browser, BrowserError, BrowserSettings, Checker, Closed, ErrorFrame, Event, Message,
    Position,
};
use serde_json::json;
use std::collections::BTreeMap;

pub struct Board {
    browser: Browser,
    checker: Checker,
    greeting: Option<Message>,
}

impl Board {
    /// Opens a board and takes the first answer.
    pub async fn open(settings: BrowserSettings) -> Self {
        Self::try_open(settings).await.expect("a board")
    }

    pub async fn try_open(settings: BrowserSettings) -> Result<Self, BrowserError> {
        let checker = settings
            .position
            .clone()
            .map_or_else(Checker::new, Checker::at);
        let browser = Browser::connect(settings).await?;
        let mut board = Self {
            browser,
            checker,
            greeting: None,
        };
        let greeting = soon("a greeting", board.browser.next()).await?;
        // A snapshot may rightly set back a client that came with an impossible position.
        let fault = board.checker.feed(&greeting);
        let snapshot = matches!(greeting, Message::Snapshot(_));
        assert!(fault.is_none() || snapshot, "{fault:?}");
        board.greeting = Some(greeting);
        Ok(board)
    }

    /// The first answer.
    pub fn greeting(&self) -> &Message {
        self.greeting.as_ref().expect("a greeting")
    }

    /// The next message of any kind, checked.
    pub async fn any(&mut self) -> Message {
        soon("a message", self.next()).await
    }

    /// The same, however long it takes.
    pub async fn next(&mut self) -> Message {
        let message = self.browser.next().await.expect("a message");
        if let Some(fault) = self.checker.feed(&message) {
            panic!("the server broke the protocol: {fault:?}");
        }
        message
    }

    /// The next event; beats and such are passed over.
    pub async fn hears(&mut self) -> Event {
        loop {
            match self.any().await {
                Message::Event(event) => return *event,
                Message::Closed(closed) => panic!("closed: {closed:?}"),
                _ => {}
            }
        }
    }

    /// The next events as words: `1 call.incoming +15550100 incoming`.
    pub async fn hears_words(&mut self, count: usize) -> Vec<String> {
        let mut words = Vec::new();
        for _ in 0..count {
            words.push(words_of(&self.hears().await));
        }
        words
    }

    /// How the server closes it; whatever comes before is passed over.
    pub async fn closes(&mut self) -> Closed {
        loop {
            if let Message::Closed(closed) = self.any().await {
                return closed;
            }
        }
    }

    /// How the server ends it, in words: `4001 token_expired, come back`.
    pub async fn ends(&mut self) -> String {
        let mut error = None;
        loop {
            match self.any().await {
                Message::Error(frame) => error = Some(frame),
                Message::Closed(closed) => return end_in_words(&closed, error.as_ref()),
                _ => {}
            }
        }
    }

    /// The next message that is no event, beat or pong.
    pub async fn says(&mut self) -> Message {
        loop {
            match self.any().await {
                Message::Event(_)
                | Message::Agent(_)
                | Message::Heartbeat { .. }
                | Message::Pong => {}
                message => return message,
            }
        }
    }

    /// Listens for so many heartbeats, by the machine's own clock; how many came before an end.
    #[cfg(feature = "proving")]
    pub async fn beats(&mut self, count: usize) -> usize {
        let mut beats = 0;
        while beats < count {
            match self.browser.next().await.expect("a message") {
                Message::Heartbeat { .. } => beats += 1,
                Message::Closed(_) => break,
                _ => {}
            }
        }
        beats
    }

    /// Asks for a pong and gets it: all that was said before has been dealt with.
    pub async fn is_served(&mut self) {
        self.browser.ping().await.expect("a ping");
        loop {
            match self.any().await {
                Message::Pong => return,
                Message::Closed(closed) => panic!("closed: {closed:?}"),
                _ => {}
            }
        }
    }

    /// Where this board stands.
    pub fn position(&self) -> Position {
        self.browser.position().clone()
    }

    /// Leaves; the position is what to come back with.
    pub async fn leaves(self) -> Position {
        let position = self.position();
        self.browser.close().await;
        position
    }

    pub fn browser(&mut self) -> &mut Browser {
        &mut self.browser
    }

    /// Those who take calls, by id, as this board shows them.
    pub fn agents(&self) -> &BTreeMap<String, Agent> {
        self.checker.agents()
    }

    /// The calls that this board shows, as words, oldest first.
    pub fn shows(&self) -> Vec<String> {
        let calls = self.checker.calls();
        let mut rows: Vec<(String, String)> = calls
            .values()
            .map(|call| {
                let created_at = call.text("created_at").unwrap_or_default().to_owned();
                let from = call.text("from_number").unwrap_or("-");
                (created_at, format!("{from} {}", call.status()))
            })
            .collect();
        rows.sort();
        rows.into_iter().map(|(_, words)| words).collect()
    }
}

/// How a board was turned away, in words.
pub fn refusal_in_words(error: &BrowserError) -> String {
    match error {
        BrowserError::Closed { closed, error } => end_in_words(closed, error.as_ref()),
        BrowserError::Refused { status, .. } => format!("HTTP {status}"),
        other => panic!("not turned away: {other}"),
    }
}

fn end_in_words(closed: &Closed, error: Option<&ErrorFrame>) -> String {
    let error = error.map(
        |error| json!({"code": error.code, "message": error.message, "reconnect": error.reconnect}),
    );
    words_of_end(closed.code.0, error.as_ref())
}

pub fn words_of(event: &Event) -> String {
    let from = event.call.text("from_number").unwrap_or("-");
    let reason = event
        .reason
        .as_ref()
        .map_or(String::new(), |reason| format!(" {reason}"));
    format!(
        "{} {} {from} {}{reason}",
        event.seq,
        event.kind,
        event.call.status()
    )
}

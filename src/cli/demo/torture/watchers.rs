//! Boards that watch the torture from its beginning.

use super::reading::digest;
use crate::cli::demo::DemoError;
use crate::cli::demo::links::Login;
use crate::clock::Clock;
use callboard_simulator::browser::{BrowserSettings, Message, ResumingBrowser, Step, Tally};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Boards per login.
const EACH: usize = 2;
/// How long the first snapshot may take.
const OPENING: Duration = Duration::from_secs(20);

/// What one board saw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Seen {
    /// The last event.
    pub(super) seq: u64,
    /// Of all events' texts, in the order in which they came.
    pub(super) digest: u64,
    pub(super) tally: Tally,
    /// Why the board was turned away for good, if it was.
    pub(super) gone: Option<String>,
}

/// Several boards, each on its own.
pub(super) struct Watchers {
    boards: Vec<Watcher>,
    stop: CancellationToken,
}

struct Watcher {
    name: String,
    seen: watch::Receiver<Option<Seen>>,
    task: JoinHandle<()>,
}

impl Watchers {
    /// Opens them on an empty board, so that each must hear every event from 1.
    pub(super) async fn open(
        logins: &[Login],
        url: &str,
        clock: &Clock,
    ) -> Result<Self, DemoError> {
        let stop = CancellationToken::new();
        let all = logins.iter().cycle().take(logins.len() * EACH);
        let boards = all
            .map(|login| {
                let settings = BrowserSettings::new(url, login.token.clone());
                let browser = ResumingBrowser::new(settings, clock.clone());
                let (sees, seen) = watch::channel(None);
                Watcher {
                    name: login.name().to_owned(),
                    seen,
                    task: tokio::spawn(watch_board(browser, sees, stop.clone())),
                }
            })
            .collect();
        let watchers = Self { boards, stop };
        watchers.wait(OPENING, clock, |_| true).await;
        match watchers.boards.iter().find(|board| !board.is_fresh()) {
            None => Ok(watchers),
            Some(board) => Err(DemoError::NotEmpty(format!(
                "{}'s shows {:?}",
                board.name,
                *board.seen.borrow()
            ))),
        }
    }

    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.boards.len()).unwrap_or(0)
    }

    /// Where they stand, in words.
    pub(super) fn told(&self) -> String {
        let seqs = self.boards.iter().map(Watcher::seq);
        let (least, most) = (seqs.clone().min(), seqs.max());
        match (least.unwrap_or(0), most.unwrap_or(0)) {
            (least, most) if least == most => format!("all boards at event {most}"),
            (least, most) => format!("boards at events {least} to {most}"),
        }
    }

    /// Waits until all have seen that event, or for so long.
    pub(super) async fn reach(&self, seq: u64, most: Duration, clock: &Clock) {
        self.wait(most, clock, |seen| seen.seq >= seq || seen.gone.is_some())
            .await;
    }

    /// Ends them, and says what each saw.
    pub(super) async fn close(&mut self) -> Vec<(String, Seen)> {
        self.stop.cancel();
        let mut seen = Vec::new();
        for board in &mut self.boards {
            // One that fell over shows by what it did not see.
            let _ = (&mut board.task).await;
            let saw = board.seen.borrow().clone().unwrap_or_default();
            seen.push((board.name.clone(), saw));
        }
        seen
    }

    async fn wait(&self, most: Duration, clock: &Clock, ready: impl Fn(&Seen) -> bool) {
        let all = async {
            for board in &self.boards {
                let mut seen = board.seen.clone();
                // An error means that the board is gone, and nothing more will come.
                let _ = seen
                    .wait_for(|seen| seen.as_ref().is_some_and(&ready))
                    .await;
            }
        };
        tokio::select! {
            () = all => {}
            () = clock.sleep(most) => {}
        }
    }
}

impl Watcher {
    fn seq(&self) -> u64 {
        self.seen.borrow().as_ref().map_or(0, |seen| seen.seq)
    }

    fn is_fresh(&self) -> bool {
        let seen = self.seen.borrow();
        seen.as_ref()
            .is_some_and(|seen| seen.seq == 0 && seen.gone.is_none())
    }
}

async fn watch_board(
    mut browser: ResumingBrowser,
    sees: watch::Sender<Option<Seen>>,
    stop: CancellationToken,
) {
    let mut digested = 0;
    while let Some(step) = Box::pin(stop.run_until_cancelled(browser.next())).await {
        let mut gone = None;
        match step {
            Ok(Step::Received { received, .. }) => {
                if let Message::Event(_) = received.message {
                    digested = digest(digested, received.text());
                }
            }
            Ok(Step::Lost(_)) => {}
            Err(error) => gone = Some(error.to_string()),
        }
        let Some(position) = browser.checker().position() else {
            if gone.is_some() {
                sees.send_replace(Some(Seen {
                    gone,
                    ..Seen::default()
                }));
                return;
            }
            continue;
        };
        let ends = gone.is_some();
        sees.send_replace(Some(Seen {
            seq: position.seq,
            digest: digested,
            tally: *browser.checker().tally(),
            gone,
        }));
        if ends {
            return;
        }
    }
    browser.close().await;
}

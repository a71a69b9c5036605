//! A board per login, as colleagues have it open, each on a socket of its own.

use super::links::Login;
use callboard_simulator::browser::{
    BrowserError, BrowserSettings, Fault, Lost, Message, ResumingBrowser, Step, Tally,
};
use callboard_simulator::{Clock, Timestamp};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// How much may wait to be printed; while it is full the boards read no further.
const WAITING: usize = 1_024;

/// What a board heard, and when.
#[derive(Debug)]
pub(super) struct Heard {
    /// Which board, by its place among the logins.
    pub(super) board: usize,
    pub(super) at: Timestamp,
    pub(super) what: What,
    /// What was wrong so far on this board.
    pub(super) tally: Tally,
}

#[derive(Debug)]
pub(super) enum What {
    /// A message, and the promise that it breaks, if it does.
    Message(Box<Message>, Option<Fault>),
    /// The connection is lost, and will be made again.
    Lost(Lost),
    /// The board was turned away for good.
    Gone(BrowserError),
}

/// The boards of the demo's people; they close when this is dropped.
pub(super) struct Boards {
    tasks: JoinSet<()>,
    stop: CancellationToken,
    pub(super) heard: mpsc::Receiver<Heard>,
}

impl Boards {
    /// Opens a board for each login.
    pub(super) fn open(logins: &[Login], url: &str, clock: &Clock) -> Self {
        let (hears, heard) = mpsc::channel(WAITING);
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        for (board, login) in logins.iter().enumerate() {
            let settings = BrowserSettings::new(url, login.token.clone());
            let browser = ResumingBrowser::new(settings, clock.clone());
            let watch = watch(browser, board, clock.clone(), hears.clone(), stop.clone());
            tasks.spawn(watch);
        }
        Self { tasks, stop, heard }
    }

    /// Says goodbye on every board.
    pub(super) async fn close(mut self) {
        self.stop.cancel();
        self.heard.close();
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn watch(
    mut browser: ResumingBrowser,
    board: usize,
    clock: Clock,
    hears: mpsc::Sender<Heard>,
    stop: CancellationToken,
) {
    loop {
        let Some(step) = Box::pin(stop.run_until_cancelled(browser.next())).await else {
            break;
        };
        let what = match step {
            Ok(Step::Received { received, fault }) => {
                What::Message(Box::new(received.message), fault)
            }
            Ok(Step::Lost(lost)) => What::Lost(lost),
            Err(error) => What::Gone(error),
        };
        let gone = matches!(what, What::Gone(_));
        let heard = Heard {
            board,
            at: clock.now(),
            what,
            tally: *browser.checker().tally(),
        };
        if hears.send(heard).await.is_err() || gone {
            break;
        }
    }
    browser.close().await;
}

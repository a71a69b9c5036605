//! Time as an argument.
//!
//! Everything that asks for the time or waits for it asks this clock, so that a test can wind it
//! by hand: an expiring token, a heartbeat and a retention run then take no time at all.

use crate::domain::Timestamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// The clock of one running server. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Kind);

#[derive(Clone, Debug)]
enum Kind {
    System,
    ByHand(Arc<Hand>),
}

#[derive(Debug)]
struct Hand {
    micros: AtomicI64,
    /// Woken on every move of the hand; carries nothing, since sleepers read `micros` themselves.
    moved: watch::Sender<()>,
}

impl Clock {
    /// The machine's own clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands at `start` until [`Clock::advance`] moves it: for tests.
    #[must_use]
    pub fn by_hand(start: Timestamp) -> Self {
        Self(Kind::ByHand(Arc::new(Hand {
            micros: AtomicI64::new(start.micros()),
            moved: watch::Sender::new(()),
        })))
    }

    /// What time it is.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // The one place that reads the machine's clock.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => Timestamp::from_micros(jiff::Timestamp::now().as_microsecond()),
            Kind::ByHand(hand) => Timestamp::from_micros(hand.micros.load(Ordering::SeqCst)),
        }
    }

    /// Waits until `duration` has passed on this clock.
    #[allow(clippy::disallowed_methods)] // The one place that waits for the machine's clock.
    pub async fn sleep(&self, duration: Duration) {
        match &self.0 {
            Kind::System => tokio::time::sleep(duration).await,
            Kind::ByHand(hand) => {
                let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
                let until = hand.micros.load(Ordering::SeqCst).saturating_add(micros);
                hand.wait_until(until).await;
            }
        }
    }

    /// Waits until the clock shows `moment` or later.
    pub async fn sleep_until(&self, moment: Timestamp) {
        match &self.0 {
            Kind::System => {
                let micros = moment.micros_since(self.now()).max(0);
                self.sleep(Duration::from_micros(micros.unsigned_abs()))
                    .await;
            }
            // Not by way of a duration: the hand may move between two looks at it.
            Kind::ByHand(hand) => hand.wait_until(moment.micros()).await,
        }
    }

    /// How many wait for a hand-wound clock to move, so that a test need not move it too early.
    /// None, for the machine's own clock.
    #[must_use]
    pub fn waiting(&self) -> usize {
        match &self.0 {
            Kind::System => 0,
            Kind::ByHand(hand) => hand.moved.receiver_count(),
        }
    }

    /// Moves a hand-wound clock forward and wakes those whose time has come. The machine's own
    /// clock is left as it is.
    pub fn advance(&self, duration: Duration) {
        if let Kind::ByHand(hand) = &self.0 {
            let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
            hand.micros.fetch_add(micros, Ordering::SeqCst);
            hand.moved.send_replace(());
        }
    }
}

impl Hand {
    async fn wait_until(&self, micros: i64) {
        let mut moved = self.moved.subscribe();
        while self.micros.load(Ordering::SeqCst) < micros {
            if moved.changed().await.is_err() {
                return;
            }
        }
    }
}

//! The clocks of this crate's own tests.

use crate::clock::{Clock, Time, Timestamp, Wait};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The machine's own clock.
pub(crate) fn system() -> Clock {
    System.into()
}

/// A clock that stands at `start` until [`Hand::advance`] moves it.
pub(crate) fn by_hand(start: Timestamp) -> Hand {
    Hand(Arc::new(watch::Sender::new(start)))
}

#[derive(Debug)]
struct System;

#[allow(clippy::disallowed_methods)] // The machine's clock itself.
impl Time for System {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }

    fn sleep(&self, duration: Duration) -> Wait<'_> {
        Box::pin(tokio::time::sleep(duration))
    }

    fn sleep_until(&self, moment: Timestamp) -> Wait<'_> {
        let left = moment.micros_since(self.now()).max(0);
        self.sleep(Duration::from_micros(left.unsigned_abs()))
    }
}

/// Clones show the same time.
#[derive(Clone, Debug)]
pub(crate) struct Hand(Arc<watch::Sender<Timestamp>>);

impl Hand {
    pub(crate) fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap();
        (self.0).send_modify(|now| *now = now.plus_micros(micros));
    }
}

impl Time for Hand {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    fn sleep(&self, duration: Duration) -> Wait<'_> {
        let micros = i64::try_from(duration.as_micros()).unwrap();
        self.sleep_until(self.now().plus_micros(micros))
    }

    fn sleep_until(&self, moment: Timestamp) -> Wait<'_> {
        let mut moved = self.0.subscribe();
        Box::pin(async move {
            let _ = moved.wait_for(|now| *now >= moment).await;
        })
    }
}

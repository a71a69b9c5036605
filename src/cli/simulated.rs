//! The server's time as the simulator's, which knows none of our types.

use crate::clock::Clock;
use crate::domain::Timestamp;
use callboard_simulator::{Time, Timestamp as Simulated, Wait};
use std::time::Duration;

impl Time for Clock {
    fn now(&self) -> Simulated {
        Self::now(self).into()
    }

    fn sleep(&self, duration: Duration) -> Wait<'_> {
        Box::pin(Self::sleep(self, duration))
    }

    fn sleep_until(&self, moment: Simulated) -> Wait<'_> {
        Box::pin(Self::sleep_until(self, moment.into()))
    }
}

impl From<Timestamp> for Simulated {
    fn from(moment: Timestamp) -> Self {
        Self::from_micros(moment.micros())
    }
}

impl From<Simulated> for Timestamp {
    fn from(moment: Simulated) -> Self {
        Self::from_micros(moment.micros())
    }
}

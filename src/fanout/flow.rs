//! The flow: what the journal hands out goes to the hub.

use super::Fanout;
use super::delivery::delivery_of;
use super::gaps::GAP_PATIENCE;
use crate::domain::AgencyId;
use crate::hub::{Delivery, Went};
use crate::journal::Recorded;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};

impl Fanout {
    /// Passes on what the journal hands out, until it is closed.
    pub async fn run(self, recorded: Arc<Mutex<mpsc::Receiver<Recorded>>>) {
        let mut recorded = recorded.lock().await;
        while let Some(recorded) = recorded.recv().await {
            match recorded {
                Recorded::Events(events) => {
                    for event in &events {
                        match delivery_of(event) {
                            Ok(delivery) => self.deliver(event.agency, delivery),
                            Err(_) => self.fill_soon(event.agency, Duration::ZERO),
                        }
                    }
                    self.relay.tell(events);
                }
                Recorded::Owed => self.relay.tell_of_dues(),
                Recorded::InDoubt(agencies) => {
                    for agency in &agencies {
                        self.fill_soon(*agency, Duration::ZERO);
                    }
                    self.relay.tell_of_doubt(agencies);
                }
            }
        }
    }

    pub(super) fn deliver(&self, agency: AgencyId, delivery: Delivery) {
        match self.hub.publish(agency, delivery) {
            Went::Out | Went::Nowhere => {}
            Went::Waits => self.fill_soon(agency, GAP_PATIENCE),
            Went::OfAnotherLife => self.start_again(agency),
        }
    }
}

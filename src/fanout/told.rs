//! What other nodes told: brought to the boards here, where somebody watches. It decides nothing: of
//! what does not fit, the database says what is true.

use super::Fanout;
use super::delivery::delivery_of;
use super::gaps::GAP_PATIENCE;
use crate::domain::AgencyId;
use crate::hub::Went;
use crate::relay::Heard;
use crate::view::Published;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

/// How long what nobody here waits for may gather before the journal is read.
const UNWATCHED_PATIENCE: Duration = Duration::from_millis(50);

impl Fanout {
    /// Brings what the relay hears to the boards, until `stop`.
    pub async fn hear(self, heard: Arc<Mutex<mpsc::Receiver<Heard>>>, stop: CancellationToken) {
        let mut heard = heard.lock().await;
        loop {
            let told = tokio::select! {
                () = stop.cancelled() => return,
                Some(told) = heard.recv() => told,
            };
            match told {
                Heard::Events(events) => {
                    for event in &events {
                        self.bring(event);
                    }
                }
                Heard::Heads(heads) => {
                    for (agency, epoch, seq) in heads {
                        self.compare_with_told(agency, &epoch, seq);
                    }
                }
                Heard::Doubt(agencies) => {
                    for agency in agencies {
                        self.fill_soon(agency, Duration::ZERO);
                    }
                }
                Heard::Watched(agencies) => self.is_watched_elsewhere(agencies),
            }
        }
    }

    fn bring(&self, event: &Published) {
        if !self.hub.knows(event.agency) {
            return;
        }
        match self.hub.seq(event.agency) {
            Some((epoch, _)) if epoch != event.epoch => return self.relay.doubt(),
            Some((_, seq)) if event.seq <= seq => return,
            _ => {}
        }
        let Ok(delivery) = delivery_of(event) else {
            return self.fill_soon(event.agency, Duration::ZERO);
        };
        match self.hub.publish(event.agency, delivery) {
            Went::Out | Went::Nowhere => {}
            Went::Waits => self.fill_soon(event.agency, GAP_PATIENCE),
            // The database decides whose life is over.
            Went::OfAnotherLife => self.relay.doubt(),
        }
    }

    fn compare_with_told(&self, agency: AgencyId, epoch: &str, seq: i64) {
        match self.hub.seq(agency) {
            Some((ours, _)) if ours != epoch => self.relay.doubt(),
            Some((_, ours)) if seq > ours => {
                let patience = if self.hub.is_watched(agency) {
                    Duration::ZERO
                } else {
                    UNWATCHED_PATIENCE
                };
                self.fill_soon(agency, patience);
            }
            _ => {}
        }
    }
}

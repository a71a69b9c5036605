//! Heads: whether the journal has gone further than what went out here.

use super::Fanout;
use crate::domain::AgencyId;
use crate::telemetry::HeadPoll;
use std::collections::HashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the heads of watched agencies are compared with what went out here.
const HEAD_POLL: Duration = Duration::from_secs(2);
/// Every so many polls, channels that nobody watches are swept out: five minutes.
const POLLS_PER_SWEEP: u32 = 150;

impl Fanout {
    /// Compares heads every two seconds until `stop`: this is how events of other nodes are heard,
    /// and how one that was committed but never published is found.
    pub async fn poll_heads(self, stop: CancellationToken) {
        let mut polls: u32 = 0;
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(HEAD_POLL) => {}
            }
            polls = polls.wrapping_add(1);
            if polls.is_multiple_of(POLLS_PER_SWEEP) {
                self.hub.sweep();
            }
            self.read_heads().await;
        }
    }

    async fn read_heads(&self) {
        // Looked at before the heads are read: what goes out meanwhile is no sign of anything.
        let known: HashMap<AgencyId, (String, i64)> = self
            .hub
            .agencies()
            .into_iter()
            .filter_map(|agency| Some((agency, self.hub.seq(agency)?)))
            .collect();
        if known.is_empty() {
            return;
        }
        match self.store.heads(known.keys().copied().collect()).await {
            Ok(heads) => {
                for (agency, head) in heads {
                    if let Some((epoch, seq)) = known.get(&agency) {
                        let renewed = *epoch != head.epoch || head.last_seq < *seq;
                        self.compare(agency, renewed, head.last_seq);
                    }
                }
            }
            Err(error) => {
                self.metrics.head_polled(HeadPoll::Failed);
                tracing::warn!("Heads not read: {error}");
            }
        }
    }

    fn compare(&self, agency: AgencyId, renewed: bool, last_seq: i64) {
        let Some((_, seq)) = self.hub.seq(agency) else {
            return;
        };
        if renewed {
            self.start_again(agency);
        } else if last_seq > seq {
            self.metrics.head_polled(HeadPoll::Behind);
            self.fill_soon(agency, Duration::ZERO);
        } else {
            self.metrics.head_polled(HeadPoll::Level);
        }
    }

    /// The numbering was renewed, or an older database put in its place: what went out is no longer
    /// the truth.
    pub(super) fn start_again(&self, agency: AgencyId) {
        tracing::warn!("Numbering of agency {agency} was renewed; its boards start again");
        self.hub.reset(agency);
    }
}

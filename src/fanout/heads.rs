//! Heads: whether the journal has gone further than what went out here.

use super::Fanout;
use crate::clock::Tick;
use crate::domain::AgencyId;
use crate::telemetry::HeadPoll;
use std::collections::HashMap;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often the heads of watched agencies are compared with what went out here.
const HEAD_POLL: Duration = Duration::from_secs(2);
/// The same while the relay brings everything.
const CALM_HEAD_POLL: Duration = Duration::from_secs(10);
/// How often channels that nobody watches are swept out.
const SWEEP: Duration = Duration::from_secs(300);

impl Fanout {
    /// Compares heads every two seconds until `stop`, or more seldom while the relay brings what other
    /// nodes commit, and at once when it may have lost something. So events of other nodes are heard
    /// whatever becomes of the relay, and one that was committed but never published is found.
    pub async fn poll_heads(self, stop: CancellationToken) {
        let mut swept = self.clock.tick();
        loop {
            let polled = self.clock.tick();
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.next_poll(polled) => {}
                () = self.relay.doubted() => {}
            }
            let now = self.clock.tick();
            if now.since(swept) >= SWEEP {
                swept = now;
                self.hub.sweep();
            }
            self.read_heads().await;
        }
    }

    /// What is calm now may not be in two seconds.
    async fn next_poll(&self, polled: Tick) {
        loop {
            self.clock.sleep(HEAD_POLL).await;
            let waited = self.clock.tick().since(polled);
            if waited >= CALM_HEAD_POLL || !self.relay.is_calm() {
                return;
            }
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
            // It may be under way from the node that committed it.
            self.fill_found(agency, self.relay.patience());
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

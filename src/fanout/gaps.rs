//! Gaps in an agency's numbers, read from the journal.

use super::delivery::delivery_of;
use super::{Fanout, PAGE};
use crate::domain::AgencyId;
use crate::store::StoreError;
use dashmap::DashMap;
use std::sync::Arc;
use std::time::Duration;

/// How long a gap may close by itself before the journal is read.
pub(super) const GAP_PATIENCE: Duration = Duration::from_millis(25);

impl Fanout {
    /// Reads what is missing from the journal, beside the flow, so that one agency's gap does not
    /// hold up another's events.
    pub(super) fn fill_soon(&self, agency: AgencyId, patience: Duration) {
        if self.filling.insert(agency, ()).is_some() {
            return;
        }
        let fanout = self.clone();
        let filling = Filling(Arc::clone(&self.filling), agency);
        self.runtime.spawn(async move {
            fanout.clock.sleep(patience).await;
            // Let go before reading: a gap that is noticed from here on needs a look of its own.
            drop(filling);
            if let Err(error) = fanout.fill(agency).await {
                tracing::warn!("Gap of agency {agency} not read, the next poll will: {error}");
            }
        });
    }

    pub(super) async fn fill(&self, agency: AgencyId) -> Result<(), StoreError> {
        while self.read_on(agency).await? {}
        Ok(())
    }

    /// Has the next page of what has not gone out here go out; true when there may be more. Under
    /// load there always is some more by the time that a page has been read: whoever waits for what
    /// there was does not wait for an empty one.
    pub(super) async fn read_on(&self, agency: AgencyId) -> Result<bool, StoreError> {
        let Some((_, seq)) = self.hub.seq(agency) else {
            return Ok(false);
        };
        let page = self.store.events_since(agency, seq, PAGE).await?;
        if page.is_empty() {
            return Ok(false);
        }
        self.metrics.gap_filled();
        let is_full = i64::try_from(page.len()).is_ok_and(|read| read >= PAGE);
        for event in page {
            let delivery = delivery_of(&event).map_err(|error| {
                let seq = event.seq;
                let place = format!("call_events.event {seq} of agency {agency}");
                StoreError::Corrupt(format!("{place}: {error}"))
            })?;
            self.deliver(agency, delivery);
        }
        Ok(is_full)
    }
}

/// An agency whose gap waits to be read; it waits no more when this goes, however that comes about.
struct Filling(Arc<DashMap<AgencyId, ()>>, AgencyId);

impl Drop for Filling {
    fn drop(&mut self) {
        self.0.remove(&self.1);
    }
}

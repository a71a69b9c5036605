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

/// What was read of what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// There was nothing.
    Nothing,
    /// All that there was.
    Rest,
    /// A whole page; there may be more.
    Page,
}

impl Fanout {
    /// Reads what is missing from the journal, beside the flow, so that one agency's gap does not
    /// hold up another's events.
    pub(super) fn fill_soon(&self, agency: AgencyId, patience: Duration) {
        self.fill_after(agency, patience, |_| {});
    }

    /// The same, of what a poll has found. What is read then, nobody has told of.
    pub(super) fn fill_found(&self, agency: AgencyId, patience: Duration) {
        self.fill_after(agency, patience, |fanout| fanout.relay.is_amiss());
    }

    fn fill_after(&self, agency: AgencyId, patience: Duration, if_filled: fn(&Self)) {
        if self.filling.insert(agency, ()).is_some() {
            return;
        }
        let fanout = self.clone();
        let filling = Filling(Arc::clone(&self.filling), agency);
        self.runtime.spawn(async move {
            fanout.clock.sleep(patience).await;
            // Let go before reading: a gap that is noticed from here on needs a look of its own.
            drop(filling);
            match fanout.fill(agency).await {
                Ok(true) => if_filled(&fanout),
                Ok(false) => {}
                Err(error) => {
                    tracing::warn!("Gap of agency {agency} not read, the next poll will: {error}");
                }
            }
        });
    }

    /// Says whether there was anything.
    pub(super) async fn fill(&self, agency: AgencyId) -> Result<bool, StoreError> {
        let mut read = self.read_on(agency).await?;
        let filled = read != Read::Nothing;
        while read == Read::Page {
            read = self.read_on(agency).await?;
        }
        Ok(filled)
    }

    /// Has the next page of what has not gone out here go out. Under load there always is some more by
    /// the time that a page has been read: whoever waits for what there was does not wait for an empty
    /// one.
    pub(super) async fn read_on(&self, agency: AgencyId) -> Result<Read, StoreError> {
        let Some((_, seq)) = self.hub.seq(agency) else {
            return Ok(Read::Nothing);
        };
        let page = self.store.events_since(agency, seq, PAGE).await?;
        if page.is_empty() {
            return Ok(Read::Nothing);
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
        Ok(if is_full { Read::Page } else { Read::Rest })
    }
}

/// An agency whose gap waits to be read; it waits no more when this goes, however that comes about.
struct Filling(Arc<DashMap<AgencyId, ()>>, AgencyId);

impl Drop for Filling {
    fn drop(&mut self) {
        self.0.remove(&self.1);
    }
}

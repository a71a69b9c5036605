//! The database, read from its beginning.

use super::plan::Judge;
use super::reading::Reading;
use crate::cli::demo::DemoError;
use crate::domain::AgencyId;
use crate::store::{Named, Store, StoreError};
use callboard_simulator::browser::Event;

/// Rows read at once.
const PAGE: i64 = 1_000;

/// The number of the last event.
pub(super) async fn head(store: &Store, agency: AgencyId) -> Result<u64, DemoError> {
    let heads = store.heads(vec![agency]).await?;
    let head = heads.first().map_or(0, |(_, head)| head.last_seq);
    Ok(u64::try_from(head).unwrap_or(0))
}

/// Shows the judge every event and every webhook that is kept.
pub(super) async fn read(
    store: &Store,
    agency: AgencyId,
    judge: &mut Judge,
) -> Result<Reading, DemoError> {
    let mut after = 0;
    loop {
        let events = store.events_since(agency, after, PAGE).await?;
        let Some(last) = events.last() else {
            break;
        };
        after = last.seq;
        for published in &events {
            let (seq, text) = (published.seq, published.unmasked());
            let event: Event = serde_json::from_str(text)
                .map_err(|error| StoreError::Corrupt(format!("event {seq}: {error}")))?;
            judge.event(&event, text);
        }
    }
    let mut after = Named::default();
    loop {
        let webhooks = store.kept_webhooks(agency, after.clone(), PAGE).await?;
        let Some(last) = webhooks.last() else {
            break;
        };
        after.clone_from(&last.key);
        for webhook in &webhooks {
            if let Ok(id) = webhook.key.name.parse() {
                judge.stored(id);
            }
        }
    }
    Ok(judge.reading())
}

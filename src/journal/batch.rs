//! One batch: from appends to a committed transaction and an answer for each.

use super::append::{Answer, Append, WebhookAppend};
use super::ledger::Ledger;
use crate::clock::Clock;
use crate::domain::{AgencyId, Timestamp};
use crate::store::batch::{BatchKeys, Heads, Loaded, Writes};
use crate::store::{Store, StoreError};
use crate::view::Published;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// What a committed batch leaves: an answer per append (`None` where its agency is not there), the
/// events, in the order of their numbers, and whether it owes something.
pub(super) struct Committed {
    pub answers: Vec<Option<Answer>>,
    pub events: Vec<Published>,
    /// What each of them was, and when our listener heard of it.
    pub heard: Vec<(&'static str, Timestamp)>,
    /// Something is owed to the carrier now.
    pub owes: bool,
    /// The agencies whose appends were left out, since somebody else holds their heads.
    pub held: HashSet<AgencyId>,
}

/// Commits these appends in one transaction.
pub(super) async fn commit(
    store: &Store,
    appends: Vec<Arc<Append>>,
    heads: Heads,
    clock: &Clock,
) -> Result<Committed, StoreError> {
    let mut keys = BatchKeys {
        heads,
        ..BatchKeys::default()
    };
    for append in &appends {
        append.add_keys(&mut keys);
    }
    let (now, steady) = (clock.now(), clock.steady());
    let apply = move |loaded: Loaded| apply(loaded, &appends, now, steady);
    store.commit(keys, now, apply).await
}

pub(super) fn apply(
    loaded: Loaded,
    appends: &[Arc<Append>],
    now: Timestamp,
    steady: Timestamp,
) -> Result<(Writes, Committed), StoreError> {
    let held = loaded.held.clone();
    let mut ledger = Ledger::open(loaded, now, steady);
    let mut answers: Vec<Option<Answer>> = appends.iter().map(|_| None).collect();
    for place in in_order(appends) {
        if let (Some(append), Some(answer)) = (appends.get(place), answers.get_mut(place)) {
            *answer = ledger.take(append)?;
        }
    }
    let writes = ledger.close();
    let events = writes.events.iter();
    let heard = events.clone().map(|new| &new.event);
    let heard = heard.map(|event| (event.name(), event.moment().received));
    let heard = heard.collect();
    let events = events.map(|new| new.published.clone()).collect();
    let owes = writes.errands.iter();
    let owes = owes.filter(|errand| errand.due <= steady && errand.leased_until.is_none());
    let owes = owes.count() > 0;
    let committed = Committed {
        answers,
        events,
        heard,
        owes,
        held,
    };
    Ok((writes, committed))
}

/// The order to take appends in: as they came, but the webhooks of one phone call by the carrier's
/// clock, each group in the places that it holds. So a batch tells most stories in their order,
/// whatever order the network chose; commands keep their places, since our clock is another one.
fn in_order(appends: &[Arc<Append>]) -> Vec<usize> {
    let mut groups: HashMap<(AgencyId, &str), Vec<(usize, &WebhookAppend)>> = HashMap::new();
    for (place, append) in appends.iter().enumerate() {
        if let Append::Webhook(webhook) = append.as_ref()
            && let Some(key) = webhook.call_key()
        {
            let group = groups.entry((webhook.webhook.agency_id, key)).or_default();
            group.push((place, webhook));
        }
    }
    let mut order: Vec<usize> = (0..appends.len()).collect();
    for group in groups.into_values() {
        let mut by_time = group.clone();
        by_time.sort_by_key(|(place, append)| {
            (append.webhook.occurred_at, !append.announces(), *place)
        });
        for ((place, _), (from, _)) in group.iter().zip(by_time) {
            if let Some(slot) = order.get_mut(*place) {
                *slot = from;
            }
        }
    }
    order
}

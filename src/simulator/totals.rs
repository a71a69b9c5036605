//! What a load has come to.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counted since the load began. Once it has ended, `webhooks` = `acknowledged` + `refused` +
/// `lost`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Calls begun.
    pub calls: u64,
    /// Deliveries begun, repeats included; retries are not counted again.
    pub webhooks: u64,
    /// Deliveries that the receiver acknowledged.
    pub acknowledged: u64,
    /// Deliveries of a webhook that was being, or had been, delivered already.
    pub repeats: u64,
    /// Webhooks held back until a later one of the same call had been sent.
    pub out_of_order: u64,
    /// Attempts after the first of a delivery.
    pub retries: u64,
    /// Deliveries that the receiver answered it did not want.
    pub refused: u64,
    /// Deliveries given up at the end of the retry schedule.
    pub lost: u64,
}

macro_rules! tally {
    ($($name:ident),*) => {
        /// The counters themselves, counted up from many tasks.
        #[derive(Debug, Default)]
        pub(super) struct Tally {
            $(pub(super) $name: Counter,)*
        }

        impl Tally {
            pub(super) fn totals(&self) -> Totals {
                Totals { $($name: self.$name.0.load(Ordering::Relaxed),)* }
            }
        }
    };
}

tally!(
    calls,
    webhooks,
    acknowledged,
    repeats,
    out_of_order,
    retries,
    refused,
    lost
);

/// One number that only grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn count(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

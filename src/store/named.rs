//! What a carrier has named, as keys have it.

use super::StoreError;
use super::rows::carrier;
use crate::domain::{Carrier, LegHandle};
use std::collections::BTreeMap;

/// A carrier's name for a leg, a session or a webhook, in the order of the keys that have both. The
/// carrier may be one that only a newer version knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Named {
    pub name: String,
    /// Whose name it is.
    pub carrier: String,
}

impl Named {
    /// That carrier's name.
    #[must_use]
    pub fn by(carrier: Carrier, name: impl Into<String>) -> Self {
        let (name, carrier) = (name.into(), carrier.name().to_owned());
        Self { name, carrier }
    }

    /// As a row has them.
    pub(super) fn of((name, carrier): (String, String)) -> Self {
        Self { name, carrier }
    }

    pub(super) fn carrier(&self, column: &str) -> Result<Carrier, StoreError> {
        carrier(&self.carrier, column, &self.name)
    }
}

impl From<&LegHandle> for Named {
    fn from(handle: &LegHandle) -> Self {
        Self::by(handle.carrier, &handle.id)
    }
}

/// The names of each carrier: a statement takes those of one.
pub(super) fn by_carrier<'a>(
    named: impl IntoIterator<Item = &'a Named>,
) -> BTreeMap<&'a str, Vec<&'a str>> {
    let mut all: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for Named { name, carrier } in named {
        all.entry(carrier).or_default().push(name);
    }
    all
}

/// The texts of a key beside its agency, in the order of its columns.
pub(super) trait Texts<const COLUMNS: usize> {
    fn texts(&self) -> [&str; COLUMNS];
}

impl Texts<1> for String {
    fn texts(&self) -> [&str; 1] {
        [self]
    }
}

impl Texts<2> for Named {
    fn texts(&self) -> [&str; 2] {
        [&self.name, &self.carrier]
    }
}

//! A message between nodes.

use super::outgoing::{HeadTold, Parcel};
use crate::view::Told;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a node tells the others. Fields that a later release adds are passed over, and are to mean
/// nothing to whoever does so; what may not be passed over wants a new version in the seal.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Letter<'a> {
    /// The life of the process that tells it.
    pub boot: Uuid,
    /// Its number in that life: one that is missing was lost.
    pub n: u64,
    /// How often agencies, people and credentials have changed, as far as it knows.
    #[serde(default)]
    pub directory: i64,
    /// Something is owed to the carrier now.
    #[serde(default, skip_serializing_if = "is_not")]
    pub due: bool,
    /// It is the last one of that life.
    #[serde(default, skip_serializing_if = "is_not")]
    pub bye: bool,
    /// Everybody should look at every head.
    #[serde(default, skip_serializing_if = "is_not")]
    pub look: bool,
    /// Events, whole.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    pub events: Vec<Told<'a>>,
    /// Where numberings stand of which the events are not here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<HeadTold>,
    /// Agencies whose journals may hold events that nobody was told of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub doubt: Vec<Uuid>,
    /// Agencies of which sockets are there: they may come to whoever reads this.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub watched: Vec<Uuid>,
}

fn is_not(value: &bool) -> bool {
    !value
}

impl<'a> Letter<'a> {
    /// What is in the parcel, under that number.
    pub(super) fn of(parcel: &'a Parcel, boot: Uuid, n: u64, directory: i64) -> Self {
        let mut heads = parcel.heads.clone();
        let mut events = Vec::with_capacity(parcel.events.len());
        for event in &parcel.events {
            match event.to_wire() {
                Ok(told) => events.push(told),
                // Whoever reads the journal meets the same, and says so.
                Err(_) => heads.push((event.agency.0, event.epoch.clone(), event.seq)),
            }
        }
        Self {
            boot,
            n,
            directory,
            due: parcel.due,
            events,
            heads,
            doubt: parcel.doubt.clone(),
            watched: parcel.watched.clone(),
            ..Self::default()
        }
    }

    /// Its text, to be signed.
    pub(super) fn text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    /// What was signed.
    pub(super) fn read(text: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }
}

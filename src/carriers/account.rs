//! An agency's account with its carrier: what can be asked for there, whichever carrier it is.

use super::asked::{CallState, CarrierError, Channels, Dial, NoAccount, Recording};
use super::telnyx::{self, Telnyx};
use crate::agencies::Profile;
use crate::domain::{Carrier, LegHandle};
use crate::providers::Account;
use std::sync::Arc;
use uuid::Uuid;

/// The carriers' clients. Clones share connections and circuits.
#[derive(Clone)]
pub struct Carriers {
    telnyx: Telnyx,
    /// The host of agents' phones, where the agency has none of its own.
    sip_server: String,
}

/// An agency's account with a carrier, and the key to it. A command may be given again with the
/// same id while its outcome is not known.
pub struct CarrierAccount {
    line: Line,
    profile: Arc<Profile>,
    sip_server: String,
}

enum Line {
    Telnyx(Telnyx, Account),
}

impl Carriers {
    /// The carriers behind these clients.
    #[must_use]
    pub fn new(telnyx: Telnyx, sip_server: String) -> Self {
        Self { telnyx, sip_server }
    }

    /// The account of an agency with that carrier.
    ///
    /// # Errors
    /// When the agency has no key to one.
    pub fn account(
        &self,
        carrier: Carrier,
        profile: Arc<Profile>,
    ) -> Result<CarrierAccount, NoAccount> {
        let line = match carrier {
            Carrier::Telnyx => Line::Telnyx(self.telnyx.clone(), telnyx::account(&profile)?),
        };
        Ok(CarrierAccount {
            line,
            profile,
            sip_server: self.sip_server.clone(),
        })
    }

    /// Whether this text names the phone of one of the agency's own people at that carrier: a leg
    /// that comes in there was sent there, and is no caller's.
    #[must_use]
    pub fn is_own_phone(&self, carrier: Carrier, agency: &Profile, to: &str) -> bool {
        match carrier {
            Carrier::Telnyx => telnyx::is_own_phone(agency, to, &self.sip_server),
        }
    }
}

impl CarrierAccount {
    /// How long the agency has its agents' phones ring, in seconds.
    #[must_use]
    pub fn ring_s(&self) -> u16 {
        self.profile.settings.ring_s
    }
}

/// Each is one question, said in the carrier's way. They fail when the carrier refuses or does not
/// answer.
#[allow(clippy::missing_errors_doc)]
impl CarrierAccount {
    /// In how many seconds the carrier is asked again for this agency, when it has not been
    /// answering.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u64> {
        match &self.line {
            Line::Telnyx(client, key) => client.retry_after_s(key),
        }
    }

    /// The address of an agent's phone: by the agent's own SIP name, else by the one that the
    /// agency's people share.
    #[must_use]
    pub fn phone(&self, own: Option<String>) -> Option<String> {
        match &self.line {
            Line::Telnyx(..) => telnyx::phone(&self.profile, own, &self.sip_server),
        }
    }

    /// The number that an agent's phone is to show: the caller's own where the carrier allows it,
    /// else the agency's caller id; `None` leaves the choice to the carrier. What stands for a
    /// withheld number is never shown, from wherever it comes.
    #[must_use]
    pub fn shown(&self, caller: Option<&str>, own_refused: bool) -> Option<String> {
        match &self.line {
            Line::Telnyx(..) => telnyx::shown(&self.profile, caller, own_refused),
        }
    }

    /// Answers a leg that comes in.
    pub async fn answer(&self, leg: &LegHandle, id: Uuid) -> Result<(), CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.answer(key, &leg.id, id).await,
        }
    }

    /// Rings somebody and connects a leg with whoever answers.
    pub async fn connect(
        &self,
        leg: &LegHandle,
        dial: &Dial,
        id: Uuid,
    ) -> Result<(), CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.transfer(key, &leg.id, dial, id).await,
        }
    }

    /// Hangs a leg up.
    pub async fn hang_up(&self, leg: &LegHandle, id: Uuid) -> Result<(), CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.hang_up(key, &leg.id, id).await,
        }
    }

    /// The same, asked for once: for whoever looks, before asking again, whether that is still
    /// wanted.
    pub async fn hang_up_once(&self, leg: &LegHandle, id: Uuid) -> Result<(), CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.hang_up_once(key, &leg.id, id).await,
        }
    }

    /// Starts to record a leg and whoever it is connected with.
    pub async fn record(
        &self,
        leg: &LegHandle,
        channels: Channels,
        id: Uuid,
    ) -> Result<(), CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.start_recording(key, &leg.id, channels, id).await,
        }
    }

    /// Lets an answered leg hear ringing until it is told to stop.
    pub async fn ring(&self, leg: &LegHandle, id: Uuid) -> Result<(), CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.start_ringing(key, &leg.id, id).await,
        }
    }

    /// Stops all that is played to a leg.
    pub async fn quiet(&self, leg: &LegHandle, id: Uuid) -> Result<(), CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.stop_playback(key, &leg.id, id).await,
        }
    }

    /// Asks about a leg. `None`: the carrier does not know it, or not any more.
    pub async fn look(&self, leg: &LegHandle) -> Result<Option<CallState>, CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.look(key, &leg.id).await,
        }
    }

    /// A recording with a fresh link. `None`: there is no such recording (any more).
    pub async fn recording(&self, id: &str) -> Result<Option<Recording>, CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.recording(key, id).await,
        }
    }

    /// The recordings of a leg, by the carrier's stable id of it.
    pub async fn recordings_of_leg(&self, leg_id: &str) -> Result<Vec<Recording>, CarrierError> {
        match &self.line {
            Line::Telnyx(client, key) => client.recordings_of_leg(key, leg_id).await,
        }
    }
}

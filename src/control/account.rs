//! An agency's account with its carrier, and the phones of its agents.

use super::{Control, ControlError};
use crate::agencies::Profile;
use crate::carriers::CarrierAccount;
use crate::domain::{AgencyId, Carrier, UserId};

impl Control {
    /// The account of an agency with that carrier.
    pub(super) fn account(
        &self,
        agency: AgencyId,
        carrier: Carrier,
    ) -> Result<CarrierAccount, ControlError> {
        let profile = self.0.directory.agency(agency);
        let profile = profile.ok_or(ControlError::NotFound)?;
        let account = self.0.carriers.account(carrier, profile);
        account.map_err(|none| ControlError::Carrier(none.to_string()))
    }

    /// The address of an agent's phone: the agent's own, else the agency's shared one.
    pub(super) async fn phone_of(
        &self,
        account: &CarrierAccount,
        user: UserId,
    ) -> Result<Option<String>, ControlError> {
        let own = self.0.directory.user(user).await?;
        Ok(account.phone(own.and_then(|user| user.sip_username)))
    }

    /// Whether this text names the phone of one of the agency's own people: a leg that comes in
    /// there was sent there, and is no caller's.
    #[must_use]
    pub fn is_own_phone(&self, carrier: Carrier, agency: &Profile, to: &str) -> bool {
        self.0.carriers.is_own_phone(carrier, agency, to)
    }
}

//! An agency's account with the carrier, and the addresses of its agents' phones.

use super::{Control, ControlError};
use crate::agencies::Profile;
use crate::domain::{AgencyId, CredentialKey, Party, UserId, is_withheld};
use crate::providers::Account;
use secrecy::ExposeSecret;
use std::sync::Arc;

/// An agency with the key to its account.
pub(super) struct CarrierAccount {
    pub key: Account,
    profile: Arc<Profile>,
}

/// Every SIP host of the carrier's lies below this one.
const TELNYX: &str = "telnyx.com";

const NO_KEY: &str = "No Telnyx API key is stored for this agency; an owner sets it under Settings, \
     or with `callboard credentials set --agency ID telnyx_api_key=-`";

impl Control {
    /// The account of an agency.
    pub(super) fn account(&self, agency: AgencyId) -> Result<CarrierAccount, ControlError> {
        let profile = self.0.directory.agency(agency);
        let profile = profile.ok_or(ControlError::NotFound)?;
        let key = profile.credential(CredentialKey::TelnyxApiKey).cloned();
        let api_key = key.ok_or_else(|| ControlError::Carrier(NO_KEY.to_owned()))?;
        Ok(CarrierAccount {
            key: Account::new(agency, api_key),
            profile,
        })
    }

    /// The SIP address of an agent's phone: the agent's own, else the agency's shared one.
    pub(super) async fn phone_of(
        &self,
        account: &CarrierAccount,
        user: UserId,
    ) -> Result<Option<String>, ControlError> {
        let own = self.0.directory.user(user).await?;
        let own = own.and_then(|user| user.sip_username);
        let shared = || account.setting(CredentialKey::TelnyxSipUsername);
        let Some(username) = own.filter(|name| !name.is_empty()).or_else(shared) else {
            return Ok(None);
        };
        let server = account.setting(CredentialKey::TelnyxSipServer);
        let server = server.unwrap_or_else(|| self.0.sip_server.clone());
        Ok(Some(format!("sip:{username}@{server}")))
    }
}

impl Control {
    /// Whether this text names the phone of one of the agency's own people: a leg that comes in
    /// there was sent there, and is no caller's.
    #[must_use]
    pub fn is_own_phone(&self, agency: &Profile, to: &str) -> bool {
        let party = Party::read(to);
        let user = party.user.to_ascii_lowercase();
        if user.starts_with('+') || !agency.sip_names.contains(&user) {
            return false;
        }
        let Some(host) = party.host.map(str::to_ascii_lowercase) else {
            // Digits alone are a number.
            return user.contains(|letter: char| letter.is_ascii_alphabetic());
        };
        let own = agency.credential(CredentialKey::TelnyxSipServer);
        let own = own.map(ExposeSecret::expose_secret);
        let own = own.unwrap_or(&self.0.sip_server);
        host == TELNYX
            || host.ends_with(&format!(".{TELNYX}"))
            || Some(host.as_str()) == own.to_ascii_lowercase().split(':').next()
    }
}

impl CarrierAccount {
    fn setting(&self, key: CredentialKey) -> Option<String> {
        let value = self.profile.credential(key);
        value.map(|value| value.expose_secret().to_owned())
    }

    /// The number that an agent's phone is to show: the caller's own where the carrier allows it,
    /// else the agency's caller id; `None` leaves the choice to the carrier. What stands for a
    /// withheld number is never shown, from wherever it comes.
    pub(super) fn shown(&self, caller: Option<&str>, own_refused: bool) -> Option<String> {
        let own = caller.filter(|number| !own_refused && is_e164(number) && !is_withheld(number));
        let agencys = || {
            let caller_id = self.setting(CredentialKey::TelnyxCallerId);
            caller_id.filter(|number| !is_withheld(number))
        };
        own.map(str::to_owned).or_else(agencys)
    }
}

/// Telnyx takes only `+` and digits; a withheld or SIP caller has neither.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

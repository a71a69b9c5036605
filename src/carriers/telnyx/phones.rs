//! An agency's key to Telnyx, and its agents' phones there.

use crate::agencies::Profile;
use crate::carriers::NoAccount;
use crate::domain::{CredentialKey, Party, is_withheld};
use crate::providers::Account;
use secrecy::ExposeSecret;

/// Every SIP host of Telnyx's lies below this one.
const HOST: &str = "telnyx.com";

const NO_KEY: &str = "No Telnyx API key is stored for this agency; an owner sets it under Settings, \
     or with `callboard credentials set --agency ID telnyx_api_key=-`";

/// The account of an agency.
pub(in crate::carriers) fn account(agency: &Profile) -> Result<Account, NoAccount> {
    let key = agency.credential(CredentialKey::TelnyxApiKey).cloned();
    let key = key.ok_or(NoAccount(NO_KEY))?;
    Ok(Account::new(agency.agency.id, key))
}

/// The SIP address of an agent's phone: the agent's own, else the agency's shared one.
pub(in crate::carriers) fn phone(
    agency: &Profile,
    own: Option<String>,
    sip_server: &str,
) -> Option<String> {
    let shared = || setting(agency, CredentialKey::TelnyxSipUsername);
    let username = own.filter(|name| !name.is_empty()).or_else(shared)?;
    let server = setting(agency, CredentialKey::TelnyxSipServer);
    let server = server.unwrap_or_else(|| sip_server.to_owned());
    Some(format!("sip:{username}@{server}"))
}

/// Whether a leg that comes in at `to` was sent to the phone of one of the agency's own people.
pub(in crate::carriers) fn is_own_phone(agency: &Profile, to: &str, sip_server: &str) -> bool {
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
    let own = own.map_or(sip_server, ExposeSecret::expose_secret);
    host == HOST
        || host.ends_with(&format!(".{HOST}"))
        || Some(host.as_str()) == own.to_ascii_lowercase().split(':').next()
}

/// The number that an agent's phone is to show.
pub(in crate::carriers) fn shown(
    agency: &Profile,
    caller: Option<&str>,
    own_refused: bool,
) -> Option<String> {
    let own = caller.filter(|number| !own_refused && is_e164(number) && !is_withheld(number));
    let agencys = || {
        let caller_id = setting(agency, CredentialKey::TelnyxCallerId);
        caller_id.filter(|number| !is_withheld(number))
    };
    own.map(str::to_owned).or_else(agencys)
}

fn setting(agency: &Profile, key: CredentialKey) -> Option<String> {
    let value = agency.credential(key);
    value.map(|value| value.expose_secret().to_owned())
}

/// Telnyx takes only `+` and digits; a withheld or SIP caller has neither.
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

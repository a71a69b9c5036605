//! An agency with its credentials opened.

use super::seal::{DataKey, Keyring, WrappedKey};
use crate::config::AgencyDefaults;
use crate::domain::{
    Agency, AgencyId, Audience, CredentialKey, Role, check_credential, parse_public_key,
};
use crate::store::SealedAgency;
use secrecy::{ExposeSecret, SecretString};
use std::collections::{HashMap, HashSet};

/// An agency as the server knows it.
#[derive(Debug)]
pub struct Profile {
    /// The agency.
    pub agency: Agency,
    /// The keys that its webhooks may be signed with.
    pub public_keys: Vec<[u8; 32]>,
    /// The connections of the carrier's account that are its; none: all.
    pub connection_ids: Vec<String>,
    /// The SIP names of its people's phones, and the one that they share, in lower case.
    pub sip_names: HashSet<String>,
    /// The roles for which callers' numbers are masked.
    masked: Vec<Role>,
    credentials: HashMap<CredentialKey, SecretString>,
}

impl Profile {
    fn new(
        agency: Agency,
        masked: Vec<Role>,
        credentials: HashMap<CredentialKey, SecretString>,
        mut sip_names: HashSet<String>,
    ) -> Self {
        let list = |key: CredentialKey| -> Vec<String> {
            let value = credentials.get(&key).map(SecretString::expose_secret);
            value
                .into_iter()
                .flat_map(|value| key.entries(value).map(str::to_owned).collect::<Vec<_>>())
                .collect()
        };
        let mut connection_ids = list(CredentialKey::TelnyxConnectionIds);
        if connection_ids.is_empty() {
            connection_ids = list(CredentialKey::TelnyxApplicationId);
        }
        sip_names.extend(list(CredentialKey::TelnyxSipUsername));
        let sip_names = sip_names.iter().map(|name| name.to_ascii_lowercase());
        let public_keys = list(CredentialKey::TelnyxPublicKey)
            .iter()
            .filter_map(|key| {
                let parsed = parse_public_key(key);
                if let Err(error) = &parsed {
                    tracing::error!(
                        "A telnyx_public_key of agency {} is left out: {error}",
                        agency.id
                    );
                }
                parsed.ok()
            })
            .collect();
        Self {
            agency,
            public_keys,
            connection_ids,
            sip_names: sip_names.collect(),
            masked,
            credentials,
        }
    }

    /// What people with that role may see of callers' numbers.
    #[must_use]
    pub fn audience(&self, role: Role) -> Audience {
        Audience::of(role, &self.masked)
    }

    /// The value of a credential, if the agency has it.
    #[must_use]
    pub fn credential(&self, key: CredentialKey) -> Option<&SecretString> {
        self.credentials.get(&key)
    }

    /// What is wrong with, or odd about, the credentials; in sentences that hold none of them.
    pub fn doubts(&self) -> impl Iterator<Item = String> {
        let doubt = |(key, value): (&CredentialKey, &SecretString)| match check_credential(
            *key,
            value.expose_secret(),
        ) {
            Ok(doubt) => doubt,
            Err(error) => Some(error.to_string()),
        };
        let mut doubts: Vec<String> = self.credentials.iter().filter_map(doubt).collect();
        doubts.sort();
        doubts.into_iter()
    }

    /// Whether events of this connection concern the agency's calls. Without a configured
    /// connection all do, and so do events that name none.
    #[must_use]
    pub fn counts(&self, connection: Option<&str>) -> bool {
        let Some(connection) = connection else {
            return true;
        };
        self.connection_ids.is_empty() || self.connection_ids.iter().any(|id| id == connection)
    }
}

/// Opens every agency's credentials. One that cannot be opened is left out and logged: what needs
/// it is then refused, and the rest goes on.
pub(super) fn open_profiles(
    sealed: Vec<SealedAgency>,
    keyring: Option<&Keyring>,
    defaults: &AgencyDefaults,
    mut sip_names: HashMap<AgencyId, HashSet<String>>,
) -> Vec<Profile> {
    sealed
        .into_iter()
        .map(|sealed| {
            let mut credentials = HashMap::new();
            if sealed.agency.is_default {
                credentials = of_defaults(defaults);
            }
            credentials.extend(open(&sealed, keyring));
            let names = sip_names.remove(&sealed.agency.id).unwrap_or_default();
            Profile::new(sealed.agency, sealed.mask_numbers_for, credentials, names)
        })
        .collect()
}

fn open(sealed: &SealedAgency, keyring: Option<&Keyring>) -> HashMap<CredentialKey, SecretString> {
    let agency = sealed.agency.id;
    if sealed.credentials.is_empty() {
        return HashMap::new();
    }
    let key: Result<DataKey, String> = match (keyring, &sealed.data_key) {
        (Some(keyring), Some(wrapped)) => keyring
            .open_data_key(agency, &WrappedKey(wrapped.clone()))
            .map_err(|error| error.to_string()),
        (None, _) => Err("CALLBOARD_ENCRYPTION_KEY is not set".into()),
        (_, None) => Err("the agency has no data key".into()),
    };
    let key = match key {
        Ok(key) => key,
        Err(error) => {
            tracing::error!("Credentials of agency {agency} cannot be opened: {error}");
            return HashMap::new();
        }
    };
    let mut opened = HashMap::new();
    for credential in &sealed.credentials {
        let Some(name) = CredentialKey::from_name(&credential.name) else {
            continue;
        };
        match key.open(agency, name, credential.version, &credential.sealed) {
            Ok(value) => {
                opened.insert(name, value);
            }
            Err(error) => {
                tracing::error!("Credential {name} of agency {agency} cannot be opened: {error}");
            }
        }
    }
    opened
}

pub(super) fn of_defaults(defaults: &AgencyDefaults) -> HashMap<CredentialKey, SecretString> {
    let plain = |value: &Option<String>| value.clone().map(SecretString::from);
    [
        (CredentialKey::TelnyxApiKey, defaults.telnyx_api_key.clone()),
        (
            CredentialKey::TelnyxPublicKey,
            plain(&defaults.telnyx_public_key),
        ),
        (
            CredentialKey::TelnyxApplicationId,
            plain(&defaults.telnyx_application_id),
        ),
        (
            CredentialKey::TelnyxSipUsername,
            plain(&defaults.telnyx_sip_username),
        ),
        (
            CredentialKey::TelnyxCallerId,
            plain(&defaults.telnyx_caller_id),
        ),
        (
            CredentialKey::UltravoxApiKey,
            defaults.ultravox_api_key.clone(),
        ),
    ]
    .into_iter()
    .filter_map(|(key, value)| value.map(|value| (key, value)))
    .collect()
}

//! An agency with its credentials opened.

use super::seal::{DataKey, Keyring, WrappedKey};
use crate::config::AgencyDefaults;
use crate::domain::{
    Agency, AgencyId, AgencySettings, Audience, Carrier, CarrierCredential, CredentialKey, Role,
    check_credential, parse_public_key,
};
use crate::store::SealedAgency;
use secrecy::{ExposeSecret, SecretString};
use std::collections::{HashMap, HashSet};

/// An agency as the server knows it.
#[derive(Debug)]
pub struct Profile {
    pub agency: Agency,
    /// Of each carrier.
    accounts: Vec<(Carrier, Account)>,
    /// The SIP names of its people's phones, and the one that they share, in lower case.
    pub sip_names: HashSet<String>,
    /// How it works.
    pub settings: AgencySettings,
    credentials: HashMap<CredentialKey, SecretString>,
}

/// What tells an agency's webhooks from others that a carrier sends.
#[derive(Debug)]
struct Account {
    public_keys: Vec<[u8; 32]>,
    connection_ids: Vec<String>,
}

impl Account {
    fn of(
        carrier: Carrier,
        agency: AgencyId,
        credentials: &HashMap<CredentialKey, SecretString>,
    ) -> Self {
        let list = |what| entries(credentials, CredentialKey::of(carrier, what));
        let mut connection_ids = list(CarrierCredential::Connections);
        if connection_ids.is_empty() {
            connection_ids = list(CarrierCredential::Application);
        }
        let usable = |key: &String| {
            let parsed = parse_public_key(key);
            if let Err(error) = &parsed {
                let name = CredentialKey::of(carrier, CarrierCredential::PublicKey);
                tracing::error!("A {name} of agency {agency} is left out: {error}");
            }
            parsed.ok()
        };
        let public_keys = list(CarrierCredential::PublicKey);
        Self {
            public_keys: public_keys.iter().filter_map(usable).collect(),
            connection_ids,
        }
    }
}

fn entries(credentials: &HashMap<CredentialKey, SecretString>, key: CredentialKey) -> Vec<String> {
    let value = credentials.get(&key).map(SecretString::expose_secret);
    let entries = value.map(|value| key.entries(value).map(str::to_owned).collect());
    entries.unwrap_or_default()
}

impl Profile {
    fn new(
        agency: Agency,
        settings: AgencySettings,
        credentials: HashMap<CredentialKey, SecretString>,
        mut sip_names: HashSet<String>,
    ) -> Self {
        let shared = |carrier| CredentialKey::of(carrier, CarrierCredential::SipUsername);
        let shared = Carrier::ALL.map(|carrier| entries(&credentials, shared(carrier)));
        sip_names.extend(shared.into_iter().flatten());
        let sip_names = sip_names.iter().map(|name| name.to_ascii_lowercase());
        let account = |carrier| (carrier, Account::of(carrier, agency.id, &credentials));
        Self {
            accounts: Carrier::ALL.map(account).into(),
            agency,
            sip_names: sip_names.collect(),
            settings,
            credentials,
        }
    }

    /// What people with that role may see of callers' numbers.
    #[must_use]
    pub fn audience(&self, role: Role) -> Audience {
        Audience::of(role, &self.settings.mask_numbers_for)
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

    /// The keys that this carrier's webhooks for it may be signed with.
    #[must_use]
    pub fn public_keys(&self, carrier: Carrier) -> &[[u8; 32]] {
        let account = self.account(carrier);
        account.map_or(&[], |account| &account.public_keys)
    }

    /// The connections of its account with this carrier that are its; none: all.
    #[must_use]
    pub fn connection_ids(&self, carrier: Carrier) -> &[String] {
        let account = self.account(carrier);
        account.map_or(&[], |account| &account.connection_ids)
    }

    fn account(&self, carrier: Carrier) -> Option<&Account> {
        let mut accounts = self.accounts.iter();
        accounts.find_map(|(of, account)| (*of == carrier).then_some(account))
    }

    /// Whether this carrier's events of this connection concern the agency's calls. Without a
    /// configured connection all do, and so do events that name none.
    #[must_use]
    pub fn counts(&self, carrier: Carrier, connection: Option<&str>) -> bool {
        let Some(connection) = connection else {
            return true;
        };
        let own = self.connection_ids(carrier);
        own.is_empty() || own.iter().any(|id| id == connection)
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
                credentials = defaults.credentials().collect();
            }
            credentials.extend(open(&sealed, keyring));
            let names = sip_names.remove(&sealed.agency.id).unwrap_or_default();
            Profile::new(sealed.agency, sealed.settings, credentials, names)
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

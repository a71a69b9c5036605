//! The agencies' credentials: sealed when they are stored, opened when they are needed.

mod rotation;

pub use rotation::Rotated;

use super::seal::{DataKey, Keyring, SealError, WrappedKey};
use crate::clock::Clock;
use crate::domain::{AgencyId, CredentialKey, Timestamp, credential_prefix};
use crate::store::{AgencyCredentials, KeptCredential, SealedCredential, Store, StoreError};
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;

/// How often storing begins again when another command changes the data key meanwhile.
const TRIES: usize = 3;

/// Where credentials are kept. Clones are the same one.
#[derive(Clone)]
pub struct Vault {
    store: Store,
    clock: Clock,
    keyring: Option<Arc<Keyring>>,
}

/// Why a credential could not be stored or read. No variant holds a value.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// Credentials cannot be sealed or opened without it.
    #[error(
        "CALLBOARD_ENCRYPTION_KEY is not set, and credentials are stored encrypted only: make a \
         key with `openssl rand -base64 32`, put it into the environment or .env, and keep it safe"
    )]
    NoEncryptionKey,
    /// It cannot be sealed, or the agency's data key not opened.
    #[error("the agency's credentials: {0}")]
    Seal(#[from] SealError),
    /// There is no such agency.
    #[error("there is no agency {0}")]
    NoAgency(AgencyId),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A stored credential.
pub struct Held {
    /// Its name, as stored: a later version may know more of them.
    pub name: String,
    /// When it was last stored.
    pub updated_at: Timestamp,
    /// Its value, or why it cannot be opened.
    pub value: Result<SecretString, String>,
}

impl Held {
    /// As much of the value as people recognise it by.
    #[must_use]
    pub fn prefix(&self) -> Option<String> {
        let value = self.value.as_ref().ok()?;
        Some(credential_prefix(value.expose_secret()))
    }

    /// Which credential it is, if this version knows it.
    #[must_use]
    pub fn key(&self) -> Option<CredentialKey> {
        CredentialKey::from_name(&self.name)
    }
}

/// What an agency has stored, opened.
pub struct Opened {
    /// Its credentials, by name.
    pub held: Vec<Held>,
    /// Its carrier has been imported into its Ultravox account.
    pub telephony_configured: bool,
}

impl Vault {
    /// Of this database, with the keys of `CALLBOARD_ENCRYPTION_KEY` if it is set.
    #[must_use]
    pub fn new(store: Store, clock: Clock, keyring: Option<Keyring>) -> Self {
        let keyring = keyring.map(Arc::new);
        Self {
            store,
            clock,
            keyring,
        }
    }

    pub(super) fn keyring(&self) -> Option<&Keyring> {
        self.keyring.as_deref()
    }

    /// What an agency has stored. What cannot be opened says why, beside the rest.
    ///
    /// # Errors
    /// When the database is away or there is no such agency.
    pub async fn open(&self, agency: AgencyId) -> Result<Opened, VaultError> {
        let stored = self.stored(agency).await?;
        let key = self.data_key(&stored).map_err(|error| error.to_string());
        let held = stored.credentials.iter();
        Ok(Opened {
            held: held.map(|kept| opened(agency, kept, &key)).collect(),
            telephony_configured: stored.telephony_configured,
        })
    }

    /// Seals and stores these values: all of them, or none.
    ///
    /// # Errors
    /// When they cannot be sealed or stored.
    pub async fn put(
        &self,
        agency: AgencyId,
        values: &[(CredentialKey, SecretString)],
    ) -> Result<(), VaultError> {
        let mut tries = 1;
        loop {
            let stored = self.stored(agency).await?;
            let (wrapped, sealed) = self.seal(&stored, values)?;
            let now = self.clock.now();
            let put = self.store.put_credentials(agency, wrapped, sealed, now);
            match put.await {
                // A rotation, or the agency's very first credential by somebody else.
                Err(StoreError::KeyChanged) if tries < TRIES => tries += 1,
                done => return Ok(done?),
            }
        }
    }

    /// Takes a credential away; says whether there was one.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn remove(&self, agency: AgencyId, key: CredentialKey) -> Result<bool, VaultError> {
        Ok(self.store.remove_credential(agency, key).await?)
    }

    async fn stored(&self, agency: AgencyId) -> Result<AgencyCredentials, VaultError> {
        let stored = self.store.get_agency_credentials(agency).await?;
        stored.ok_or(VaultError::NoAgency(agency))
    }

    fn ring(&self) -> Result<&Keyring, VaultError> {
        self.keyring().ok_or(VaultError::NoEncryptionKey)
    }

    /// The agency's data key, made when there is none yet, with its wrapped form.
    fn data_key(&self, stored: &AgencyCredentials) -> Result<(DataKey, WrappedKey), VaultError> {
        let (ring, agency) = (self.ring()?, stored.agency.id);
        let Some(wrapped) = stored.data_key.clone().map(WrappedKey) else {
            return Ok(ring.new_data_key(agency)?);
        };
        Ok((ring.open_data_key(agency, &wrapped)?, wrapped))
    }

    fn seal(
        &self,
        stored: &AgencyCredentials,
        values: &[(CredentialKey, SecretString)],
    ) -> Result<(String, Vec<SealedCredential>), VaultError> {
        let (data_key, wrapped) = self.data_key(stored)?;
        let seal = |(key, value): &(CredentialKey, SecretString)| {
            let mut held = stored.credentials.iter().map(|kept| &kept.credential);
            let before = held.find(|held| held.name == key.name());
            let version = before.map_or(0, |held| held.version) + 1;
            let sealed = data_key.seal(stored.agency.id, *key, version, value)?;
            let name = key.name().to_owned();
            Ok(SealedCredential {
                name,
                version,
                sealed,
            })
        };
        let sealed: Result<_, VaultError> = values.iter().map(seal).collect();
        Ok((wrapped.0, sealed?))
    }
}

fn opened(
    agency: AgencyId,
    kept: &KeptCredential,
    data_key: &Result<(DataKey, WrappedKey), String>,
) -> Held {
    let held = &kept.credential;
    let open = || {
        let key = CredentialKey::from_name(&held.name)
            .ok_or_else(|| "this version knows no such credential".to_owned())?;
        let (data_key, _) = data_key.as_ref().map_err(String::clone)?;
        let value = data_key.open(agency, key, held.version, &held.sealed);
        value.map_err(|error| error.to_string())
    };
    Held {
        name: held.name.clone(),
        updated_at: kept.updated_at,
        value: open(),
    }
}

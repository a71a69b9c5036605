//! An agency's credentials as they are at this moment, read from the database and not from memory:
//! for what is done seldom and must not be done with a former key.

use super::Directory;
use super::vault::VaultError;
use crate::domain::{AgencyId, CredentialKey};
use secrecy::{ExposeSecret, SecretString};
use std::collections::HashMap;

/// An agency's credentials, opened.
pub struct Credentials {
    /// Those that can be used; of the default agency also those of the settings, where none is
    /// stored.
    pub values: HashMap<CredentialKey, SecretString>,
    /// Those that are stored and cannot be opened, and why.
    pub unopened: Vec<(CredentialKey, String)>,
    /// The agency's carrier has been imported into its Ultravox account.
    pub telephony_configured: bool,
}

impl Credentials {
    /// The value of a credential. Blanks are none.
    #[must_use]
    pub fn get(&self, key: CredentialKey) -> Option<&SecretString> {
        let value = self.values.get(&key)?;
        key.entries(value.expose_secret()).next().map(|_| value)
    }

    /// Whether one of these is stored and cannot be opened.
    #[must_use]
    pub fn any_unopened(&self, mut keys: impl Iterator<Item = CredentialKey>) -> bool {
        keys.any(|key| self.unopened.iter().any(|(unopened, _)| *unopened == key))
    }
}

impl Directory {
    /// The agency's credentials at this moment.
    ///
    /// # Errors
    /// When the database is away or there is no such agency.
    pub async fn credentials(&self, agency: AgencyId) -> Result<Credentials, VaultError> {
        let opened = self.vault().open(agency).await?;
        let mut values = HashMap::new();
        if self
            .agency(agency)
            .is_some_and(|known| known.agency.is_default)
        {
            values = self.defaults().credentials().collect();
        }
        let mut unopened = Vec::new();
        for held in opened.held {
            let Some(key) = held.key() else {
                continue;
            };
            match held.value {
                Ok(value) => {
                    values.insert(key, value);
                }
                Err(why) => {
                    tracing::error!("Credential {key} of agency {agency} cannot be opened: {why}");
                    values.remove(&key);
                    unopened.push((key, why));
                }
            }
        }
        Ok(Credentials {
            values,
            unopened,
            telephony_configured: opened.telephony_configured,
        })
    }
}

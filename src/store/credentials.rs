//! What agencies keep with us: credentials, sealed, and how they work.

use super::{Backend, SealedCredential, Store, StoreError, postgres, sqlite};
use crate::domain::{Agency, AgencyChange, AgencyId, CredentialKey, Timestamp};

/// What an agency has stored at one moment: the answer of [`Store::get_agency_credentials`].
#[derive(Clone, Debug)]
pub struct AgencyCredentials {
    pub agency: Agency,
    /// Its wrapped data key, once a credential is stored.
    pub data_key: Option<String>,
    /// Its carrier has been imported into its Ultravox account.
    pub telephony_configured: bool,
    /// Its credentials, by name.
    pub credentials: Vec<KeptCredential>,
}

/// A sealed credential and when it was stored.
#[derive(Clone, Debug)]
pub struct KeptCredential {
    /// As it lies in the database.
    pub credential: SealedCredential,
    /// When it was last written.
    pub updated_at: Timestamp,
}

/// Each method is one query; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// Writes sealed credentials of an agency, with the data key that sealed them. Fails with
    /// [`StoreError::KeyChanged`] when the agency has another data key by now.
    pub async fn put_credentials(
        &self,
        agency: AgencyId,
        data_key: String,
        credentials: Vec<SealedCredential>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query!(
            self,
            write,
            credentials::put(agency, data_key, credentials, now)
        )
    }

    /// What an agency has stored, if there is such an agency. The name is the document's
    /// (`import-telnyx-to-ultravox`), as is that of [`Self::mark_telephony_configured`].
    pub async fn get_agency_credentials(
        &self,
        agency: AgencyId,
    ) -> Result<Option<AgencyCredentials>, StoreError> {
        query!(self, read, credentials::of_agency(agency))
    }

    /// Remembers that the agency's carrier is known to Ultravox; says whether that is new.
    pub async fn mark_telephony_configured(&self, agency: AgencyId) -> Result<bool, StoreError> {
        query!(self, write, credentials::mark_configured(agency))
    }

    /// Takes a credential away; says whether there was one.
    pub async fn remove_credential(
        &self,
        agency: AgencyId,
        key: CredentialKey,
    ) -> Result<bool, StoreError> {
        query!(self, write, credentials::remove(agency, key))
    }

    /// Puts another wrapping of an agency's data key in the place of `from`; says whether that one
    /// was still there.
    pub async fn rewrap_data_key(
        &self,
        agency: AgencyId,
        from: String,
        to: String,
    ) -> Result<bool, StoreError> {
        query!(self, write, credentials::rewrap(agency, from, to))
    }

    /// Changes how an agency works; says whether there is such an agency.
    pub async fn change_agency(
        &self,
        agency: AgencyId,
        change: AgencyChange,
    ) -> Result<bool, StoreError> {
        query!(self, write, directory::change_agency(agency, change))
    }
}

//! Envelope encryption of credentials.
//!
//! Each agency has a random data key that seals its values; the data key itself is stored wrapped
//! by the first key of `CALLBOARD_ENCRYPTION_KEY`. Changing that setting so means wrapping a few
//! data keys again, and no value. Everything sealed is bound to its place (agency, credential,
//! version), so that a row moved in the database does not open.

mod envelope;

use crate::domain::{AgencyId, CredentialKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use envelope::{Cipher, place};
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt;
use zeroize::Zeroizing;

pub use envelope::KeyId;

/// Bytes of a key, wrapping or data.
const KEY_BYTES: usize = 32;

/// Why something could not be sealed or opened. No variant holds key material or a value; a
/// [`KeyId`] is a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The setting is blank.
    #[error(
        "CALLBOARD_ENCRYPTION_KEY holds no key: set it to 32 random bytes in base64, as from \
         `openssl rand -base64 32`"
    )]
    NoKey,
    /// An entry of the setting is no key.
    #[error(
        "key {position} of CALLBOARD_ENCRYPTION_KEY is not base64 of 32 bytes: make one with \
         `openssl rand -base64 32`"
    )]
    NotAKey {
        /// Which of the comma-separated entries, from 1.
        position: usize,
    },
    /// It was sealed with a key that is not at hand.
    #[error(
        "sealed with key {0}, which is not at hand: CALLBOARD_ENCRYPTION_KEY must also list the \
         former keys, after the first, until `callboard credentials rotate` has run"
    )]
    UnknownKey(KeyId),
    /// The stored text was never written by this module.
    #[error("the stored text is not a sealed value: set the credential again")]
    Malformed,
    /// The cipher says no.
    #[error(
        "the stored text does not open: it was altered, or moved here from another agency, \
         credential or version; set the credential again"
    )]
    Altered,
    /// The machine gave no randomness.
    #[error("the machine's random number generator failed")]
    NoRandomness,
}

/// The keys of `CALLBOARD_ENCRYPTION_KEY`: the first seals, all open.
pub struct Keyring {
    first: Cipher,
    former: Vec<Cipher>,
}

/// An agency's data key, sealed by the keyring: the text to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedKey(pub String);

/// An agency's data key, open: it seals and opens that agency's values. Wiped when dropped.
pub struct DataKey(Cipher);

/// A new key, as the setting has it.
///
/// # Errors
/// When the machine gives no randomness.
pub fn new_key() -> Result<SecretString, SealError> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    aws_lc_rs::rand::fill(key.as_mut_slice()).map_err(|_| SealError::NoRandomness)?;
    Ok(STANDARD.encode(key.as_slice()).into())
}

impl Keyring {
    /// Reads the setting: base64 of 32 bytes, or several of them, comma-separated.
    pub fn parse(setting: &SecretString) -> Result<Self, SealError> {
        let mut ciphers = setting
            .expose_secret()
            .split(',')
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .enumerate()
            .map(|(index, entry)| {
                read_key(entry).ok_or(SealError::NotAKey {
                    position: index + 1,
                })
            });
        let first = ciphers.next().ok_or(SealError::NoKey)??;
        let former = ciphers.collect::<Result<_, _>>()?;
        Ok(Self { first, former })
    }

    /// Makes a new data key for an agency, and its wrapped form to be stored.
    pub fn new_data_key(&self, agency: AgencyId) -> Result<(DataKey, WrappedKey), SealError> {
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        aws_lc_rs::rand::fill(key.as_mut_slice()).map_err(|_| SealError::NoRandomness)?;
        let wrapped = self.wrap(agency, key.as_slice())?;
        Ok((DataKey(Cipher::new(&key)?), wrapped))
    }

    /// Opens an agency's data key with whichever key of the ring wrapped it.
    pub fn open_data_key(
        &self,
        agency: AgencyId,
        wrapped: &WrappedKey,
    ) -> Result<DataKey, SealError> {
        let key = self.bytes_of(agency, wrapped)?;
        Ok(DataKey(Cipher::new(&key)?))
    }

    /// Whether a data key is wrapped by the key that seals at present, so that nothing is to be
    /// done for it in a rotation.
    pub fn is_current(&self, wrapped: &WrappedKey) -> Result<bool, SealError> {
        Ok(envelope::key_id(&wrapped.0)? == self.first.id())
    }

    /// Wraps a data key anew, by the key that seals at present; what it sealed stays as it is.
    pub fn rewrap(&self, agency: AgencyId, wrapped: &WrappedKey) -> Result<WrappedKey, SealError> {
        let key = self.bytes_of(agency, wrapped)?;
        self.wrap(agency, key.as_slice())
    }

    /// Seals what is no agency's: `kind` says what it is, `id` which one.
    pub fn seal_own(&self, kind: &str, id: &str, plain: &[u8]) -> Result<String, SealError> {
        let place = place::own(kind, id, self.first.id());
        self.first.seal(&place, plain)
    }

    /// Opens what [`Self::seal_own`] has sealed, by whichever key of the ring.
    pub fn open_own(
        &self,
        kind: &str,
        id: &str,
        sealed: &str,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let by = envelope::key_id(sealed)?;
        self.cipher(by)?.open(&place::own(kind, id, by), sealed)
    }

    /// Whether what is sealed needs no other key than the one that seals at present.
    pub fn is_own_current(&self, sealed: &str) -> Result<bool, SealError> {
        Ok(envelope::key_id(sealed)? == self.first.id())
    }

    fn cipher(&self, id: KeyId) -> Result<&Cipher, SealError> {
        std::iter::once(&self.first)
            .chain(&self.former)
            .find(|cipher| cipher.id() == id)
            .ok_or(SealError::UnknownKey(id))
    }

    fn wrap(&self, agency: AgencyId, key: &[u8]) -> Result<WrappedKey, SealError> {
        let place = place::data_key(agency, self.first.id());
        self.first.seal(&place, key).map(WrappedKey)
    }

    fn bytes_of(
        &self,
        agency: AgencyId,
        wrapped: &WrappedKey,
    ) -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
        let id = envelope::key_id(&wrapped.0)?;
        let opened = self
            .cipher(id)?
            .open(&place::data_key(agency, id), &wrapped.0)?;
        key_bytes(&opened).ok_or(SealError::Malformed)
    }
}

impl DataKey {
    /// Seals a value for its place; the answer is the text to be stored. The version is the row's
    /// own, so that an old value put back over a new one does not open.
    pub fn seal(
        &self,
        agency: AgencyId,
        key: CredentialKey,
        version: i64,
        value: &SecretString,
    ) -> Result<String, SealError> {
        let place = place::credential(agency, key, version);
        self.0.seal(&place, value.expose_secret().as_bytes())
    }

    /// Opens a stored value at its place.
    pub fn open(
        &self,
        agency: AgencyId,
        key: CredentialKey,
        version: i64,
        sealed: &str,
    ) -> Result<SecretString, SealError> {
        let id = envelope::key_id(sealed)?;
        // Not an unknown key of the ring: nothing in the settings would mend it.
        if id != self.0.id() {
            return Err(SealError::Altered);
        }
        let opened = self
            .0
            .open(&place::credential(agency, key, version), sealed)?;
        let text = std::str::from_utf8(&opened).map_err(|_| SealError::Malformed)?;
        Ok(SecretString::from(text))
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Keyring({}, {} former)",
            self.first.id(),
            self.former.len()
        )
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey({})", self.0.id())
    }
}

fn read_key(entry: &str) -> Option<Cipher> {
    let bytes = Zeroizing::new(STANDARD.decode(entry).ok()?);
    Cipher::new(&*key_bytes(&bytes)?).ok()
}

fn key_bytes(bytes: &[u8]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    bytes.try_into().ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests;

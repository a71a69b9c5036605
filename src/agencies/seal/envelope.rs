//! The sealed text: base64 of version (1 byte), key id (4), nonce (12), ciphertext and tag (16).

use super::{KEY_BYTES, SealError};
use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use zeroize::Zeroizing;

/// The one format there is.
const VERSION: u8 = 1;
const ID_BYTES: usize = 4;

/// A key's fingerprint: enough to find it among a few, too little to say anything about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyId([u8; ID_BYTES]);

impl KeyId {
    fn of(key: &[u8; KEY_BYTES]) -> Self {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"callboard key id");
        context.update(key);
        let mut id = [0; ID_BYTES];
        for (byte, hashed) in id.iter_mut().zip(context.finish().as_ref()) {
            *byte = *hashed;
        }
        Self(id)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// One AES-256-GCM key. Nonces are random: a key seals a few values each time somebody types
/// them, far from the 2^32 at which random nonces of 96 bits grow doubtful.
pub(super) struct Cipher {
    id: KeyId,
    key: RandomizedNonceKey,
}

impl Cipher {
    pub(super) fn new(bytes: &[u8; KEY_BYTES]) -> Result<Self, SealError> {
        let key = RandomizedNonceKey::new(&AES_256_GCM, bytes).map_err(|_| SealError::Malformed)?;
        let id = KeyId::of(bytes);
        Ok(Self { id, key })
    }

    pub(super) fn id(&self) -> KeyId {
        self.id
    }

    pub(super) fn seal(&self, place: &[u8], plain: &[u8]) -> Result<String, SealError> {
        // Room for the tag from the start: growing later would leave a copy of the plain text.
        let mut body = Zeroizing::new(Vec::with_capacity(plain.len() + AES_256_GCM.tag_len()));
        body.extend_from_slice(plain);
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(place), &mut *body)
            .map_err(|_| SealError::NoRandomness)?;
        let parts = [&[VERSION], &self.id.0[..], nonce.as_ref(), body.as_slice()];
        Ok(STANDARD.encode(parts.concat()))
    }

    pub(super) fn open(&self, place: &[u8], sealed: &str) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let bytes = STANDARD.decode(sealed).map_err(|_| SealError::Malformed)?;
        let parts = Parts::of(&bytes)?;
        let mut body = Zeroizing::new(parts.body.to_vec());
        let nonce = Nonce::assume_unique_for_key(*parts.nonce);
        let length = self
            .key
            .open_in_place(nonce, Aad::from(place), &mut body)
            .map_err(|_| SealError::Altered)?
            .len();
        body.truncate(length);
        Ok(body)
    }
}

/// Which key sealed a text.
pub(super) fn key_id(sealed: &str) -> Result<KeyId, SealError> {
    let bytes = STANDARD.decode(sealed).map_err(|_| SealError::Malformed)?;
    Ok(Parts::of(&bytes)?.id)
}

struct Parts<'a> {
    id: KeyId,
    nonce: &'a [u8; NONCE_LEN],
    body: &'a [u8],
}

impl<'a> Parts<'a> {
    fn of(bytes: &'a [u8]) -> Result<Self, SealError> {
        let parts = || {
            let (version, rest) = bytes.split_first()?;
            let (id, rest) = rest.split_first_chunk()?;
            let (nonce, body) = rest.split_first_chunk()?;
            let id = KeyId(*id);
            (*version == VERSION).then_some(Self { id, nonce, body })
        };
        parts().ok_or(SealError::Malformed)
    }
}

/// Where a sealed text belongs: the associated data that it opens with and no other. Each kind
/// begins with its own words, and everything of variable length is last or preceded by its length,
/// so that no two places read the same.
pub(super) mod place {
    use super::{KeyId, VERSION};
    use crate::domain::{AgencyId, CredentialKey};

    pub(in super::super) fn data_key(agency: AgencyId, wrapped_by: KeyId) -> Vec<u8> {
        let kind: &[u8] = b"callboard data key";
        [kind, &[VERSION], agency.0.as_bytes(), &wrapped_by.0].concat()
    }

    pub(in super::super) fn own(kind: &str, id: &str, wrapped_by: KeyId) -> Vec<u8> {
        let (of, kind) = (b"callboard own", kind.as_bytes());
        let length = u32::try_from(kind.len()).unwrap_or(u32::MAX).to_be_bytes();
        [
            of.as_slice(),
            &[VERSION],
            &length,
            kind,
            &wrapped_by.0,
            id.as_bytes(),
        ]
        .concat()
    }

    pub(in super::super) fn credential(
        agency: AgencyId,
        key: CredentialKey,
        version: i64,
    ) -> Vec<u8> {
        let kind: &[u8] = b"callboard credential";
        let version = version.to_be_bytes();
        [
            kind,
            &[VERSION],
            agency.0.as_bytes(),
            &version,
            key.name().as_bytes(),
        ]
        .concat()
    }
}

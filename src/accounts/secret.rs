//! What proves something and is stored as a hash alone: refresh tokens, links, recovery codes.

use super::AccountError;
use aws_lc_rs::{digest, hmac, rand};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use std::fmt::Write as _;

/// Bytes of randomness, twice what OWASP asks for.
const BYTES: usize = 32;

/// A new one, fit to stand in an address.
pub(super) fn new() -> Result<SecretString, AccountError> {
    let mut bytes = zeroize::Zeroizing::new([0_u8; BYTES]);
    rand::fill(bytes.as_mut_slice()).map_err(|_| AccountError::Machine("no randomness"))?;
    Ok(URL_SAFE_NO_PAD.encode(bytes.as_slice()).into())
}

/// What is stored of one. It is as random as it is long, so that no slow hash is needed.
pub(super) fn hash(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// The one that follows from another and a salt: whoever has neither both cannot tell it.
pub(super) fn following(parent: &SecretString, salt: &str) -> SecretString {
    let key = hmac::Key::new(hmac::HMAC_SHA256, parent.expose_secret().as_bytes());
    let tag = hmac::sign(&key, salt.as_bytes());
    URL_SAFE_NO_PAD.encode(tag.as_ref()).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

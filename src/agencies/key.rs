//! The secret of a key for programs: made, and recognised by its hash alone.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::SecretString;

/// How every key begins, so that people and scanners of source code know one when they see it.
const BEGINNING: &str = "cbk_";
/// So many random bytes are beyond guessing, and need no slow hash.
const RANDOM_BYTES: usize = 32;
/// Of a key so many characters are shown afterwards: the beginning and four more.
const SHOWN: usize = BEGINNING.len() + 4;

/// A key that was just made: the only time that anybody sees it.
pub struct NewKey {
    pub secret: SecretString,
    /// What is stored in its place.
    pub hash: String,
    /// What people tell it by.
    pub prefix: String,
}

impl NewKey {
    /// A key that nobody has.
    #[must_use]
    pub fn random() -> Self {
        let random: [u8; RANDOM_BYTES] = rand::random();
        let text = format!("{BEGINNING}{}", URL_SAFE_NO_PAD.encode(random));
        Self {
            hash: sha256(&text),
            prefix: text.chars().take(SHOWN).collect(),
            secret: text.into(),
        }
    }
}

/// What a key is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyHash(String);

impl KeyHash {
    /// That of this text; none where it is no key but a token.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        text.starts_with(BEGINNING).then(|| Self(sha256(text)))
    }

    /// As it is stored.
    pub(super) fn stored(text: String) -> Self {
        Self(text)
    }
}

fn sha256(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest(&SHA256, key.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::{KeyHash, NewKey};
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_key_is_long_random_and_known_by_its_hash() {
        let (one, other) = (NewKey::random(), NewKey::random());
        let text = one.secret.expose_secret();
        assert_eq!(text.len(), 47, "{text}");
        assert!(text.starts_with(&one.prefix) && one.prefix.len() == 8);
        assert_eq!(KeyHash::of(text), Some(KeyHash::stored(one.hash.clone())));
        assert_ne!(one.hash, other.hash);
        assert_eq!(KeyHash::of("eyJhbGciOiJIUzI1NiJ9.e30.x"), None);
    }
}

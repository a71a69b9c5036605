//! The key that signs webhooks.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// An Ed25519 private key. Clones are the same key; it never shows itself.
#[derive(Clone)]
pub struct SigningKey(Arc<Ed25519KeyPair>);

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read.
    #[error("The private key {} cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file holds something else.
    #[error(
        "The private key {} cannot be used: {problem}. \
         Make one with `openssl genpkey -algorithm ed25519 -out FILE`",
        .path.display()
    )]
    NotAKey {
        /// The file.
        path: PathBuf,
        /// What it seems to hold.
        problem: &'static str,
    },
    /// The cryptographic library failed: no randomness, or out of memory.
    #[error("An Ed25519 key could not be made: the system's cryptography failed")]
    Crypto,
}

impl SigningKey {
    /// A new key.
    ///
    /// # Errors
    /// When the system has no randomness to give.
    pub fn generate() -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::generate().map_err(|_| KeyError::Crypto)?;
        Ok(Self(Arc::new(pair)))
    }

    /// The key of a seed: RFC 8032's 32-byte private key.
    ///
    /// # Errors
    /// When the cryptographic library fails; every seed makes a key.
    pub fn from_seed(seed: [u8; 32]) -> Result<Self, KeyError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| KeyError::Crypto)?;
        Ok(Self(Arc::new(pair)))
    }

    /// Reads a key from a file: PKCS#8 as PEM (what `openssl genpkey -algorithm ed25519` writes),
    /// or the bare 32-byte seed in hexadecimal or Base64.
    ///
    /// # Errors
    /// When the file cannot be read or holds no such key; says what it holds instead, and never a
    /// part of it.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let text = std::fs::read_to_string(path).map_err(|source| KeyError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&Zeroizing::new(text)).map_err(|problem| KeyError::NotAKey {
            path: path.to_owned(),
            problem,
        })
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        let pair = if text.contains("-----BEGIN ") {
            let der = pem_body(text)?;
            Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der)
                .map_err(|_| "it is a private key, but not an Ed25519 one")?
        } else {
            let seed = bare_seed(text).ok_or(
                "it holds neither a PEM block nor 32 bytes in hexadecimal (64 characters) or \
                 Base64 (44 characters)",
            )?;
            Ed25519KeyPair::from_seed_unchecked(&seed).map_err(|_| "the seed is refused")?
        };
        Ok(Self(Arc::new(pair)))
    }

    /// The public half as Telnyx's portal shows it and `TELNYX_PUBLIC_KEY` takes it: 32 bytes in
    /// Base64.
    #[must_use]
    pub fn public_key(&self) -> String {
        STANDARD.encode(self.0.public_key())
    }

    /// Signs a body as Telnyx does: over the timestamp's text, `|`, and the raw bytes. The result
    /// is what goes into `telnyx-signature-ed25519`.
    #[must_use]
    pub fn sign(&self, timestamp: &str, body: &[u8]) -> String {
        let mut message = Vec::with_capacity(timestamp.len() + 1 + body.len());
        message.extend_from_slice(timestamp.as_bytes());
        message.push(b'|');
        message.extend_from_slice(body);
        STANDARD.encode(self.0.sign(&message))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey(public {})", self.public_key())
    }
}

/// The bytes inside a PEM block, when it is an unencrypted PKCS#8 private key.
fn pem_body(text: &str) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
    const END: &str = "-----END PRIVATE KEY-----";
    if text.contains("-----BEGIN ENCRYPTED PRIVATE KEY-----") {
        return Err("it is encrypted; take the passphrase off with `openssl pkey -in FILE`");
    }
    if text.contains("-----BEGIN OPENSSH PRIVATE KEY-----") {
        return Err("it is an OpenSSH key, not PKCS#8");
    }
    if text.contains("-----BEGIN PUBLIC KEY-----") && !text.contains(BEGIN) {
        return Err("it is a public key; signing needs the private one");
    }
    let inside = text
        .split_once(BEGIN)
        .and_then(|(_, rest)| rest.split_once(END))
        .ok_or("its PEM block is not a PKCS#8 `PRIVATE KEY`")?;
    let base64: Zeroizing<String> =
        Zeroizing::new(inside.0.chars().filter(|c| !c.is_whitespace()).collect());
    STANDARD
        .decode(base64.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| "its PEM block is not valid Base64")
}

/// 32 bytes written in hexadecimal or in Base64.
fn bare_seed(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = if text.len() == 64 && text.is_ascii() {
        let byte = |at: usize| u8::from_str_radix(text.get(at..at + 2)?, 16).ok();
        (0..64).step_by(2).map(byte).collect::<Option<Vec<u8>>>()?
    } else {
        STANDARD.decode(text).ok()?
    };
    (bytes.len() == 32).then(|| Zeroizing::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::{KeyError, SigningKey};
    use base64::Engine;
    use std::io::Write;

    const SEED: &str = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
    const PUBLIC: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    const TIMESTAMP: &str = "1779233415";
    const SIGNATURE: &str =
        "D+dMYVfK1ACTLVsBReTTQON8yEhPcWLVGsZS4P7p0YYWZqdICpNBxmqQa/reKGzcMgLDVdKsdgdV6g1bD1HgDw==";
    const BODY: &str = r#"{"data":{"event_type":"call.initiated","id":"9f9301c2-a9db-41bf-a670-013af4c67e3a","occurred_at":"2026-05-19T23:30:15.038431Z","payload":{"call_control_id":"v3:MdI91X4lWFEs7IgbBEOT9M4AigoY08M0WWZFISt1Yw2axZ_IiE4pqg","call_leg_id":"428c31b6-7af4-4bcb-b7f5-5013ef9657c1","call_session_id":"428c31b6-abf3-3bc1-b7f4-5013ef9657c1","client_state":null,"connection_id":"1684641123236054244","direction":"incoming","from":"+13125550100","state":"parked","to":"+13125550199"},"record_type":"event"},"meta":{"attempt":1,"delivered_to":"https://example.com/webhooks/telnyx"}}"#;

    fn read(content: &str) -> Result<SigningKey, KeyError> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content.as_bytes()).unwrap();
        SigningKey::read(file.path())
    }

    /// PKCS#8 as RFC 8410 lays it out: a fixed prefix, then the seed.
    fn pem(seed_hex: &str) -> String {
        let hex = format!("302e020100300506032b657004220420{seed_hex}");
        let der: Vec<u8> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
            .collect();
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
    }

    #[test]
    fn the_known_vector_is_signed_to_the_letter() {
        let key = read(SEED).unwrap();
        assert_eq!(key.public_key(), PUBLIC);
        assert_eq!(BODY.len(), 564);
        assert_eq!(key.sign(TIMESTAMP, BODY.as_bytes()), SIGNATURE);
    }

    #[test]
    fn a_key_loads_from_openssl_pem_and_from_a_bare_seed() {
        let base64 = "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=";
        for content in [pem(SEED).as_str(), SEED, base64, &format!("{base64}\n")] {
            assert_eq!(read(content).unwrap().public_key(), PUBLIC);
        }
        // The example of RFC 8410, in the form that `openssl genpkey` writes.
        let published = "-----BEGIN PRIVATE KEY-----\n\
            MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n\
            -----END PRIVATE KEY-----\n";
        assert_eq!(
            read(published).unwrap().public_key(),
            "Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="
        );
    }

    #[test]
    fn a_file_that_is_no_key_says_what_it_is_and_how_to_make_one() {
        let cases = [
            (
                "-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----",
                "public key",
            ),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\n", "encrypted"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\n", "OpenSSH"),
            (
                "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
                "not an Ed25519",
            ),
            (
                "-----BEGIN PRIVATE KEY-----\n????\n-----END PRIVATE KEY-----",
                "not valid Base64",
            ),
            ("hunter2", "neither"),
        ];
        for (content, expected) in cases {
            let error = read(content).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
            assert!(
                error.contains("openssl genpkey -algorithm ed25519"),
                "{error}"
            );
            assert!(!error.contains("hunter2"), "{error}");
        }
        let missing = SigningKey::read("/nowhere/key.pem".as_ref()).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/key.pem"));
    }

    #[test]
    fn a_key_never_shows_its_private_half() {
        let key = read(SEED).unwrap();
        assert_eq!(format!("{key:?}"), format!("SigningKey(public {PUBLIC})"));
    }

    #[test]
    fn two_generated_keys_differ() {
        let keys = [
            SigningKey::generate().unwrap(),
            SigningKey::generate().unwrap(),
        ];
        assert_ne!(keys[0].public_key(), keys[1].public_key());
        assert_ne!(keys[0].sign("1", b"x"), keys[1].sign("1", b"x"));
    }
}

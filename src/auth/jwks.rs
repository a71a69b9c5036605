//! The issuer's published keys (JWKS, RFC 7517).

use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;

/// Most keys kept of one set; issuers publish two or three.
const MOST_KEYS: usize = 64;

/// The keys of the issuer that verify tokens.
pub(super) struct KeySet(Vec<PublicKey>);

struct PublicKey {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    alg: Option<String>,
    crv: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
}

impl KeySet {
    /// Reads a set. Keys that we have no use for (other curves, for encryption, malformed) are
    /// left out one by one: an issuer that adds a new kind of key must not lock everybody out.
    pub(super) fn read(json: &[u8]) -> Result<Self, serde_json::Error> {
        let document: Document = serde_json::from_slice(json)?;
        let keys = document
            .keys
            .into_iter()
            .filter_map(|value| serde_json::from_value(value).ok())
            .filter_map(Jwk::public_key)
            .take(MOST_KEYS)
            .collect();
        Ok(Self(keys))
    }

    /// Whether the issuer publishes the same keys as in `other`, by their ids and algorithms.
    pub(super) fn names_the_same(&self, other: &Self) -> bool {
        let named = |key: &PublicKey| (key.kid.clone(), key.algorithm);
        self.0.iter().map(named).eq(other.0.iter().map(named))
    }

    /// The keys that may have signed a token of that algorithm with that key id; without a key id
    /// any of that algorithm.
    pub(super) fn matching(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
    ) -> impl Iterator<Item = &DecodingKey> {
        self.0
            .iter()
            .filter(move |key| key.algorithm == algorithm)
            .filter(move |key| kid.is_none() || key.kid.as_deref() == kid)
            .map(|key| &key.key)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}

impl Jwk {
    fn public_key(self) -> Option<PublicKey> {
        if !self.verifies_signatures() {
            return None;
        }
        // No symmetric kind: whatever is published is no secret.
        let (algorithm, names, key) = match (self.kty.as_str(), self.crv.as_deref()) {
            ("EC", Some("P-256")) => {
                let key = DecodingKey::from_ec_components(self.x.as_deref()?, self.y.as_deref()?);
                (Algorithm::ES256, ["ES256"].as_slice(), key)
            }
            ("RSA", _) => {
                let key = DecodingKey::from_rsa_components(self.n.as_deref()?, self.e.as_deref()?);
                (Algorithm::RS256, ["RS256"].as_slice(), key)
            }
            ("OKP", Some("Ed25519")) => {
                let key = DecodingKey::from_ed_components(self.x.as_deref()?);
                (Algorithm::EdDSA, ["EdDSA", "Ed25519"].as_slice(), key)
            }
            _ => return None,
        };
        let agrees = self.alg.is_none_or(|alg| names.contains(&alg.as_str()));
        let (kid, key) = (self.kid, key.ok()?);
        agrees.then_some(PublicKey {
            kid,
            algorithm,
            key,
        })
    }

    fn verifies_signatures(&self) -> bool {
        let used = self.r#use.as_deref().is_none_or(|r#use| r#use == "sig");
        let mut operations = self.key_ops.iter().flatten();
        used && (self.key_ops.is_none() || operations.any(|operation| operation == "verify"))
    }
}

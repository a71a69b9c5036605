//! The keys that sign our own access tokens: ES256, made here, published as JWKS, changed now and
//! then. The private halves lie in the database, sealed, so that every node signs with the same ones;
//! a key that another node has made is found there when somebody brings a token of it.

use super::AccountError;
use crate::agencies::seal::Keyring;
use crate::clock::Clock;
use crate::domain::Timestamp;
use crate::store::{SealedSigningKey, Store, StoreError};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use uuid::Uuid;

const DAY_S: i64 = 24 * 3600;
/// How long a key signs.
const SIGNS_S: i64 = 90 * DAY_S;
/// How long it is known: beyond its last token.
const KNOWN_S: i64 = SIGNS_S + DAY_S;
/// What the private halves are sealed as.
const KIND: &str = "signing key";

/// The keys of one deployment. Clones share what is known.
#[derive(Clone)]
pub struct SigningKeys(Arc<Inner>);

struct Inner {
    store: Store,
    clock: Clock,
    keyring: Arc<Keyring>,
    known: RwLock<Known>,
    /// How many reads of the database have begun.
    reads: AtomicU64,
    reading: tokio::sync::Mutex<()>,
}

#[derive(Clone, Default)]
struct Known {
    published: Arc<Vec<Published>>,
    signer: Option<Arc<Signer>>,
}

struct Published {
    kid: String,
    jwk: Value,
    key: DecodingKey,
}

struct Signer {
    kid: String,
    key: EncodingKey,
    made_at: Timestamp,
}

impl SigningKeys {
    /// The keys that there are, and one that signs.
    ///
    /// # Errors
    /// When the database is away, or no key can be made.
    pub(super) async fn open(
        store: Store,
        clock: Clock,
        keyring: Arc<Keyring>,
    ) -> Result<Self, AccountError> {
        let keys = Self(Arc::new(Inner {
            store,
            clock,
            keyring,
            known: RwLock::default(),
            reads: AtomicU64::new(0),
            reading: tokio::sync::Mutex::new(()),
        }));
        keys.read_again().await?;
        keys.signer().await?;
        Ok(keys)
    }

    /// What a token of that key is verified with; none when nobody has made such a key.
    ///
    /// # Errors
    /// When the database must be asked and is away.
    pub async fn verifying(&self, kid: &str) -> Result<Option<DecodingKey>, StoreError> {
        let find = |known: Known| {
            let mut published = known.published.iter();
            let held = published.find(|one| one.kid == kid);
            held.map(|one| one.key.clone())
        };
        if let Some(key) = find(self.known()) {
            return Ok(Some(key));
        }
        // No other issuer's: those are not made by us, and cost no query.
        if Uuid::try_parse(kid).is_err() {
            return Ok(None);
        }
        self.read_again().await?;
        Ok(find(self.known()))
    }

    /// The public halves.
    ///
    /// # Errors
    /// When the database is away.
    pub(super) async fn jwks(&self) -> Result<Value, StoreError> {
        self.read_again().await?;
        let known = self.known();
        let keys: Vec<&Value> = known.published.iter().map(|one| &one.jwk).collect();
        Ok(json!({ "keys": keys }))
    }

    /// Signs a token.
    ///
    /// # Errors
    /// When a new key is due and cannot be made.
    pub(super) async fn sign(&self, claims: &impl Serialize) -> Result<String, AccountError> {
        let signer = self.signer().await?;
        let mut header = Header::new(Algorithm::ES256);
        header.kid = Some(signer.kid.clone());
        jsonwebtoken::encode(&header, claims, &signer.key)
            .map_err(|_| AccountError::Machine("a token could not be signed"))
    }

    async fn signer(&self) -> Result<Arc<Signer>, AccountError> {
        let now = self.0.clock.now();
        let is_young = |signer: &Arc<Signer>| signer.made_at.plus_seconds(SIGNS_S) > now;
        if let Some(signer) = self.known().signer.filter(is_young) {
            return Ok(signer);
        }
        let _one = self.0.reading.lock().await;
        // Somebody else may have made it while we waited, here or on another node.
        self.take_over(self.0.store.signing_keys().await?);
        if let Some(signer) = self.known().signer.filter(is_young) {
            return Ok(signer);
        }
        let (made, sealed) = made(&self.0.keyring, now)?;
        let forget = now.plus_seconds(-KNOWN_S);
        self.0.store.add_signing_key(sealed, forget).await?;
        tracing::info!("Access tokens are signed with a new key, {}", made.kid);
        self.take_over(self.0.store.signing_keys().await?);
        Ok(Arc::new(made))
    }

    /// Reads the keys, or waits for a read that has begun since this was asked for: however many ask
    /// for keys that nobody has, one asks the database at a time.
    async fn read_again(&self) -> Result<(), StoreError> {
        let begun = self.0.reads.load(Ordering::SeqCst);
        let _one = self.0.reading.lock().await;
        if self.0.reads.load(Ordering::SeqCst) > begun {
            return Ok(());
        }
        let rows = self.0.store.signing_keys().await;
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        self.take_over(rows?);
        Ok(())
    }

    fn take_over(&self, rows: Vec<SealedSigningKey>) {
        let opened = |row: &SealedSigningKey| {
            let pair = self.0.keyring.open_own(KIND, &row.kid, &row.sealed);
            let key = pair.map(|der| EncodingKey::from_ec_der(&der));
            key.map(|key| Signer {
                kid: row.kid.clone(),
                key,
                made_at: row.made_at,
            })
        };
        // The newest that opens signs. Where none does, the encryption key was changed, and another is
        // made: tokens of the former ones are good as long as those are published.
        let mut opened = rows.iter().map(opened);
        let signer = opened.find_map(Result::ok).map(Arc::new);
        if signer.is_none() && !rows.is_empty() {
            tracing::warn!(
                "No key that signs access tokens opens with CALLBOARD_ENCRYPTION_KEY: another is made"
            );
        }
        let published = rows.iter().filter_map(published).collect();
        let mut known = self.0.known.write().unwrap_or_else(PoisonError::into_inner);
        *known = Known {
            published: Arc::new(published),
            signer,
        };
    }

    fn known(&self) -> Known {
        let known = self.0.known.read();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn published(row: &SealedSigningKey) -> Option<Published> {
    let jwk: Value = serde_json::from_str(&row.public).ok()?;
    let part = |name| jwk.get(name).and_then(Value::as_str);
    let key = DecodingKey::from_ec_components(part("x")?, part("y")?).ok()?;
    Some(Published {
        kid: row.kid.clone(),
        key,
        jwk,
    })
}

/// A new key, and what is stored of it.
fn made(keyring: &Keyring, now: Timestamp) -> Result<(Signer, SealedSigningKey), AccountError> {
    let failed = "no key could be made";
    let machine = |_| AccountError::Machine(failed);
    let kid = Uuid::new_v4().to_string();
    let random = SystemRandom::new();
    let pair = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random);
    let pair = pair.map_err(machine)?;
    let key = EncodingKey::from_ec_der(pair.as_ref());
    let public = Jwk::from_encoding_key(&key, Algorithm::ES256);
    let public = public.map_err(|_| AccountError::Machine(failed))?;
    let mut public = serde_json::to_value(public).map_err(|_| AccountError::Machine(failed))?;
    if let Some(fields) = public.as_object_mut() {
        fields.insert("kid".into(), kid.clone().into());
        fields.insert("alg".into(), "ES256".into());
        fields.insert("use".into(), "sig".into());
        fields.insert("key_ops".into(), json!(["verify"]));
    }
    let sealed = SealedSigningKey {
        kid: kid.clone(),
        public: public.to_string(),
        sealed: keyring.seal_own(KIND, &kid, pair.as_ref())?,
        made_at: now,
    };
    let signer = Signer {
        kid,
        key,
        made_at: now,
    };
    Ok((signer, sealed))
}

//! Key pairs of an issuer, signing without the library that verifies.

use super::token;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub(super) struct Pair {
    pub(super) kid: &'static str,
    secret: Secret,
}

enum Secret {
    Es(EcdsaKeyPair),
    Rs(Box<RsaKeyPair>),
    Ed(Ed25519KeyPair),
}

impl Pair {
    pub(super) fn es256(kid: &'static str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self {
            kid,
            secret: Secret::Es(pair),
        }
    }

    pub(super) fn rs256(kid: &'static str) -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        Self {
            kid,
            secret: Secret::Rs(Box::new(pair)),
        }
    }

    pub(super) fn ed25519(kid: &'static str) -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        Self {
            kid,
            secret: Secret::Ed(pair),
        }
    }

    fn algorithm(&self) -> &'static str {
        match self.secret {
            Secret::Es(_) => "ES256",
            Secret::Rs(_) => "RS256",
            Secret::Ed(_) => "EdDSA",
        }
    }

    pub(super) fn jwk(&self) -> Value {
        let b64 = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &self.secret {
            Secret::Es(pair) => {
                let point = pair.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "x": b64(&point[1..33]), "y": b64(&point[33..])})
            }
            Secret::Rs(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "n": b64(&public.n), "e": b64(&public.e)})
            }
            Secret::Ed(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": b64(pair.public_key().as_ref())})
            }
        };
        jwk["kid"] = json!(self.kid);
        jwk["alg"] = json!(self.algorithm());
        jwk["key_ops"] = json!(["verify"]);
        jwk["ext"] = json!(true);
        jwk
    }

    /// The public key as a confused verifier would hold it: its raw bytes.
    pub(super) fn public_bytes(&self) -> Vec<u8> {
        match &self.secret {
            Secret::Es(pair) => pair.public_key().as_ref().to_vec(),
            Secret::Rs(pair) => pair.public_key().as_ref().to_vec(),
            Secret::Ed(pair) => pair.public_key().as_ref().to_vec(),
        }
    }

    pub(super) fn token(&self, claims: &Value) -> String {
        let header = json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.kid});
        self.token_headed(&header, claims)
    }

    pub(super) fn token_headed(&self, header: &Value, claims: &Value) -> String {
        token(header, claims, |message| self.sign(message))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.secret {
            Secret::Es(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Secret::Rs(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
            Secret::Ed(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}

pub(super) fn jwks(pairs: &[&Pair]) -> String {
    let keys: Vec<_> = pairs.iter().map(|pair| pair.jwk()).collect();
    json!({"keys": keys}).to_string()
}

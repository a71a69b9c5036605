//! An identity provider of a story: what OpenID Connect asks of one, and whatever a story makes it say.

use super::stand::{Asked, Says, Stand};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use callboard::config::{Allowed, Oidc};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

pub const CLIENT: &str = "callboard";
pub const SECRET: &str = "the client's own secret";

/// What it says.
#[derive(Clone)]
pub struct Said {
    /// Over what it says of itself.
    pub described: Value,
    /// Over the claims of a token that is right.
    pub claims: Value,
    /// In place of the header of one.
    pub header: Value,
    /// Signed by a key that it does not publish.
    pub forged: bool,
    /// What it tells besides, if anything.
    pub user_info: Option<Value>,
    /// In place of tokens.
    pub token: Option<Says>,
}

pub struct Provider {
    pub stand: Stand,
    pub said: Arc<Mutex<Said>>,
}

impl Provider {
    pub async fn open() -> Self {
        let said = Arc::new(Mutex::new(Said {
            described: json!({}),
            claims: json!({}),
            header: json!({ "alg": "ES256", "typ": "JWT", "kid": "one" }),
            forged: false,
            user_info: None,
            token: None,
        }));
        let pair = || EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
        let (pair, other, saying) = (pair(), pair(), Arc::clone(&said));
        let stand = Stand::answering(move |asked| {
            let said = saying.lock().expect("what it says").clone();
            let issuer = format!("http://{}", asked.headers["host"]);
            answer(
                asked,
                &said,
                &issuer,
                if said.forged { &other } else { &pair },
                &pair,
            )
        })
        .await;
        Self { stand, said }
    }

    /// The settings of a server whose people sign in here.
    pub fn settings(&self, allowed: Allowed) -> Oidc {
        Oidc {
            issuer: self.stand.url.clone(),
            address: self.stand.url.parse().expect("a URL"),
            client_id: CLIENT.into(),
            client_secret: Some(SECRET.into()),
            allowed,
        }
    }

    pub fn says(&self, change: impl FnOnce(&mut Said)) {
        change(&mut self.said.lock().expect("what it says"));
    }
}

fn answer(
    asked: &Asked,
    said: &Said,
    issuer: &str,
    signing: &EcdsaKeyPair,
    published: &EcdsaKeyPair,
) -> Says {
    let path = asked.path.split('?').next().expect("a path");
    match path {
        "/.well-known/openid-configuration" => {
            let mut described = json!({
                "issuer": issuer,
                "authorization_endpoint": format!("{issuer}/authorize?tenant=one"),
                "token_endpoint": format!("{issuer}/token"),
                "jwks_uri": format!("{issuer}/keys"),
                "userinfo_endpoint": format!("{issuer}/me"),
                "scopes_supported": ["openid", "email", "groups"],
            });
            merge(&mut described, &said.described);
            (200, None, described.to_string())
        }
        "/keys" => {
            let point = published.public_key().as_ref();
            let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
            let key = json!({
                "kty": "EC", "crv": "P-256", "kid": "one", "alg": "ES256", "use": "sig",
                "x": part(&point[1..33]), "y": part(&point[33..]),
            });
            (200, None, json!({ "keys": [key] }).to_string())
        }
        "/token" => match &said.token {
            Some(says) => says.clone(),
            None => {
                let mut claims = json!({ "iss": issuer, "aud": CLIENT });
                merge(&mut claims, &said.claims);
                let token = signed(&said.header, &claims, signing);
                let tokens = json!({ "access_token": "an access token", "token_type": "Bearer", "id_token": token });
                (200, None, tokens.to_string())
            }
        },
        "/me" => match &said.user_info {
            Some(info) => (200, None, info.to_string()),
            None => (200, None, json!({ "sub": said.claims["sub"] }).to_string()),
        },
        _ => (404, None, "{}".into()),
    }
}

fn signed(header: &Value, claims: &Value, pair: &EcdsaKeyPair) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let signature = pair
        .sign(&SystemRandom::new(), message.as_bytes())
        .expect("a signature");
    format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
}

/// Null takes a field away.
fn merge(into: &mut Value, over: &Value) {
    let fields = into.as_object_mut().expect("an object");
    for (name, value) in over.as_object().expect("an object") {
        match value.is_null() {
            true => drop(fields.remove(name)),
            false => drop(fields.insert(name.clone(), value.clone())),
        }
    }
}

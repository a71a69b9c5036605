//! Sessions and users, as GoTrue shows them.

use crate::accounts::{LIFETIME_S, Opened, SignedIn};
use crate::domain::Timestamp;
use crate::store::FactorRow;
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

/// What somebody holds who has signed in.
pub(in crate::api) fn session(signed_in: &SignedIn) -> Value {
    json!({
        "access_token": signed_in.access_token,
        "token_type": "bearer",
        "expires_in": LIFETIME_S,
        "expires_at": signed_in.expires_at.seconds(),
        "refresh_token": signed_in.refresh_token.expose_secret(),
        "user": user(&signed_in.opened),
    })
}

/// The user of a session.
pub(super) fn user(opened: &Opened) -> Value {
    let account = &opened.account;
    let created_at = account.created_at.to_string();
    json!({
        "id": account.user.0,
        "aud": "authenticated",
        "role": "authenticated",
        "email": opened.address(),
        "email_confirmed_at": created_at,
        "phone": "",
        "confirmed_at": created_at,
        "last_sign_in_at": account.signed_in_at.map(|at| at.to_string()),
        "app_metadata": opened.app_metadata(),
        "user_metadata": { "name": opened.name },
        "identities": [],
        "factors": opened.factors.iter().map(factor).collect::<Value>(),
        "created_at": created_at,
        "updated_at": account.changed_at.to_string(),
        "is_anonymous": false,
    })
}

fn factor(factor: &FactorRow) -> Value {
    let created_at: Timestamp = factor.created_at;
    json!({
        "id": factor.id,
        "friendly_name": factor.name,
        "factor_type": "totp",
        "status": if factor.verified { "verified" } else { "unverified" },
        "created_at": created_at.to_string(),
        "updated_at": created_at.to_string(),
    })
}

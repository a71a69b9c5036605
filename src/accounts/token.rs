//! What our access tokens say: what Supabase's do.

use super::opened::Opened;
use super::proof::Proof;
use crate::domain::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

/// How long one is good, in seconds. A session that was ended goes on for so long at the most.
pub const LIFETIME_S: i64 = 15 * 60;

#[derive(Serialize)]
pub(super) struct Claims<'a> {
    iss: &'a str,
    sub: String,
    aud: &'static str,
    role: &'static str,
    exp: i64,
    iat: i64,
    email: &'a str,
    phone: &'static str,
    app_metadata: Value,
    user_metadata: Value,
    aal: &'static str,
    amr: Value,
    session_id: String,
    is_anonymous: bool,
    /// Until the second factor is shown, it opens nothing but the way to show it.
    second_factor_due: bool,
}

impl<'a> Claims<'a> {
    pub(super) fn of(opened: &'a Opened, issuer: &'a str, now: Timestamp) -> Self {
        Self {
            iss: issuer,
            sub: opened.account.user.to_string(),
            aud: "authenticated",
            role: "authenticated",
            exp: now.seconds().saturating_add(LIFETIME_S),
            iat: now.seconds(),
            email: opened.address(),
            phone: "",
            app_metadata: opened.app_metadata(),
            user_metadata: json!({ "name": opened.name }),
            aal: Proof::level(&opened.proofs),
            amr: Proof::claim(&opened.proofs),
            session_id: opened.session.id.to_string(),
            is_anonymous: false,
            second_factor_due: opened.lacks_second_factor(),
        }
    }
}

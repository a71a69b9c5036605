//! What a token says, and the rule of who counts as a user.

use super::error::Refusal;
use crate::domain::{Timestamp, UserId};
use serde::Deserialize;
use uuid::Uuid;

/// How far the issuer's clock and ours may differ, in seconds: a token is good for so long after
/// its `exp`, and so long before its `nbf`.
pub const LEEWAY_SECONDS: i64 = 30;

/// The audience and the role that Supabase gives to those who signed in.
pub(super) const AUTHENTICATED: &str = "authenticated";

/// 9999-12-30T22:00:00Z, jiff's last second: beyond it no time can be written for people.
const LAST_SECOND: f64 = 253_402_207_200.0;

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The token's `sub`.
    pub user: UserId,
    /// The address this person signs in with, if any.
    pub email: Option<String>,
    /// The token's `exp`; it is accepted for [`LEEWAY_SECONDS`] longer.
    pub expires_at: Timestamp,
    /// Where it was issued for: of our own tokens alone.
    pub session: Option<Uuid>,
}

/// The claims that matter here. `user_metadata` is not among them: its user may edit it.
#[derive(Deserialize)]
pub(super) struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    role: Option<String>,
    email: Option<String>,
    is_anonymous: Option<bool>,
    exp: Option<f64>,
    nbf: Option<f64>,
    session_id: Option<String>,
    #[serde(default)]
    second_factor_due: bool,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub(super) fn contains(&self, name: &str) -> bool {
        match self {
            Self::One(only) => only == name,
            Self::Several(all) => all.iter().any(|one| one == name),
        }
    }

    pub(super) fn is_of_several(&self) -> bool {
        matches!(self, Self::Several(all) if all.len() > 1)
    }
}

impl Claims {
    /// Applies the rule. Time is looked at last, so that "expired" means that nothing else is
    /// wrong, and a fresh token from the same place will do.
    pub(super) fn identify(self, issuers: &[String], now: Timestamp) -> Result<Identity, Refusal> {
        let named = self.iss.as_deref().map(|iss| iss.trim_end_matches('/'));
        let is_known = |known: &String| named == Some(known.trim_end_matches('/'));
        if !issuers.is_empty() && !issuers.iter().any(is_known) {
            let is = self.iss.as_deref().unwrap_or("not named");
            return Err(Refusal::Issuer {
                is: is.escape_debug().take(200).collect(),
                expected: issuers.join(" or "),
            });
        }
        // Before the audience, which the keys of a project (role `anon` or `service_role`) lack.
        if self.role.as_deref() != Some(AUTHENTICATED) {
            return Err(Refusal::Role);
        }
        if !self.aud.is_some_and(|aud| aud.contains(AUTHENTICATED)) {
            return Err(Refusal::Audience);
        }
        if self.is_anonymous == Some(true) {
            return Err(Refusal::Anonymous);
        }
        let user = self.sub.and_then(|sub| Uuid::try_parse(&sub).ok());
        let user = UserId(user.ok_or(Refusal::Subject)?);
        let expires_at = moment(self.exp.ok_or(Refusal::Endless)?);
        if self
            .nbf
            .is_some_and(|nbf| moment(nbf) > now.plus_seconds(LEEWAY_SECONDS))
        {
            return Err(Refusal::NotYet);
        }
        if expires_at.plus_seconds(LEEWAY_SECONDS) <= now {
            return Err(Refusal::Expired);
        }
        let email = self.email.filter(|email| !email.is_empty());
        Ok(Identity {
            user,
            email,
            expires_at,
            session: None,
        })
    }

    /// Whether its user has a second factor and has not shown it: of our own tokens alone.
    pub(super) fn is_half_way(&self) -> bool {
        self.second_factor_due
    }

    /// The session that it names.
    pub(super) fn session(&self) -> Option<Uuid> {
        Uuid::try_parse(self.session_id.as_deref()?).ok()
    }
}

/// Seconds since 1970, decimals allowed, as a moment between 1970 and 9999.
pub(super) fn moment(seconds: f64) -> Timestamp {
    let micros = seconds.clamp(0.0, LAST_SECOND) * 1_000_000.0;
    // In range by the line above, and a saturating cast in any case.
    #[allow(clippy::cast_possible_truncation)]
    Timestamp::from_micros(micros.round() as i64)
}

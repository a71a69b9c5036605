//! What somebody shows who asks: a token of a person, or a key of a program.

use super::Context;
use crate::agencies::KeyHash;
use crate::auth::{AuthError, Identity, Refusal};
use crate::domain::Timestamp;
use actix_web::HttpRequest;
use actix_web::http::header::AUTHORIZATION;
use std::fmt;

/// Who shows a token or a key that is good; what they may do is asked of
/// [`Context::caller`](super::Context::caller).
#[derive(Clone, Debug)]
pub enum Bearer {
    /// Somebody who signed in.
    Person(Identity),
    /// A program, or a display.
    Key(KeyHash),
}

impl Bearer {
    /// When what was shown is good no longer. A key is good until it is taken back.
    #[must_use]
    pub fn expires_at(&self) -> Timestamp {
        match self {
            Self::Person(identity) => identity.expires_at,
            Self::Key(_) => Timestamp::LAST,
        }
    }

    /// Whether that is the same person, or the same key.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Person(one), Self::Person(other)) => one.user == other.user,
            (Self::Key(one), Self::Key(other)) => one == other,
            _ => false,
        }
    }
}

impl fmt::Display for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(identity) => write!(f, "user {}", identity.user),
            Self::Key(_) => f.write_str("whoever has this key"),
        }
    }
}

impl Context {
    /// Who shows this token or key.
    ///
    /// # Errors
    /// When it is not good, or cannot be checked for now.
    pub async fn bearer(&self, shown: &str) -> Result<Bearer, AuthError> {
        match KeyHash::of(shown) {
            Some(hash) if self.directory.key(&hash).is_some() => Ok(Bearer::Key(hash)),
            Some(_) => Err(Refusal::NoSuchKey.into()),
            None => self.verifier.verify(shown).await.map(Bearer::Person),
        }
    }

    /// Whoever came in with this is still there.
    pub fn note_use(&self, bearer: &Bearer) {
        if let Bearer::Key(hash) = bearer {
            self.directory.note_use(hash);
        }
    }
}

/// The token or key of `Authorization: Bearer`.
#[must_use]
pub fn bearer(request: &HttpRequest) -> Option<&str> {
    let header = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = header.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

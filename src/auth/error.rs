//! What can be wrong with a token, or with us.

/// Why nobody was recognised.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The token is not accepted: 401, or close 4500 (4001 when it is only [`Refusal::Expired`]).
    /// The text is for the caller; the refusal is for the log.
    #[error("the access token is missing, invalid or expired: sign in and try again")]
    Unauthorized(#[source] Refusal),
    /// The issuer's keys cannot be fetched and none that would do are known: 503, or close 1013.
    #[error("access tokens cannot be checked at the moment: try again shortly")]
    Unavailable,
    /// The settings cannot work. Only [`super::Verifier::new`] and [`super::mint`] say so.
    #[error("{0}")]
    Settings(String),
}

impl From<Refusal> for AuthError {
    fn from(refusal: Refusal) -> Self {
        Self::Unauthorized(refusal)
    }
}

/// Why a token is not accepted: for logs and tests, never for the caller, whom it would help to
/// guess. No variant holds anything of the token but its issuer's name, and that of a token whose
/// signature is right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Longer than any token of ours.
    #[error("the token is too long")]
    TooLong,
    /// Not three parts of base64url with the JSON that belongs there.
    #[error("the token is malformed")]
    Malformed,
    /// `none`, or another algorithm than HS256, ES256, RS256 and EdDSA.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Nothing is configured that could verify tokens of this algorithm.
    #[error(
        "nothing is configured that verifies this kind of token: \
         SUPABASE_JWT_SECRET for HS256, SUPABASE_URL for the others"
    )]
    NotConfigured,
    /// The issuer publishes no key of that id for that algorithm.
    #[error("the token is signed with a key that its issuer does not publish")]
    UnknownKey,
    /// No agency has such a key for programs, or not any more.
    #[error("no agency has this key, or not any more")]
    NoSuchKey,
    /// The signature is not the key's.
    #[error("the token's signature is wrong")]
    Signature,
    /// From another issuer.
    #[error("its issuer is {is}, expected {expected}")]
    Issuer {
        /// What it names.
        is: String,
        /// What it should name.
        expected: String,
    },
    /// Not a user's role: `anon` and `service_role` keys end here.
    #[error("the token's role is not \"authenticated\"")]
    Role,
    /// Meant for somebody else.
    #[error("the token's audience is not \"authenticated\"")]
    Audience,
    /// An anonymous sign-in, which has the role of a user all the same.
    #[error("the token belongs to an anonymous sign-in")]
    Anonymous,
    /// No `sub`, or one that is not a UUID.
    #[error("the token's subject is not a user id")]
    Subject,
    /// No `exp`: a token for ever.
    #[error("the token does not say when it expires")]
    Endless,
    /// Its `nbf` lies ahead.
    #[error("the token is not valid yet")]
    NotYet,
    /// Of somebody with a second factor, which has not been shown yet.
    #[error("the second factor has not been shown")]
    SecondFactor,
    /// Its `exp` has passed; all else about it is right.
    #[error("the token has expired")]
    Expired,
}

//! Why somebody does not get in, or an account is not changed.

use crate::agencies::seal::SealError;
use crate::store::StoreError;

/// Why a password is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Weak {
    #[error("a password needs at least 8 characters")]
    Short,
    #[error("a password may have 512 characters at most")]
    Long,
    #[error("that password is among the commonest, which are tried first")]
    Common,
    #[error("a password may not be the address")]
    Address,
}

/// Why it was not done. No text holds a secret or says whether an address is known.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The address, the password, or both.
    #[error("the address or the password is wrong")]
    Credentials,
    /// Too many tries: so many seconds to wait.
    #[error("too many tries; wait {0} s")]
    TooOften(u64),
    /// More passwords are waiting to be checked than this machine can check soon.
    #[error("too many passwords are being checked")]
    Busy,
    /// Nobody has that refresh token.
    #[error("the refresh token is nobody's")]
    RefreshUnknown,
    /// It was used before, so that somebody has a copy: its session is over.
    #[error("a refresh token of user {0} was used twice, and its session has ended")]
    RefreshReused(crate::domain::UserId),
    /// The session has come to its end.
    #[error("the session is over")]
    SessionOver,
    /// A link that was used, has run out, or never was.
    #[error("the link was used or has run out")]
    LinkGone,
    /// A link that is for somebody else.
    #[error("the link is for somebody else")]
    OtherPerson,
    /// Somebody without whom an agency would have no owner.
    #[error("an agency would have no owner any more")]
    LastOwner,
    /// A code of a sign-in elsewhere that was used, or never was.
    #[error("the code was used or never was")]
    CodeUnknown,
    /// One that has run out.
    #[error("the code has run out")]
    CodeLate,
    /// One that was begun by somebody else.
    #[error("the code is of a sign-in that was begun elsewhere")]
    CodeOfAnother,
    /// The address belongs to another account.
    #[error("the address is another account's")]
    EmailTaken,
    /// No address where one is needed.
    #[error("it is no e-mail address")]
    Email,
    /// A password that is no good.
    #[error("{0}")]
    Weak(#[from] Weak),
    /// The present password must be given too.
    #[error("the present password is missing")]
    OldPasswordMissing,
    /// It is not the present password.
    #[error("the present password is wrong")]
    OldPasswordWrong,
    /// Nothing would change.
    #[error("it is the present password")]
    SamePassword,
    /// The second factor must be shown first.
    #[error("the second factor has not been shown")]
    SecondFactorNeeded,
    /// There is no such second factor, or no such challenge.
    #[error("there is no such second factor")]
    NoFactor,
    /// The code is wrong, was used, or is not the time's.
    #[error("the code is wrong")]
    Code,
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something sealed does not open.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The machine's cryptography failed.
    #[error("{0}")]
    Machine(&'static str),
}

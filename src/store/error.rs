//! What can go wrong with the database, by what can be done about it.

use super::trouble::Trouble;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A database error. The text is for the log; callers get a sentence of the HTTP error table.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refuses what was written or asked; trying again changes nothing.
    #[error("the database refuses the data: {0}")]
    Data(String),
    /// The database is away, stalled, locked or full; trying again later may work.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// An agency's data key is not the one that was read before: another command was quicker.
    #[error("the agency's data key was changed by another command meanwhile; try again")]
    KeyChanged,
    /// The database cannot be used as it is.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// A row holds what no version of this program wrote.
    #[error("a row cannot be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether a new connection or a later try may succeed.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::Trouble(_))
    }
}

/// Diesel gives no SQLSTATE for most errors, so the passing ones are known by their words. A
/// passing error taken for a data error does no harm: the lone append then fails a second time and
/// is answered with 503 all the same.
const PASSING: [&str; 16] = [
    "timeout",
    "deadlock",
    "database is locked",
    "database table is locked",
    "disk",
    "full",
    "readonly",
    "read-only",
    "unable to open",
    "interrupted",
    "terminating connection",
    "the database system is",
    "too many connections",
    "connection",
    "could not serialize",
    "out of memory",
];

impl From<DieselError> for StoreError {
    fn from(error: DieselError) -> Self {
        let text = error.to_string();
        match error {
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::Unavailable(text),
            DieselError::DatabaseError(DatabaseErrorKind::Unknown, _) => {
                let words = text.to_lowercase();
                if PASSING.iter().any(|word| words.contains(word)) {
                    Self::Unavailable(text)
                } else {
                    Self::Data(text)
                }
            }
            _ => Self::Data(text),
        }
    }
}

//! What can go wrong with the database, by what can be done about it.

use super::trouble::Trouble;
use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A database error. The text is for the log; callers get a sentence of the HTTP error table.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refuses the data itself, which its code proves; trying again changes nothing.
    #[error("the database refuses the data: {0}")]
    Data(String),
    /// The database is away, stalled, locked or full; trying again later may work.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// The database refuses what was asked, and it is not known to be for the data: a right is
    /// missing, a table was altered, or something that nobody thought of.
    #[error("the database refuses the request: {0}")]
    Unproven(String),
    /// An agency's data key is not the one that was read before: another command was quicker.
    #[error("the agency's data key was changed by another command meanwhile; try again")]
    KeyChanged,
    /// The database cannot be used as it is.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// A row holds what this version of the program does not know.
    #[error("a row cannot be read: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// Whether a later try may succeed: everything but what is proven to be refused for good.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        !matches!(self, Self::Data(_) | Self::KeyChanged)
    }

    /// Whether a new connection may do better at once.
    #[must_use]
    pub fn is_the_connections(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_) | Self::Unproven(_) | Self::Trouble(_)
        )
    }

    /// Whether the connection on which it came is as good as before.
    #[must_use]
    pub fn is_harmless(&self) -> bool {
        !self.is_the_connections()
    }

    /// This error in the light of the server's SQLSTATE, by its class. Only 22 (data exception)
    /// and 23 (integrity constraint violation) are about the data.
    #[must_use]
    pub fn with_code(self, code: Option<String>) -> Self {
        let (Self::Data(text) | Self::Unavailable(text) | Self::Unproven(text), Some(code)) =
            (&self, code)
        else {
            return self;
        };
        let text = format!("{text} (SQLSTATE {code})");
        match code.get(..2) {
            Some("22" | "23") => Self::Data(text),
            // Connection, transaction, resources, state of objects, operators, the system around.
            Some("08" | "25" | "40" | "53" | "55" | "57" | "58") => Self::Unavailable(text),
            _ => Self::Unproven(text),
        }
    }
}

impl From<DieselError> for StoreError {
    /// By kind alone, never by words, which come in any language. Diesel takes these kinds from
    /// SQLSTATE and from SQLite's extended result codes.
    fn from(error: DieselError) -> Self {
        let text = error.to_string();
        match error {
            DieselError::DatabaseError(
                DatabaseErrorKind::UniqueViolation
                | DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::RestrictViolation
                | DatabaseErrorKind::ExclusionViolation,
                _,
            ) => Self::Data(text),
            DieselError::DatabaseError(
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::UnableToSendCommand
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::ReadOnlyTransaction,
                _,
            )
            | DieselError::BrokenTransactionManager => Self::Unavailable(text),
            _ => Self::Unproven(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::StoreError;

    #[test]
    fn nothing_but_classes_22_and_23_is_the_datas() {
        let codes = [
            "08006", "0A000", "22003", "22P05", "23505", "23514", "25006", "25P02", "40001",
            "42501", "42P01", "53100", "54000", "55P03", "57014", "57P01", "58030", "P0001",
            "XX000", "", "2", "ünf",
        ];
        let datas = codes.into_iter().filter(|code| {
            let unproven = StoreError::Unproven("kaputt".into());
            let error = unproven.with_code(Some((*code).to_owned()));
            matches!(error, StoreError::Data(_))
        });
        assert_eq!(
            datas.collect::<Vec<_>>(),
            ["22003", "22P05", "23505", "23514"]
        );
    }
}

//! Looking for a telephone number, in whatever form it was sent and is typed.
//!
//! An index on an expression is used for that expression alone, so the texts here, with those of
//! each database, are the texts of the migration `numbers`.

/// What may stand between the digits of a number.
const BETWEEN: [char; 6] = [' ', '-', '.', '(', ')', '/'];

/// Which number is looked for, on either end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberFilter {
    /// Its digits end with these, of which there are at least four.
    EndsWith(String),
    /// It is this text, as the carrier sent it.
    Is(String),
}

impl NumberFilter {
    /// What the index has of it.
    pub(super) fn last_four(&self) -> String {
        let text = match self {
            Self::EndsWith(digits) => digits,
            Self::Is(text) => text.split([';', '@']).next().unwrap_or_default(),
        };
        let spoken: Vec<char> = text.chars().filter(|one| !BETWEEN.contains(one)).collect();
        spoken.iter().skip(spoken.len().saturating_sub(4)).collect()
    }

    /// How a column is compared with [`Self::text`].
    pub(super) fn comparison(&self, column: &str, spoken: &str) -> String {
        match self {
            Self::EndsWith(_) => format!("{spoken} LIKE"),
            Self::Is(_) => format!("{column} ="),
        }
    }

    /// What it is compared with.
    pub(super) fn text(&self) -> String {
        match self {
            Self::EndsWith(digits) => format!("%{digits}"),
            Self::Is(text) => text.clone(),
        }
    }
}

/// A text without what stands between digits, as SQL.
pub(super) fn spoken(user_part: &str) -> String {
    let bare = |sql: String, between: &char| format!("replace({sql}, '{between}', '')");
    BETWEEN.iter().fold(user_part.to_owned(), bare)
}

/// Whether a column holds the number that is looked for. What the index answers comes first.
macro_rules! holds_number {
    ($column:literal, $number:expr) => {{
        let spoken = crate::store::numbers::spoken(&super::super::user_part($column));
        let last = super::super::last_four(&spoken);
        let comparison = $number.comparison($column, &spoken);
        diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("({last} = "))
            .bind::<diesel::sql_types::Text, _>($number.last_four())
            .sql(&format!(" AND {comparison} "))
            .bind::<diesel::sql_types::Text, _>($number.text())
            .sql(")")
    }};
}
pub(super) use holds_number;

//! Looking for a telephone number, in whatever form it was sent and is typed.
//!
//! An index on an expression is used for that expression alone, so the texts here are those
//! of the migration `numbers`.

use crate::domain::Party;

/// What may stand between the digits of a number.
pub(super) const BETWEEN: [char; 6] = [' ', '-', '.', '(', ')', '/'];

/// Which number is looked for, on either end of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumberFilter {
    /// Its digits end with these, of which there are at least four.
    EndsWith(String),
    /// It is this text, as the carrier sent it.
    Is(String),
}

impl NumberFilter {
    /// Reads what somebody typed: a number by its digits, of which there must be so many at least,
    /// whatever separators stand between them. What has letters is a SIP address or a word, and looked
    /// for as it was sent.
    #[must_use]
    pub fn read(text: &str, fewest: usize) -> Option<Self> {
        if text.contains('\0') || text.len() > 1024 {
            return None;
        }
        let party = Party::read(text);
        if party.host.is_some() || party.user.contains(char::is_alphabetic) {
            return Some(Self::Is(text.to_owned()));
        }
        let digits: String = party.user.chars().filter(char::is_ascii_digit).collect();
        (digits.len() >= fewest).then_some(Self::EndsWith(digits))
    }

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

/// What a database calls the same thing.
pub(super) struct Dialect {
    user_part: fn(&str) -> String,
    last_four: fn(&str) -> String,
}

/// SQLite's.
pub(super) const SQLITE: Dialect = Dialect {
    user_part: |column| {
        format!("substr({column}, 1, instr(replace({column}, ';', '@') || '@', '@') - 1)")
    },
    last_four: |text| format!("substr({text}, -4)"),
};

/// PostgreSQL's.
pub(super) const POSTGRES: Dialect = Dialect {
    user_part: |column| format!("split_part(replace({column}, ';', '@'), '@', 1)"),
    last_four: |text| format!("right({text}, 4)"),
};

impl Dialect {
    /// A column before the host of an address, without what stands between digits; and the last
    /// four letters of that.
    pub(super) fn spoken(&self, column: &str) -> (String, String) {
        let bare = |sql: String, between: &char| format!("replace({sql}, '{between}', '')");
        let spoken = BETWEEN.iter().fold((self.user_part)(column), bare);
        let last = (self.last_four)(&spoken);
        (spoken, last)
    }
}

/// Whether a column holds the number that is looked for. What the index answers comes first.
macro_rules! holds_number {
    ($column:literal, $number:expr) => {{
        let (spoken, last) = super::super::NUMBERS.spoken($column);
        let comparison = $number.comparison($column, &spoken);
        diesel::dsl::sql::<diesel::sql_types::Bool>(&format!("({last} = "))
            .bind::<diesel::sql_types::Text, _>($number.last_four())
            .sql(&format!(" AND {comparison} "))
            .bind::<diesel::sql_types::Text, _>($number.text())
            .sql(")")
    }};
}
pub(super) use holds_number;

#[cfg(test)]
mod tests {
    use super::{POSTGRES, SQLITE};

    #[test]
    fn an_index_has_the_very_text_that_is_asked_for() {
        let sqlite = include_str!("../../migrations/sqlite/2026-11-26-000040_numbers/up.sql");
        let postgres = include_str!("../../migrations/postgres/2026-11-26-000040_numbers/up.sql");
        for column in ["from_number", "to_number"] {
            for (dialect, migration) in [(&SQLITE, sqlite), (&POSTGRES, postgres)] {
                let (_, last) = dialect.spoken(column);
                assert_eq!(migration.matches(&last).count(), 2, "{last}");
            }
        }
    }
}

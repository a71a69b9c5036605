//! Statements that SQLite plans once, since their text never varies.

use super::StoreError;
use super::named::Texts;
use crate::domain::AgencyId;
use diesel::expression::{AppearsOnTable, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;

/// Whether the columns of a key are among these, the agency's first, handed over as one JSON text.
#[derive(QueryId)]
pub(super) struct Among<C, const COLUMNS: usize> {
    columns: C,
    keys: String,
}

impl<C, const COLUMNS: usize> Among<C, COLUMNS> {
    /// `columns` are the agency's and those of the rest.
    ///
    /// # Errors
    /// None in practice: texts can always be written as JSON.
    pub(super) fn new<K: Texts<COLUMNS>>(
        columns: C,
        keys: &[(AgencyId, K)],
    ) -> Result<Self, StoreError> {
        let keys = keys.iter();
        let keys: Vec<_> = keys
            .map(|(agency, key)| (agency.to_string(), key.texts().to_vec()))
            .collect();
        let keys =
            serde_json::to_string(&keys).map_err(|error| StoreError::Data(error.to_string()))?;
        Ok(Self { columns, keys })
    }
}

impl<C, const COLUMNS: usize> Expression for Among<C, COLUMNS> {
    type SqlType = Bool;
}

impl<C: AppearsOnTable<T>, const COLUMNS: usize, T> AppearsOnTable<T> for Among<C, COLUMNS> {}

impl<C, const COLUMNS: usize, G> ValidGrouping<G> for Among<C, COLUMNS> {
    type IsAggregate = is_aggregate::No;
}

impl<C: QueryFragment<Sqlite>, const COLUMNS: usize> QueryFragment<Sqlite> for Among<C, COLUMNS> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("(");
        self.columns.walk_ast(out.reborrow())?;
        out.push_sql(") IN (SELECT value ->> 0");
        for column in 0..COLUMNS {
            out.push_sql(&format!(", value ->> '$[1][{column}]'"));
        }
        out.push_sql(" FROM json_each(");
        out.push_bind_param::<Text, _>(&self.keys)?;
        out.push_sql("))");
        Ok(())
    }
}

/// A statement whose text is always the same. diesel plans its updates and upserts again each time,
/// since theirs may vary; planning an upsert takes longer than running it.
pub(super) struct Fixed<Q>(pub Q);

impl<Q: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Fixed<Q> {
    fn walk_ast<'b>(&'b self, out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        self.0.walk_ast(out)
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Sqlite) -> QueryResult<bool> {
        Ok(true)
    }
}

// Told apart by its text.
impl<Q> QueryId for Fixed<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

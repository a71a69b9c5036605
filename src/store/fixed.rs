//! Statements that SQLite plans once, since their text never varies.

use super::StoreError;
use crate::domain::AgencyId;
use diesel::expression::{AppearsOnTable, ValidGrouping, is_aggregate};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Bool, Text};
use diesel::sqlite::Sqlite;

/// Whether an agency and a key are among these pairs, handed over as one JSON text.
#[derive(QueryId)]
pub(super) struct Among<A, K> {
    agency: A,
    key: K,
    pairs: String,
}

impl<A, K> Among<A, K> {
    /// # Errors
    /// None in practice: texts can always be written as JSON.
    pub(super) fn new(agency: A, key: K, pairs: &[(AgencyId, String)]) -> Result<Self, StoreError> {
        let pairs = pairs.iter();
        let pairs: Vec<_> = pairs
            .map(|(agency, key)| (agency.to_string(), key))
            .collect();
        let pairs =
            serde_json::to_string(&pairs).map_err(|error| StoreError::Data(error.to_string()))?;
        Ok(Self { agency, key, pairs })
    }
}

impl<A, K> Expression for Among<A, K> {
    type SqlType = Bool;
}

impl<A: AppearsOnTable<T>, K: AppearsOnTable<T>, T> AppearsOnTable<T> for Among<A, K> {}

impl<A, K, G> ValidGrouping<G> for Among<A, K> {
    type IsAggregate = is_aggregate::No;
}

impl<A: QueryFragment<Sqlite>, K: QueryFragment<Sqlite>> QueryFragment<Sqlite> for Among<A, K> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        out.push_sql("(");
        self.agency.walk_ast(out.reborrow())?;
        out.push_sql(", ");
        self.key.walk_ast(out.reborrow())?;
        out.push_sql(") IN (SELECT value ->> 0, value ->> 1 FROM json_each(");
        out.push_bind_param::<Text, _>(&self.pairs)?;
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

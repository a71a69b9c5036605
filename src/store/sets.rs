//! Statements whose text never varies, so that each is planned once: sets of keys and of rows are
//! handed to PostgreSQL whole, whatever their number.

use super::StoreError;
use crate::domain::AgencyId;
use diesel::expression::{AppearsOnTable, ValidGrouping, is_aggregate};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, Text};
use serde::Serialize;
use std::marker::PhantomData;

/// Runs a query for each of many keys. Its inside stands behind a fence: it is found by its index,
/// one key after the other, whatever the server believes of a table that is young.
pub(super) struct ForEach<Q> {
    query: Q,
    agencies: Vec<String>,
    keys: Vec<String>,
}

impl<Q> ForEach<Q> {
    /// `query` says [`AskedAgency`] and [`AskedKey`] where it means the agency and the key.
    pub(super) fn new(query: Q, keys: &[(AgencyId, String)]) -> Self {
        let keys = keys.iter();
        let (agencies, keys) = keys
            .map(|(agency, key)| (agency.to_string(), key.clone()))
            .unzip();
        Self {
            query,
            agencies,
            keys,
        }
    }
}

impl<Q: Query> Query for ForEach<Q> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for ForEach<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT found.* FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.agencies)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.keys)?;
        out.push_sql(") AS asked (agency, key), LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" OFFSET 0) AS found");
        Ok(())
    }
}

impl<Q: QueryId> QueryId for ForEach<Q> {
    type QueryId = ForEach<Q::QueryId>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

/// The agency that [`ForEach`] is at.
#[derive(Clone, Copy, QueryId, ValidGrouping)]
pub(super) struct AskedAgency;

/// The key that [`ForEach`] is at, of the type of the column that it is compared with.
#[derive(Clone, Copy, QueryId)]
pub(super) struct AskedKey<T>(PhantomData<T>);

impl<T> AskedKey<T> {
    pub(super) fn new() -> Self {
        Self(PhantomData)
    }
}

impl Expression for AskedAgency {
    type SqlType = Text;
}

impl<T: diesel::expression::TypedExpressionType> Expression for AskedKey<T> {
    type SqlType = T;
}

impl<S> AppearsOnTable<S> for AskedAgency {}

impl<S, T> AppearsOnTable<S> for AskedKey<T> where Self: Expression {}

impl<G, T> ValidGrouping<G> for AskedKey<T> {
    type IsAggregate = is_aggregate::Never;
}

impl QueryFragment<Pg> for AskedAgency {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("asked.agency");
        Ok(())
    }
}

impl<T> QueryFragment<Pg> for AskedKey<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("asked.key");
        Ok(())
    }
}

/// Puts rows into a table, handed over as one JSON text.
pub(super) struct PutRows {
    head: &'static str,
    rows: String,
    tail: &'static str,
}

impl PutRows {
    /// `head`, the rows, and `tail` make the statement.
    ///
    /// # Errors
    /// When the rows cannot be written as JSON.
    pub(super) fn into<R: Serialize>(
        _table: impl Table,
        head: &'static str,
        rows: &[R],
        tail: &'static str,
    ) -> Result<Self, StoreError> {
        let rows =
            serde_json::to_string(rows).map_err(|error| StoreError::Data(error.to_string()))?;
        Ok(Self { head, rows, tail })
    }
}

impl QueryFragment<Pg> for PutRows {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(self.head);
        out.push_bind_param::<Text, _>(&self.rows)?;
        out.push_sql(self.tail);
        Ok(())
    }
}

// Told apart by its text.
impl QueryId for PutRows {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

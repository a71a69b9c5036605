//! Statements whose text never varies, so that each is planned once: sets of keys and of rows are
//! handed to PostgreSQL whole, whatever their number.

use super::StoreError;
use super::named::Texts;
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
pub(super) struct ForEach<Q, const COLUMNS: usize> {
    query: Q,
    agencies: Vec<String>,
    columns: [(&'static str, Vec<String>); COLUMNS],
}

impl<Q, const COLUMNS: usize> ForEach<Q, COLUMNS> {
    /// `query` says [`AskedAgency`] and [`Asked`] where it means the agency and one of `columns`.
    pub(super) fn new<K: Texts<COLUMNS>>(
        query: Q,
        columns: [&'static str; COLUMNS],
        keys: &[(AgencyId, K)],
    ) -> Self {
        let agencies = keys.iter().map(|(agency, _)| agency.to_string()).collect();
        let mut columns = columns.map(|column| (column, Vec::with_capacity(keys.len())));
        for (_, key) in keys {
            for ((_, column), text) in columns.iter_mut().zip(key.texts()) {
                column.push(text.to_owned());
            }
        }
        Self {
            query,
            agencies,
            columns,
        }
    }
}

impl<Q: Query, const COLUMNS: usize> Query for ForEach<Q, COLUMNS> {
    type SqlType = Q::SqlType;
}

impl<Q: QueryFragment<Pg>, const COLUMNS: usize> QueryFragment<Pg> for ForEach<Q, COLUMNS> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT found.* FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.agencies)?;
        for (_, texts) in &self.columns {
            out.push_sql(", ");
            out.push_bind_param::<Array<Text>, _>(texts)?;
        }
        out.push_sql(") AS asked (agency");
        for (name, _) in &self.columns {
            out.push_sql(", ");
            out.push_sql(name);
        }
        out.push_sql("), LATERAL (");
        self.query.walk_ast(out.reborrow())?;
        out.push_sql(" OFFSET 0) AS found");
        Ok(())
    }
}

// Its columns are those that the query compares with what was asked.
impl<Q: QueryId, const COLUMNS: usize> QueryId for ForEach<Q, COLUMNS> {
    type QueryId = ForEach<Q::QueryId, COLUMNS>;
    const HAS_STATIC_QUERY_ID: bool = Q::HAS_STATIC_QUERY_ID;
}

/// The agency that [`ForEach`] is at.
#[derive(Clone, Copy, QueryId, ValidGrouping)]
pub(super) struct AskedAgency;

/// One column of the key that [`ForEach`] is at, of the type of the column that it is compared with.
#[derive(Clone, Copy, QueryId)]
pub(super) struct Asked<T>(&'static str, PhantomData<T>);

impl<T> Asked<T> {
    pub(super) fn column(name: &'static str) -> Self {
        Self(name, PhantomData)
    }
}

impl Expression for AskedAgency {
    type SqlType = Text;
}

impl<T: diesel::expression::TypedExpressionType> Expression for Asked<T> {
    type SqlType = T;
}

impl<S> AppearsOnTable<S> for AskedAgency {}

impl<S, T> AppearsOnTable<S> for Asked<T> where Self: Expression {}

impl<G, T> ValidGrouping<G> for Asked<T> {
    type IsAggregate = is_aggregate::Never;
}

impl QueryFragment<Pg> for AskedAgency {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("asked.agency");
        Ok(())
    }
}

impl<T> QueryFragment<Pg> for Asked<T> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("asked.");
        out.push_sql(self.0);
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

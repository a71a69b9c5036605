//! The oldest program that can serve this schema, and how old it is itself.

use super::super::schema::schema_floor;
use super::super::{BIRTH, Conn, HAS_FLOOR};
use crate::store::StoreError;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;

#[derive(QueryableByName)]
struct HasFloor {
    #[diesel(sql_type = BigInt)]
    has_floor: i64,
}

/// The migration that a program must know to serve this schema; empty where any may, as before the
/// first migration.
pub(crate) async fn floor(conn: &mut Conn) -> Result<String, StoreError> {
    let row: HasFloor = diesel::sql_query(HAS_FLOOR).get_result(conn).await?;
    if row.has_floor == 0 {
        return Ok(String::new());
    }
    let floor = schema_floor::table
        .find(1)
        .select(schema_floor::floor)
        .first(conn)
        .await
        .optional()?;
    Ok(floor.unwrap_or_default())
}

/// When this database was made, in words that are another's for no other.
pub(crate) async fn birth(conn: &mut Conn) -> Result<String, StoreError> {
    Ok(diesel::dsl::sql::<Text>(BIRTH).get_result(conn).await?)
}

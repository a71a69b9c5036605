//! Who has sockets where.

use super::super::schema::{agents, connections, nodes};
use super::super::{Conn, SCHEMA, rows_by, upsert_rows};
use super::search::Key;
use crate::domain::{AgencyId, GRACE_S, Role, Timestamp};
use crate::store::agent_rows::ConnectionRow;
use crate::store::agents::BEAT_S;
use crate::store::batch::AgentKey;
use crate::store::rows::id;
use crate::store::{StoreError, parse_agency};
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use std::collections::{BTreeMap, HashSet};

/// How long a connection that is over is kept, in seconds: longer than anybody asks after it.
const KEPT_S: i64 = 600;

/// A node says that it is there.
pub(crate) async fn beat(
    conn: &mut Conn,
    node: String,
    steady: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(nodes::table)
        .values((nodes::id.eq(node), nodes::seen_at.eq(steady.micros())))
        .on_conflict(nodes::id)
        .do_update()
        .set(nodes::seen_at.eq(steady.micros()))
        .execute(conn)
        .await?;
    Ok(())
}

/// The last sockets of these people on a node have closed. Of whom nothing is known any more nothing is
/// written either.
pub(crate) async fn note_left(
    conn: &mut Conn,
    node: String,
    people: Vec<AgentKey>,
    steady: Timestamp,
) -> Result<(), StoreError> {
    let mut by_agency: BTreeMap<AgencyId, Vec<String>> = BTreeMap::new();
    for (agency, user) in people {
        by_agency.entry(agency).or_default().push(user.to_string());
    }
    for (agency, users) in by_agency {
        let theirs = connections::table
            .filter(connections::agency_id.eq(agency.to_string()))
            .filter(connections::user_id.eq_any(users))
            .filter(connections::node.eq(&node));
        diesel::update(theirs)
            .set(connections::left_at.eq(steady.micros()))
            .execute(conn)
            .await?;
    }
    Ok(())
}

/// A node has sockets of these people.
pub(crate) async fn note_came(
    conn: &mut Conn,
    node: String,
    people: Vec<AgentKey>,
) -> Result<(), StoreError> {
    let rows: Vec<ConnectionRow> = people
        .into_iter()
        .map(|(agency, user)| ConnectionRow {
            agency_id: agency.to_string(),
            user_id: user.to_string(),
            node: node.clone(),
            left_at: None,
        })
        .collect();
    upsert_rows!(
        conn,
        connections,
        &rows,
        stays |_: &ConnectionRow| false,
        key [agency_id, user_id, node],
        keep [],
        moves [],
        goes_on [left_at]
    );
    Ok(())
}

/// Those of these people who do not count as there.
pub(crate) async fn absent_among(
    conn: &mut Conn,
    people: Vec<AgentKey>,
) -> Result<Vec<AgentKey>, StoreError> {
    let keys: Vec<Key<String>> = people
        .iter()
        .map(|(agency, user)| (*agency, user.to_string()))
        .collect();
    let keys = keys.as_slice();
    let there = agents::table
        .filter(agents::present.eq(true))
        .select((agents::agency_id, agents::user_id));
    let there: Vec<(String, String)> = rows_by!(conn, there, agents, [user_id], keys);
    let there: HashSet<AgentKey> = there
        .into_iter()
        .map(|(agency, user)| Ok((parse_agency(&agency)?, id(&user, "agents.user_id")?)))
        .collect::<Result<_, StoreError>>()?;
    let absent = people.into_iter().filter(|key| !there.contains(key));
    Ok(absent.collect())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    agency_id: String,
    #[diesel(sql_type = Text)]
    user_id: String,
}

async fn found(conn: &mut Conn, sql: String) -> Result<Vec<AgentKey>, StoreError> {
    let rows: Vec<Found> = diesel::sql_query(sql).load(conn).await?;
    let keys = rows.iter().map(|row| {
        let user = id(&row.user_id, "agents.user_id")?;
        Ok((parse_agency(&row.agency_id)?, user))
    });
    keys.collect()
}

/// Those who count as there without a socket that would say so, or the other way round.
pub(crate) async fn misplaced(
    conn: &mut Conn,
    steady: Timestamp,
    limit: i64,
) -> Result<Vec<AgentKey>, StoreError> {
    let left = steady.plus_seconds(-GRACE_S).micros();
    let seen = steady.plus_seconds(-GRACE_S - BEAT_S).micros();
    let sql = format!(
        "SELECT a.agency_id, a.user_id FROM {SCHEMA}agents a \
         WHERE a.present <> EXISTS (SELECT 1 FROM {SCHEMA}connections c \
         JOIN {SCHEMA}nodes n ON n.id = c.node \
         WHERE c.agency_id = a.agency_id AND c.user_id = a.user_id \
         AND (c.left_at > {left} OR (c.left_at IS NULL AND n.seen_at > {seen}))) LIMIT {limit}"
    );
    found(conn, sql).await
}

/// People who are not known as agents, or by another name or phone; and agents who are nobody of their
/// agency's any more.
pub(crate) async fn unlike_people(
    conn: &mut Conn,
    limit: i64,
) -> Result<Vec<AgentKey>, StoreError> {
    let roles = Role::ALL.map(Role::name).join("', '");
    let sql = format!(
        "SELECT u.agency_id, u.id AS user_id FROM {SCHEMA}users u \
         LEFT JOIN {SCHEMA}agents a ON a.agency_id = u.agency_id AND a.user_id = u.id \
         WHERE u.agency_id IS NOT NULL AND u.role IN ('{roles}') AND (a.user_id IS NULL \
         OR COALESCE(a.name, '') <> COALESCE(u.name, u.email, '') \
         OR (a.phone = 'other') <> (u.sip_username IS NOT NULL)) \
         UNION ALL SELECT a.agency_id, a.user_id FROM {SCHEMA}agents a \
         LEFT JOIN {SCHEMA}users u ON u.id = a.user_id AND u.agency_id = a.agency_id \
         AND u.role IN ('{roles}') WHERE u.id IS NULL LIMIT {limit}"
    );
    found(conn, sql).await
}

/// Those whose state does not follow from their calls, as where a node of the release before has taken
/// a call in, and those whose time after a call should be over.
pub(crate) async fn unlike_calls(
    conn: &mut Conn,
    steady: Timestamp,
    limit: i64,
) -> Result<Vec<AgentKey>, StoreError> {
    let late = steady.plus_seconds(-BEAT_S).micros();
    let sql = format!(
        "SELECT a.agency_id, a.user_id FROM {SCHEMA}agents a \
         WHERE (a.state = 'busy') <> EXISTS (SELECT 1 FROM {SCHEMA}inbound_calls i \
         WHERE i.agency_id = a.agency_id AND i.answered_by = a.user_id \
         AND i.status IN ('answering', 'answered')) OR a.wrap_up_until < {late} LIMIT {limit}"
    );
    found(conn, sql).await
}

/// Removes what is over long since.
pub(crate) async fn sweep(conn: &mut Conn, steady: Timestamp) -> Result<usize, StoreError> {
    let old = steady.plus_seconds(-KEPT_S).micros();
    let connections = format!(
        "DELETE FROM {SCHEMA}connections WHERE left_at < {old} OR NOT EXISTS \
         (SELECT 1 FROM {SCHEMA}nodes n WHERE n.id = node AND n.seen_at >= {old})"
    );
    let removed = diesel::sql_query(connections).execute(conn).await?;
    diesel::delete(nodes::table.filter(nodes::seen_at.lt(old)))
        .execute(conn)
        .await?;
    Ok(removed)
}

//! Agents: what a batch reads and writes of them, and what is read of them otherwise.

use super::super::schema::{
    agencies, agent_times, agents, connections, inbound_calls, nodes, users,
};
use super::super::{BEGIN_WRITE, Conn, Line, insert_rows, locked, rows_by, together, upsert_rows};
use super::search::Key;
use super::{end, readable};
use crate::domain::{AgencyId, AgentTime, GRACE_S, KnownAgent, Status, Timestamp, User, UserId};
use crate::store::agent_rows::{AgentRow, AgentTimeRow};
use crate::store::agents::BEAT_S;
use crate::store::batch::{AgentKey, LoadedAgents};
use crate::store::rows::{UserRow, id};
use crate::store::{StoreError, parse_agency};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::BTreeSet;

/// What the database holds of these agents, and of those of them who are looked at.
pub(super) async fn load(
    line: Line<'_>,
    agents: &BTreeSet<AgentKey>,
    looked_at: &BTreeSet<AgentKey>,
) -> Result<LoadedAgents, StoreError> {
    if agents.is_empty() {
        return Ok(LoadedAgents::default());
    }
    let (agents, looked_at) = (texts(agents), texts(looked_at));
    let (known, held, people, there) = together!(
        line;
        known_agents(&agents),
        calls_in_hands(&agents),
        people(&looked_at),
        sockets_of(&looked_at)
    );
    let mut loaded = LoadedAgents::default();
    for (row, wrap_up_s) in known {
        loaded.known.push((row.known()?, i64::from(wrap_up_s)));
    }
    for (agency, user, call, status) in held {
        let user = user.unwrap_or_default();
        let key = (
            parse_agency(&agency)?,
            id(&user, "inbound_calls.answered_by")?,
        );
        let talking = status == Status::Answered.name();
        let call = id(&call, "inbound_calls.id")?;
        loaded.held.push((key, call, talking));
    }
    loaded.people = people;
    for (agency, user, left_at, seen_at) in there {
        let key = (parse_agency(&agency)?, id(&user, "connections.user_id")?);
        let until = match left_at {
            Some(left) => Timestamp::from_micros(left).plus_seconds(GRACE_S),
            None => Timestamp::from_micros(seen_at).plus_seconds(GRACE_S + BEAT_S),
        };
        loaded.there_until.push((key, until));
    }
    Ok(loaded)
}

fn texts(keys: &BTreeSet<AgentKey>) -> Vec<Key<String>> {
    let keys = keys.iter();
    keys.map(|(agency, user)| (*agency, user.to_string()))
        .collect()
}

async fn known_agents(
    mut line: Line<'_>,
    keys: &[Key<String>],
) -> Result<Vec<(AgentRow, i32)>, StoreError> {
    let agents = agents::table
        .inner_join(agencies::table.on(agencies::id.eq(agents::agency_id)))
        .select((agents::all_columns, agencies::wrap_up_s));
    Ok(rows_by!(&mut line, agents, agents, [user_id], keys))
}

type HeldRow = (String, Option<String>, String, String);

async fn calls_in_hands(
    mut line: Line<'_>,
    keys: &[Key<String>],
) -> Result<Vec<HeldRow>, StoreError> {
    // In these words, so that the index of calls that somebody has is found to do.
    let held = inbound_calls::table
        .filter(sql::<Bool>("status IN ('answering', 'answered')"))
        .select((
            inbound_calls::agency_id,
            inbound_calls::answered_by,
            inbound_calls::id,
            inbound_calls::status,
        ));
    Ok(rows_by!(
        &mut line,
        held,
        inbound_calls,
        [answered_by],
        keys
    ))
}

type SocketRow = (String, String, Option<i64>, i64);

async fn sockets_of(
    mut line: Line<'_>,
    keys: &[Key<String>],
) -> Result<Vec<SocketRow>, StoreError> {
    let sockets = connections::table
        .inner_join(nodes::table.on(nodes::id.eq(connections::node)))
        .select((
            connections::agency_id,
            connections::user_id,
            connections::left_at,
            nodes::seen_at,
        ));
    Ok(rows_by!(&mut line, sockets, connections, [user_id], keys))
}

async fn people(mut line: Line<'_>, keys: &[Key<String>]) -> Result<Vec<User>, StoreError> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<&String> = keys.iter().map(|(_, user)| user).collect();
    let rows: Vec<UserRow> = users::table
        .filter(users::id.eq_any(ids))
        .load(&mut line)
        .await?;
    rows.into_iter().map(UserRow::user).collect()
}

/// Agents that are new or have changed.
pub(super) async fn put(mut line: Line<'_>, known: &[KnownAgent]) -> Result<(), StoreError> {
    let rows: Vec<AgentRow> = known.iter().map(AgentRow::of).collect();
    upsert_rows!(
        &mut line,
        agents,
        &rows,
        stays |_: &AgentRow| false,
        key [agency_id, user_id],
        keep [],
        moves [],
        goes_on [
            name,
            phone,
            state,
            reason,
            since,
            present,
            away,
            away_reason,
            wrap_up_until,
            talked,
            last_seen
        ]
    );
    Ok(())
}

/// Those who are nobody of the agency's any more.
pub(super) async fn remove(mut line: Line<'_>, gone: &[AgentKey]) -> Result<(), StoreError> {
    for (agency, user) in gone {
        diesel::delete(agents::table.find((agency.to_string(), user.to_string())))
            .execute(&mut line)
            .await?;
    }
    Ok(())
}

/// What they were until now.
pub(super) async fn put_times(
    mut line: Line<'_>,
    times: &[(i64, AgentTime)],
) -> Result<(), StoreError> {
    let rows: Vec<AgentTimeRow> = times.iter().map(AgentTimeRow::of).collect();
    insert_rows!(
        &mut line,
        agent_times,
        &rows,
        [agency_id, seq, user_id, state, reason, began_at, ended_at]
    );
    Ok(())
}

/// The agents of an agency.
pub(crate) async fn of_agency(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<Vec<KnownAgent>, StoreError> {
    let rows: Vec<AgentRow> = agents::table
        .filter(agents::agency_id.eq(agency.to_string()))
        .load(conn)
        .await?;
    Ok(readable(rows.into_iter().map(AgentRow::known)))
}

/// Nobody is watched any more.
pub(crate) async fn clear(conn: &mut Conn) -> Result<usize, StoreError> {
    Ok(diesel::delete(agents::table).execute(conn).await?)
}

/// Removes at most `limit` of the times of an agency's people that ended before `before`.
pub(crate) async fn prune_times(
    conn: &mut Conn,
    agency: AgencyId,
    before: Timestamp,
    limit: i64,
) -> Result<usize, StoreError> {
    let old: Vec<i64> = agent_times::table
        .filter(agent_times::agency_id.eq(agency.to_string()))
        .filter(agent_times::ended_at.lt(before.micros()))
        .order(agent_times::ended_at)
        .select(agent_times::seq)
        .limit(limit)
        .load(conn)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let old = agent_times::table
        .filter(agent_times::agency_id.eq(agency.to_string()))
        .filter(agent_times::seq.eq_any(old));
    Ok(diesel::delete(old).execute(conn).await?)
}

/// Forgets when somebody was there and as what; says of how many rows. Boards begin again with what is
/// left.
pub(crate) async fn forget(
    conn: &mut Conn,
    agency: AgencyId,
    user: UserId,
    epoch: String,
) -> Result<usize, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = forget_steps(conn, &agency.to_string(), &user.to_string(), &epoch).await;
    end(conn, result).await
}

async fn forget_steps(
    conn: &mut Conn,
    agency: &str,
    user: &str,
    epoch: &str,
) -> Result<usize, StoreError> {
    use super::super::schema::agency_heads;
    let head = agency_heads::table
        .filter(agency_heads::agency_id.eq(agency))
        .select(agency_heads::agency_id);
    let _: Vec<String> = locked!(head).load(conn).await?;
    let mut rows = diesel::delete(agents::table.find((agency, user)))
        .execute(conn)
        .await?;
    let theirs = agent_times::table
        .filter(agent_times::agency_id.eq(agency))
        .filter(agent_times::user_id.eq(user));
    rows += diesel::delete(theirs).execute(conn).await?;
    let theirs = connections::table
        .filter(connections::agency_id.eq(agency))
        .filter(connections::user_id.eq(user));
    rows += diesel::delete(theirs).execute(conn).await?;
    if rows > 0 {
        diesel::update(agency_heads::table.find(agency))
            .set(agency_heads::epoch.eq(epoch))
            .execute(conn)
            .await?;
    }
    Ok(rows)
}

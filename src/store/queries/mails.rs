//! Mails that are owed, and what became of them.

use super::super::schema::mails;
use super::super::{BEGIN_WRITE, Conn, skip_locked};
use super::{end, readable};
use crate::domain::{AgencyId, MailKind, MailStanding, MailState, Timestamp, UserId};
use crate::store::rows::{id, unknown};
use crate::store::{MailRow, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use std::collections::HashMap;
use uuid::Uuid;

/// Most mails that may wait.
const MOST: i64 = 10_000;
/// How long it is kept what became of one, in seconds.
const KEPT_S: i64 = 30 * 24 * 3600;

#[derive(Queryable, Selectable)]
#[diesel(table_name = mails)]
struct Stored {
    id: String,
    kind: String,
    agency_id: Option<String>,
    user_id: Option<String>,
    sealed: Option<String>,
    attempts: i32,
    made_at: i64,
    until: i64,
}

impl Stored {
    fn mail(self) -> Result<MailRow, StoreError> {
        let kind = MailKind::from_name(&self.kind);
        let kind = kind.ok_or_else(|| unknown("mails.kind", &self.id, &self.kind))?;
        let agency = self.agency_id.as_deref();
        let agency = agency.map(|agency| id(agency, "mails.agency_id"));
        let user = self
            .user_id
            .as_deref()
            .map(|user| id(user, "mails.user_id"));
        Ok(MailRow {
            id: id(&self.id, "mails.id")?,
            kind,
            agency: agency.transpose()?.map(AgencyId),
            user: user.transpose()?.map(UserId),
            sealed: self.sealed.unwrap_or_default(),
            attempts: self.attempts,
            made_at: Timestamp::from_micros(self.made_at),
            until: Timestamp::from_micros(self.until),
        })
    }
}

/// Writes one down.
pub(crate) async fn add(
    conn: &mut Conn,
    mail: MailRow,
    due: Timestamp,
) -> Result<bool, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = add_steps(conn, mail, due).await;
    end(conn, result).await
}

async fn add_steps(conn: &mut Conn, mail: MailRow, due: Timestamp) -> Result<bool, StoreError> {
    let old = mails::table.filter(mails::made_at.lt(mail.made_at.plus_seconds(-KEPT_S).micros()));
    diesel::delete(old).execute(conn).await?;
    let waiting = MailStanding::Waiting.name();
    if let Some(user) = mail.user {
        let earlier = mails::table
            .filter(mails::user_id.eq(user.to_string()))
            .filter(mails::kind.eq(mail.kind.name()))
            .filter(mails::state.eq(waiting));
        diesel::delete(earlier).execute(conn).await?;
    }
    let waits = mails::table.filter(mails::state.eq(waiting)).count();
    if waits.get_result::<i64>(conn).await? >= MOST {
        return Ok(false);
    }
    diesel::insert_into(mails::table)
        .values((
            mails::id.eq(mail.id.to_string()),
            mails::kind.eq(mail.kind.name()),
            mails::agency_id.eq(mail.agency.map(|agency| agency.to_string())),
            mails::user_id.eq(mail.user.map(|user| user.to_string())),
            mails::sealed.eq(mail.sealed),
            mails::state.eq(waiting),
            mails::attempts.eq(0),
            mails::due_at.eq(due.micros()),
            mails::made_at.eq(mail.made_at.micros()),
            mails::until.eq(mail.until.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(true)
}

/// Those that are due and in nobody's hands.
macro_rules! free_and_due {
    ($now:expr) => {
        mails::table
            .filter(mails::state.eq(MailStanding::Waiting.name()))
            .filter(mails::due_at.le($now.micros()))
            .filter(
                mails::leased_until
                    .is_null()
                    .or(mails::leased_until.le($now.micros())),
            )
    };
}

/// Takes some up. Of several nodes that reach for one, one gets it.
pub(crate) async fn take(
    conn: &mut Conn,
    now: Timestamp,
    (steady, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<MailRow>, StoreError> {
    let due = free_and_due!(steady)
        .count()
        .get_result::<i64>(conn)
        .await?;
    if due == 0 {
        // Nearly always; a look costs no lock.
        return Ok(Vec::new());
    }
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = take_steps(conn, now, (steady, until), limit).await;
    end(conn, result).await
}

async fn take_steps(
    conn: &mut Conn,
    now: Timestamp,
    (steady, until): (Timestamp, Timestamp),
    limit: i64,
) -> Result<Vec<MailRow>, StoreError> {
    // Nobody needs those any more.
    let late = mails::table
        .filter(mails::state.eq(MailStanding::Waiting.name()))
        .filter(mails::until.le(now.micros()));
    diesel::update(late)
        .set((
            mails::state.eq(MailStanding::Failed.name()),
            mails::sealed.eq(None::<String>),
        ))
        .execute(conn)
        .await?;
    let due = free_and_due!(steady)
        .order(mails::due_at)
        .limit(limit)
        .select(Stored::as_select());
    let due: Vec<Stored> = skip_locked!(due).load(conn).await?;
    let mut taken = Vec::new();
    for mut mail in readable(due.into_iter().map(Stored::mail)) {
        mail.attempts = mail.attempts.saturating_add(1);
        diesel::update(mails::table.find(mail.id.to_string()))
            .set((
                mails::leased_until.eq(until.micros()),
                mails::attempts.eq(mail.attempts),
            ))
            .execute(conn)
            .await?;
        taken.push(mail);
    }
    Ok(taken)
}

/// One is gone, or given up.
pub(crate) async fn finish(
    conn: &mut Conn,
    id: Uuid,
    problem: Option<String>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let state = match problem {
        None => MailStanding::Sent,
        Some(_) => MailStanding::Failed,
    };
    diesel::update(mails::table.find(id.to_string()))
        .set((
            mails::state.eq(state.name()),
            mails::problem.eq(problem),
            mails::sealed.eq(None::<String>),
            mails::leased_until.eq(None::<i64>),
            mails::due_at.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// One is tried again later.
pub(crate) async fn put_off(
    conn: &mut Conn,
    id: Uuid,
    problem: String,
    due: Timestamp,
) -> Result<(), StoreError> {
    diesel::update(mails::table.find(id.to_string()))
        .set((
            mails::problem.eq(problem),
            mails::leased_until.eq(None::<i64>),
            mails::due_at.eq(due.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// What became of the latest to each.
pub(crate) async fn of_agency(
    conn: &mut Conn,
    agency: AgencyId,
) -> Result<HashMap<UserId, MailState>, StoreError> {
    let rows: Vec<(Option<String>, String, Option<String>, i64)> = mails::table
        .filter(mails::agency_id.eq(agency.to_string()))
        .filter(mails::user_id.is_not_null())
        .filter(mails::kind.ne(MailKind::Code.name()))
        .order((mails::made_at, mails::id))
        .select((mails::user_id, mails::state, mails::problem, mails::due_at))
        .load(conn)
        .await?;
    let mut latest = HashMap::new();
    for (user, state, problem, at) in rows {
        let (Some(user), Some(standing)) = (user, MailStanding::from_name(&state)) else {
            continue;
        };
        let its = MailState {
            standing,
            problem,
            at: Timestamp::from_micros(at),
        };
        latest.insert(UserId(id(&user, "mails.user_id")?), its);
    }
    Ok(latest)
}

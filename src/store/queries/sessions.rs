//! Where people are signed in, and the refresh tokens by which they stay so.

use super::super::schema::{accounts, refresh_tokens, sessions};
use super::super::{BEGIN_WRITE, Conn, locked};
use super::end;
use crate::domain::{Timestamp, UserId};
use crate::store::account_rows::StoredSession;
use crate::store::{NewRefreshToken, RefreshLimits, Rotated, SessionRow, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use uuid::Uuid;

/// Begins a session with its first refresh token, and ends those of this person that have run out.
pub(crate) async fn begin(
    conn: &mut Conn,
    session: SessionRow,
    token: NewRefreshToken,
    limits: RefreshLimits,
) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = begin_steps(conn, session, token, limits).await;
    end(conn, result).await
}

async fn begin_steps(
    conn: &mut Conn,
    session: SessionRow,
    token: NewRefreshToken,
    limits: RefreshLimits,
) -> Result<(), StoreError> {
    let (user, now) = (session.user.to_string(), session.created_at);
    let idle = now.plus_seconds(-limits.idle_s).micros();
    let oldest = now.plus_seconds(-limits.longest_s).micros();
    let over = sessions::table.filter(sessions::user_id.eq(&user)).filter(
        sessions::refreshed_at
            .lt(idle)
            .or(sessions::created_at.lt(oldest)),
    );
    diesel::delete(over).execute(conn).await?;
    diesel::update(accounts::table.find(&user))
        .set(accounts::signed_in_at.eq(now.micros()))
        .execute(conn)
        .await?;
    let id = session.id.to_string();
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(&id),
            sessions::user_id.eq(user),
            sessions::methods.eq(session.methods),
            sessions::network.eq(session.network),
            sessions::client.eq(session.client),
            sessions::created_at.eq(now.micros()),
            sessions::refreshed_at.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    add_token(conn, &id, None, token, now).await
}

async fn add_token(
    conn: &mut Conn,
    session: &str,
    parent: Option<&str>,
    token: NewRefreshToken,
    now: Timestamp,
) -> Result<(), StoreError> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(token.hash),
            refresh_tokens::session_id.eq(session),
            refresh_tokens::parent.eq(parent),
            refresh_tokens::salt.eq(token.salt),
            refresh_tokens::made_at.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a refresh token for the next one.
pub(crate) async fn rotate(
    conn: &mut Conn,
    hash: String,
    next: NewRefreshToken,
    limits: RefreshLimits,
    now: Timestamp,
) -> Result<Rotated, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = rotate_steps(conn, hash, next, limits, now).await;
    end(conn, result).await
}

async fn rotate_steps(
    conn: &mut Conn,
    hash: String,
    next: NewRefreshToken,
    limits: RefreshLimits,
    now: Timestamp,
) -> Result<Rotated, StoreError> {
    let held = refresh_tokens::table
        .filter(refresh_tokens::hash.eq(&hash))
        .select((refresh_tokens::session_id, refresh_tokens::used_at));
    let held: Vec<(String, Option<i64>)> = locked!(held).load(conn).await?;
    let Some((id, used_at)) = held.into_iter().next() else {
        return Ok(Rotated::Unknown);
    };
    let session: Option<StoredSession> = sessions::table.find(&id).first(conn).await.optional()?;
    let Some(session) = session.map(StoredSession::session).transpose()? else {
        return Ok(Rotated::Unknown);
    };
    let idle = session.refreshed_at.plus_seconds(limits.idle_s) <= now;
    if idle || session.created_at.plus_seconds(limits.longest_s) <= now {
        diesel::delete(sessions::table.find(&id))
            .execute(conn)
            .await?;
        return Ok(Rotated::Expired);
    }
    match used_at {
        Some(used_at) => {
            let late = Timestamp::from_micros(used_at).plus_seconds(limits.again_s) < now;
            match unused_child(conn, &hash).await? {
                Some(salt) if !late => Ok(Rotated::Again(session, salt)),
                _ => {
                    diesel::delete(sessions::table.find(&id))
                        .execute(conn)
                        .await?;
                    Ok(Rotated::Reused(session.user))
                }
            }
        }
        None => {
            diesel::update(refresh_tokens::table.find(&hash))
                .set(refresh_tokens::used_at.eq(now.micros()))
                .execute(conn)
                .await?;
            diesel::update(sessions::table.find(&id))
                .set(sessions::refreshed_at.eq(now.micros()))
                .execute(conn)
                .await?;
            add_token(conn, &id, Some(&hash), next, now).await?;
            Ok(Rotated::Fresh(session))
        }
    }
}

/// The salt of what was given for that token, if nobody has used it.
async fn unused_child(conn: &mut Conn, parent: &str) -> Result<Option<String>, StoreError> {
    Ok(refresh_tokens::table
        .filter(refresh_tokens::parent.eq(parent))
        .filter(refresh_tokens::used_at.is_null())
        .select(refresh_tokens::salt)
        .first(conn)
        .await
        .optional()?)
}

/// One that is not over.
pub(crate) async fn one(conn: &mut Conn, id: Uuid) -> Result<Option<SessionRow>, StoreError> {
    let row: Option<StoredSession> = sessions::table
        .find(id.to_string())
        .first(conn)
        .await
        .optional()?;
    row.map(StoredSession::session).transpose()
}

/// Somebody's, the latest first.
pub(crate) async fn of_user(conn: &mut Conn, user: UserId) -> Result<Vec<SessionRow>, StoreError> {
    let rows: Vec<StoredSession> = sessions::table
        .filter(sessions::user_id.eq(user.to_string()))
        .order((sessions::refreshed_at.desc(), sessions::id))
        .load(conn)
        .await?;
    rows.into_iter().map(StoredSession::session).collect()
}

/// Ends one of somebody's.
pub(crate) async fn end_one(conn: &mut Conn, user: UserId, id: Uuid) -> Result<bool, StoreError> {
    let one = sessions::table
        .filter(sessions::id.eq(id.to_string()))
        .filter(sessions::user_id.eq(user.to_string()));
    Ok(diesel::delete(one).execute(conn).await? > 0)
}

/// Ends all of somebody's, but for that one.
pub(crate) async fn end_all(
    conn: &mut Conn,
    user: UserId,
    but: Option<Uuid>,
) -> Result<usize, StoreError> {
    let but = but.map(|id| id.to_string()).unwrap_or_default();
    let all = sessions::table
        .filter(sessions::user_id.eq(user.to_string()))
        .filter(sessions::id.ne(but));
    Ok(diesel::delete(all).execute(conn).await?)
}

/// Remembers how a session is proven, and gives it another first refresh token: whoever has an
/// earlier one has proven less.
pub(crate) async fn prove(
    conn: &mut Conn,
    id: Uuid,
    methods: String,
    token: NewRefreshToken,
    now: Timestamp,
) -> Result<bool, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = prove_steps(conn, &id.to_string(), methods, token, now).await;
    end(conn, result).await
}

async fn prove_steps(
    conn: &mut Conn,
    id: &str,
    methods: String,
    token: NewRefreshToken,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let known = diesel::update(sessions::table.find(id))
        .set((
            sessions::methods.eq(methods),
            sessions::refreshed_at.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    if known == 0 {
        return Ok(false);
    }
    let before = refresh_tokens::table.filter(refresh_tokens::session_id.eq(id));
    diesel::delete(before).execute(conn).await?;
    add_token(conn, id, None, token, now).await?;
    Ok(true)
}

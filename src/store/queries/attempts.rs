//! Who tries passwords in vain.

use super::super::schema::sign_in_attempts;
use super::super::{BEGIN_WRITE, Conn, locked};
use super::end;
use crate::domain::Timestamp;
use crate::store::{Attempts, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// What was tried in vain is forgotten after so many seconds of quiet.
const REMEMBERED_S: i64 = 24 * 3600;

/// Counts a try of each of these, if they may make it: before it is made, so that many at once are
/// not all the first. Says whether they may, and how it stood with them before.
pub(crate) async fn count(
    conn: &mut Conn,
    subjects: Vec<String>,
    may: fn(&[Attempts], Timestamp) -> bool,
    now: Timestamp,
) -> Result<(bool, Vec<Attempts>), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = count_steps(conn, subjects, may, now).await;
    end(conn, result).await
}

async fn count_steps(
    conn: &mut Conn,
    mut subjects: Vec<String>,
    may: fn(&[Attempts], Timestamp) -> bool,
    now: Timestamp,
) -> Result<(bool, Vec<Attempts>), StoreError> {
    let before = now.plus_seconds(-REMEMBERED_S).micros();
    let forgotten = sign_in_attempts::table.filter(sign_in_attempts::last_at.lt(before));
    diesel::delete(forgotten).execute(conn).await?;
    let asked = subjects.clone();
    // Everybody takes them in the same order, so that nobody waits for each other.
    subjects.sort_unstable();
    let mut found = Vec::new();
    for subject in subjects {
        diesel::insert_into(sign_in_attempts::table)
            .values((
                sign_in_attempts::subject.eq(&subject),
                sign_in_attempts::failures.eq(0),
                sign_in_attempts::last_at.eq(now.micros()),
            ))
            .on_conflict_do_nothing()
            .execute(conn)
            .await?;
        let row = sign_in_attempts::table
            .filter(sign_in_attempts::subject.eq(subject.clone()))
            .select((sign_in_attempts::failures, sign_in_attempts::last_at));
        let row: Vec<(i32, i64)> = locked!(row).load(conn).await?;
        let attempts = row.into_iter().next().map(|(failures, last_at)| Attempts {
            failures,
            last_at: Timestamp::from_micros(last_at),
        });
        found.push((subject, attempts.unwrap_or_default()));
    }
    let of = |subject: &String| {
        let mut all = found.iter();
        let held = all.find(|(name, _)| name == subject);
        held.map(|(_, attempts)| *attempts).unwrap_or_default()
    };
    let stood: Vec<Attempts> = asked.iter().map(of).collect();
    let allowed = may(&stood, now);
    if allowed {
        diesel::update(sign_in_attempts::table.filter(sign_in_attempts::subject.eq_any(asked)))
            .set((
                sign_in_attempts::failures.eq(sign_in_attempts::failures + 1),
                sign_in_attempts::last_at.eq(now.micros()),
            ))
            .execute(conn)
            .await?;
    }
    Ok((allowed, stood))
}

/// Whoever has succeeded begins again.
pub(crate) async fn forget(conn: &mut Conn, subjects: Vec<String>) -> Result<(), StoreError> {
    let held = sign_in_attempts::table.filter(sign_in_attempts::subject.eq_any(subjects));
    diesel::delete(held).execute(conn).await?;
    Ok(())
}

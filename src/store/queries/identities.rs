//! Who somebody is at an identity provider, and codes that let in whoever comes back from there.

use super::super::schema::{accounts, identities, sign_in_codes};
use super::super::{BEGIN_WRITE, Conn};
use super::directory::put_user;
use super::end;
use crate::domain::{Timestamp, User, UserId};
use crate::store::rows::id;
use crate::store::{Account, IdentityOf, SignInCode, StoreError};
use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// Whose it is; of somebody who is new it is theirs from now on.
pub(crate) async fn known_or_new(
    conn: &mut Conn,
    identity: IdentityOf,
    user: User,
    account: Account,
) -> Result<UserId, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = known_or_new_steps(conn, identity, user, account).await;
    end(conn, result).await
}

async fn known_or_new_steps(
    conn: &mut Conn,
    identity: IdentityOf,
    user: User,
    account: Account,
) -> Result<UserId, StoreError> {
    let now = account.created_at;
    let known: Option<String> = identities::table
        .find((&identity.issuer, &identity.subject))
        .select(identities::user_id)
        .first(conn)
        .await
        .optional()?;
    if let Some(known) = known {
        return Ok(UserId(id(&known, "identities.user_id")?));
    }
    let new = account.user;
    put_user(conn, user, now).await?;
    diesel::insert_into(accounts::table)
        .values((
            accounts::user_id.eq(new.to_string()),
            accounts::email.eq(account.email),
            accounts::created_at.eq(now.micros()),
            accounts::changed_at.eq(account.changed_at.micros()),
        ))
        .execute(conn)
        .await?;
    diesel::insert_into(identities::table)
        .values((
            identities::issuer.eq(identity.issuer),
            identities::subject.eq(identity.subject),
            identities::user_id.eq(new.to_string()),
            identities::made_at.eq(now.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(new)
}

/// Keeps a code, and removes those that have run out.
pub(crate) async fn add_code(
    conn: &mut Conn,
    code: SignInCode,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = add_code_steps(conn, code, now).await;
    end(conn, result).await
}

async fn add_code_steps(
    conn: &mut Conn,
    code: SignInCode,
    now: Timestamp,
) -> Result<(), StoreError> {
    let over = sign_in_codes::table.filter(sign_in_codes::expires_at.le(now.micros()));
    diesel::delete(over).execute(conn).await?;
    diesel::insert_into(sign_in_codes::table)
        .values((
            sign_in_codes::hash.eq(code.hash),
            sign_in_codes::challenge.eq(code.challenge),
            sign_in_codes::user_id.eq(code.user.to_string()),
            sign_in_codes::expires_at.eq(code.expires_at.micros()),
        ))
        .execute(conn)
        .await?;
    Ok(())
}

/// Takes a code away; says what it was. Of two who come at once one is told so.
pub(crate) async fn take_code(
    conn: &mut Conn,
    hash: String,
) -> Result<Option<SignInCode>, StoreError> {
    conn.batch_execute(BEGIN_WRITE).await?;
    let result = take_code_steps(conn, hash).await;
    end(conn, result).await
}

async fn take_code_steps(conn: &mut Conn, hash: String) -> Result<Option<SignInCode>, StoreError> {
    let row: Option<(String, String, String, i64)> = sign_in_codes::table
        .find(&hash)
        .first(conn)
        .await
        .optional()?;
    let taken = diesel::delete(sign_in_codes::table.find(&hash))
        .execute(conn)
        .await?;
    let Some((hash, challenge, user, expires_at)) = row.filter(|_| taken > 0) else {
        return Ok(None);
    };
    Ok(Some(SignInCode {
        hash,
        challenge,
        user: UserId(id(&user, "sign_in_codes.user_id")?),
        expires_at: Timestamp::from_micros(expires_at),
    }))
}

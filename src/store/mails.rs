//! Mails that are owed, and what became of them.

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::{AgencyId, MailKind, MailState, Timestamp, UserId};
use std::collections::HashMap;
use uuid::Uuid;

/// A mail that is owed.
#[derive(Clone, Debug)]
pub struct MailRow {
    pub id: Uuid,
    pub kind: MailKind,
    pub agency: Option<AgencyId>,
    pub user: Option<UserId>,
    pub sealed: String,
    /// How often it was taken up.
    pub attempts: i32,
    pub made_at: Timestamp,
    pub until: Timestamp,
}

/// Each method is one query or one transaction; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// Writes a mail down, in the place of one of its kind to the same person that has not gone yet;
    /// says whether there was room for it. It is due at once, by the clock of deadlines (`due`).
    pub async fn add_mail(&self, mail: MailRow, due: Timestamp) -> Result<bool, StoreError> {
        query!(self, write, mails::add(mail, due))
    }

    /// Takes up mails that are due and in nobody's hands, until `until`, both by the clock of deadlines;
    /// those that nobody needs any more, as of `now`, are given up.
    pub async fn take_mails(
        &self,
        now: Timestamp,
        (steady, until): (Timestamp, Timestamp),
        limit: i64,
    ) -> Result<Vec<MailRow>, StoreError> {
        query!(self, write, mails::take(now, (steady, until), limit))
    }

    /// A mail is gone, or given up for that reason. What stood in it is forgotten.
    pub async fn end_mail(
        &self,
        id: Uuid,
        problem: Option<String>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query!(self, write, mails::finish(id, problem, now))
    }

    /// A mail is tried again then, by the clock of deadlines.
    pub async fn put_mail_off(
        &self,
        id: Uuid,
        problem: String,
        due: Timestamp,
    ) -> Result<(), StoreError> {
        query!(self, write, mails::put_off(id, problem, due))
    }

    /// What became of the latest mail to each of an agency's people.
    pub async fn mails_of(
        &self,
        agency: AgencyId,
    ) -> Result<HashMap<UserId, MailState>, StoreError> {
        query!(self, read, mails::of_agency(agency))
    }
}

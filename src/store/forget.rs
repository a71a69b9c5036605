//! Somebody is forgotten: taken out of every row in which a number or a person may stand. Which rows
//! those are says [`super::kept::KEPT`].

mod eraser;
mod ordered;
mod rows;
mod words;

pub use eraser::{Eraser, Whom};
pub(super) use rows::{CallTexts, ClaimTexts, EventTexts, LegTexts, LogTexts, WebhookTexts};

use super::{Backend, Named, Store, StoreError, postgres, sqlite};
use crate::domain::{AgencyId, UserId};
use std::sync::Arc;
use uuid::Uuid;

/// Rows per page: a page with something in it is one transaction.
const ROWS: i64 = 100;
/// The same of webhooks, whose bodies may be long.
const BODIES: i64 = 20;

/// A page that was walked over.
#[derive(Clone, Copy, Debug)]
pub struct Page<Key> {
    /// The key of its last row; none at the end.
    pub last: Option<Key>,
    /// In how many rows something was taken out.
    pub erased: usize,
}

/// In how many rows of each table something was taken out, in the order in which they were walked
/// over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased(pub Vec<(&'static str, usize)>);

impl Erased {
    /// So many more rows of a table.
    pub fn add(&mut self, table: &'static str, rows: usize) {
        match self.0.iter_mut().find(|(known, _)| *known == table) {
            Some((_, sum)) => *sum += rows,
            None => self.0.push((table, rows)),
        }
    }
}

/// Walks over a table.
macro_rules! walk {
    ($store:ident, $agency:ident, $eraser:ident, $erased:ident, $table:literal by $query:ident,
     $first:expr, $limit:expr) => {{
        let mut after = $first;
        loop {
            let epoch = format!("{}-{}", Uuid::new_v4(), $agency);
            let eraser = Arc::clone($eraser);
            let page = query!(
                $store,
                write,
                forget::$query($agency, after, $limit, eraser, epoch)
            )?;
            $erased.add($table, page.erased);
            match page.last {
                Some(last) => after = last,
                None => break,
            }
        }
    }};
}

impl Store {
    /// Takes somebody out of all rows of an agency, and says page by page of how many. Doing it again
    /// finds nothing; when it was cut off, doing it again does the rest.
    ///
    /// # Errors
    /// When the database is away; what was taken out until then is.
    pub async fn forget(
        &self,
        agency: AgencyId,
        eraser: &Arc<Eraser>,
        erased: &mut Erased,
    ) -> Result<(), StoreError> {
        let (first, named) = (String::new, Named::default);
        walk!(self, agency, eraser, erased, "webhook_events" by erase_webhooks, named(), BODIES);
        walk!(self, agency, eraser, erased, "call_events" by erase_events, 0, ROWS);
        walk!(self, agency, eraser, erased, "claims" by erase_claims, first(), ROWS);
        walk!(self, agency, eraser, erased, "call_legs" by erase_legs, named(), ROWS);
        walk!(self, agency, eraser, erased, "call_logs" by erase_logs, first(), ROWS);
        // The calls come last: by them the rest is found again when this is cut off.
        walk!(self, agency, eraser, erased, "inbound_calls" by erase_calls, first(), ROWS);
        Ok(())
    }

    /// Takes a person out of who is there, and out of what was told of it since they were taken out of
    /// all else.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn forget_presence(
        &self,
        agency: AgencyId,
        person: UserId,
        eraser: &Arc<Eraser>,
        erased: &mut Erased,
    ) -> Result<(), StoreError> {
        erased.add("agents", self.forget_agent(agency, person).await?);
        walk!(self, agency, eraser, erased, "call_events" by erase_events, 0, ROWS);
        Ok(())
    }

    /// Which calls and legs are from the number that is to be forgotten.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn look_for(&self, agency: AgencyId, whom: Whom) -> Result<Eraser, StoreError> {
        let mut eraser = Eraser::new(whom);
        if eraser.number().is_none() {
            return Ok(eraser);
        }
        let mut after = String::new();
        loop {
            let page = query!(self, read, forget::calls(agency, after, ROWS))?;
            page.iter().for_each(|row| eraser.sees_call(row));
            match page.last() {
                Some(last) => after = last.id.clone(),
                None => break,
            }
        }
        let mut after = Named::default();
        loop {
            let page = query!(self, read, forget::legs(agency, after, ROWS))?;
            page.iter().for_each(|row| eraser.sees_leg(row));
            match page.last() {
                Some(last) => {
                    after = Named::of((last.call_control_id.clone(), last.carrier.clone()));
                }
                None => return Ok(eraser),
            }
        }
    }

    /// Empties SQLite's log, in which rows stand that are gone from the file; false when somebody is in
    /// the way. Nothing that concerns us is in PostgreSQL's.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn empty_log(&self) -> Result<bool, StoreError> {
        match &self.0 {
            Backend::Sqlite(db) => db.empty_log().await,
            Backend::Postgres(_) => Ok(true),
        }
    }

    /// Takes what was overwritten out of SQLite's file and log as well, which rewrites the file;
    /// says whether that is done. PostgreSQL's VACUUM does it there.
    ///
    /// # Errors
    /// When somebody else keeps the database busy.
    pub async fn leave_no_trace(&self) -> Result<bool, StoreError> {
        match &self.0 {
            Backend::Sqlite(db) => {
                db.leave_no_trace().await?;
                Ok(true)
            }
            Backend::Postgres(_) => Ok(false),
        }
    }
}

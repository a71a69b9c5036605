//! Somebody is forgotten: taken out of every row in which a number or a person may stand. Which rows
//! those are says [`super::kept::KEPT`].

mod eraser;
mod ordered;
mod rows;
mod words;

pub use eraser::{Eraser, Whom};
pub(super) use rows::{CallTexts, ClaimTexts, EventTexts, LegTexts, LogTexts, WebhookTexts};

use super::{Backend, Store, StoreError, postgres, sqlite};
use crate::domain::AgencyId;
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

/// In how many rows of each table something was taken out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Erased {
    /// By table, in the order in which they were walked over.
    pub rows: Vec<(&'static str, usize)>,
    /// The carrier's recordings that nothing here names any more.
    pub recordings: Vec<String>,
}

/// Walks over a table.
macro_rules! walk {
    ($store:ident, $agency:ident, $eraser:ident, $query:ident, $first:expr, $limit:expr) => {{
        let (mut after, mut erased) = ($first, 0);
        loop {
            let epoch = format!("{}-{}", Uuid::new_v4(), $agency);
            let eraser = Arc::clone(&$eraser);
            let page = query!(
                $store,
                write,
                forget::$query($agency, after, $limit, eraser, epoch)
            )?;
            erased += page.erased;
            match page.last {
                Some(last) => after = last,
                None => break erased,
            }
        }
    }};
}

impl Store {
    /// Takes somebody out of all rows of an agency, and says of how many. Doing it again finds
    /// nothing; when it was cut off, doing it again does the rest.
    ///
    /// # Errors
    /// When the database is away; what was taken out until then is.
    pub async fn forget(&self, agency: AgencyId, whom: Whom) -> Result<Erased, StoreError> {
        let eraser = Arc::new(self.look_for(agency, whom).await?);
        let first = String::new;
        // The calls come last: by them the rest is found again when this is cut off.
        let rows = vec![
            (
                "webhook_events",
                walk!(self, agency, eraser, erase_webhooks, first(), BODIES),
            ),
            (
                "call_events",
                walk!(self, agency, eraser, erase_events, 0, ROWS),
            ),
            (
                "claims",
                walk!(self, agency, eraser, erase_claims, first(), ROWS),
            ),
            (
                "call_legs",
                walk!(self, agency, eraser, erase_legs, first(), ROWS),
            ),
            (
                "call_logs",
                walk!(self, agency, eraser, erase_logs, first(), ROWS),
            ),
            (
                "inbound_calls",
                walk!(self, agency, eraser, erase_calls, first(), ROWS),
            ),
        ];
        let recordings = eraser.recordings.clone();
        Ok(Erased { rows, recordings })
    }

    /// Which calls and legs are from the number that is to be forgotten.
    async fn look_for(&self, agency: AgencyId, whom: Whom) -> Result<Eraser, StoreError> {
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
        after = String::new();
        loop {
            let page = query!(self, read, forget::legs(agency, after, ROWS))?;
            page.iter().for_each(|row| eraser.sees_leg(row));
            match page.last() {
                Some(last) => after = last.call_control_id.clone(),
                None => return Ok(eraser),
            }
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

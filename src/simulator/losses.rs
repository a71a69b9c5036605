//! Webhooks that never leave, as when a carrier forgets one.

use super::webhook::Webhook;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Stands for every event type, and for every action.
pub const ANY: &str = "*";

/// How many lost webhooks are remembered; later ones are lost for good.
const REMEMBERED: usize = 1_000;

/// Which webhooks are to be lost, and those that were. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Losses(Arc<Mutex<Book>>);

#[derive(Debug, Default)]
struct Book {
    due: Vec<Due>,
    lost: Vec<Webhook>,
}

#[derive(Debug)]
struct Due {
    event_type: String,
    /// How many more; absent: without end.
    left: Option<u32>,
}

impl Losses {
    /// The next webhooks of this type get lost; without end when `times` is absent.
    pub(super) fn ask(&self, event_type: &str, times: Option<u32>) {
        let event_type = event_type.to_owned();
        self.book().due.push(Due {
            event_type,
            left: times,
        });
    }

    /// From now on nothing gets lost.
    pub(super) fn lift(&self) {
        self.book().due.clear();
    }

    /// What got lost, in order.
    pub(super) fn lost(&self) -> Vec<Webhook> {
        self.book().lost.clone()
    }

    /// Whether this webhook gets lost.
    pub(super) fn takes(&self, webhook: &Webhook) -> bool {
        let mut book = self.book();
        let wanted = |due: &&mut Due| {
            let named = due.event_type == webhook.event_type || due.event_type == ANY;
            named && due.left != Some(0)
        };
        let Some(due) = book.due.iter_mut().find(wanted) else {
            return false;
        };
        due.left = due.left.map(|left| left - 1);
        if book.lost.len() < REMEMBERED {
            book.lost.push(webhook.clone());
        }
        true
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

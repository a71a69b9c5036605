//! What doctor checks of an agency: the agency as it is at this moment, and the means to check it.

use super::finding::Findings;
use super::outside::Outside;
use crate::agencies::{Credentials, Directory, Profile, VaultError};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Agency, User};
use crate::store::Store;
use std::sync::Arc;

/// What is needed to look at an agency.
#[derive(Clone)]
pub(super) struct Checkup {
    pub(super) config: Arc<Config>,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) directory: Directory,
    pub(super) outside: Outside,
}

/// An agency as it is at this moment.
pub(super) struct Subject {
    pub(super) agency: Agency,
    pub(super) profile: Arc<Profile>,
    pub(super) credentials: Credentials,
    pub(super) people: Vec<User>,
}

impl Subject {
    /// Reads what there is of this agency; `None` when it was made or removed just now.
    pub(super) async fn load(
        checkup: &Checkup,
        agency: Agency,
    ) -> Result<Option<Self>, VaultError> {
        let Some(profile) = checkup.directory.agency(agency.id) else {
            return Ok(None);
        };
        let credentials = checkup.directory.credentials(agency.id).await?;
        let people = checkup.store.people(Some(agency.id)).await?;
        Ok(Some(Self {
            agency,
            profile,
            credentials,
            people,
        }))
    }

    /// Lines about it.
    pub(super) fn findings(&self) -> Findings {
        Findings::about(self.agency.name.clone())
    }

    /// Those of its people who can sign in to its board.
    pub(super) fn agents(&self) -> impl Iterator<Item = &User> {
        self.people.iter().filter(|user| user.role.is_some())
    }
}

/// Some names, and how many more there are.
pub(super) fn some_names(people: &[&User]) -> String {
    /// As many as one reads.
    const SHOWN: usize = 5;
    let name = |user: &&User| user.shown_name().unwrap_or_else(|| user.id.to_string());
    let mut names: Vec<String> = people.iter().map(name).collect();
    names.sort();
    names.truncate(SHOWN);
    if people.len() > SHOWN {
        names.push(format!("{} more", people.len() - SHOWN));
    }
    format!("{} ({})", persons(people.len()), names.join(", "))
}

fn persons(number: usize) -> String {
    match number {
        1 => "1 person".to_owned(),
        number => format!("{number} people"),
    }
}

/// Where the agency's application is to send.
pub(super) fn webhook_url(checkup: &Checkup, subject: &Subject) -> String {
    let base = checkup.config.listener.base_url.as_str();
    let base = base.trim_end_matches('/');
    if subject.agency.is_default {
        return format!("{base}/telnyx/webhook");
    }
    format!("{base}/telnyx/webhook/{}", subject.agency.id)
}

//! Each agency: its credentials, its people, its webhooks, and what its providers have of it.

use super::finding::Findings;
use super::outside::Outside;
use super::{Report, carrier, credentials, phones, voice_agents, webhooks};
use crate::agencies::seal::Keyring;
use crate::agencies::{Credentials, Directory, Profile, VaultError};
use crate::cli::CliError;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Agency, AgencyId, User};
use crate::store::{Store, StoreError};
use futures_util::future::join_all;
use std::sync::Arc;

/// So many agencies are looked at together: each may have to wait for providers that are away.
const TOGETHER: usize = 8;
const LOOK: &str = "look at the database's own lines above, and run this again";

/// What is needed to look at an agency.
#[derive(Clone)]
pub(super) struct Desk {
    pub(super) config: Arc<Config>,
    pub(super) clock: Clock,
    pub(super) store: Store,
    pub(super) directory: Directory,
    pub(super) outside: Outside,
}

/// An agency as it is at this moment.
pub(super) struct Patient {
    pub(super) agency: Agency,
    pub(super) profile: Arc<Profile>,
    pub(super) credentials: Credentials,
    pub(super) people: Vec<User>,
}

/// Looks at all of them, or at this one.
pub(super) async fn look(
    only: Option<AgencyId>,
    config: &Config,
    clock: &Clock,
    store: Store,
    outside: Outside,
    report: &mut Report<'_>,
) -> Result<(), CliError> {
    let (known, desk) = match open(config, clock, store, outside).await {
        Ok(opened) => opened,
        Err(error) => {
            let mut found = Findings::about("agencies");
            found.wrong(format!("they cannot be read: {error}"), LOOK);
            return report.tell(found);
        }
    };
    let wanted = |agency: &&Agency| only.is_none_or(|only| only == agency.id);
    let chosen: Vec<Agency> = known.iter().filter(wanted).cloned().collect();
    report.tell(roll(only, &known, &chosen, config))?;
    for (round, some) in chosen.chunks(TOGETHER).enumerate() {
        let looks = some.iter().cloned().map(|one| look_at(desk.clone(), one));
        let looks: Vec<_> = looks.collect();
        let done = (round * TOGETHER + some.len()).min(chosen.len());
        let what = format!("Looking at agencies, {done} of {}", chosen.len());
        for found in report.during(&what, join_all(looks)).await? {
            report.tell(found)?;
        }
    }
    Ok(())
}

async fn open(
    config: &Config,
    clock: &Clock,
    store: Store,
    outside: Outside,
) -> Result<(Vec<Agency>, Desk), StoreError> {
    let known = store.agencies().await?;
    let known = known.into_iter().map(|sealed| sealed.agency).collect();
    // The settings were checked, so what cannot be parsed here was never there.
    let keys = config.encryption_key.as_ref();
    let keyring = keys.and_then(|keys| Keyring::parse(keys).ok());
    let defaults = config.agency_defaults.clone();
    let directory = Directory::open(store.clone(), clock.clone(), keyring, defaults, false).await?;
    let desk = Desk {
        config: Arc::new(config.clone()),
        clock: clock.clone(),
        store,
        directory,
        outside,
    };
    Ok((known, desk))
}

/// Whether there are any at all.
fn roll(only: Option<AgencyId>, known: &[Agency], chosen: &[Agency], config: &Config) -> Findings {
    let mut found = Findings::about("agencies");
    let create = "create one with `callboard agency create --name NAME`, or set TELNYX_PUBLIC_KEY \
         and its companions for a single one";
    match only {
        _ if known.is_empty() && config.agency_defaults.any_set() => found.doubtful(
            "there is none yet; the settings describe one",
            "it is made at the first `callboard serve`",
        ),
        _ if known.is_empty() => found.wrong("there is none", create),
        Some(id) if chosen.is_empty() => {
            let mend = "`callboard agency list` prints the ids of all";
            found.wrong(format!("there is no agency {id}"), mend);
        }
        _ => {
            let all = known.len();
            let ies = if all == 1 { "agency" } else { "agencies" };
            found.right(format!("{all} {ies}, {} looked at", chosen.len()));
        }
    }
    found
}

async fn look_at(desk: Desk, agency: Agency) -> Findings {
    let mut found = Findings::about(agency.name.clone());
    let patient = match admit(&desk, agency).await {
        Ok(Some(patient)) => patient,
        Ok(None) => {
            found.doubtful("it was made or removed just now", "run this again");
            return found;
        }
        Err(error) => {
            found.wrong(format!("it cannot be read: {error}"), LOOK);
            return found;
        }
    };
    credentials::look(&desk, &patient, &mut found);
    phones::look(&desk, &patient, &mut found);
    webhooks::look(&desk, &patient, &mut found).await;
    let (at_carrier, at_ultravox) = tokio::join!(
        carrier::look(&desk, &patient),
        voice_agents::look(&desk, &patient)
    );
    found.extend(at_carrier);
    found.extend(at_ultravox);
    found
}

async fn admit(desk: &Desk, agency: Agency) -> Result<Option<Patient>, VaultError> {
    let Some(profile) = desk.directory.agency(agency.id) else {
        return Ok(None);
    };
    let credentials = desk.directory.credentials(agency.id).await?;
    let people = desk.store.people(Some(agency.id)).await?;
    Ok(Some(Patient {
        agency,
        profile,
        credentials,
        people,
    }))
}

impl Patient {
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

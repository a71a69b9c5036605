//! Each agency: its credentials, its people, its webhooks, and what its providers have of it.

use super::finding::Findings;
use super::outside::Outside;
use super::subject::{Checkup, Subject};
use super::{Report, carrier, credentials, phones, voice_agents, webhooks};
use crate::agencies::Directory;
use crate::agencies::seal::Keyring;
use crate::cli::CliError;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{Agency, AgencyId};
use crate::store::{Store, StoreError};
use futures_util::future::join_all;
use std::sync::Arc;

/// So many agencies are looked at together: each may have to wait for providers that are away.
const TOGETHER: usize = 8;
const LOOK: &str = "look at the database's own lines above, and run this again";

/// Looks at all of them, or at this one.
pub(super) async fn check(
    only: Option<AgencyId>,
    config: &Config,
    clock: &Clock,
    store: Store,
    outside: Outside,
    report: &mut Report<'_>,
) -> Result<(), CliError> {
    let (known, checkup) = match open(config, clock, store, outside).await {
        Ok(opened) => opened,
        Err(error) => {
            let mut found = Findings::about("agencies");
            found.wrong(format!("they cannot be read: {error}"), LOOK);
            return report.tell(found);
        }
    };
    let wanted = |agency: &&Agency| only.is_none_or(|only| only == agency.id);
    let chosen: Vec<Agency> = known.iter().filter(wanted).cloned().collect();
    report.tell(list(only, &known, &chosen, config))?;
    for (round, some) in chosen.chunks(TOGETHER).enumerate() {
        let checks = some
            .iter()
            .cloned()
            .map(|one| check_one(checkup.clone(), one));
        let checks: Vec<_> = checks.collect();
        let done = (round * TOGETHER + some.len()).min(chosen.len());
        let what = format!("Looking at agencies, {done} of {}", chosen.len());
        for found in report.during(&what, join_all(checks)).await? {
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
) -> Result<(Vec<Agency>, Checkup), StoreError> {
    let known = store.agencies().await?;
    let known = known.into_iter().map(|sealed| sealed.agency).collect();
    // The settings were checked, so what cannot be parsed here was never there.
    let keys = config.encryption_key.as_ref();
    let keyring = keys.and_then(|keys| Keyring::parse(keys).ok());
    let defaults = config.agency_defaults.clone();
    let directory = Directory::open(store.clone(), clock.clone(), keyring, defaults, false).await?;
    let checkup = Checkup {
        config: Arc::new(config.clone()),
        clock: clock.clone(),
        store,
        directory,
        outside,
    };
    Ok((known, checkup))
}

/// Whether there are any at all.
fn list(only: Option<AgencyId>, known: &[Agency], chosen: &[Agency], config: &Config) -> Findings {
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

async fn check_one(checkup: Checkup, agency: Agency) -> Findings {
    let mut found = Findings::about(agency.name.clone());
    let subject = match Subject::load(&checkup, agency).await {
        Ok(Some(subject)) => subject,
        Ok(None) => {
            found.doubtful("it was made or removed just now", "run this again");
            return found;
        }
        Err(error) => {
            found.wrong(format!("it cannot be read: {error}"), LOOK);
            return found;
        }
    };
    credentials::check(&checkup, &subject, &mut found);
    phones::check(&checkup, &subject, &mut found);
    webhooks::check(&checkup, &subject, &mut found).await;
    let (at_carrier, at_ultravox) = tokio::join!(
        carrier::check(&checkup, &subject),
        voice_agents::check(&checkup, &subject)
    );
    found.extend(at_carrier);
    found.extend(at_ultravox);
    found
}

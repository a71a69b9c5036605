//! `callboard credentials rotate`: a line for each agency, so that whoever watches sees how far it
//! is, and whoever cut it off sees where it stopped.

use super::vault;
use crate::accounts::reseal;
use crate::agencies::Rotated;
use crate::agencies::seal::Keyring;
use crate::cli::words::{count, line, plain};
use crate::cli::{CliError, Out};
use crate::clock::Clock;
use crate::config::Config;
use crate::store::Store;

/// Wraps every agency's data key again with the first key of the settings. What no key at hand opens
/// is named and left, and spoils the end.
pub(in crate::cli) async fn rotate(
    store: &Store,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let mut rotation = vault(store, config, clock)?.rotate().await?;
    let (mut anew, mut before, mut failed) = (0, 0, 0);
    while let Some(rotated) = rotation.next().await? {
        match rotated.outcome {
            Ok(true) => anew += 1,
            Ok(false) => before += 1,
            Err(_) => failed += 1,
        }
        line(out, &in_words(&rotated))?;
    }
    let (factors, unopened) = reseal_factors(store, config).await?;
    failed += unopened;
    if factors > 0 {
        let factors = count(factors, "second factor");
        line(out, &format!("{factors} sealed anew"))?;
    }
    let anew = count(anew, "data key");
    line(out, &format!("{anew} wrapped anew, {before} had been"))?;
    match failed {
        0 => Ok(()),
        failed => Err(CliError::NotRotated(failed)),
    }
}

async fn reseal_factors(store: &Store, config: &Config) -> Result<(usize, usize), CliError> {
    match &config.encryption_key {
        Some(keys) => Ok(reseal(store, &Keyring::parse(keys)?).await?),
        None => Ok((0, 0)),
    }
}

fn in_words(rotated: &Rotated) -> String {
    let Rotated {
        agency,
        position,
        all,
        outcome,
    } = rotated;
    let outcome = match outcome {
        Ok(true) => "wrapped anew".to_owned(),
        Ok(false) => "had been".to_owned(),
        Err(why) => format!("NOT: {why}"),
    };
    let name = plain(&agency.name);
    format!("{position} of {all}  {}  {name}  {outcome}", agency.id)
}

//! `callboard forget`: a number, or a person, is taken out of everything that is kept.

use super::args::ForgetArgs;
use super::words::{columns, count, line, plain};
use super::{CliError, Out, database};
use crate::domain::{AgencyId, UserId};
use crate::store::forget::{Erased, Whom};
use crate::store::{NumberFilter, Store};
use std::sync::Arc;

/// Fewest digits: fewer are the end of many people's numbers.
const DIGITS: usize = 7;

const DONE: &str = "The database's file was rewritten, so nothing of it is left there";
const CUT_OFF: &str = "It was cut off. What the table says is done; run it again for the rest";
const VACUUM: &str = "PostgreSQL removes what was overwritten with its next VACUUM (autovacuum; or now, by \
     hand: VACUUM)";

/// Forgets, and prints what was done in each table. Can be run again: it finds what came since, or
/// nothing.
pub(super) async fn run(store: &Store, args: ForgetArgs, out: Out<'_>) -> Result<(), CliError> {
    if let Some(agency) = args.agency {
        database::agency(store, agency).await?;
    }
    let agencies = match args.agency {
        Some(agency) => vec![agency],
        None => all(store).await?,
    };
    let whom = match (&args.number, args.person) {
        (Some(text), _) => number(text)?,
        (None, Some(id)) => person(store, id, &agencies).await?,
        (None, None) => return Err(CliError::Forget("say whom: --number N or --person ID")),
    };
    let mut erased = Erased::default();
    let forgotten = forget(store, &agencies, &whom, &mut erased, out).await;
    tell(&erased, out)?;
    let no_trace = match forgotten {
        Ok(()) => store.leave_no_trace().await?,
        Err(error) => {
            line(out, CUT_OFF)?;
            return Err(error);
        }
    };
    if erased.0.iter().all(|(_, rows)| *rows == 0) {
        line(out, "Nothing was left to forget")?;
    }
    line(out, if no_trace { DONE } else { VACUUM })
}

async fn forget(
    store: &Store,
    agencies: &[AgencyId],
    whom: &Whom,
    erased: &mut Erased,
    out: Out<'_>,
) -> Result<(), CliError> {
    for agency in agencies {
        let eraser = Arc::new(store.look_for(*agency, whom.clone()).await?);
        // Afterwards nothing names them any more.
        tell_recordings(eraser.recordings(), out)?;
        store.forget(*agency, &eraser, erased).await?;
    }
    if let Whom::Person { id, .. } = whom {
        for agency in agencies {
            let keys = store.forget_key_maker(*agency, *id).await?;
            erased.add("agency_keys", keys);
        }
        let removed = is_of(store, *id, agencies).await? && store.remove_user(*id).await?;
        erased.add("users", usize::from(removed));
        // A server may have told its boards meanwhile that they are gone.
        for agency in agencies {
            let eraser = Arc::new(store.look_for(*agency, whom.clone()).await?);
            store.forget_presence(*agency, *id, &eraser, erased).await?;
        }
    }
    Ok(())
}

fn tell_recordings(ids: &[String], out: Out<'_>) -> Result<(), CliError> {
    if ids.is_empty() {
        return Ok(());
    }
    let recordings = count(ids.len(), "recording");
    let ids = plain(&ids.join(" "));
    let sentence = format!("{recordings} at the carrier stay until they are deleted there: {ids}");
    line(out, &sentence)
}

fn tell(erased: &Erased, out: Out<'_>) -> Result<(), CliError> {
    let rows = erased.0.iter();
    let rows = rows.map(|(table, rows)| [(*table).to_owned(), rows.to_string()]);
    columns(out, ["TABLE", "ROWS ERASED"], rows.collect())
}

async fn all(store: &Store) -> Result<Vec<AgencyId>, CliError> {
    let agencies = store.agencies().await?.into_iter();
    Ok(agencies.map(|sealed| sealed.agency.id).collect())
}

fn number(text: &str) -> Result<Whom, CliError> {
    let wrong = "--number must have at least 7 digits, or be a SIP address as it was sent";
    let filter = NumberFilter::read(text.trim(), DIGITS).ok_or(CliError::Forget(wrong))?;
    if crate::domain::is_withheld(text.trim()) {
        return Err(CliError::Forget("a withheld number is nobody's"));
    }
    Ok(Whom::Number(filter))
}

/// The person as the database knows them, by all the names under which they took calls.
async fn person(store: &Store, id: UserId, agencies: &[AgencyId]) -> Result<Whom, CliError> {
    let user = store.users(vec![id]).await?.into_iter().next();
    let here = user.filter(|user| user.agency_id.is_none_or(|it| agencies.contains(&it)));
    let (name, sip_username) = here.map_or((None, None), |user| (user.name, user.sip_username));
    Ok(Whom::Person {
        id,
        names: name.into_iter().collect(),
        sip_username,
    })
}

async fn is_of(store: &Store, id: UserId, agencies: &[AgencyId]) -> Result<bool, CliError> {
    let user = store.users(vec![id]).await?.into_iter().next();
    Ok(user.is_some_and(|user| user.agency_id.is_none_or(|it| agencies.contains(&it))))
}

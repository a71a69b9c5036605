//! `callboard agency`: create agencies and list them.

use super::args::{CreateAgency, ListAgencies};
use super::words::{json, line};
use super::{CliError, Out};
use crate::clock::Clock;
use crate::domain::{Agency, AgencyId};
use crate::store::Store;
use serde::Serialize;
use uuid::Uuid;

/// An agency as operators read it.
#[derive(Serialize)]
struct AgencyRow<'a> {
    id: Uuid,
    name: &'a str,
    is_default: bool,
}

impl<'a> From<&'a Agency> for AgencyRow<'a> {
    fn from(agency: &'a Agency) -> Self {
        Self {
            id: agency.id.0,
            name: &agency.name,
            is_default: agency.is_default,
        }
    }
}

/// Creates an agency, and prints its id alone, so that a script can keep it.
pub(super) async fn create(
    store: &Store,
    args: CreateAgency,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let id = args.id.unwrap_or_else(|| AgencyId(Uuid::new_v4()));
    let known = store.agencies().await?;
    if known.iter().any(|sealed| sealed.agency.id == id) {
        return Err(CliError::AgencyExists(id));
    }
    let agency = Agency {
        id,
        name: args.name,
        is_default: false,
    };
    let epoch = Uuid::new_v4().to_string();
    store.add_agency(agency.clone(), epoch, clock.now()).await?;
    if args.json {
        json(out, &AgencyRow::from(&agency))
    } else {
        line(out, &id.to_string())
    }
}

/// Lists the agencies, oldest first: the ids alone, or the rows as JSON.
pub(super) async fn list(store: &Store, args: ListAgencies, out: Out<'_>) -> Result<(), CliError> {
    let agencies: Vec<Agency> = store
        .agencies()
        .await?
        .into_iter()
        .map(|sealed| sealed.agency)
        .collect();
    if args.json {
        let rows: Vec<AgencyRow<'_>> = agencies.iter().map(AgencyRow::from).collect();
        return json(out, &rows);
    }
    if agencies.is_empty() {
        tracing::info!("No agency yet: create one with `callboard agency create --name NAME`");
        return Ok(());
    }
    for agency in agencies {
        line(out, &agency.id.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{create, list};
    use crate::cli::CliError;
    use crate::cli::args::{CreateAgency, ListAgencies};
    use crate::cli::testing::Desk;
    use crate::domain::AgencyId;

    #[tokio::test(flavor = "multi_thread")]
    async fn an_agency_is_created_once_and_listed() {
        let mut desk = Desk::new().await;
        let mut args = CreateAgency {
            name: "Ours".into(),
            id: None,
            json: false,
        };
        let (store, clock, out) = (&desk.store, &desk.clock, &mut desk.out);
        create(store, args.clone(), clock, out).await.unwrap();
        let id: AgencyId = desk.said().parse().unwrap();

        args.id = Some(id);
        let again = create(&desk.store, args, &desk.clock, &mut desk.out).await;
        let again = again.unwrap_err();
        assert!(matches!(again, CliError::AgencyExists(taken) if taken == id));

        let json = |json| ListAgencies { json };
        list(&desk.store, json(false), &mut desk.out).await.unwrap();
        assert_eq!(
            desk.said(),
            format!(
                "{id}
"
            )
        );
        list(&desk.store, json(true), &mut desk.out).await.unwrap();
        assert_eq!(
            desk.said(),
            format!("[{{\"id\":\"{id}\",\"name\":\"Ours\",\"is_default\":false}}]\n")
        );
    }
}

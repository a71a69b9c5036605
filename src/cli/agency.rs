//! `callboard agency`: create agencies and list them.

use super::args::{CreateAgency, ListAgencies, MaskedRoles, SetAgency};
use super::database::agency;
use super::words::{json, line};
use super::{CliError, Out};
use crate::clock::Clock;
use crate::domain::{Agency, AgencyChange, AgencyId, Role};
use crate::store::Store;
use serde::Serialize;
use uuid::Uuid;

/// An agency as operators read it.
#[derive(Serialize)]
struct AgencyRow<'a> {
    id: Uuid,
    name: &'a str,
    is_default: bool,
    mask_numbers_for: Vec<&'static str>,
}

impl<'a> AgencyRow<'a> {
    fn of(agency: &'a Agency, masked: &[Role]) -> Self {
        Self {
            id: agency.id.0,
            name: &agency.name,
            is_default: agency.is_default,
            mask_numbers_for: masked.iter().map(|role| role.name()).collect(),
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
        json(out, &AgencyRow::of(&agency, &[]))
    } else {
        line(out, &id.to_string())
    }
}

/// Changes how an agency shows callers' numbers.
pub(super) async fn set(store: &Store, args: SetAgency) -> Result<(), CliError> {
    let MaskedRoles(roles) = args.mask_numbers_for;
    let sealed = agency(store, args.id).await?;
    let change = AgencyChange {
        mask_numbers_for: Some(roles),
        ..AgencyChange::default()
    };
    store.change_agency(sealed.agency.id, change).await?;
    Ok(())
}

/// Lists the agencies, oldest first: the ids alone, or the rows as JSON.
pub(super) async fn list(store: &Store, args: ListAgencies, out: Out<'_>) -> Result<(), CliError> {
    let agencies = store.agencies().await?;
    if args.json {
        let rows = agencies.iter();
        let rows =
            rows.map(|sealed| AgencyRow::of(&sealed.agency, &sealed.settings.mask_numbers_for));
        return json(out, &rows.collect::<Vec<_>>());
    }
    if agencies.is_empty() {
        tracing::info!("No agency yet: create one with `callboard agency create --name NAME`");
        return Ok(());
    }
    for sealed in agencies {
        line(out, &sealed.agency.id.to_string())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{create, list, set};
    use crate::cli::CliError;
    use crate::cli::args::{CreateAgency, ListAgencies, MaskedRoles, SetAgency};
    use crate::cli::testing::Desk;
    use crate::domain::{AgencyId, Role};

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
            format!(
                "[{{\"id\":\"{id}\",\"name\":\"Ours\",\"is_default\":false,\"mask_numbers_for\":[]}}]\n"
            )
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn numbers_are_masked_for_the_roles_that_were_said_last() {
        let mut desk = Desk::new().await;
        let args = CreateAgency {
            name: "Ours".into(),
            id: None,
            json: false,
        };
        let (store, clock, out) = (&desk.store, &desk.clock, &mut desk.out);
        create(store, args, clock, out).await.unwrap();
        let id: AgencyId = desk.said().parse().unwrap();
        for (roles, shown) in [
            (
                vec![Role::Member, Role::Admin],
                "[\"agency_member\",\"agency_admin\"]",
            ),
            (vec![], "[]"),
        ] {
            let mask_numbers_for = MaskedRoles(roles);
            let args = SetAgency {
                id,
                mask_numbers_for,
            };
            set(&desk.store, args).await.unwrap();
            let args = ListAgencies { json: true };
            list(&desk.store, args, &mut desk.out).await.unwrap();
            let said = desk.said();
            assert!(
                said.contains(&format!("\"mask_numbers_for\":{shown}")),
                "{said}"
            );
        }
        let nobodys = SetAgency {
            id: AgencyId(uuid::Uuid::new_v4()),
            mask_numbers_for: MaskedRoles(Vec::new()),
        };
        let refused = set(&desk.store, nobodys).await.unwrap_err();
        assert!(matches!(refused, CliError::NoAgency { .. }));
    }
}

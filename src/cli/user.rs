//! `callboard user`: the people who sign in.

use super::args::{AddUser, InviteUser, ListUsers, RemoveUser, ResetUser};
use super::words::{columns, json, line};
use super::{CliError, Out, database};
use crate::accounts::link::NewLink;
use crate::accounts::{Invited, Owed, link};
use crate::app::open_post;
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::{AgencyId, LinkPurpose, MailKind, Role, User, UserId};
use crate::store::Store;
use crate::view::UserView;

/// Adds a person, or changes the one with that id, and prints the id. What is left out stays as it
/// was, so that a new role does not cost the name.
pub(super) async fn add(
    store: &Store,
    args: AddUser,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    database::agency(store, args.agency).await?;
    let known = store.users(vec![args.id]).await?.into_iter().next();
    let as_json = args.json;
    let user = changed(known, args);
    store.put_user(user.clone(), clock.now()).await?;
    if as_json {
        json(out, &UserView::from(&user))
    } else {
        line(out, &user.id.to_string())
    }
}

fn changed(known: Option<User>, args: AddUser) -> User {
    let (name, email, sip) = known.map_or((None, None, None), |user| {
        // An agency's SIP account must not get the calls of the next one.
        let stays = user.agency_id == Some(args.agency);
        (user.name, user.email, user.sip_username.filter(|_| stays))
    });
    User {
        id: args.id,
        agency_id: Some(args.agency),
        role: Some(args.role),
        name: args.name.or(name),
        email: args.email.or(email),
        sip_username: args.sip_username.or(sip),
    }
}

/// Prints a link by which somebody comes into an agency.
pub(super) async fn invite(
    store: &Store,
    args: InviteUser,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    database::agency(store, args.agency).await?;
    let (agency, email) = (args.agency, args.email.clone());
    let invited = Invited {
        agency: args.agency,
        role: args.role,
        name: args.name,
        email: args.email,
    };
    let address = config.listener.public_address();
    let whom = (Some(invited), None);
    let made = link::make(store, &address, LinkPurpose::Invite, whom, clock.now()).await?;
    tracing::info!("The link is good once, until {}", made.expires_at);
    if let Some(to) = email {
        let about = (MailKind::Invite, Some(agency), None);
        mail(store, config, clock, about, to, &made).await?;
    }
    line(out, &made.url)
}

/// Prints a link by which somebody chooses another password.
pub(super) async fn reset(
    store: &Store,
    args: ResetUser,
    config: &Config,
    clock: &Clock,
    out: Out<'_>,
) -> Result<(), CliError> {
    let account = store.account(args.id).await?;
    let account = account.ok_or(CliError::NoAccount(args.id))?;
    let address = config.listener.public_address();
    let whom = (None, Some(args.id));
    let made = link::make(store, &address, LinkPurpose::Reset, whom, clock.now()).await?;
    tracing::info!("The link is good once, until {}", made.expires_at);
    let person = store.users(vec![args.id]).await?.into_iter().next();
    let agency = person.and_then(|person| person.agency_id);
    let about = (MailKind::Reset, agency, Some(args.id));
    mail(store, config, clock, about, account.email, &made).await?;
    line(out, &made.url)
}

/// Where there is a mail server, the link goes to them as well: a server that runs hands it over.
async fn mail(
    store: &Store,
    config: &Config,
    clock: &Clock,
    (kind, agency, user): (MailKind, Option<AgencyId>, Option<UserId>),
    to: String,
    made: &NewLink,
) -> Result<(), CliError> {
    let post = match open_post(config, store, clock) {
        Ok(Some(post)) => post,
        Ok(None) => return Ok(()),
        Err(error) => {
            tracing::warn!("The link does not go by mail: {error}");
            return Ok(());
        }
    };
    let all = store.agencies().await?.into_iter();
    let mut its = all.filter(|sealed| Some(sealed.agency.id) == agency);
    let owed = Owed {
        kind,
        agency,
        user,
        to,
        secret: made.url.clone().into(),
        agency_name: its.next().map(|sealed| sealed.agency.name),
        until: made.expires_at,
    };
    if post.owe(owed).await? {
        tracing::info!("It goes to them by mail as well, as soon as a server runs");
    }
    Ok(())
}

/// Lists the people, oldest first.
pub(super) async fn list(store: &Store, args: ListUsers, out: Out<'_>) -> Result<(), CliError> {
    if let Some(agency) = args.agency {
        database::agency(store, agency).await?;
    }
    let people = store.people(args.agency).await?;
    if args.json {
        let rows: Vec<UserView> = people.iter().map(UserView::from).collect();
        return json(out, &rows);
    }
    if people.is_empty() {
        tracing::info!(
            "Nobody yet: add people with \
             `callboard user add --agency ID --id UUID --role agency_owner`"
        );
        return Ok(());
    }
    let or_dash = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let row = |user: User| {
        [
            user.id.to_string(),
            or_dash(user.role.map(Role::name).map(str::to_owned)),
            or_dash(user.name),
            or_dash(user.email),
            or_dash(user.sip_username),
            or_dash(user.agency_id.map(|id| id.to_string())),
        ]
    };
    let headings = ["ID", "ROLE", "NAME", "EMAIL", "SIP USERNAME", "AGENCY"];
    columns(out, headings, people.into_iter().map(row).collect())
}

/// Removes a person, and prints the id.
pub(super) async fn remove(store: &Store, args: RemoveUser, out: Out<'_>) -> Result<(), CliError> {
    if store.remove_user(args.id).await? {
        line(out, &args.id.to_string())
    } else {
        Err(CliError::NoUser(args.id))
    }
}

#[cfg(test)]
mod tests {
    use super::{add, list, remove};
    use crate::cli::CliError;
    use crate::cli::args::{AddUser, ListUsers, RemoveUser};
    use crate::cli::testing::Desk;
    use crate::domain::{Agency, AgencyId, Role, UserId};
    use uuid::Uuid;

    const OURS: AgencyId = AgencyId(Uuid::from_u128(1));
    const THEIRS: AgencyId = AgencyId(Uuid::from_u128(2));
    const ANNA: UserId = UserId(Uuid::from_u128(0xa));

    async fn desk_with_agencies() -> Desk {
        let desk = Desk::new().await;
        for id in [OURS, THEIRS] {
            let agency = Agency {
                id,
                name: "Ours".into(),
                is_default: false,
            };
            let added = desk.store.add_agency(agency, "e".into(), desk.clock.now());
            added.await.unwrap();
        }
        desk
    }

    fn anna(agency: AgencyId, role: Role) -> AddUser {
        AddUser {
            agency,
            id: ANNA,
            role,
            name: None,
            email: None,
            sip_username: None,
            json: false,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_person_is_added_changed_listed_and_removed() {
        let mut desk = desk_with_agencies().await;
        let (store, clock, out) = (&desk.store, &desk.clock, &mut desk.out);
        let mut args = anna(OURS, Role::Member);
        args.name = Some("Anna".into());
        args.sip_username = Some("anna1".into());
        add(store, args, clock, out).await.unwrap();
        add(store, anna(OURS, Role::Admin), clock, out)
            .await
            .unwrap();
        assert_eq!(desk.said(), format!("{ANNA}\n{ANNA}\n"));

        let everyone = |json| ListUsers { agency: None, json };
        list(&desk.store, everyone(false), &mut desk.out)
            .await
            .unwrap();
        let listed = desk.said();
        let row: Vec<&str> = listed.lines().nth(1).unwrap().split_whitespace().collect();
        let (id, agency) = (ANNA.to_string(), OURS.to_string());
        assert_eq!(row, [&id, "agency_admin", "Anna", "-", "anna1", &agency]);

        let gone = RemoveUser { id: ANNA };
        remove(&desk.store, gone, &mut desk.out).await.unwrap();
        let again = remove(&desk.store, gone, &mut desk.out).await.unwrap_err();
        assert!(matches!(again, CliError::NoUser(ANNA)), "{again}");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_changes_the_agency_leaves_the_sip_account_there() {
        let mut desk = desk_with_agencies().await;
        let (store, clock, out) = (&desk.store, &desk.clock, &mut desk.out);
        let mut args = anna(OURS, Role::Member);
        args.email = Some("anna@example.com".into());
        args.sip_username = Some("anna1".into());
        add(store, args, clock, out).await.unwrap();
        add(store, anna(THEIRS, Role::Member), clock, out)
            .await
            .unwrap();
        let known = store.users(vec![ANNA]).await.unwrap();
        assert_eq!(known[0].agency_id, Some(THEIRS));
        assert_eq!(known[0].email.as_deref(), Some("anna@example.com"));
        assert_eq!(known[0].sip_username, None);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_agency_that_is_not_there_takes_nobody() {
        let mut desk = desk_with_agencies().await;
        let nowhere = anna(AgencyId(Uuid::nil()), Role::Owner);
        let refused = add(&desk.store, nowhere, &desk.clock, &mut desk.out).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains("callboard agency list"), "{refused}");
        assert!(desk.store.people(None).await.unwrap().is_empty());
    }
}

//! `/api/users`: the agency's people, as its owner and admins manage them.

mod invite;
mod manage;

pub(super) use invite::{INVITE, RENEW};
pub(super) use manage::{CHANGE, REMOVE};

use crate::domain::{Absence, AgencyId, Right, Role, Seat, UserId};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::store::{Manager, NotChanged, StoreError};
use crate::telemetry::Refused;
use crate::view::PersonView;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use utoipa::ToSchema;

const PATH: &str = "/api/users";
const NOBODY: ApiError = ApiError::NotFound("Nobody of that id works in this agency");
/// Longest name of a person, or of a phone.
const MOST_CHARACTERS: usize = 100;

pub(super) const USERS: Route = Route::get(
    PATH,
    Door::For(Right::SeePeople),
    |route| route.to(users),
    |operation| {
        operation
            .named(Tag::History, "users", "The agency's people")
            .answers::<Users>(
                200,
                "Those who came first before the others, with those who are invited; and those \
                 who were removed",
            )
    },
);

/// The agency's people.
#[derive(Serialize, ToSchema)]
struct Users {
    /// Those who work there, and those who are invited.
    users: Vec<PersonView>,
    /// Those who were removed, and may be given their seats again.
    removed: Vec<PersonView>,
}

/// Somebody of the agency, as they are now.
#[derive(Serialize, ToSchema)]
#[schema(as = OnePerson)]
struct One {
    user: PersonView,
}

async fn users(caller: Caller, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let people = people(&context, caller.agency_id()).await?;
    let (removed, users) = people.into_iter().partition(PersonView::is_removed);
    Ok(HttpResponse::Ok().json(Users { users, removed }))
}

async fn people(context: &Context, agency: AgencyId) -> Result<Vec<PersonView>, StoreError> {
    let now = context.clock.now();
    let roster = context.store.roster(agency, now).await?;
    let mut mails = context.store.mails_of(agency).await?;
    let view = |seat: &Seat| {
        let signing_in = roster.signing_in.get(&seat.user.id);
        let mail = mails.remove(&seat.user.id);
        PersonView::new(seat, agency, signing_in.copied().unwrap_or_default(), mail)
    };
    Ok(roster.seats.iter().map(view).collect())
}

async fn person(context: &Context, agency: AgencyId, user: UserId) -> Result<PersonView, ApiError> {
    let people = people(context, agency).await?;
    people
        .into_iter()
        .find(|person| person.is(user))
        .ok_or(NOBODY)
}

/// Who asks, in whose agency, as what.
fn manager(caller: &Caller, context: &Context) -> Result<Manager, ApiError> {
    // A key has no role, and no right to come here.
    let role = caller.user.role.ok_or(ApiError::Internal)?;
    Ok(Manager {
        agency: caller.agency_id(),
        role,
        now: context.clock.now(),
    })
}

fn user_id(text: &str) -> Result<UserId, ApiError> {
    text.parse().map_err(|_| NOBODY)
}

/// Why nothing was changed, in the words of our API.
fn refused(why: NotChanged) -> ApiError {
    match why {
        NotChanged::Nobody => NOBODY,
        NotChanged::Above => {
            let sentence = "Admins may do this for members alone";
            let why = "an admin would manage somebody who is no member";
            ApiError::Forbidden(sentence).because(Refused::Role, why)
        }
        NotChanged::LastOwner => {
            let sentence = "An agency keeps an owner: make somebody else an owner first".to_owned();
            let why = "the agency would have no owner";
            ApiError::Conflict(sentence).because(Refused::LastOwner, why)
        }
        NotChanged::Known(user, absence) => {
            let sentence = match absence {
                None => "Somebody who works here has that address",
                Some(Absence::Invited) => "Somebody with that address is invited already",
                Some(Absence::Removed) => {
                    "Somebody with that address was removed: give them their seat again"
                }
            };
            ApiError::Detailed {
                status: StatusCode::CONFLICT,
                sentence: sentence.to_owned(),
                fields: [("user_id".to_owned(), json!(user.0))]
                    .into_iter()
                    .collect(),
            }
        }
        NotChanged::EmailTaken => {
            ApiError::Conflict("Somebody else signs in with that address".to_owned())
        }
        NotChanged::TooMany => {
            let sentence = "500 people are invited and have not come: remove some of them first";
            ApiError::Conflict(sentence.to_owned())
        }
    }
}

/// The texts of a person, as they were sent.
struct Texts {
    name: Option<String>,
    email: Option<String>,
    sip_username: Option<String>,
}

impl Texts {
    /// Each trimmed, the address in small letters; or what is wrong with one.
    fn read(self) -> Result<Self, ApiError> {
        let wrong = |sentence: &str| Err(ApiError::BadRequest(sentence.to_owned()));
        let given = |text: Option<String>| {
            let text = text.map(|text| text.trim().to_owned());
            text.filter(|text| !text.is_empty())
        };
        let (name, email) = (given(self.name), given(self.email));
        let sip_username = given(self.sip_username);
        let odd = |text: &String| {
            text.chars().count() > MOST_CHARACTERS || text.chars().any(char::is_control)
        };
        if name.as_ref().is_some_and(odd) {
            return wrong("name: 1 to 100 characters");
        }
        let email = match email.as_deref().map(crate::accounts::link::address) {
            Some(Err(_)) => return wrong("email: an address such as anna@example.com"),
            email => email.and_then(Result::ok),
        };
        let no_user = |text: &String| odd(text) || text.contains([' ', '@', ':', ';', '/']);
        if sip_username.as_ref().is_some_and(no_user) {
            return wrong("sip_username: what stands before @ in the phone's SIP address");
        }
        Ok(Self {
            name,
            email,
            sip_username,
        })
    }
}

fn role(name: &str) -> Result<Role, ApiError> {
    Role::from_name(name).ok_or_else(|| {
        let names = Role::ALL.map(Role::name).join(", ");
        ApiError::BadRequest(format!("role: one of {names}"))
    })
}

/// A field that is there, whether with a value or with null.
fn given<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

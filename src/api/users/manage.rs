//! Changing people, and removing them.

use super::{One, Texts, given, manager, person, refused, role, user_id};
use crate::api::body::json_body;
use crate::domain::Right;
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::store::{Gone, PersonChange};
use crate::view::RoleName;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;

const PATH: &str = "/api/users/{id}";

pub(in crate::api) const CHANGE: Route =
    Route::patch(
        PATH,
        Door::For(Right::ManagePeople),
        |route| route.to(change),
        |operation| {
            operation
            .named(Tag::History, "changeUser", "Change what somebody is")
            .saying(
                "What is left out stays. Admins change members alone, and make nobody more than \
                 that. The address is also what they sign in with here.",
            )
            .takes::<Change>(json!({ "role": "agency_admin", "sip_username": "anna1" }))
            .answers::<One>(200, "As they are now")
            .fails(400, "A role, an address or a name that is no good, or nothing to change")
            .fails(404, "Nobody of that id in the agency")
            .fails(409, "The agency would have no owner, or somebody else has that address")
            .fails(415, "Not JSON")
        },
    );

pub(in crate::api) const REMOVE: Route = Route::delete(
    PATH,
    Door::For(Right::ManagePeople),
    |route| route.to(remove),
    |operation| {
        operation
            .named(Tag::History, "removeUser", "Remove somebody")
            .saying(
                "Their boards and sessions end at once, on every node. They are listed as removed, \
                 and can be given the seat again; removed once more, nothing is left of them but \
                 their name on past calls.",
            )
            .answers_nothing(204, "They are out")
            .fails(404, "Nobody of that id in the agency")
            .fails(409, "The agency would have no owner")
    },
);

/// What is to be different about somebody.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonChange)]
struct Change {
    #[schema(value_type = RoleName, required = false)]
    role: Option<String>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false, max_length = 100)]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, required = false, max_length = 100)]
    sip_username: Option<Option<String>>,
}

impl Change {
    fn read(self) -> Result<PersonChange, ApiError> {
        let given = [&self.name, &self.email, &self.sip_username].map(Option::is_some);
        let [name, email, sip_username] = given;
        let texts = Texts {
            name: self.name.flatten(),
            email: self.email.flatten(),
            sip_username: self.sip_username.flatten(),
        };
        let texts = texts.read()?;
        Ok(PersonChange {
            role: self.role.as_deref().map(role).transpose()?,
            name: name.then_some(texts.name),
            email: email.then_some(texts.email),
            sip_username: sip_username.then_some(texts.sip_username),
        })
    }
}

async fn change(
    caller: Caller,
    id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "an object such as {\"role\":\"agency_admin\"}";
    let id = user_id(&id)?;
    let body: Change = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let change = body.read()?;
    if change == PersonChange::default() {
        return Err(ApiError::BadRequest("Nothing to change was given".into()));
    }
    let by = manager(&caller, &context)?;
    let changed = context.store.change_person(by, id, change).await?;
    changed.map_err(refused)?;
    context.directory.refresh().await?;
    tracing::info!(
        "User {id} of agency {} changed by {}",
        by.agency,
        caller.user.id
    );
    let user = person(&context, by.agency, id).await?;
    Ok(HttpResponse::Ok().json(One { user }))
}

async fn remove(
    caller: Caller,
    id: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id = user_id(&id)?;
    let by = manager(&caller, &context)?;
    let gone = context.store.unseat(by, id).await?.map_err(refused)?;
    // This node ends their sockets now; the others hear of it at once, or read it within two seconds.
    context.directory.refresh().await?;
    let what = match gone {
        Gone::Seat => "removed",
        Gone::All => "removed for good",
    };
    tracing::info!(
        "User {id} of agency {} {what} by {}",
        by.agency,
        caller.user.id
    );
    Ok(HttpResponse::NoContent().finish())
}

//! Inviting people, and giving a seat again.

use super::{PATH, Texts, manager, person, refused, role, user_id};
use crate::accounts::{Invited, Owed, link};
use crate::api::body::json_body;
use crate::api::invitations::refused as not_made;
use crate::domain::{LinkPurpose, MailKind, MailStanding, Right, Seat, Timestamp, User, UserId};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::view::{MailStandingName, PersonView, RoleName, Time};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

pub(in crate::api) const INVITE: Route =
    Route::post(
        PATH,
        Door::For(Right::ManagePeople),
        |route| route.to(invite),
        |operation| {
            operation
            .named(Tag::History, "inviteUser", "Invite somebody")
            .saying(
                "They come by the link, which is good once and for 7 days: with an account of this \
                 server's own, or signed in elsewhere. Admins invite members alone.",
            )
            .takes::<Wanted>(json!({
                "name": "Anna", "email": "anna@example.com", "role": "agency_member",
                "sip_username": "anna1",
            }))
            .answers::<InvitedPerson>(201, "Who is awaited, and the link, which is not shown again")
            .fails(400, "A role, an address or a name that is no good")
            .fails(409, "Somebody of the agency has that address (`user_id`), or 500 are awaited")
            .fails(415, "Not JSON")
        },
    );

pub(in crate::api) const RENEW: Route = Route::post(
    "/api/users/{id}/invitation",
    Door::For(Right::ManagePeople),
    |route| route.to(renew),
    |operation| {
        operation
            .named(Tag::History, "inviteUserAgain", "Make another link for somebody")
            .saying(
                "Earlier ones are good no more. Of somebody who is invited: the same invitation, for \
                 another 7 days. Of somebody who was removed: their seat again, by choice in another \
                 role, under the same id and with the same phone. Of somebody who works here and has \
                 an account: a link by which they choose another password, good for an hour. A body \
                 is not needed.",
            )
            .takes::<Again>(json!({ "role": "agency_member" }))
            .answers::<InvitedPerson>(201, "Who it is, and the link, which is not shown again")
            .fails(400, "A role that is not known")
            .fails(404, "Nobody of that id in the agency")
            .fails(415, "Not JSON")
    },
);

/// Who is to come.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedPerson)]
struct Wanted {
    /// What they may do.
    #[schema(value_type = RoleName)]
    role: String,
    /// What colleagues read; they may choose another.
    #[schema(value_type = String, required = false, max_length = 100)]
    name: Option<String>,
    /// What they sign in with; without it they say it themselves.
    #[schema(value_type = String, required = false)]
    email: Option<String>,
    /// The name of their phone at the carrier.
    #[schema(value_type = String, required = false, max_length = 100)]
    sip_username: Option<String>,
}

#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedAgain)]
struct Again {
    /// Another role than before.
    #[schema(value_type = RoleName, required = false)]
    role: Option<String>,
}

/// Somebody who is awaited.
#[derive(Serialize, ToSchema)]
struct InvitedPerson {
    user: PersonView,
    /// Told once, here, and nowhere kept.
    invitation_url: String,
    #[schema(value_type = Time)]
    expires_at: String,
    /// Whether it goes to them by mail as well; null where it must be given to them.
    #[schema(value_type = Option<MailStandingName>, required)]
    mail: Option<&'static str>,
}

async fn invite(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "{\"role\":\"agency_member\",\"email\":\"…\"}";
    let wanted: Wanted = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let role = role(&wanted.role)?;
    let texts = Texts {
        name: wanted.name,
        email: wanted.email,
        sip_username: wanted.sip_username,
    };
    let texts = texts.read()?;
    let by = manager(&caller, &context)?;
    let id = UserId(Uuid::new_v4());
    let invited_email = texts.email.clone();
    let invited = Invited {
        agency: by.agency,
        role,
        name: texts.name.clone(),
        email: texts.email.clone(),
    };
    let user = User {
        id,
        agency_id: None,
        role: None,
        name: texts.name,
        email: texts.email,
        sip_username: texts.sip_username,
    };
    let seat = Seat {
        user,
        role: Some(role),
        absence: None,
    };
    let whom = (Some(invited), Some(id));
    let (link, token) = link::draft(LinkPurpose::Invite, whom, by.now).map_err(not_made)?;
    let made = Made {
        id,
        to: invited_email,
        purpose: link.purpose,
        url: link::url(&address(&context), link.purpose, &token),
        expires_at: link.expires_at,
    };
    let awaited = context.store.await_person(by, seat, link).await?;
    awaited.map_err(refused)?;
    tracing::info!(
        "User {id} of agency {} invited by {}",
        by.agency,
        caller.user.id
    );
    answer(&caller, &context, made).await
}

async fn renew(
    caller: Caller,
    id: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let id = user_id(&id)?;
    let again = match has_body(&request) {
        true => {
            let expected = "{\"role\":\"agency_member\"}, or nothing";
            json_body::<Again>(&request, payload, &context.clock, expected).await?
        }
        false => Again::default(),
    };
    let role = again.role.as_deref().map(role).transpose()?;
    let by = manager(&caller, &context)?;
    let drafted = link::draft(LinkPurpose::Invite, (None, None), by.now);
    let (link, token) = drafted.map_err(not_made)?;
    let renewed = context.store.renew_link(by, id, role, link).await?;
    let (seat, link) = renewed.map_err(refused)?;
    tracing::info!(
        "A link for user {id} of agency {} made by {}",
        by.agency,
        caller.user.id
    );
    let made = Made {
        id,
        to: seat.user.email,
        purpose: link.purpose,
        url: link::url(&address(&context), link.purpose, &token),
        expires_at: link.expires_at,
    };
    answer(&caller, &context, made).await
}

fn has_body(request: &HttpRequest) -> bool {
    use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
    let headers = request.headers();
    let length = headers.get(CONTENT_LENGTH);
    length.is_some_and(|length| length != "0") || headers.contains_key(TRANSFER_ENCODING)
}

fn address(context: &Context) -> String {
    context.config.listener.public_address()
}

/// A link that is made, and good.
struct Made {
    id: UserId,
    /// Their address, if one is known.
    to: Option<String>,
    purpose: LinkPurpose,
    url: String,
    expires_at: Timestamp,
}

async fn answer(caller: &Caller, context: &Context, made: Made) -> Result<HttpResponse, ApiError> {
    let mail = mailed(caller, context, &made).await;
    let body = InvitedPerson {
        user: person(context, caller.agency_id(), made.id).await?,
        invitation_url: made.url,
        expires_at: made.expires_at.to_string(),
        mail: mail.then_some(MailStanding::Waiting.name()),
    };
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(body))
}

/// Whether the link goes to them by mail as well. One that cannot be written down is shown all the same:
/// it is good, and would be lost with an error.
async fn mailed(caller: &Caller, context: &Context, made: &Made) -> bool {
    let (Some(post), Some(to)) = (&context.post, &made.to) else {
        return false;
    };
    let kind = match made.purpose {
        LinkPurpose::Reset => MailKind::Reset,
        _ => MailKind::Invite,
    };
    let owed = post.owe(Owed {
        kind,
        agency: Some(caller.agency_id()),
        user: Some(made.id),
        to: to.clone(),
        secret: made.url.clone().into(),
        agency_name: Some(caller.agency.agency.name.clone()),
        until: made.expires_at,
    });
    owed.await.unwrap_or_else(|error| {
        tracing::warn!(
            "The mail with a link for user {} is not sent: {error}",
            made.id
        );
        false
    })
}

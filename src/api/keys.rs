//! `/api/agency/keys`: keys with which programs and displays come in.

use super::body::json_body;
use crate::agencies::NewKey;
use crate::domain::{AgencyKey, KeyId, KeyRight, Right};
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use crate::view::{KeyRightName, KeyView, NewKeyView};
use actix_web::http::header::CACHE_CONTROL;
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

const PATH: &str = "/api/agency/keys";
const NO_KEY: ApiError = ApiError::NotFound("The agency has no such key");
/// Keys of one agency.
const MOST_KEYS: usize = 100;
const MOST_CHARACTERS: usize = 100;

pub(super) const ALL: Route = Route::get(
    PATH,
    Door::For(Right::KeepKeys),
    |route| route.to(all),
    |operation| {
        operation
            .named(Tag::Credentials, "keys", "The agency's keys for programs")
            .answers::<Keys>(
                200,
                "Those that were made first before the others, never the keys themselves",
            )
    },
);

pub(super) const MAKE: Route = Route::post(
    PATH,
    Door::For(Right::KeepKeys),
    |route| route.to(make),
    |operation| {
        operation
            .named(Tag::Credentials, "makeKey", "Make a key for a program or a display")
            .saying("The key is told once. A bearer `cbk_…` is taken wherever a user's token is, as far as its rights go. A key with the right `display` sees callers' numbers masked, whatever else it may do.")
            .takes::<Wanted>(json!({ "name": "Wallboard", "rights": ["display"] }))
            .answers::<NewKeyView<'_>>(201, "The key, which is not shown again")
            .fails(400, "No name, no right, or one that is not known")
            .fails(409, "The agency has 100 keys already")
            .fails(415, "Not JSON")
    },
);

pub(super) const REMOVE: Route = Route::delete(
    "/api/agency/keys/{id}",
    Door::For(Right::KeepKeys),
    |route| route.to(remove),
    |operation| {
        operation
            .named(Tag::Credentials, "removeKey", "Take a key back")
            .saying("It is refused from now on, on every node, and sockets that came in with it are closed.")
            .answers_nothing(204, "It is gone")
            .fails(404, "The agency has no such key")
    },
);

/// The agency's keys for programs.
#[derive(Serialize, ToSchema)]
struct Keys {
    keys: Vec<KeyView>,
}

/// The key that is wanted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WantedKey)]
struct Wanted {
    /// What it is for: 1 to 100 characters.
    name: String,
    /// What it may do.
    #[schema(value_type = Vec<KeyRightName>)]
    rights: Vec<String>,
}

/// The agency's keys.
async fn all(caller: Caller, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let keys = context.store.keys(caller.agency_id()).await?;
    let keys = keys.into_iter().map(KeyView::from).collect();
    Ok(HttpResponse::Ok().json(Keys { keys }))
}

/// Makes a key, and tells it this once.
async fn make(
    caller: Caller,
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    const EXPECTED: &str = "{\"name\":\"…\",\"rights\":[\"calls:read\"]}";
    let body: Wanted = json_body(&request, payload, &context.clock, EXPECTED).await?;
    let (name, rights) = body.read().map_err(ApiError::BadRequest)?;
    let agency_id = caller.agency_id();
    if context.store.keys(agency_id).await?.len() >= MOST_KEYS {
        let sentence = "The agency has 100 keys: take one back that is not used any more";
        return Err(ApiError::Conflict(sentence.to_owned()));
    }
    let new = NewKey::random();
    let key = AgencyKey {
        id: KeyId(Uuid::new_v4()),
        agency_id,
        name,
        rights,
        prefix: new.prefix,
        created_at: context.clock.now(),
        created_by: caller.user.id,
        last_used_at: None,
    };
    context.store.add_key(new.hash, key.clone()).await?;
    context.directory.refresh().await?;
    tracing::info!(
        "Key {} of agency {agency_id} made by {}",
        key.id,
        key.created_by
    );
    let key = NewKeyView {
        key: new.secret.expose_secret(),
        about: key.into(),
    };
    Ok(HttpResponse::Created()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(key))
}

/// Takes a key back.
async fn remove(
    caller: Caller,
    path: web::Path<String>,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let key: KeyId = path.parse().map_err(|_| NO_KEY)?;
    let agency = caller.agency_id();
    if !context.store.remove_key(agency, key).await? {
        return Err(NO_KEY);
    }
    context.directory.refresh().await?;
    tracing::info!(
        "Key {key} of agency {agency} taken back by {}",
        caller.user.id
    );
    Ok(HttpResponse::NoContent().finish())
}

impl Wanted {
    /// The name and the rights, each once; or what is wrong with them.
    fn read(self) -> Result<(String, Vec<KeyRight>), String> {
        let name = self.name.trim().to_owned();
        let fits = (1..=MOST_CHARACTERS).contains(&name.chars().count());
        if !fits || name.chars().any(char::is_control) {
            return Err("name: say in 1 to 100 characters what the key is for".into());
        }
        let known = self.rights.iter().map(|name| KeyRight::from_name(name));
        let mut rights: Vec<KeyRight> = known
            .collect::<Option<_>>()
            .filter(|rights: &Vec<KeyRight>| !rights.is_empty())
            .ok_or_else(|| {
                let names = KeyRight::ALL.map(KeyRight::name).join(", ");
                format!("rights: at least one of {names}, and no others")
            })?;
        rights.sort_unstable();
        rights.dedup();
        Ok((name, rights))
    }
}

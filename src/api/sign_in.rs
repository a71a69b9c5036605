//! `GET /api/sign-in`: how people sign in here, for the page.
//!
//! `/as/CODE`: a demo's short links. Each becomes the page with a token in its fragment, which
//! browsers send to nobody and which the page takes out of the address at once.

use crate::accounts::identity::PROVIDER;
use crate::auth::Project;
use crate::config::{Config, SignInLink};
use crate::http::{ApiError, Context, Door, Route, Tag};
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

const NO_LINK: ApiError = ApiError::NotFound("There is nothing at this path");

/// `/as/CODE`. Its code is as good as a token: it stands in no log and no metric, as no path does.
pub(super) const LINK: Route =
    Route::undescribed("/as/{code}", Door::Open, |route| route.to(sign_in))
        .without_head()
        .otherwise(|_, _| NO_LINK);

pub(super) const WAYS: Route = Route::get(
    "/api/sign-in",
    Door::Open,
    |route| route.to(ways),
    |operation| {
        let way = json!({
            "type": "object",
            "required": ["kind"],
            "properties": {
                "kind": { "type": "string" },
                "provider": { "type": "string" },
                "name": { "type": "string" },
                "owner": { "type": "boolean" },
                "link": { "type": "string" },
            },
        });
        let ways = json!({
            "type": "object",
            "required": ["methods", "auth_url", "apikey", "setup"],
            "properties": {
                "methods": { "type": "array", "items": way },
                "auth_url": { "type": ["string", "null"] },
                "apikey": { "type": ["string", "null"] },
                "setup": { "type": "boolean" },
            },
        });
        operation
            .named(Tag::SigningIn, "signIn", "How people sign in here")
            .saying(
                "Kinds of methods are `password`, `code` and `oauth` (with its `provider`), and in a demo \
                 `demo` (with whose `link` it is); pass over those you do not know. They are spoken to at `auth_url`, by GoTrue's protocol, with \
                 `apikey` in the header of that name where it is not null. \
                 `setup`: nobody can sign in yet, and the server has printed the link that begins.",
            )
            .answers_written(200, "The ways", ways)
            .fails(503, "The database is unavailable")
    },
);

async fn ways(context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    if let Some(project) = &context.project {
        return Ok(HttpResponse::Ok().json(at_project(project).await));
    }
    let Some(accounts) = &context.accounts else {
        let none = json!({ "methods": of_a_demo(&context.config), "auth_url": null, "apikey": null, "setup": false });
        return Ok(HttpResponse::Ok().json(none));
    };
    let auth = &context.config.auth;
    let alone = auth.supabase_url.is_none() && auth.jwt_secret.is_none() && auth.has_passwords();
    let password = auth.has_passwords().then(|| json!({ "kind": "password" }));
    let oidc = context.oidc.as_ref();
    let oidc =
        oidc.map(|oidc| json!({ "kind": "oauth", "provider": PROVIDER, "name": oidc.name() }));
    let mailed = context.post.is_some() && auth.has_passwords();
    let code = mailed.then(|| json!({ "kind": "code" }));
    let methods: Vec<Value> = password.into_iter().chain(code).chain(oidc).collect();
    Ok(HttpResponse::Ok().json(json!({
        "methods": methods,
        "auth_url": accounts.issuer(),
        "apikey": null,
        "setup": alone && accounts.wait_for_the_first().await?,
    })))
}

/// The people of a demo, each a button. Whoever reaches a demo's page is on its machine, and sees
/// nobody's calls.
fn of_a_demo(config: &Config) -> Vec<Value> {
    let links = config.access.sign_in_links.iter();
    let links = links.filter(|_| config.listener.is_loopback());
    let way = |link: &SignInLink| {
        let to = format!("/as/{}", link.code.expose_secret());
        json!({ "kind": "demo", "name": link.name, "owner": link.owner, "link": to })
    };
    links.map(way).collect()
}

/// The project's ways; whoever is invited there comes in there.
async fn at_project(project: &Project) -> Value {
    let ways = project.ways().await;
    let mut methods = Vec::new();
    if ways.email {
        methods.extend([json!({ "kind": "password" }), json!({ "kind": "code" })]);
    }
    let by = |provider: String| json!({ "kind": "oauth", "provider": provider });
    methods.extend(ways.providers.into_iter().map(by));
    json!({
        "methods": methods,
        "auth_url": project.address(),
        "apikey": project.key(),
        "setup": false,
    })
}

async fn sign_in(
    request: HttpRequest,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let code = request.match_info().query("code");
    let is_asked_for = |link: &&SignInLink| link.code.expose_secret() == code;
    let links = &context.config.access.sign_in_links;
    let link = links.iter().find(is_asked_for);
    let link = link.ok_or(NO_LINK)?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("/#token={}", link.token.expose_secret())))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish())
}

//! `/auth/v1/authorize` and `/auth/v1/callback`: away to the identity provider and back, as GoTrue sends
//! browsers: to the page with a code, which the page's own secret turns into a session.

use super::{Failure, accounts, count_sign_in, said};
use crate::accounts::Accounts;
use crate::accounts::identity::{PROVIDER, new_secret};
use crate::auth::oidc::{Begun, Brought, Oidc, OidcError};
use crate::config::{Config, is_loopback};
use crate::http::schema::{one_of, text};
use crate::http::{ApiError, Context, Door, Route, Tag, Who};
use crate::telemetry::Refused;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, COOKIE, LOCATION, REFERRER_POLICY, SET_COOKIE};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use url::Url;

/// How long somebody may take at the provider.
const FLOW_S: i64 = 10 * 60;
/// What a browser keeps of a sign-in that it has begun. One for each, so that two tabs do not disturb each
/// other.
const COOKIE_NAME: &str = "callboard-sign-in-";
/// How much of the state is in the cookie's name.
const NAMED_BY: usize = 12;

type Query = web::Query<HashMap<String, String>>;

pub(in crate::api) const AUTHORIZE: Route = Route::get(
    "/auth/v1/authorize",
    Door::Open,
    |route| route.to(authorize),
    |operation| {
        operation
            .named(Tag::SigningIn, "authAuthorize", "Sign in at the identity provider")
            .saying(
                "For browsers. They come back to `redirect_to`, an address of this server or of an \
                 allowed origin, with `?code=`, which `POST /auth/v1/token?grant_type=pkce` takes; or with \
                 `?error=…&error_code=…`.",
            )
            .query("provider", "The `provider` of `/api/sign-in`.", one_of(&[PROVIDER]))
            .query("redirect_to", "Where to come back to.", text())
            .query("code_challenge", "The base64url of a secret's SHA-256.", text())
            .query("code_challenge_method", "How that was made.", one_of(&["s256"]))
            .answers_text(302, "The way there, or back", "text/plain")
            .fails(400, "A parameter is missing or wrong")
            .fails(404, "There are no accounts of ours here")
            .fails(429, "Too many tries from this address")
    },
)
.without_head();

pub(in crate::api) const CALLBACK: Route =
    Route::undescribed("/auth/v1/callback", Door::Open, |route| route.to(callback)).without_head();

/// What this server must know again of a sign-in when a browser comes back: sealed, in that browser.
#[derive(Deserialize, Serialize)]
struct Flow {
    nonce: String,
    verifier: String,
    /// Where the page wants its code, and what goes with it.
    back_to: String,
    challenge: String,
    until: i64,
}

async fn authorize(
    request: HttpRequest,
    query: Query,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    said(&request, begun(&request, &query, &context).await)
}

async fn begun(
    request: &HttpRequest,
    query: &HashMap<String, String>,
    context: &Context,
) -> Result<HttpResponse, Failure> {
    let accounts = accounts(context)?;
    count_sign_in(context, request)?;
    let given = |name: &str| query.get(name).map(String::as_str).unwrap_or_default();
    let (Some(oidc), true) = (&context.oidc, given("provider") == PROVIDER) else {
        return Err(invalid("Unsupported provider: provider is not enabled"));
    };
    let (method, challenge) = (given("code_challenge_method"), given("code_challenge"));
    if !method.eq_ignore_ascii_case("s256") || !is_challenge(challenge) {
        return Err(invalid("A code_challenge is needed, made by s256"));
    }
    let back_to = back_to(given("redirect_to"), &context.config);
    let back_to = back_to.ok_or_else(|| invalid("redirect_to is no address of this server"))?;
    let state = new_secret()?;
    let state = state.expose_secret();
    let (url, Begun { nonce, verifier }) = match oidc.begin(state).await {
        Ok(begun) => begun,
        Err(error) => {
            let over = cookie(&context.config, state, "", 0);
            return Ok(sent(&refused(context, back_to, &error), &over));
        }
    };
    let flow = Flow {
        nonce: nonce.expose_secret().to_owned(),
        verifier: verifier.expose_secret().to_owned(),
        back_to: back_to.into(),
        challenge: challenge.to_owned(),
        until: context.clock.now().plus_seconds(FLOW_S).seconds(),
    };
    let flow = serde_json::to_vec(&flow).map_err(ApiError::from)?;
    let sealed = accounts.seal_flow(state, &flow)?;
    let cookie = cookie(&context.config, state, &sealed, FLOW_S);
    Ok(sent(url.as_str(), &cookie))
}

fn invalid(message: &str) -> Failure {
    Failure::new(
        StatusCode::BAD_REQUEST,
        "validation_failed",
        message,
        Refused::NoSuchWay,
    )
}

async fn callback(
    request: HttpRequest,
    query: Query,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let accounts = accounts(&context)?;
    let Some(oidc) = &context.oidc else {
        return Err(ApiError::NotFound("There is nothing at this path"));
    };
    let state = query.get("state").map(String::as_str).unwrap_or_default();
    let over = cookie(&context.config, state, "", 0);
    let Some(flow) = flow_of(&request, &context, accounts, state) else {
        let why = "nobody has begun that sign-in in this browser, or too long ago";
        context
            .notices
            .refused(Who::Request, Refused::SignInState, why);
        let page = context.config.listener.public_address();
        let page = Url::parse(&page).map_err(|_| ApiError::Internal)?;
        return Ok(sent(
            &failed(page, "access_denied", "bad_oauth_state"),
            &over,
        ));
    };
    let mut back_to = Url::parse(&flow.back_to).map_err(|_| ApiError::Internal)?;
    // The cookie is used up, whatever comes of it.
    Ok(match come_back(oidc, accounts, &query, &flow).await {
        Ok(code) => {
            let mut pairs = back_to.query_pairs_mut();
            pairs.append_pair("code", code.expose_secret());
            drop(pairs);
            sent(back_to.as_str(), &over)
        }
        Err(error) => sent(&refused(&context, back_to, &error), &over),
    })
}

/// A code for whoever has come back.
async fn come_back(
    oidc: &Oidc,
    accounts: &Accounts,
    query: &HashMap<String, String>,
    flow: &Flow,
) -> Result<SecretString, OidcError> {
    if let Some(error) = query.get("error") {
        return Err(OidcError::denied(error));
    }
    let code = query.get("code").filter(|code| !code.is_empty());
    let code = code.ok_or_else(|| OidcError::Token("it brought no code".to_owned()))?;
    let brought = Brought {
        code: code.as_str().into(),
        issuer: query.get("iss").cloned(),
    };
    let begun = Begun {
        nonce: flow.nonce.as_str().into(),
        verifier: flow.verifier.as_str().into(),
    };
    let known = oidc.finish(brought, begun).await?;
    Ok(accounts.code_for(known, flow.challenge.clone()).await?)
}

/// The sign-in that this browser has begun with that state.
fn flow_of(
    request: &HttpRequest,
    context: &Context,
    accounts: &Accounts,
    state: &str,
) -> Option<Flow> {
    let name = cookie_name(&context.config, state)?;
    let mut cookies = request.headers().get_all(COOKIE);
    let sealed = cookies.find_map(|cookies| {
        let mut cookies = cookies.to_str().ok()?.split(';');
        cookies.find_map(|cookie| {
            cookie
                .trim()
                .strip_prefix(&name)?
                .strip_prefix('=')
                .map(str::to_owned)
        })
    })?;
    let flow = accounts.open_flow(state, &sealed)?;
    let flow: Flow = serde_json::from_slice(&flow).ok()?;
    (flow.until > context.clock.now().seconds()).then_some(flow)
}

/// The way back for somebody who does not come in, and a line that says why.
fn refused(context: &Context, back_to: Url, error: &OidcError) -> String {
    let (reason, word, code) = match error {
        OidcError::Denied(_) => (Refused::IdentityProvider, "access_denied", "access_denied"),
        OidcError::Away(_) => (
            Refused::IdentityProvider,
            "server_error",
            "provider_unavailable",
        ),
        OidcError::Refused(_) => (
            Refused::IdentityProvider,
            "server_error",
            "bad_oauth_callback",
        ),
        OidcError::Token(_) => (Refused::IdentityToken, "server_error", "bad_oauth_callback"),
        OidcError::NotAllowed(_) => (Refused::NotAllowed, "access_denied", "user_not_allowed"),
        OidcError::Machine(error) => {
            tracing::error!("Nobody came in: {error}");
            return failed(back_to, "server_error", "unexpected_failure");
        }
    };
    context
        .notices
        .refused(Who::Request, reason, &error.to_string());
    failed(back_to, word, code)
}

fn failed(mut back_to: Url, word: &str, code: &str) -> String {
    back_to
        .query_pairs_mut()
        .append_pair("error", word)
        .append_pair("error_code", code);
    back_to.into()
}

/// To another address, which learns nothing of this one and is kept nowhere.
fn sent(url: &str, cookie: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((LOCATION, url))
        .insert_header((SET_COOKIE, cookie))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish()
}

/// Bound to this host, unseen by scripts, and sent along by the provider's way back alone.
fn cookie(config: &Config, state: &str, value: &str, lasts_s: i64) -> String {
    let name = cookie_name(config, state).unwrap_or_else(|| COOKIE_NAME.to_owned());
    let secure = if is_https(config) { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={lasts_s}; HttpOnly; SameSite=Lax{secure}")
}

fn cookie_name(config: &Config, state: &str) -> Option<String> {
    let named = state.get(..NAMED_BY)?;
    let plain = named
        .bytes()
        .all(|letter| letter.is_ascii_alphanumeric() || b"-_".contains(&letter));
    let host = if is_https(config) { "__Host-" } else { "" };
    plain.then(|| format!("{host}{COOKIE_NAME}{named}"))
}

fn is_https(config: &Config) -> bool {
    config.listener.base_url.scheme() == "https"
}

/// The address of a page that may have the code: ours, or one of an origin that is allowed here. On
/// this machine it may go by either of its names.
fn back_to(text: &str, config: &Config) -> Option<Url> {
    let ours = &config.listener.base_url;
    let text = match text {
        "" => config.listener.public_address(),
        text => text.to_owned(),
    };
    let url = Url::parse(&text).ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    let origin = url.origin().ascii_serialization();
    let listed = config.access.allowed_origins.iter();
    let mut listed = listed.map(crate::config::Origin::as_str);
    let here = is_loopback(&url) && is_loopback(ours);
    let same = url.origin() == ours.origin()
        || (here && url.port() == ours.port() && url.scheme() == ours.scheme());
    (bare && (same || listed.any(|allowed| allowed == origin))).then_some(url)
}

/// 43 letters of base64url: what SHA-256 comes to.
fn is_challenge(text: &str) -> bool {
    let plain = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    text.len() == 43 && text.bytes().all(plain)
}

//! `GET /ws`: from HTTP to a socket.

use super::gate::{Gate, MESSAGE_BYTES};
use super::protocol::SUBPROTOCOL;
use super::session::{Inbound, Session};
use super::transport::{Ending, Frames};
use crate::http::{ApiError, Context, Door, Route, Tag, bearer, is_allowed};
use crate::hub::{Bell, Outbox};
use crate::telemetry::Refused;
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::Version;
use actix_web::http::header::{
    HOST, HeaderValue, ORIGIN, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use bytes::Bytes;
use futures_util::Stream;
use secrecy::SecretString;
use std::pin::Pin;

/// The kind of stream that actix makes payloads of.
type BoxedPayloadStream = Pin<Box<dyn Stream<Item = Result<Bytes, PayloadError>>>>;

/// Names under which tokens have been seen in query strings, where they end up in logs.
const TOKEN_NAMES: [&str; 5] = ["token", "access_token", "jwt", "authorization", "apikey"];

pub(super) const SOCKET: Route = Route::get(
    "/ws",
    Door::Open,
    |route| route.to(upgrade),
    |operation| {
        operation
            .named(Tag::Server, "socket", "The socket")
            .saying("A WebSocket with subprotocol `callboard.v1`; `/asyncapi.json` says what is spoken on it. The token comes in its first message, or as a bearer token here.")
            .answers_nothing(101, "Upgraded")
            .fails(400, "Not an upgrade, a token in the address, or only other subprotocols")
            .fails(403, "Not an allowed origin")
    },
)
.without_head();

/// Answers an upgrade and starts its session.
///
/// # Errors
/// 400 for a token in the query, for foreign subprotocols and versions, and for what is no upgrade; 403 for a
/// foreign origin; 503 while draining.
async fn upgrade(
    request: HttpRequest,
    payload: web::Payload,
    context: web::Data<Context>,
    bell: web::Data<Bell>,
) -> Result<HttpResponse, ApiError> {
    if context.draining.is_cancelled() {
        return Err(ApiError::Unavailable("The server is restarting"));
    }
    refuse_token_in_query(&request)?;
    check_origin(&request, &context)?;
    check_version(&request)?;
    let offered = offers_us(&request)?;
    let token = bearer(&request).map(SecretString::from);

    let (gate, says) = Gate::new(payload.into_inner());
    let gate: BoxedPayloadStream = Box::pin(gate);
    let mut gated = Payload::Stream { payload: gate };
    let gated = web::Payload::from_request(&request, &mut gated)
        .await
        .map_err(|error| refused(error.to_string()))?;
    let (mut response, _session, messages) = actix_ws::handle(&request, gated)
        .map_err(|error| refused(format!("Not a WebSocket upgrade: {error}")))?;
    if offered {
        let ours = HeaderValue::from_static(SUBPROTOCOL);
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, ours);
    }
    let most = usize::try_from(MESSAGE_BYTES).unwrap_or(usize::MAX);
    let messages = messages
        .max_frame_size(most)
        .aggregate_continuations()
        .max_continuation_size(most);
    let outbox = Outbox::corked(Bell::clone(&bell));
    let session = Session::new(
        context.clone(),
        outbox.clone(),
        Inbound::new(messages, says),
        token,
    );
    actix_web::rt::spawn(session.run());
    let (metrics, clock) = (context.metrics.clone(), context.clock.clone());
    let ending = request.conn_data::<Ending>().cloned().unwrap_or_default();
    Ok(response
        .map_body(|_, signal| Frames::new(outbox, metrics, clock, ending, signal))
        .map_into_boxed_body())
}

fn refused(sentence: String) -> ApiError {
    ApiError::BadRequest(sentence.clone()).because(Refused::Upgrade, sentence)
}

/// HTTP/1.0 knows no upgrade, and of WebSockets there is one version.
fn check_version(request: &HttpRequest) -> Result<(), ApiError> {
    if request.version() < Version::HTTP_11 {
        let sentence = "A WebSocket needs HTTP/1.1, and this came by HTTP/1.0: a proxy in between \
                        must be told so (nginx: proxy_http_version 1.1)";
        return Err(refused(sentence.to_owned()));
    }
    let is_upgrade = request.headers().contains_key(UPGRADE);
    let version = request.headers().get(SEC_WEBSOCKET_VERSION);
    if is_upgrade && version.is_none_or(|version| version != "13") {
        let answer = ApiError::WebSocketVersion;
        let why = answer.to_string();
        return Err(answer.because(Refused::Upgrade, why));
    }
    Ok(())
}

fn refuse_token_in_query(request: &HttpRequest) -> Result<(), ApiError> {
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    for (name, _) in query {
        if TOKEN_NAMES.contains(&name.to_ascii_lowercase().as_str()) {
            let sentence = "A token must not be in the query string: send it in the connect \
                            message or as Authorization: Bearer";
            return Err(refused(sentence.to_owned()));
        }
    }
    Ok(())
}

fn check_origin(request: &HttpRequest, context: &Context) -> Result<(), ApiError> {
    let Some(origin) = request.headers().get(ORIGIN) else {
        return Ok(());
    };
    let host = request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok());
    let allowed = |origin: &&str| is_allowed(origin, host, &context.config);
    if origin.to_str().ok().filter(allowed).is_some() {
        return Ok(());
    }
    // Shown as it came, but for what would not be readable, and not all of a long one.
    let origin = origin.as_bytes().escape_ascii().to_string();
    let origin: String = origin.chars().take(200).collect();
    let host = host.unwrap_or("missing");
    let base = &context.config.listener.base_url;
    let why = format!(
        "its Origin is {origin}, which is neither in CALLBOARD_ALLOWED_ORIGINS nor the host of \
         API_BASE_URL ({base}) or Host ({host})"
    );
    let answer = ApiError::Forbidden("This origin is not in CALLBOARD_ALLOWED_ORIGINS");
    Err(answer.because(Refused::Origin, why))
}

/// Whether the client offers our subprotocol. Offering none is fine.
fn offers_us(request: &HttpRequest) -> Result<bool, ApiError> {
    let mut offers = request
        .headers()
        .get_all(SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|offer| !offer.is_empty())
        .peekable();
    if offers.peek().is_none() {
        return Ok(false);
    }
    if offers.any(|offer| offer == SUBPROTOCOL) {
        return Ok(true);
    }
    Err(refused(format!(
        "This server speaks the subprotocol {SUBPROTOCOL} only"
    )))
}

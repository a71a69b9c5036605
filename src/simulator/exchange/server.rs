//! The HTTP side: keys, bodies, answers, and the faults that were asked for.

use super::commands::Done;
use super::faults::{Fault, Instead};
use super::log::Request;
use super::problem::Problem;
use super::route::Route;
use super::switchboard::Switchboard;
use crate::ultravox;
use actix_web::dev::{Extensions, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};
use socket2::{SockRef, Socket};
use std::any::Any;
use std::net::{Shutdown, TcpListener};
use std::sync::{Arc, Mutex};

/// Starts the server; it answers from now on.
pub(super) fn start(
    listener: TcpListener,
    board: &Arc<Switchboard>,
) -> std::io::Result<ServerHandle> {
    let data = web::Data::from(Arc::clone(board));
    let voice_agents = web::Data::new(Mutex::default());
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .configure(|routes| ultravox::mount(routes, &voice_agents))
            .default_service(web::to(answer))
    })
    .on_connect(keep)
    .workers(1)
    // A client that gives up is noticed, so that a request that hangs ends with it.
    .h1_allow_half_closed(false)
    .shutdown_timeout(1)
    .disable_signals()
    .listen(listener)?
    .run();
    let handle = server.handle();
    tokio::spawn(server);
    Ok(handle)
}

/// A second handle of the connection, to close it in the middle of a request.
struct Line(Socket);

fn keep(connection: &dyn Any, extensions: &mut Extensions) {
    let stream = connection.downcast_ref::<actix_web::rt::net::TcpStream>();
    if let Some(Ok(socket)) = stream.map(|stream| SockRef::from(stream).try_clone()) {
        extensions.insert(Line(socket));
    }
}

/// An answer before it is written.
struct Draft {
    status: u16,
    body: Value,
    effect: bool,
}

async fn answer(
    board: web::Data<Switchboard>,
    request: HttpRequest,
    bytes: web::Bytes,
) -> HttpResponse {
    let board = board.into_inner();
    let route = Route::of(request.method(), request.uri().path());
    let fault = board.faults.take(route.action());
    let authorized = is_authorized(&board, &request);
    let does = fault.as_ref().is_none_or(|fault| fault.effect);
    let draft = does.then(|| draft(&board, &route, authorized, &request, &bytes));
    let instead = fault.as_ref().map(|fault| &fault.instead);
    let status = match (instead, &draft) {
        (Some(Instead::Silence | Instead::Hangup), _) => None,
        (Some(Instead::Error(problem)), _) => Some(problem.status),
        (Some(Instead::TooMany(_)), _) => Some(429),
        (Some(Instead::Html), _) => Some(502),
        (Some(Instead::Garbage), _) | (_, None) => Some(200),
        (_, Some(draft)) => Some(draft.status),
    };
    let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
    board.log.add(Request {
        action: route.action().to_owned(),
        leg: route.names().map(str::to_owned),
        command_id: body
            .get("command_id")
            .and_then(Value::as_str)
            .map(str::to_owned),
        body,
        authorized,
        at: board.clock.now(),
        status,
        effect: draft.as_ref().is_some_and(|draft| draft.effect),
    });
    match fault {
        Some(fault) => go_wrong(&board, fault, draft, &request).await,
        None => draft.map_or_else(ok, |draft| written(draft.status, &draft.body)),
    }
}

fn is_authorized(board: &Switchboard, request: &HttpRequest) -> bool {
    let header = request.headers().get(AUTHORIZATION);
    let text = header.and_then(|header| header.to_str().ok());
    let key = text
        .and_then(|text| text.strip_prefix("Bearer "))
        .map(str::trim);
    match (&board.settings.api_key, key) {
        (_, None | Some("")) => false,
        (None, Some(_)) => true,
        (Some(expected), Some(key)) => expected.expose_secret() == key,
    }
}

fn draft(
    board: &Arc<Switchboard>,
    route: &Route,
    authorized: bool,
    request: &HttpRequest,
    bytes: &[u8],
) -> Draft {
    let done = if authorized {
        done(board, route, request, bytes)
    } else {
        Err(Problem::unauthorized())
    };
    match done {
        Ok((body, effect)) => Draft {
            status: 200,
            body,
            effect,
        },
        Err(problem) => Draft {
            status: problem.status,
            body: problem.body(),
            effect: false,
        },
    }
}

fn done(
    board: &Arc<Switchboard>,
    route: &Route,
    request: &HttpRequest,
    bytes: &[u8],
) -> Result<(Value, bool), Problem> {
    let query = url::form_urlencoded::parse(request.query_string().as_bytes());
    let query: Vec<(String, String)> = query.into_owned().collect();
    let read = |body: Value| (body, false);
    let mut operator = board.operator();
    match route {
        Route::Command { leg, action } => {
            let body = json_object(request, bytes)?;
            let Done { data, effect } = operator.commands(action, leg, &body)?;
            Ok((json!({ "data": data }), effect))
        }
        Route::Call(leg) => operator.call(leg).map(read),
        Route::Recording(id) => {
            let data = operator.recording(id).ok_or_else(Problem::not_found)?;
            Ok(read(json!({ "data": data })))
        }
        Route::Recordings => operator.recordings_page(&query).map(read),
        Route::ActiveCalls(id) => operator.active_calls(id, &query).map(read),
        Route::Application(id) => operator.application(id).map(read),
        Route::Unknown => Err(Problem::not_found()),
    }
}

/// A command has a body, be it an empty object.
fn json_object(request: &HttpRequest, bytes: &[u8]) -> Result<Map<String, Value>, Problem> {
    let kind = request.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.split(';').next().map(str::trim) == Some("application/json");
    if !is_json {
        return Err(Problem::not_json());
    }
    serde_json::from_slice(bytes).map_err(|_| Problem::not_json())
}

async fn go_wrong(
    board: &Switchboard,
    fault: Fault,
    draft: Option<Draft>,
    request: &HttpRequest,
) -> HttpResponse {
    board.clock.sleep(fault.after).await;
    match fault.instead {
        Instead::Nothing => draft.map_or_else(ok, |draft| written(draft.status, &draft.body)),
        Instead::Error(problem) => written(problem.status, &problem.body()),
        Instead::TooMany(seconds) => {
            let problem = Problem::of_status(429);
            HttpResponse::TooManyRequests()
                .insert_header(("retry-after", seconds.to_string()))
                .insert_header(("x-ratelimit-limit", "100"))
                .insert_header(("x-ratelimit-remaining", "0"))
                .insert_header(("x-ratelimit-reset", seconds.to_string()))
                .json(problem.body())
        }
        Instead::Garbage => HttpResponse::Ok()
            .content_type("application/json")
            .body("{\"data\": {\"result\":"),
        Instead::Html => HttpResponse::BadGateway()
            .content_type("text/html")
            .body("<html><head><title>502 Bad Gateway</title></head></html>"),
        Instead::Silence => {
            board.closed.cancelled().await;
            hung_up(request)
        }
        Instead::Hangup => hung_up(request),
    }
}

/// Closes the connection under the answer.
fn hung_up(request: &HttpRequest) -> HttpResponse {
    let line = request.conn_data::<Line>();
    if let Some(Err(error)) = line.map(|line| line.0.shutdown(Shutdown::Both)) {
        tracing::debug!("Connection not closed: {error}");
    }
    ok()
}

/// What a command says that did nothing and does not tell.
fn ok() -> HttpResponse {
    written(200, &json!({"data": {"result": "ok"}}))
}

fn written(status: u16, body: &Value) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    HttpResponse::build(status).json(body)
}

//! The server: accounts by their keys, faults on demand, and a memory of what was asked.

use super::account::{Account, Provider, shown};
use super::fault::Fault;
use super::rules::merged;
use actix_web::dev::ServerHandle;
use actix_web::http::StatusCode;
use actix_web::web::ServiceConfig;
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use serde_json::{Map, Value, json};
use std::collections::{HashMap, VecDeque};
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Most requests remembered; the oldest are forgotten first.
const REMEMBERED: usize = 1000;
/// Most accounts that are made for keys nobody has named.
const MOST_ACCOUNTS: usize = 10_000;

/// A request as it came.
#[derive(Clone, Debug, PartialEq)]
pub struct Asked {
    pub method: String,
    pub path: String,
    /// The `X-API-Key`.
    pub key: Option<String>,
    /// The body, null when there was none or when it was no JSON.
    pub body: Value,
}

/// What all accounts hold.
#[derive(Default)]
pub(crate) struct State {
    accounts: HashMap<String, Account>,
    /// The keys that are known; empty: all are.
    keys: Vec<String>,
    faults: Vec<Fault>,
    asked: VecDeque<Asked>,
}

/// A running Ultravox. It stops when dropped.
pub struct Ultravox {
    /// Where it listens.
    pub addr: SocketAddr,
    state: Arc<Mutex<State>>,
    server: ServerHandle,
}

impl Ultravox {
    /// Starts one on this listener. It knows these keys; with none, every key is an account.
    ///
    /// # Errors
    /// When the listener cannot be used.
    pub fn start(listener: TcpListener, keys: &[&str]) -> std::io::Result<Self> {
        let addr = listener.local_addr()?;
        let state = Arc::new(Mutex::new(State {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            ..State::default()
        }));
        let data = web::Data::from(Arc::clone(&state));
        let server = HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .default_service(web::to(answer))
        })
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .listen(listener)?
        .run();
        let handle = server.handle();
        tokio::spawn(server);
        Ok(Self {
            addr,
            state,
            server: handle,
        })
    }

    /// Where it is found, as `ULTRAVOX_API_BASE` names it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// From now on something goes wrong.
    pub fn fails(&self, fault: Fault) {
        lock(&self.state).faults.push(fault);
    }

    /// All is well again.
    pub fn recovers(&self) {
        lock(&self.state).faults.clear();
    }

    /// What was asked since it was last looked at, oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.state).asked.drain(..).collect()
    }

    /// What an account holds for a provider, secrets included.
    #[must_use]
    pub fn holds(&self, key: &str, provider: Provider) -> Option<Value> {
        let state = lock(&self.state);
        let config = state.accounts.get(key)?.get(provider)?;
        Some(config.clone().into())
    }

    /// Somebody at Ultravox's own console changes what an account holds.
    pub fn is_given(&self, key: &str, provider: Provider, config: Value) {
        let config = config.as_object().cloned().unwrap_or_default();
        let mut state = lock(&self.state);
        let account = state.accounts.entry(key.to_owned()).or_default();
        account.put(provider, config);
    }
}

impl Drop for Ultravox {
    fn drop(&mut self) {
        // The order is sent by the call; nobody is left to wait for it.
        drop(self.server.stop(false));
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A status and a body, as Ultravox gives them.
struct Said(u16, Value);

fn detail(status: u16, sentence: &str) -> Said {
    Said(status, json!({ "detail": sentence }))
}

/// Answers below `/api` of another simulator's server, where every key is an account.
pub(crate) fn mount(routes: &mut ServiceConfig, state: &web::Data<Mutex<State>>) {
    let endpoints = web::scope("/api").app_data(state.clone());
    routes.service(endpoints.default_service(web::to(answer)));
}

async fn answer(
    request: HttpRequest,
    body: web::Bytes,
    state: web::Data<Mutex<State>>,
) -> HttpResponse {
    let (method, path) = (request.method().as_str(), request.path());
    let header = |name: &str| {
        request
            .headers()
            .get(name)?
            .to_str()
            .ok()
            .map(str::to_owned)
    };
    let key = header("x-api-key");
    let mut state = lock(&state);
    if state.asked.len() >= REMEMBERED {
        state.asked.pop_front();
    }
    let parsed = serde_json::from_slice(&body);
    state.asked.push_back(Asked {
        method: method.to_owned(),
        path: path.to_owned(),
        key: key.clone(),
        body: parsed.as_ref().map_or(Value::Null, Value::clone),
    });
    if let Some(fault) = fault(&mut state, method, path) {
        return faulty(&fault);
    }
    let said = match authenticated(&mut state, key.as_deref()) {
        Err(said) => said,
        Ok(account) => {
            let is_json = header("content-type").is_some_and(|kind| kind.contains("json"));
            let body = match (parsed, body.is_empty(), is_json) {
                (_, true, _) => Ok(json!({})),
                (_, _, false) => Err(detail(415, "Unsupported media type in request.")),
                (Ok(body), _, _) => Ok(body),
                (Err(error), _, _) => Err(detail(400, &format!("JSON parse error - {error}"))),
            };
            body.map_or_else(|said| said, |body| obey(account, method, path, &body))
        }
    };
    drop(state);
    let status = StatusCode::from_u16(said.0).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status == StatusCode::NO_CONTENT {
        return HttpResponse::NoContent().finish();
    }
    HttpResponse::build(status).json(said.1)
}

fn fault(state: &mut State, method: &str, path: &str) -> Option<Fault> {
    let faults = &mut state.faults;
    let at = faults.iter().position(|fault| fault.is_for(method, path))?;
    let fault = faults.get_mut(at)?;
    let taken = fault.clone();
    if let Some(times) = &mut fault.times {
        *times = times.saturating_sub(1);
    }
    faults.retain(|fault| fault.times != Some(0));
    Some(taken)
}

fn faulty(fault: &Fault) -> HttpResponse {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    response.content_type(fault.content_type);
    if let Some(seconds) = &fault.retry_after {
        response.insert_header(("retry-after", seconds.as_str()));
    }
    response.body(fault.body.clone())
}

fn authenticated<'a>(state: &'a mut State, key: Option<&str>) -> Result<&'a mut Account, Said> {
    let Some(key) = key.filter(|key| !key.is_empty()) else {
        let sentence = "Authentication credentials were not provided.";
        return Err(detail(401, sentence));
    };
    let known = if state.keys.is_empty() {
        state.accounts.len() < MOST_ACCOUNTS || state.accounts.contains_key(key)
    } else {
        state.keys.iter().any(|known| known == key)
    };
    if !known {
        return Err(detail(401, "Invalid API key."));
    }
    Ok(state.accounts.entry(key.to_owned()).or_default())
}

fn obey(account: &mut Account, method: &str, path: &str, body: &Value) -> Said {
    if path == "/api/accounts/me/telephony_config" {
        return match method {
            "GET" => Said(200, account.shown()),
            "PATCH" => patch_account(account, body),
            _ => not_allowed(method),
        };
    }
    let provider = path.strip_prefix("/api/telephony_configs/");
    match provider.and_then(Provider::from_name) {
        Some(provider) => scoped(account, provider, method, body),
        None => detail(404, "Not found."),
    }
}

fn not_allowed(method: &str) -> Said {
    detail(405, &format!("Method \"{method}\" not allowed."))
}

/// Each provider that is named is replaced as a whole (the nested schemas are not those of a patch);
/// null takes it away; who is not named stays.
fn patch_account(account: &mut Account, body: &Value) -> Said {
    let (mut taken, mut wrong) = (Vec::new(), Map::new());
    for provider in Provider::ALL {
        let Some(named) = body.get(provider.name()) else {
            continue;
        };
        if named.is_null() {
            taken.push((provider, None));
            continue;
        }
        match merged(provider, named, None) {
            Ok(config) => taken.push((provider, Some(config))),
            Err(said) => {
                wrong.insert(provider.name().into(), said);
            }
        }
    }
    if !wrong.is_empty() {
        return Said(400, wrong.into());
    }
    for (provider, config) in taken {
        match config {
            Some(config) => account.put(provider, config),
            None => {
                account.remove(provider);
            }
        }
    }
    Said(200, account.shown())
}

fn scoped(account: &mut Account, provider: Provider, method: &str, body: &Value) -> Said {
    let before = account.get(provider);
    match (method, before) {
        ("GET", Some(config)) => Said(200, shown(provider, config)),
        ("POST", Some(_)) => detail(409, "A configuration exists already."),
        ("POST", None) => put(account, provider, 201, merged(provider, body, None)),
        ("PATCH", Some(before)) => {
            let config = merged(provider, body, Some(before));
            put(account, provider, 200, config)
        }
        ("DELETE", Some(_)) => {
            account.remove(provider);
            Said(204, Value::Null)
        }
        ("GET" | "PATCH" | "DELETE", None) => detail(404, "Not found."),
        _ => not_allowed(method),
    }
}

fn put(
    account: &mut Account,
    provider: Provider,
    status: u16,
    config: Result<super::account::Config, Value>,
) -> Said {
    match config {
        Ok(config) => {
            let answer = shown(provider, &config);
            account.put(provider, config);
            Said(status, answer)
        }
        Err(said) => Said(400, said),
    }
}

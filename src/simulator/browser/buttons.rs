//! The buttons of a board: what an agent does to a call, over HTTP (contract, 5.1).

use super::call::Call;
use reqwest::{Client, Method, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::time::Duration;
use url::Url;

/// How long a click may take: the server gives the carrier 10 s.
const PATIENCE: Duration = Duration::from_secs(15);

/// The buttons of one person's board. Clones are the same.
#[derive(Clone, Debug)]
pub struct Buttons {
    http: Client,
    base: Url,
    token: SecretString,
}

/// What a click came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Pressed {
    /// Done. An answer tells of the call.
    Done(Option<Box<Call>>),
    /// Somebody else has the call, by this name where it is known; or nothing to give back.
    Taken(Option<String>),
    /// There is no such call, or no longer.
    Gone,
    /// Not done, with the status and the server's sentence.
    Failed(u16, String),
}

/// Nobody answered a click.
#[derive(Debug, thiserror::Error)]
#[error("The server did not answer: {0}")]
pub struct PressError(#[from] reqwest::Error);

/// What the server says, whichever way.
#[derive(Default, Deserialize)]
struct Said {
    call: Option<Box<Call>>,
    answered_by_name: Option<String>,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Pending {
    calls: Vec<Call>,
}

impl Buttons {
    /// The buttons for whoever has this token, on the server at `base`.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(base: Url, token: SecretString) -> Result<Self, PressError> {
        let http = Client::builder().timeout(PATIENCE).no_proxy().build()?;
        Ok(Self { http, base, token })
    }

    /// Takes a call.
    ///
    /// # Errors
    /// When there was no answer; what became of the click is then not known.
    pub async fn answer(&self, call_control_id: &str) -> Result<Pressed, PressError> {
        self.press(call_control_id, "answer").await
    }

    /// Gives a call back.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub async fn release(&self, call_control_id: &str) -> Result<Pressed, PressError> {
        self.press(call_control_id, "release").await
    }

    /// Hangs a call up.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub async fn end(&self, call_control_id: &str) -> Result<Pressed, PressError> {
        self.press(call_control_id, "end").await
    }

    /// Whether a call rings and nobody has it.
    ///
    /// # Errors
    /// When the server did not say.
    pub async fn is_waiting(&self, call_control_id: &str) -> Result<bool, PressError> {
        let answer = self.ask(Method::GET, &["pending"]).await?;
        let pending: Pending = answer.error_for_status()?.json().await?;
        let mut ids = pending
            .calls
            .iter()
            .map(|call| call.text("call_control_id"));
        Ok(ids.any(|id| id == Some(call_control_id)))
    }

    async fn press(&self, call: &str, button: &str) -> Result<Pressed, PressError> {
        let answer = self.ask(Method::POST, &[call, button]).await?;
        let status = answer.status().as_u16();
        let body = answer.bytes().await?;
        let said: Said = serde_json::from_slice(&body).unwrap_or_default();
        Ok(match status {
            200 => Pressed::Done(said.call),
            404 => Pressed::Gone,
            409 => Pressed::Taken(said.answered_by_name),
            status => Pressed::Failed(status, said.error),
        })
    }

    async fn ask(&self, method: Method, path: &[&str]) -> Result<Response, PressError> {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let calls = ["api", "telnyx", "calls"];
            segments.clear().extend(calls).extend(path);
        }
        let request = self.http.request(method, url);
        let request = request.bearer_auth(self.token.expose_secret());
        Ok(request.send().await?)
    }
}

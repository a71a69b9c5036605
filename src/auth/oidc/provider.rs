//! What a provider says of itself, and what is asked of it.

use super::OidcError;
use super::told::{Person, Tokens};
use crate::auth::issuer::Issuer;
use crate::config::{Allowed, Oidc as Settings, is_loopback};
use crate::providers::http::{Answer, Http, Method, Request};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use std::time::Duration;
use url::{Url, form_urlencoded};

/// From the first byte sent to the last received.
const TIME_OUT: Duration = Duration::from_secs(5);
/// Most of an answer that is read, in bytes.
const MOST_BYTES: usize = 256 * 1024;
const BY_BODY: &str = "client_secret_post";
const BY_HEADER: &str = "client_secret_basic";

/// A provider as it has described itself.
pub(super) struct Provider {
    pub(super) authorization: Url,
    pub(super) keys_at: Url,
    pub(super) issuer: Issuer,
    token: Url,
    user_info: Option<Url>,
    secret_in_body: bool,
    names_itself: bool,
    has_groups: bool,
}

/// OpenID Connect Discovery.
#[derive(Deserialize)]
struct Described {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
    jwks_uri: String,
    userinfo_endpoint: Option<String>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    scopes_supported: Option<Vec<String>>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}

/// Why it gives nothing.
#[derive(Deserialize)]
struct No {
    error: String,
}

impl Provider {
    /// Reads what the provider publishes. `keys_at` knows keys by their address.
    pub(super) async fn discover(
        http: &Http,
        settings: &Settings,
        keys_at: impl FnOnce(Url) -> Issuer,
    ) -> Result<Self, OidcError> {
        let segments = [".well-known", "openid-configuration"];
        let request = within_limits(Request::new(Method::GET, &settings.address, &segments));
        let described: Described = read(http.send(&request).await)?;
        // Whoever describes somebody else may send us anywhere (10.5.3 of OWASP's ASVS).
        if described.issuer != settings.issuer {
            let named: String = described.issuer.escape_debug().take(200).collect();
            let why = format!(
                "it calls itself {named:?}, and OIDC_ISSUER is {:?}: they must be the same to the last \
                 character",
                settings.issuer
            );
            return Err(OidcError::Away(why));
        }
        let methods = described.token_endpoint_auth_methods_supported;
        let methods = methods.unwrap_or_else(|| vec![BY_HEADER.to_owned()]);
        let has = |method: &str| methods.iter().any(|has| has == method);
        let scopes = described.scopes_supported.unwrap_or_default();
        let keys = endpoint("jwks_uri", &described.jwks_uri)?;
        let user_info = described.userinfo_endpoint.as_deref();
        Ok(Self {
            authorization: endpoint("authorization_endpoint", &described.authorization_endpoint)?,
            token: endpoint("token_endpoint", &described.token_endpoint)?,
            user_info: user_info
                .map(|url| endpoint("userinfo_endpoint", url))
                .transpose()?,
            issuer: keys_at(keys.clone()),
            keys_at: keys,
            secret_in_body: has(BY_BODY) && !has(BY_HEADER),
            names_itself: described.authorization_response_iss_parameter_supported,
            has_groups: scopes.iter().any(|scope| scope == "groups"),
        })
    }

    /// What is asked to be told.
    pub(super) fn scope(&self, allowed: &Allowed) -> String {
        let groups = match self.has_groups && !allowed.groups.is_empty() {
            true => " groups",
            false => "",
        };
        format!("openid email profile{groups}")
    }

    /// What comes back is this provider's, where it says whose it is (RFC 9207).
    pub(super) fn says_who_it_is(
        &self,
        settings: &Settings,
        named: Option<&str>,
    ) -> Result<(), OidcError> {
        match named {
            Some(named) if named == settings.issuer => Ok(()),
            None if !self.names_itself => Ok(()),
            _ => Err(OidcError::Token(
                "it came back from another provider".to_owned(),
            )),
        }
    }

    /// Gives a code for tokens.
    pub(super) async fn exchange(
        &self,
        http: &Http,
        settings: &Settings,
        callback: &str,
        (code, verifier): (&SecretString, &SecretString),
    ) -> Result<Tokens, OidcError> {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("redirect_uri", callback),
            ("code_verifier", verifier.expose_secret()),
        ];
        let secret = settings.client_secret.as_ref();
        let in_header = secret.filter(|_| !self.secret_in_body);
        if in_header.is_none() {
            form.push(("client_id", &settings.client_id));
            form.extend(secret.map(|secret| ("client_secret", secret.expose_secret())));
        }
        let request = Request::new(Method::POST, &self.token, &[]).form(&form);
        let request = match in_header {
            Some(secret) => {
                request.key_header("authorization", &basic(&settings.client_id, secret))
            }
            None => request,
        };
        let answer = http.send(&within_limits(request)).await;
        if let Ok(answer) = &answer
            && matches!(answer.status, 400 | 401)
        {
            let no = answer.json::<No>().map(|no| no.error);
            let no =
                no.filter(|no| no.len() < 60 && no.bytes().all(|byte| byte.is_ascii_graphic()));
            let no = no.unwrap_or_else(|| format!("it answered {}", answer.status));
            return Err(OidcError::Refused(no));
        }
        read(answer)
    }

    /// What it tells besides of whoever has that token.
    pub(super) async fn user_info(
        &self,
        http: &Http,
        token: &SecretString,
    ) -> Result<Option<Person>, OidcError> {
        let Some(url) = &self.user_info else {
            return Ok(None);
        };
        let request = Request::new(Method::GET, url, &[]).bearer(token);
        read(http.send(&within_limits(request)).await).map(Some)
    }
}

/// One try: somebody is waiting, and begins again. Redirects are followed nowhere.
fn within_limits(request: Request) -> Request {
    let request = request.once().within(TIME_OUT);
    request.reading_at_most(MOST_BYTES)
}

fn read<T: serde::de::DeserializeOwned>(
    answer: Result<Answer, crate::providers::http::HttpError>,
) -> Result<T, OidcError> {
    let answer = answer.map_err(|error| OidcError::Away(error.to_string()))?;
    if (300..400).contains(&answer.status) {
        let why = format!("it answered {}: redirects are not followed", answer.status);
        return Err(OidcError::Away(why));
    }
    let answered = || OidcError::Away(format!("it answered {}", answer.status));
    if !answer.is_success() {
        return Err(answered());
    }
    let unread = || OidcError::Away("it answered something else than was asked for".to_owned());
    answer.json().ok_or_else(unread)
}

/// An address that the provider gives: https, or this machine.
fn endpoint(name: &str, text: &str) -> Result<Url, OidcError> {
    let url = Url::parse(text).ok().filter(|url| {
        let safe = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        let bare =
            url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        safe && bare && url.has_host()
    });
    url.ok_or_else(|| OidcError::Away(format!("its {name} is no https address")))
}

/// RFC 6749, section 2.3.1: each half is encoded as in a form.
fn basic(id: &str, secret: &SecretString) -> SecretString {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret.expose_secret()));
    format!("Basic {}", STANDARD.encode(pair)).into()
}

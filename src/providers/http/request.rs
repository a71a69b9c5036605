//! What is asked of a provider.

use super::HttpError;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use std::fmt;
use std::time::Duration;
use url::Url;
use zeroize::Zeroizing;

/// All but what RFC 3986 calls unreserved: a segment may hold `:`, `=` and `/`.
const IN_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Most bytes of an answer that are read, unless the request says less.
const MOST_BYTES: usize = 1024 * 1024;

/// A request, which can be sent more than once.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    /// `None` when the segments cannot be an address.
    pub(super) url: Option<Url>,
    pub(super) secret: Option<(HeaderName, SecretString)>,
    pub(super) bearer: bool,
    pub(super) body: Option<Value>,
    /// The body as a form, in place of JSON.
    pub(super) form: Option<Zeroizing<String>>,
    pub(super) repeatable: bool,
    /// Less than the usual budget of time, its tries and pauses included.
    pub(super) total: Option<Duration>,
    /// Most bytes of an answer that are read.
    pub(super) most_bytes: usize,
}

impl Request {
    /// A request to `base` with these segments after its path, each percent-encoded by itself. A
    /// segment that is empty, `.` or `..` would lead elsewhere and makes the request unsendable.
    ///
    /// GET, PUT and PATCH may be repeated from the start, the last two because we only ever send
    /// whole values; see [`Request::repeatable`] for the others.
    #[must_use]
    pub fn new(method: Method, base: &Url, segments: &[&str]) -> Self {
        let repeatable = [Method::GET, Method::PUT, Method::PATCH].contains(&method);
        Self {
            method,
            url: address(base, segments),
            secret: None,
            bearer: false,
            body: None,
            form: None,
            repeatable,
            total: None,
            most_bytes: MOST_BYTES,
        }
    }

    /// Adds one `name=value` to the query.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        if let Some(url) = &mut self.url {
            url.query_pairs_mut().append_pair(name, value);
        }
        self
    }

    /// Shows the key as `Authorization: Bearer …`.
    #[must_use]
    pub fn bearer(mut self, key: &SecretString) -> Self {
        self.secret = Some((AUTHORIZATION, key.clone()));
        self.bearer = true;
        self
    }

    /// Shows the key in a header of its own, named in lower case.
    #[must_use]
    pub fn key_header(mut self, name: &'static str, key: &SecretString) -> Self {
        self.secret = Some((HeaderName::from_static(name), key.clone()));
        self.bearer = false;
        self
    }

    /// Sends this as JSON.
    #[must_use]
    pub fn json(mut self, body: Value) -> Self {
        self.body = Some(body);
        self
    }

    /// Sends this as a form.
    #[must_use]
    pub fn form(mut self, pairs: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        self.form = Some(Zeroizing::new(form.extend_pairs(pairs).finish()));
        self
    }

    /// Doing this twice is no more than doing it once (a command with a `command_id`, a DELETE),
    /// so that it may be tried again while its outcome is unknown.
    #[must_use]
    pub fn repeatable(mut self) -> Self {
        self.repeatable = true;
        self
    }

    /// Tries it once: whoever asks has pauses of its own.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.repeatable = false;
        self
    }

    /// Gives it less than the usual budget of time.
    #[must_use]
    pub fn within(mut self, total: Duration) -> Self {
        self.total = Some(total);
        self
    }

    /// Reads less than the usual 1 MiB of an answer.
    #[must_use]
    pub fn reading_at_most(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    /// Who is asked, as errors name it.
    pub(super) fn host(&self) -> String {
        let host = self.url.as_ref().and_then(Url::host_str);
        host.unwrap_or("the provider").to_owned()
    }

    pub(super) fn header(&self) -> Result<Option<(HeaderName, HeaderValue)>, HttpError> {
        let Some((name, secret)) = &self.secret else {
            return Ok(None);
        };
        let scheme = if self.bearer { "Bearer " } else { "" };
        let text = Zeroizing::new(format!("{scheme}{}", secret.expose_secret()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            HttpError::Unsendable("the key has characters that no header can carry")
        })?;
        value.set_sensitive(true);
        Ok(Some((name.clone(), value)))
    }
}

/// Neither key nor body, which may hold numbers and secrets.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.url.as_ref().map_or("", Url::path);
        write!(f, "Request({} {path})", self.method)
    }
}

fn address(base: &Url, segments: &[&str]) -> Option<Url> {
    let mut path = base.path().trim_end_matches('/').to_owned();
    for segment in segments {
        if ["", ".", ".."].contains(segment) {
            return None;
        }
        path.push('/');
        path.extend(utf8_percent_encode(segment, IN_SEGMENT));
    }
    let mut url = base.clone();
    url.set_path(&path);
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::Request;
    use reqwest::Method;

    fn path(base: &str, segments: &[&str]) -> Option<String> {
        let request = Request::new(Method::GET, &base.parse().unwrap(), segments);
        request.url.map(|url| url.path().to_owned())
    }

    #[test]
    fn a_segment_cannot_leave_its_place() {
        let base = "https://api.telnyx.com/v2/";
        assert_eq!(
            path(base, &["calls", "v3:a_b-c/../d?e#f g==", "actions"]).unwrap(),
            "/v2/calls/v3%3Aa_b-c%2F..%2Fd%3Fe%23f%20g%3D%3D/actions"
        );
        assert_eq!(path("http://[::1]:4010", &["calls"]).unwrap(), "/calls");
        for segment in ["", ".", ".."] {
            assert_eq!(path(base, &["calls", segment]), None, "{segment:?}");
        }
    }
}

//! The public address: whether a server of ours answers there.

use super::finding::Findings;
use super::upgrade::{UpgradeError, try_upgrade};
use crate::config::Config;
use crate::providers::http::{Answer, Http, HttpError, Method, Request};
use url::{Host, Url};

const MEND: &str = "start `callboard serve`, let the proxy in front of it pass everything below \
     API_BASE_URL's host on, and let the firewall let it in; or correct API_BASE_URL";

pub(super) async fn check(config: Config, http: Http) -> Findings {
    let base = &config.listener.base_url;
    let mut found = Findings::about(format!("API_BASE_URL {base}"));
    if is_local(base) {
        found.doubtful(
            "it names this machine alone, where Telnyx cannot send webhooks to",
            "set API_BASE_URL to the public address, such as https://calls.example.com/api",
        );
    } else if base.scheme() != "https" {
        found.doubtful(
            "it is not https: whoever sits in between reads callers' numbers and agents' tokens",
            "put a TLS proxy in front of it, and https into API_BASE_URL",
        );
    }
    let request = Request::new(Method::GET, &above_api(base), &["healthz"]);
    match http.send(&request).await {
        Ok(answer) if is_ours(&answer) => {
            found.right("a callboard answers there, as seen from this machine");
            try_a_socket(base, &mut found).await;
        }
        Ok(answer) => {
            let fact = format!("GET /healthz there is answered by {}", answer.status);
            found.wrong(format!("{fact}, and not as callboard does"), MEND);
        }
        Err(HttpError::Unknown { host, how }) => found.wrong(format!("{host} {how}"), MEND),
        Err(error) => found.wrong(error.to_string(), MEND),
    }
    found
}

/// Asks for a WebSocket as the page does, with the Origin of a page there.
async fn try_a_socket(base: &Url, found: &mut Findings) {
    let origin = base.origin().ascii_serialization();
    match try_upgrade(&above_api(base), &origin).await {
        Ok(()) => found.right(format!("a WebSocket opens there for a page of {origin}")),
        Err(UpgradeError::Answered(403)) => found.wrong(
            format!("a WebSocket is refused to a page of {origin} (403)"),
            format!(
                "let the proxy pass the Host header on (nginx: proxy_set_header Host \
                 $http_host), or set CALLBOARD_ALLOWED_ORIGINS={origin}"
            ),
        ),
        Err(error) => found.wrong(
            error.to_string(),
            "let the proxy pass the upgrade on (nginx: proxy_http_version 1.1, proxy_set_header \
             Upgrade $http_upgrade, proxy_set_header Connection \"upgrade\"); the README has it for \
             nginx and Caddy",
        ),
    }
}

/// The address of the server itself: its API is below `/api`.
fn above_api(base: &Url) -> Url {
    let mut root = base.clone();
    let path = base.path().trim_end_matches('/');
    let path = path.strip_suffix("/api").unwrap_or(path).to_owned();
    root.set_path(&path);
    root
}

fn is_ours(answer: &Answer) -> bool {
    let body: Result<serde_json::Value, _> = serde_json::from_slice(&answer.body);
    answer.is_success()
        && body.is_ok_and(|body| body.get("status").is_some_and(|said| said == "alive"))
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{above_api, is_local};

    #[test]
    fn the_server_is_above_its_api() {
        for (base, root) in [
            (
                "https://calls.example.com/api",
                "https://calls.example.com/",
            ),
            ("https://example.com/calls/api", "https://example.com/calls"),
            ("https://example.com", "https://example.com/"),
        ] {
            assert_eq!(above_api(&base.parse().unwrap()).as_str(), root);
        }
        assert!(is_local(&"http://localhost:3001/api".parse().unwrap()));
        assert!(!is_local(&"http://10.0.0.1/api".parse().unwrap()));
    }
}

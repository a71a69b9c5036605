//! Which pages may talk to us.

use crate::config::Config;
use url::Url;

/// Whether a page of this `Origin` may open a board here: it is listed, or it comes from the host
/// and port that it is talking to. The scheme is ignored, since TLS ends at a proxy.
#[must_use]
pub fn is_allowed(origin: &str, host: Option<&str>, config: &Config) -> bool {
    let listed = &config.access.allowed_origins;
    if listed.iter().any(|allowed| allowed.as_str() == origin) {
        return true;
    }
    let Ok(origin) = Url::parse(origin) else {
        return false;
    };
    let Some(origin_host) = origin.host_str() else {
        return false;
    };
    let origin_port = origin.port_or_known_default();
    let is_same = |host: Option<&str>, port: Option<u16>| {
        // Where no port is written, it is the default of whatever scheme the page used.
        let port = port.or_else(|| default_port(origin.scheme()));
        host == Some(origin_host) && port == origin_port
    };
    let base = &config.listener.base_url;
    if is_same(base.host_str(), base.port()) {
        return true;
    }
    host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok())
        .is_some_and(|host| is_same(host.host_str(), host.port()))
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

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
    let base = &config.listener.base_url;
    if base.host_str() == Some(origin_host) && base.port_or_known_default() == origin_port {
        return true;
    }
    // A Host without a port means the default port of whatever scheme the page used.
    host.and_then(|host| Url::parse(&format!("{}://{host}", origin.scheme())).ok())
        .is_some_and(|host| {
            host.host_str() == Some(origin_host) && host.port_or_known_default() == origin_port
        })
}

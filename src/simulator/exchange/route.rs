//! What a request's path means.

use actix_web::http::Method;

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Route {
    /// A command to a leg.
    Command {
        /// The leg's handle.
        leg: String,
        /// The command's name.
        action: String,
    },
    /// How a leg stands.
    Call(String),
    /// A recording by its id.
    Recording(String),
    /// Recordings that fit filters.
    Recordings,
    /// The living legs of a connection.
    ActiveCalls(String),
    Application(String),
    /// Nothing that this exchange has.
    Unknown,
}

impl Route {
    /// The path as it came, still encoded, with or without the version before it.
    pub(super) fn of(method: &Method, path: &str) -> Self {
        let parts: Vec<String> = path.trim_matches('/').split('/').map(decoded).collect();
        let mut parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        if parts.first() == Some(&"v2") {
            parts.remove(0);
        }
        match (method, &parts[..]) {
            (&Method::POST, ["calls", leg, "actions", action]) => Self::Command {
                leg: (*leg).to_owned(),
                action: (*action).to_owned(),
            },
            (&Method::GET, ["calls", leg]) => Self::Call((*leg).to_owned()),
            (&Method::GET, ["recordings"]) => Self::Recordings,
            (&Method::GET, ["recordings", id]) => Self::Recording((*id).to_owned()),
            (&Method::GET, ["connections", id, "active_calls"]) => {
                Self::ActiveCalls((*id).to_owned())
            }
            (&Method::GET, ["call_control_applications", id]) => {
                Self::Application((*id).to_owned())
            }
            _ => Self::Unknown,
        }
    }

    /// What faults and the log call it.
    pub(super) fn action(&self) -> &str {
        match self {
            Self::Command { action, .. } => action,
            Self::Call(_) => "call",
            Self::Recording(_) => "recording",
            Self::Recordings => "recordings",
            Self::ActiveCalls(_) => "active_calls",
            Self::Application(_) => "application",
            Self::Unknown => "unknown",
        }
    }

    /// What it names.
    pub(super) fn names(&self) -> Option<&str> {
        match self {
            Self::Command { leg: id, .. }
            | Self::Call(id)
            | Self::Recording(id)
            | Self::ActiveCalls(id)
            | Self::Application(id) => Some(id),
            Self::Recordings | Self::Unknown => None,
        }
    }
}

/// One part of a path without its percent signs.
fn decoded(part: &str) -> String {
    // What means something in a form and nothing in a path.
    let part = part
        .replace('+', "%2B")
        .replace('=', "%3D")
        .replace('&', "%26");
    let mut pairs = url::form_urlencoded::parse(part.as_bytes());
    pairs
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::Route;
    use actix_web::http::Method;

    #[test]
    fn a_handle_is_decoded_and_the_version_may_be_left_out() {
        let command = Route::Command {
            leg: "v1:a+b-_c==".to_owned(),
            action: "answer".to_owned(),
        };
        for path in [
            "/v2/calls/v1%3Aa%2Bb-_c%3D%3D/actions/answer",
            "/calls/v1:a+b-_c==/actions/answer",
        ] {
            assert_eq!(Route::of(&Method::POST, path), command, "{path}");
        }
        assert_eq!(
            Route::of(&Method::GET, "/v2/calls/x/actions/answer"),
            Route::Unknown
        );
    }
}

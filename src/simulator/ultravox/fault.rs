//! What goes wrong on demand.

/// One answer that is not what was asked for.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Only requests of this method, if it says.
    pub(super) method: Option<&'static str>,
    /// Only requests whose path begins so.
    pub(super) path: &'static str,
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) retry_after: Option<String>,
    pub(super) body: String,
    /// How many requests it is for; `None`: all from now on.
    pub(super) times: Option<u32>,
}

impl Fault {
    /// Every request is answered so, in JSON.
    #[must_use]
    pub fn says(status: u16, body: impl ToString) -> Self {
        Self {
            method: None,
            path: "/",
            status,
            content_type: "application/json",
            retry_after: None,
            body: body.to_string(),
            times: None,
        }
    }

    /// A proxy's page, as one stands in front of the service.
    #[must_use]
    pub fn html(status: u16) -> Self {
        let body = format!(
            "<!DOCTYPE html>\n<html><head><title>{status}</title></head>\
             <body><center><h1>{status}</h1></center><hr>nginx</body></html>"
        );
        Self {
            content_type: "text/html",
            ..Self::says(status, body)
        }
    }

    /// The limit of 200 requests a second for a key, with `Retry-After` in seconds or as a date.
    #[must_use]
    pub fn too_many(retry_after: impl ToString) -> Self {
        let retry_after = Some(retry_after.to_string());
        let detail = r#"{"detail":"Request was throttled."}"#;
        Self {
            retry_after,
            ..Self::says(429, detail)
        }
    }

    /// Only so many requests.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        let times = Some(times);
        Self { times, ..self }
    }

    /// Only requests of this method.
    #[must_use]
    pub fn to(self, method: &'static str) -> Self {
        let method = Some(method);
        Self { method, ..self }
    }

    /// Only requests below this path.
    #[must_use]
    pub fn below(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    pub(super) fn is_for(&self, method: &str, path: &str) -> bool {
        self.method.is_none_or(|only| only == method) && path.starts_with(self.path)
    }
}

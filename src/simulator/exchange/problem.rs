//! The errors that Telnyx documents.

use serde_json::{Value, json};

/// Why a request is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: u16,
    code: String,
    title: String,
    detail: String,
    pointer: Option<String>,
}

impl Problem {
    pub(super) fn new(status: u16, code: &str, title: &str, detail: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            title: title.to_owned(),
            detail: detail.to_owned(),
            pointer: None,
        }
    }

    pub(super) fn at(mut self, pointer: &str) -> Self {
        self.pointer = Some(pointer.to_owned());
        self
    }

    fn on(field: &str, code: &str, title: &str, detail: &str) -> Self {
        Self::new(422, code, title, detail).at(&format!("/{field}"))
    }

    pub(super) fn unauthorized() -> Self {
        let detail = "The required authentication headers were either invalid or not included in the request.";
        Self::new(401, "10009", "Authentication failed", detail)
    }

    pub(super) fn not_found() -> Self {
        let detail = "The requested resource or URL could not be found.";
        Self::new(404, "10005", "Resource not found", detail)
    }

    pub(super) fn not_json() -> Self {
        let detail = "The request failed because it was not well-formed.";
        Self::new(400, "10015", "Bad Request", detail)
    }

    pub(super) fn not_a_leg() -> Self {
        let detail = "The call_control_id provided was not valid.";
        Self::on(
            "call_control_id",
            "90015",
            "Invalid Call Control ID",
            detail,
        )
    }

    pub(super) fn ended() -> Self {
        let detail = "This call is no longer active and can't receive commands.";
        Self::new(422, "90018", "Call has already ended", detail)
    }

    pub(super) fn unanswered() -> Self {
        let detail = "This call can't receive this command because it has not been answered yet.";
        Self::new(422, "90034", "Call not answered yet", detail)
    }

    pub(super) fn no_audio() -> Self {
        let title = "Call recording triggered before audio started";
        let detail = "Call recording cannot be started until audio has commenced on the call.";
        Self::new(422, "90020", title, detail)
    }

    pub(super) fn no_such_connection() -> Self {
        let title = "Invalid value for connection_id (Call Control App ID)";
        let detail = "The requested connection_id (Call Control App ID) is either invalid or does \
                      not exist. Only Call Control Apps with valid webhook URL are accepted.";
        Self::on("connection_id", "10015", title, detail)
    }

    pub(super) fn missing(field: &str) -> Self {
        let detail = format!("The '{field}' parameter is required and cannot be blank.");
        Self::on(field, "10004", "Missing required parameter", &detail)
    }

    pub(super) fn bad_value(field: &str) -> Self {
        let detail = format!("The '{field}' parameter is invalid.");
        Self::on(field, "10015", "Invalid value", &detail)
    }

    pub(super) fn not_base64(field: &str) -> Self {
        let detail = "The value of client_state must be a valid base64 encoded string.";
        Self::on(field, "90017", "Invalid value for client_state", detail)
    }

    pub(super) fn not_e164(field: &str) -> Self {
        let detail = format!("The '{field}' parameter must be in E164 format.");
        Self::on(
            field,
            "10016",
            "Phone number must be in +E164 format",
            &detail,
        )
    }

    pub(super) fn not_listed(field: &str, values: &[&str]) -> Self {
        let detail = format!("The value must be one of: {}.", values.join(", "));
        Self::on(field, "10032", "Invalid enumerated value", &detail)
    }

    /// Two of the ranges have codes of their own.
    pub(super) fn out_of_range(field: &str, least: i64, most: i64) -> Self {
        let code = match field {
            "timeout_secs" => "90028",
            "time_limit_secs" => "90029",
            _ => "10033",
        };
        let detail = format!("The value is outside of allowed range {least} to {most}");
        Self::on(field, code, "Value outside of range", &detail)
    }

    /// What a bare status usually comes with.
    pub(super) fn of_status(status: u16) -> Self {
        match status {
            401 => Self::unauthorized(),
            404 => Self::not_found(),
            429 => Self::new(
                429,
                "10011",
                "Too many requests",
                "You have exceeded the rate limit.",
            ),
            400..500 => {
                let detail = "You do not have permission to perform the requested action.";
                Self::new(status, "10010", "Not authorized", detail)
            }
            _ => {
                let detail = "An unexpected error occured.";
                Self::new(status, "10007", "Unexpected error", detail)
            }
        }
    }

    pub(super) fn body(&self) -> Value {
        let mut error = json!({
            "code": self.code,
            "title": self.title,
            "detail": self.detail,
        });
        if let (Some(pointer), Some(error)) = (&self.pointer, error.as_object_mut()) {
            error.insert("source".to_owned(), json!({"pointer": pointer}));
        }
        json!({"errors": [error]})
    }
}

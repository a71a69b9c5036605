//! What went wrong, in GoTrue's words: one table.

use crate::accounts::{AccountError, Weak};
use crate::http::ApiError;
use crate::store::StoreError;
use crate::telemetry::Refused;
use actix_web::HttpRequest;
use actix_web::http::StatusCode;
use serde_json::{Value, json};

/// From this version on the body has the code by itself.
const VERSION: &str = "2024-01-01";
const VERSION_HEADER: &str = "x-supabase-api-version";

/// Something that was not done.
pub(in crate::api) enum Failure {
    /// In GoTrue's words.
    Theirs(Box<Theirs>),
    /// As the rest of our API says it: there are no accounts here, a body that is too large.
    Ours(ApiError),
}

pub(in crate::api) struct Theirs {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Seconds to wait.
    wait_s: Option<u64>,
    /// For the log and the metrics, where nobody tries again by itself.
    because: Option<(Refused, String)>,
    /// Beside the words.
    more: Option<(&'static str, Value)>,
}

impl Failure {
    pub(super) fn new(
        status: StatusCode,
        code: &'static str,
        message: impl Into<String>,
        reason: Refused,
    ) -> Self {
        let message = message.into();
        Self::Theirs(Box::new(Theirs {
            status,
            code,
            because: Some((reason, message.clone())),
            message,
            wait_s: None,
            more: None,
        }))
    }

    /// With more of a reason than the caller reads.
    #[must_use]
    pub(super) fn because(mut self, why: impl Into<String>) -> Self {
        if let Self::Theirs(theirs) = &mut self
            && let Some((_, said)) = &mut theirs.because
        {
            *said = why.into();
        }
        self
    }

    /// Too many tries.
    pub(in crate::api) fn too_often(seconds: u64) -> Self {
        let message = format!("Too many tries: wait {seconds} s");
        let status = StatusCode::TOO_MANY_REQUESTS;
        let failure = Self::new(
            status,
            "over_request_rate_limit",
            message,
            Refused::SignInTooOften,
        );
        failure.waiting(seconds)
    }

    fn waiting(mut self, seconds: u64) -> Self {
        if let Self::Theirs(theirs) = &mut self {
            theirs.wait_s = Some(seconds);
        }
        self
    }

    fn passing(message: &str) -> Self {
        Self::Theirs(Box::new(Theirs {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "unexpected_failure",
            message: message.to_owned(),
            wait_s: Some(2),
            because: None,
            more: None,
        }))
    }

    fn weak(weak: Weak) -> Self {
        let reason = match weak {
            Weak::Short | Weak::Long => "length",
            Weak::Common | Weak::Address => "pwned",
        };
        let mut sentence = weak.to_string();
        if let Some(first) = sentence.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let status = StatusCode::UNPROCESSABLE_ENTITY;
        let mut failure = Self::new(status, "weak_password", sentence, Refused::NewAccount);
        if let Self::Theirs(theirs) = &mut failure {
            theirs.more = Some(("weak_password", json!({ "reasons": [reason] })));
        }
        failure
    }

    /// As the client that sent `request` reads it.
    pub(in crate::api) fn told(self, request: &HttpRequest) -> ApiError {
        let theirs = match self {
            Self::Ours(error) => return error,
            Self::Theirs(theirs) => *theirs,
        };
        let version = request.headers().get(VERSION_HEADER);
        let version = version.and_then(|version| version.to_str().ok());
        let by_code = version.is_some_and(|version| version >= VERSION);
        let (code, message) = (theirs.code, &theirs.message);
        let mut body = match by_code {
            true => json!({ "code": code, "message": message }),
            false => json!({ "code": theirs.status.as_u16(), "error_code": code, "msg": message }),
        };
        if let (Some((name, value)), Some(fields)) = (theirs.more, body.as_object_mut()) {
            fields.insert(name.to_owned(), value);
        }
        let wait = theirs
            .wait_s
            .map(|seconds| ("retry-after", seconds.to_string()));
        let version = by_code.then(|| (VERSION_HEADER, VERSION.to_owned()));
        let answer = ApiError::InOtherWords {
            status: theirs.status,
            sentence: theirs.message,
            body,
            headers: wait.into_iter().chain(version).collect(),
        };
        match theirs.because {
            Some((reason, why)) => answer.because(reason, why),
            None => answer,
        }
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::BadRequest(sentence) | ApiError::UnsupportedMediaType(sentence) => Self::new(
                StatusCode::BAD_REQUEST,
                "bad_json",
                sentence,
                Refused::BadRequest,
            ),
            error => Self::Ours(error),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error.is_passing() {
            true => {
                tracing::warn!("Request not served: {error}");
                Self::passing("The database is unavailable; try again soon")
            }
            false => Self::Ours(error.into()),
        }
    }
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        let why = error.to_string();
        let bad = StatusCode::BAD_REQUEST;
        let unfit = StatusCode::UNPROCESSABLE_ENTITY;
        let forbidden = StatusCode::FORBIDDEN;
        let (status, code, message, reason) = match error {
            AccountError::Credentials => {
                let message = "Invalid login credentials";
                (bad, "invalid_credentials", message, Refused::Credentials)
            }
            AccountError::TooOften(seconds) => return Self::too_often(seconds),
            AccountError::Busy => return Self::passing("Too many passwords are being checked"),
            AccountError::RefreshUnknown => {
                let message = "Invalid Refresh Token: Refresh Token Not Found";
                (
                    bad,
                    "refresh_token_not_found",
                    message,
                    Refused::RefreshToken,
                )
            }
            AccountError::RefreshReused(_) => {
                let message = "Invalid Refresh Token: Already Used";
                (
                    bad,
                    "refresh_token_already_used",
                    message,
                    Refused::RefreshReused,
                )
            }
            AccountError::SessionOver => {
                let message = "Session from session_id claim in JWT does not exist";
                (
                    forbidden,
                    "session_not_found",
                    message,
                    Refused::RefreshToken,
                )
            }
            AccountError::LinkGone => {
                let message = "Token has expired or is invalid";
                (forbidden, "otp_expired", message, Refused::Link)
            }
            AccountError::OtherPerson | AccountError::LastOwner => {
                let message = "This link is not for whoever opened it";
                (forbidden, "otp_expired", message, Refused::Link)
            }
            AccountError::CodeUnknown => {
                let message = "invalid flow state, no valid flow state found";
                (
                    StatusCode::NOT_FOUND,
                    "flow_state_not_found",
                    message,
                    Refused::Link,
                )
            }
            AccountError::CodeLate => {
                let message = "invalid flow state, flow state has expired";
                (bad, "flow_state_expired", message, Refused::Link)
            }
            AccountError::CodeOfAnother => {
                let message = "code challenge does not match previously saved code verifier";
                (bad, "bad_code_verifier", message, Refused::Link)
            }
            AccountError::EmailTaken => {
                let message = "A user with this email address has already been registered";
                (unfit, "email_exists", message, Refused::NewAccount)
            }
            AccountError::Email => {
                let message = "An e-mail address is needed";
                (bad, "validation_failed", message, Refused::NewAccount)
            }
            AccountError::Weak(weak) => return Self::weak(weak),
            AccountError::OldPasswordMissing => {
                let message = "The present password is needed to change it";
                (
                    bad,
                    "current_password_required",
                    message,
                    Refused::Credentials,
                )
            }
            AccountError::OldPasswordWrong => {
                let message = "The present password is wrong";
                (
                    bad,
                    "current_password_mismatch",
                    message,
                    Refused::Credentials,
                )
            }
            AccountError::SamePassword => {
                let message = "New password should be different from the old password.";
                (unfit, "same_password", message, Refused::NewAccount)
            }
            AccountError::SecondFactorNeeded => {
                let message = "AAL2 session is required: show the second factor first";
                (
                    forbidden,
                    "insufficient_aal",
                    message,
                    Refused::SecondFactor,
                )
            }
            AccountError::NoFactor => {
                let message = "Factor not found";
                (
                    StatusCode::NOT_FOUND,
                    "mfa_factor_not_found",
                    message,
                    Refused::SecondFactor,
                )
            }
            AccountError::Code => {
                let message = "Invalid TOTP code entered";
                (
                    unfit,
                    "mfa_verification_failed",
                    message,
                    Refused::SecondFactor,
                )
            }
            AccountError::Store(error) => return error.into(),
            AccountError::Seal(_) | AccountError::Machine(_) => {
                tracing::error!("Somebody cannot sign in: {why}");
                return Self::Ours(ApiError::Internal);
            }
        };
        Self::new(status, code, message, reason).because(why)
    }
}

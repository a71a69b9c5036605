//! The one table from what went wrong to what the caller reads.

use super::{Context, Refusals, token_reason};
use crate::agencies::VaultError;
use crate::auth::AuthError;
use crate::control::ControlError;
use crate::store::StoreError;
use crate::telemetry::Refused;
use crate::view::ErrorView;
use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, RETRY_AFTER, SEC_WEBSOCKET_VERSION, WWW_AUTHENTICATE};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde_json::{Map, Value};

/// Seconds after which a caller may try again when the database is away.
const RETRY_SECONDS: u64 = 2;

/// An answer that is not what was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// 400
    #[error("{0}")]
    BadRequest(String),
    /// 401
    #[error("{0}")]
    Unauthorized(String),
    /// 403
    #[error("{0}")]
    Forbidden(&'static str),
    /// 404: it is not there, or it is another agency's.
    #[error("{0}")]
    NotFound(&'static str),
    /// 409: it cannot be done as things stand; the sentence says how to mend them.
    #[error("{0}")]
    Conflict(String),
    /// 502: a provider failed or refused; its own words, fit to show.
    #[error("{0}")]
    BadGateway(String),
    /// Another status with fields beside the sentence.
    #[error("{sentence}")]
    Detailed {
        status: StatusCode,
        /// What went wrong.
        sentence: String,
        fields: Map<String, Value>,
    },
    /// An answer in the words of another protocol, which we speak as its clients expect it.
    #[error("{sentence}")]
    InOtherWords {
        status: StatusCode,
        /// What went wrong, for our log.
        sentence: String,
        body: Value,
        /// Headers of that protocol.
        headers: Vec<(&'static str, String)>,
    },
    /// 405, with the methods that there are.
    #[error("Method not allowed; allowed here: {methods}{hint}")]
    MethodNotAllowed {
        /// The methods, with commas.
        methods: String,
        /// What to do, where somebody may have set the method.
        hint: &'static str,
    },
    /// 400, with the version that there is.
    #[error("This server speaks version 13 of the WebSocket protocol only")]
    WebSocketVersion,
    /// 408
    #[error("The body did not arrive within 20 s")]
    BodyTooSlow,
    /// 413
    #[error("The body is larger than 1 MiB")]
    TooLarge,
    /// 415
    #[error("{0}")]
    UnsupportedMediaType(String),
    /// 429, with the seconds to wait.
    #[error("Too many refused requests from this address; try again in {0} s")]
    TooMany(u64),
    /// 503
    #[error("{0}")]
    Unavailable(&'static str),
    /// 503: somebody whom we would ask is left alone for so many seconds.
    #[error("{sentence}")]
    Away {
        /// Who, and until when.
        sentence: String,
        /// Seconds to wait.
        retry_after_s: u64,
    },
    /// An answer after which nobody tries again by itself: the log and the metrics name the reason,
    /// of which the caller reads only what the answer says.
    #[error("{answer}")]
    Refused {
        /// What the caller reads.
        answer: Box<ApiError>,
        /// The reason in a word.
        reason: Refused,
        /// The reason in a sentence, without secrets and callers' numbers.
        why: String,
    },
    /// 500, whose cause is in the log.
    #[error("Internal error; the log says what happened")]
    Internal,
}

impl ApiError {
    /// This answer, with the reason for it.
    #[must_use]
    pub fn because(self, reason: Refused, why: impl Into<String>) -> Self {
        Self::Refused {
            answer: Box::new(self),
            reason,
            why: why.into(),
        }
    }

    /// 405, with the methods that there are, and what to do where somebody may have set the method.
    #[must_use]
    pub fn wrong_method(methods: &str, hint: &'static str) -> Self {
        Self::MethodNotAllowed {
            methods: methods.to_owned(),
            hint,
        }
    }

    /// What the caller reads.
    #[must_use]
    pub fn answer(&self) -> &Self {
        match self {
            Self::Refused { answer, .. } => answer.answer(),
            answer => answer,
        }
    }

    /// A refused token or signature of whoever sent `request`: 401, or 429 after many.
    #[must_use]
    pub fn unauthorized(refusals: &Refusals, request: &HttpRequest, sentence: String) -> Self {
        match refusals.count(request) {
            Ok(()) => Self::Unauthorized(sentence),
            Err(seconds) => Self::TooMany(seconds),
        }
    }

    /// What a caller reads of a token that was not accepted.
    #[must_use]
    pub fn of_auth(error: &AuthError, context: &Context, request: &HttpRequest) -> Self {
        match error {
            AuthError::Unavailable => {
                Self::Unavailable("The token issuer's keys cannot be fetched; try again soon")
            }
            AuthError::Unauthorized(refusal) => {
                Self::unauthorized(&context.refusals, request, error.to_string())
                    .because(token_reason(refusal), refusal.to_string())
            }
            // Only start-up says so.
            AuthError::Settings(_) => Self::Internal,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_passing() {
            tracing::warn!("Request not served: {error}");
            Self::Unavailable("The database is unavailable; try again soon")
        } else {
            tracing::error!("Request not served: {error}");
            Self::Internal
        }
    }
}

impl From<ControlError> for ApiError {
    fn from(error: ControlError) -> Self {
        let sentence = error.to_string();
        match error {
            ControlError::NotFound => Self::NotFound("Call not found or already ended"),
            ControlError::NoRecording => Self::NotFound("Recording not found"),
            ControlError::Taken(call) => {
                let id = call.answered_by.map(|id| id.to_string());
                let fields = [
                    ("answered_by".to_owned(), id.into()),
                    ("answered_by_name".to_owned(), call.answered_by_name.into()),
                ];
                Self::Detailed {
                    status: StatusCode::CONFLICT,
                    sentence,
                    fields: fields.into_iter().collect(),
                }
            }
            ControlError::Full(_) | ControlError::Conflict(_) => Self::Conflict(sentence),
            ControlError::Carrier(_) => Self::BadGateway(sentence),
            ControlError::CarrierAway(retry_after_s) => Self::Away {
                sentence,
                retry_after_s,
            },
            ControlError::Unavailable => {
                Self::Unavailable("The database is unavailable; try again soon")
            }
        }
    }
}

impl From<VaultError> for ApiError {
    fn from(error: VaultError) -> Self {
        match error {
            VaultError::Store(error) => error.into(),
            // Only whoever runs the server can mend these, and the owner can tell them.
            VaultError::NoEncryptionKey | VaultError::Seal(_) => {
                tracing::error!("Credentials not stored: {error}");
                Self::Conflict(error.to_string())
            }
            VaultError::NoAgency(_) => Self::NotFound("There is no such agency"),
        }
    }
}

impl From<serde_json::Error> for ApiError {
    fn from(error: serde_json::Error) -> Self {
        tracing::error!("Answer not written as JSON: {error}");
        Self::Internal
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::Refused { answer, .. } => answer.status_code(),
            Self::BadRequest(_) | Self::WebSocketVersion => StatusCode::BAD_REQUEST,
            Self::Unauthorized(_) => StatusCode::UNAUTHORIZED,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::NotFound(_) => StatusCode::NOT_FOUND,
            Self::Conflict(_) => StatusCode::CONFLICT,
            Self::BadGateway(_) => StatusCode::BAD_GATEWAY,
            Self::Detailed { status, .. } | Self::InOtherWords { status, .. } => *status,
            Self::MethodNotAllowed { .. } => StatusCode::METHOD_NOT_ALLOWED,
            Self::BodyTooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Unavailable(_) | Self::Away { .. } => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let answer = self.answer();
        let mut response = HttpResponse::build(answer.status_code());
        match answer {
            Self::Unauthorized(_) => {
                response.insert_header((WWW_AUTHENTICATE, "Bearer"));
            }
            Self::MethodNotAllowed { methods, .. } => {
                response.insert_header((ALLOW, methods.as_str()));
            }
            Self::WebSocketVersion => {
                response.insert_header((SEC_WEBSOCKET_VERSION, "13"));
            }
            Self::TooMany(seconds) => {
                response.insert_header((RETRY_AFTER, *seconds));
            }
            Self::Unavailable(_) => {
                response.insert_header((RETRY_AFTER, RETRY_SECONDS));
            }
            Self::Away { retry_after_s, .. } => {
                response.insert_header((RETRY_AFTER, *retry_after_s));
            }
            Self::InOtherWords { body, headers, .. } => {
                for header in headers {
                    response.insert_header((header.0, header.1.as_str()));
                }
                return response.json(body);
            }
            // What is left of the body would be read as the next request.
            Self::BodyTooSlow | Self::TooLarge => {
                response.force_close();
            }
            _ => {}
        }
        let fields = match answer {
            Self::Detailed { fields, .. } => fields.clone(),
            _ => Map::new(),
        };
        response.json(ErrorView {
            error: answer.to_string(),
            fields,
        })
    }
}

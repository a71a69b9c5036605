//! How a webhook that is not taken is answered.

use crate::carriers::WebhookError;
use crate::http::ApiError;

impl From<WebhookError> for ApiError {
    fn from(error: WebhookError) -> Self {
        let sentence = error.to_string();
        let answer = if error.is_about_type() {
            Self::UnsupportedMediaType(sentence.clone())
        } else {
            Self::BadRequest(sentence.clone())
        };
        answer.because(error.reason(), sentence)
    }
}

//! Reading a body: bounded in size and in time.

use super::ApiError;
use crate::clock::Clock;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::web;
use futures_util::StreamExt;
use std::time::Duration;

/// Most bytes of a body.
const MOST: usize = 1024 * 1024;
/// Longest time for a body to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// The whole body of a request with these headers.
///
/// # Errors
/// When it is larger than 1 MiB (by its declared length, before it is read), arrives too slowly, or
/// breaks off.
pub async fn read_body(
    headers: &HeaderMap,
    payload: web::Payload,
    clock: &Clock,
) -> Result<Vec<u8>, ApiError> {
    if declared(headers).is_some_and(|length| length > MOST as u64) {
        return Err(ApiError::TooLarge);
    }
    tokio::select! {
        body = read(payload) => body,
        () = clock.sleep(PATIENCE) => Err(ApiError::BodyTooSlow),
    }
}

fn declared(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

async fn read(mut payload: web::Payload) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    while let Some(chunk) = payload.next().await {
        let chunk =
            chunk.map_err(|error| ApiError::BadRequest(format!("The body broke off: {error}")))?;
        if body.len() + chunk.len() > MOST {
            return Err(ApiError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

//! Reading a body: bounded in size and in time.

use super::ApiError;
use actix_web::web;
use futures_util::StreamExt;
use std::time::Duration;

/// Most bytes of a body.
const MOST: usize = 1024 * 1024;
/// Longest time for a body to arrive.
const PATIENCE: Duration = Duration::from_secs(20);

/// The whole body.
///
/// # Errors
/// When it is larger than 1 MiB, arrives too slowly, or breaks off.
pub async fn read_body(payload: web::Payload) -> Result<Vec<u8>, ApiError> {
    tokio::time::timeout(PATIENCE, read(payload))
        .await
        .unwrap_or(Err(ApiError::BodyTooSlow))
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

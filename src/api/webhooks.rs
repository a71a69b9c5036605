//! `GET /api/agency/webhooks`: whether something that the carrier told is missing from the board.

use crate::http::{ApiError, Context, Owner};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

/// What became of the webhooks that are kept.
#[derive(Serialize, ToSchema)]
pub(super) struct Webhooks {
    /// How many could not be applied: they are kept raw and tried again, and until then what they
    /// tell is missing from the board.
    failed: i64,
}

/// How many are missing from the board; for the owner, who can have it mended.
pub(super) async fn webhooks(
    owner: Owner,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let failed = context.store.count_failed(owner.0.agency_id()).await?;
    Ok(HttpResponse::Ok().json(Webhooks { failed }))
}

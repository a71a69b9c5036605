//! `GET /api/agency/webhooks`: whether something that the carrier told is missing from the board.

use crate::domain::Right;
use crate::http::{ApiError, Caller, Context, Door, Route, Tag};
use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

pub(super) const WEBHOOKS: Route = Route::get(
    "/api/agency/webhooks",
    Door::For(Right::SeeWebhooks),
    |route| route.to(webhooks),
    |operation| {
        let summary = "Whether something that the carrier told is missing";
        operation
            .named(Tag::Credentials, "webhooks", summary)
            .answers::<Webhooks>(200, "How many webhooks could not be applied")
    },
);

/// What became of the webhooks that are kept.
#[derive(Serialize, ToSchema)]
struct Webhooks {
    /// How many could not be applied: they are kept raw and tried again, and until then what they
    /// tell is missing from the board.
    failed: i64,
}

/// How many are missing from the board.
async fn webhooks(caller: Caller, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let failed = context.store.count_failed(caller.agency_id()).await?;
    Ok(HttpResponse::Ok().json(Webhooks { failed }))
}

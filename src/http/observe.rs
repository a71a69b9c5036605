//! Counts every request by its route, and says of refusals why they are.

use super::Context;
use super::reason::{of_answer, who_at};
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, web};

/// Counts a request and its time, by the pattern of its route and never by its path.
///
/// # Errors
/// None of its own.
pub async fn observe<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let context = request.app_data::<web::Data<Context>>().cloned();
    let began = context.as_ref().map(|context| context.clock.tick());
    let response = next.call(request).await?;
    if let (Some(context), Some(began)) = (context, began) {
        let route = response.request().match_pattern();
        let status = response.status().as_u16();
        let took = context.clock.tick().since(began);
        let metrics = &context.metrics;
        metrics.http_answered(route.as_deref(), status, took);
        if let Some((reason, why)) = of_answer(response.response()) {
            let route = route.as_deref().unwrap_or("no route");
            let why = format!("{} {route}: {why}", response.request().method());
            context.notices.refused(who_at(route), reason, &why);
        }
    }
    Ok(response)
}

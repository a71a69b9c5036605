//! `/as/CODE`: a demo's short links. Each becomes the page with a token in its fragment, which
//! browsers send to nobody and which the page takes out of the address at once.

use crate::config::SignInLink;
use crate::http::{ApiError, Context, Door, Route};
use actix_web::http::header::{CACHE_CONTROL, LOCATION, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use secrecy::ExposeSecret as _;

const NO_LINK: ApiError = ApiError::NotFound("There is nothing at this path");

/// `/as/CODE`. Its code is as good as a token: it stands in no log and no metric, as no path does.
pub(super) const LINK: Route =
    Route::undescribed("/as/{code}", Door::Open, |route| route.to(sign_in))
        .without_head()
        .otherwise(|_, _| NO_LINK);

async fn sign_in(
    request: HttpRequest,
    context: web::Data<Context>,
) -> Result<HttpResponse, ApiError> {
    let code = request.match_info().query("code");
    let is_asked_for = |link: &&SignInLink| link.code.expose_secret() == code;
    let links = &context.config.access.sign_in_links;
    let link = links.iter().find(is_asked_for);
    let link = link.ok_or(NO_LINK)?;
    Ok(HttpResponse::SeeOther()
        .insert_header((LOCATION, format!("/#token={}", link.token.expose_secret())))
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .finish())
}

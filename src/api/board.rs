//! The board's own files: compiled in, or from `--static-dir` while working on them.

use crate::http::{ApiError, Context};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse};
use aws_lc_rs::digest::{SHA256, digest};
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::path::{Component, Path};

/// What the page may do: its own files, its own server, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types 'none'";

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// `/`, and every file of the board.
pub(super) fn configure(routes: &mut ServiceConfig) {
    routes
        .route("/", web::get().to(file))
        .route("/", web::head().to(file))
        .route("/{path:.*}", web::get().to(file))
        .route("/{path:.*}", web::head().to(file));
}

async fn file(request: HttpRequest, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    const NOTHING: ApiError = ApiError::NotFound("There is nothing at this path");
    let path = request.match_info().query("path");
    let path = if path.is_empty() { "index.html" } else { path };
    let static_dir = context.config.listener.static_dir.as_deref();
    let bytes = read(static_dir, path).ok_or(NOTHING)?;
    let tag = tag_of(&bytes);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, tag.clone()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    let known = request.headers().get(IF_NONE_MATCH);
    if known.is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        response.status(actix_web::http::StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    Ok(response
        .content_type(content_type(path))
        .body(bytes.into_owned()))
}

fn read(static_dir: Option<&Path>, path: &str) -> Option<Cow<'static, [u8]>> {
    // Files for operators lie beside the page, but are not part of it.
    if path.starts_with("ops/") {
        return None;
    }
    let Some(dir) = static_dir else {
        return Files::get(path).map(|file| file.data);
    };
    let path = Path::new(path);
    let inside = path
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !inside {
        return None;
    }
    std::fs::read(dir.join(path)).ok().map(Cow::Owned)
}

fn tag_of(bytes: &[u8]) -> String {
    let hash = digest(&SHA256, bytes);
    let hex: String = hash
        .as_ref()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

//! The board's own files and the client library (`/sdk/`): compiled in, or from `--static-dir` while working on them.

use crate::http::{ApiError, Context, Door, Route, Tag};
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use aws_lc_rs::digest::{SHA256, digest};
use rust_embed::RustEmbed;
use std::borrow::Cow;
use std::path::{Component, Path};

/// Where recordings come from: the carrier's links.
#[cfg(not(feature = "demo"))]
macro_rules! recordings {
    () => {
        "https:"
    };
}

/// The simulated carrier's links too, which serve from loopback.
#[cfg(feature = "demo")]
macro_rules! recordings {
    () => {
        "https: http://127.0.0.1:*"
    };
}

/// What the page may do: its own files, its own server, nothing from elsewhere but the recordings.
const POLICY: &str =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'";

/// The rest of it. The page's templates are the one maker of markup, and their policy has lit-html's
/// name.
const POLICY_ENDS: &str = concat!(
    "; media-src ",
    recordings!(),
    "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
     require-trusted-types-for 'script'; trusted-types lit-html"
);

#[derive(RustEmbed)]
#[folder = "static/"]
struct Files;

/// Every file has a path of its own; what no other route takes is looked for among them.
const FILES: &str = "/{path:.*}";

pub(super) const PAGE: Route = Route::get(
    "/",
    Door::Open,
    |route| route.to(file),
    |operation| {
        operation
            .named(Tag::Server, "board", "The board")
            .answers_text(200, "HTML", "text/html")
    },
)
.among(FILES)
.otherwise(only_read);

pub(super) const DOCS: Route = Route::get(
    "/docs",
    Door::Open,
    |route| route.to(file),
    |operation| {
        operation
            .named(Tag::Server, "docs", "A page to read both")
            .answers_text(200, "HTML", "text/html")
    },
)
.among(FILES);

async fn file(request: HttpRequest, context: web::Data<Context>) -> Result<HttpResponse, ApiError> {
    let path = path_of(&request);
    let bytes = read(&context, path)?;
    let tag = tag_of(&bytes);
    let mut response = HttpResponse::Ok();
    response
        .insert_header((ETAG, tag.clone()))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header((CONTENT_SECURITY_POLICY, policy(&context)))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    if is_known(&request, &tag) {
        response.status(StatusCode::NOT_MODIFIED);
        return Ok(response.finish());
    }
    Ok(response
        .content_type(content_type(path))
        .body(bytes.into_owned()))
}

/// With the project, and it alone, where people sign in there.
fn policy(context: &Context) -> String {
    let auth = &context.config.auth;
    let project = auth.supabase_url.as_ref();
    let project = project.filter(|_| auth.signs_in_at_the_project());
    let project = project.map(|url| format!(" {}", url.origin().ascii_serialization()));
    format!("{POLICY}{}{POLICY_ENDS}", project.unwrap_or_default())
}

/// Any other method: what is not there is not there by any.
fn only_read(request: &HttpRequest, methods: &str) -> ApiError {
    let context: Option<&web::Data<Context>> = request.app_data();
    match context.map(|context| read(context, path_of(request))) {
        Some(Ok(_)) => ApiError::wrong_method(methods, ""),
        Some(Err(error)) => error,
        None => ApiError::Internal,
    }
}

/// The wallboard, and the forms of those who come in by a link, are the same page, which looks at its
/// address.
fn path_of(request: &HttpRequest) -> &str {
    match request.match_info().query("path") {
        "" | "wall" | "setup" | "invite" | "reset" => "index.html",
        "docs" => "docs/index.html",
        path => path,
    }
}

fn read(context: &Context, path: &str) -> Result<Cow<'static, [u8]>, ApiError> {
    let static_dir = context.config.listener.static_dir.as_deref();
    let bytes = match static_dir {
        _ if !is_of_the_page(Path::new(path)) => None,
        None => Files::get(path).map(|file| file.data),
        Some(dir) => std::fs::read(dir.join(path)).ok().map(Cow::Owned),
    };
    bytes.ok_or(ApiError::NotFound("There is nothing at this path"))
}

/// A path goes straight down from the page's folder. Files for operators lie beside the page, but
/// are not part of it.
fn is_of_the_page(path: &Path) -> bool {
    let straight = |part| matches!(part, Component::Normal(_));
    path.components().all(straight) && !path.starts_with("ops")
}

/// Whether the browser has the file. A proxy that compresses makes weak tags of ours.
fn is_known(request: &HttpRequest, tag: &str) -> bool {
    let known = request.headers().get_all(IF_NONE_MATCH);
    known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
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
        Some("md" | "ts") => "text/plain; charset=utf-8",
        Some("json") => "application/json",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

//! Signing in: whether any access token can be accepted.

use super::finding::Findings;
use super::settings;
use crate::auth::Verifier;
use crate::cli::words::count;
use crate::clock::Clock;
use crate::config::{About, Auth, Config};
use crate::providers::http::{Http, Method, Request};
use crate::telemetry::Metrics;
use tokio::runtime::Handle;
use url::Url;

pub(super) async fn check(config: Config, clock: Clock) -> Findings {
    let mut found = Findings::about("signing in");
    let auth = &config.auth;
    settings::tell(&config, About::SigningIn, &mut found);
    if auth.has_accounts() && config.encryption_key.is_some() {
        found.right("accounts of this server's own: people sign in with address and password");
    }
    if auth.jwt_secret.is_none() && auth.supabase_url.is_none() {
        return found;
    }
    let verifier = match Verifier::new(auth, clock.clone(), Metrics::new(), Handle::current()) {
        Ok(verifier) => verifier,
        Err(error) => {
            found.wrong(
                error.to_string(),
                "correct SUPABASE_URL or SUPABASE_JWT_SECRET",
            );
            return found;
        }
    };
    if auth.jwt_secret.is_some() {
        found.right("SUPABASE_JWT_SECRET is set: HS256 tokens are checked with it");
    }
    let Some(project) = &auth.supabase_url else {
        return found;
    };
    judge_issuer(project, auth, clock, &mut found).await;
    match verifier.fetch_keys().await {
        Ok(0) if auth.jwt_secret.is_none() => found.wrong(
            format!("{project} publishes no key, and SUPABASE_JWT_SECRET is not set"),
            "set SUPABASE_JWT_SECRET (the project's legacy JWT secret), or change the project to \
             signing keys",
        ),
        Ok(0) => found.right(format!(
            "{project} publishes no key: it signs with the secret"
        )),
        Ok(keys) => {
            let keys = count(keys, "key");
            found.right(format!("{project} publishes {keys} for access tokens"));
        }
        Err(_) => found.wrong(
            format!("the keys of {project} cannot be fetched (the log says why)"),
            "see that SUPABASE_URL is the project's address and can be reached from here",
        ),
    }
    found
}

/// Whether tokens will name the issuer that is expected, as far as the project publishes its own.
async fn judge_issuer(project: &Url, auth: &Auth, clock: Clock, found: &mut Findings) {
    let published = published_issuer(project, clock).await;
    let Some(published) = published else {
        return;
    };
    let accepted = auth.accepted_issuers();
    let bare = |text: &str| text.trim_end_matches('/').to_owned();
    if accepted.iter().any(|known| bare(known) == bare(&published)) {
        found.right(format!("tokens are issued by {published}, as is expected"));
        return;
    }
    let accepted = accepted.join(", ");
    found.wrong(
        format!(
            "{project} issues tokens as {published}, and {accepted} is expected: all are refused"
        ),
        format!("set SUPABASE_JWT_ISSUER={published}"),
    );
}

/// What the project says of itself (OpenID Connect Discovery); not every release does.
async fn published_issuer(project: &Url, clock: Clock) -> Option<String> {
    let segments = ["auth", "v1", ".well-known", "openid-configuration"];
    let request = Request::new(Method::GET, project, &segments);
    let answer = Http::new(clock).ok()?.send(&request).await.ok()?;
    if !answer.is_success() {
        return None;
    }
    let told: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
    let issuer = told.get("issuer")?.as_str()?;
    (!issuer.is_empty()).then(|| issuer.to_owned())
}

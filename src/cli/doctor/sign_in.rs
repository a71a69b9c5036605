//! Signing in: whether any access token can be accepted.

use super::finding::Findings;
use super::settings;
use crate::auth::oidc::Oidc;
use crate::auth::{Project, ProjectError, ProjectWays, Verifier};
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
    if auth.has_passwords() && config.encryption_key.is_some() {
        found.right("accounts of this server's own: people sign in with address and password");
    }
    judge_oidc(&config, clock.clone(), &mut found).await;
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
    judge_issuer(project, auth, clock.clone(), &mut found).await;
    judge_page(&config, clock, &mut found).await;
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

/// Whether people can sign in at the identity provider.
async fn judge_oidc(config: &Config, clock: Clock, found: &mut Findings) {
    let (Some(settings), Ok(http)) = (config.oidc.clone(), Http::new(clock)) else {
        return;
    };
    let address = config.listener.public_address();
    let oidc = Oidc::new(settings, &address, http, Metrics::new(), Handle::current());
    match oidc.look().await {
        Ok(where_to) => found.right(format!(
            "people sign in by OpenID Connect at {where_to}; the provider must know {} as a redirect \
             address of OIDC_CLIENT_ID",
            oidc.callback()
        )),
        Err(error) => found.wrong(
            error.to_string(),
            "see that OIDC_ISSUER is the provider's own name and can be reached from here",
        ),
    }
}

/// Whether people can sign in at the project on our page.
async fn judge_page(config: &Config, clock: Clock, found: &mut Findings) {
    let Ok(http) = Http::new(clock) else {
        return;
    };
    let Some(project) = Project::new(&config.auth, http, Handle::current()) else {
        return;
    };
    match project.ask().await {
        Ok(ProjectWays { email, providers }) => {
            let by_email = email.then(|| "password, code by e-mail".to_owned());
            let ways: Vec<String> = by_email.into_iter().chain(providers).collect();
            if ways.is_empty() {
                let fact = "the project has no way to sign in that the page knows";
                let mend = "turn e-mail or a provider on in the project's settings";
                return found.wrong(fact, mend);
            }
            let address = config.listener.public_address();
            found.right(format!(
                "people sign in on the page, at the project: {}. For links in mails and providers the \
                 project must allow {address}/** as a redirect URL",
                ways.join(", ")
            ));
        }
        Err(ProjectError::Key) => found.wrong(
            "the project does not take SUPABASE_ANON_KEY",
            "copy the anon or a publishable key of the project that SUPABASE_URL names",
        ),
        Err(ProjectError::Away(why)) => found.doubtful(
            format!("the project does not say how people sign in there: {why}"),
            "see that SUPABASE_URL is the project's address and can be reached from here",
        ),
    }
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

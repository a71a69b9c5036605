//! Accounts of our own, as the settings have them.

use super::{AppError, keyring};
use crate::accounts::{AccountError, Accounts, Post};
use crate::auth::oidc::Oidc;
use crate::clock::Clock;
use crate::config::Config;
use crate::http::Context;
use crate::providers::http::Http;
use crate::providers::mail::Mailer;
use crate::store::Store;
use crate::telemetry::Metrics;
use tokio::runtime::Handle;

/// The accounts, where there are any.
pub(super) async fn open(
    config: &Config,
    store: &Store,
    clock: &Clock,
    runtime: &Handle,
) -> Result<Option<Accounts>, AppError> {
    if !config.has_accounts() {
        return Ok(None);
    }
    let Some(keyring) = keyring(config)? else {
        let missing = "CALLBOARD_ENCRYPTION_KEY is not set, and accounts need it: it seals the keys \
                       that sign people in. Make one with `openssl rand -base64 32`, set it on every \
                       node, and keep a copy";
        if config.auth.accounts == Some(true) || config.oidc.is_some() {
            return Err(AppError::Setting(missing.to_owned()));
        }
        tracing::warn!("Nobody can sign in yet: {missing}");
        return Ok(None);
    };
    let issuer = format!("{}/auth/v1", config.listener.public_address());
    let (store, clock, runtime) = (store.clone(), clock.clone(), runtime.clone());
    let accounts = Accounts::open(store, clock, keyring, issuer, runtime).await;
    accounts.map(Some).map_err(app_error)
}

/// The identity provider, where there is one.
pub(super) fn open_oidc(
    config: &Config,
    http: &Http,
    metrics: &Metrics,
    runtime: &Handle,
) -> Option<Oidc> {
    let settings = config.oidc.clone()?;
    let address = config.listener.public_address();
    let (http, metrics, runtime) = (http.clone(), metrics.clone(), runtime.clone());
    Some(Oidc::new(settings, &address, http, metrics, runtime))
}

/// The mails, where there is a server for them.
pub(crate) fn open_post(
    config: &Config,
    store: &Store,
    clock: &Clock,
) -> Result<Option<Post>, AppError> {
    let Some(mail) = &config.mail else {
        return Ok(None);
    };
    let Some(keyring) = keyring(config)? else {
        tracing::warn!(
            "No mails are sent, though SMTP_URL is set: CALLBOARD_ENCRYPTION_KEY is not, which \
             seals them until they are"
        );
        return Ok(None);
    };
    let mailer = Mailer::new(mail, clock.clone());
    let mailer = mailer.map_err(|error| AppError::Setting(format!("SMTP_URL: {error}")))?;
    let (store, clock) = (store.clone(), clock.clone());
    Ok(Some(Post::new(store, clock, keyring, mailer)))
}

/// The link that sets the house up, while nobody can sign in.
pub(super) async fn setup_link(context: &Context) -> Result<Option<String>, AppError> {
    let auth = &context.config.auth;
    let others = auth.supabase_url.is_some() || auth.jwt_secret.is_some() || !auth.has_passwords();
    let Some(accounts) = context.accounts.as_ref().filter(|_| !others) else {
        return Ok(None);
    };
    let address = context.config.listener.public_address();
    let link = accounts.setup_link(&address).await.map_err(app_error)?;
    Ok(link.map(|link| link.url))
}

fn app_error(error: AccountError) -> AppError {
    match error {
        AccountError::Store(error) => AppError::Store(error),
        error => AppError::Setting(error.to_string()),
    }
}

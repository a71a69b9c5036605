//! TLS for `wss://`, judged by the machine's own root certificates.

use super::BrowserError;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;
use tokio_tungstenite::Connector;

/// The provider is named rather than found: rustls panics when it finds two, and a dependency's
/// feature is enough to bring in a second.
pub(super) fn connector() -> Result<Connector, BrowserError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(Connector::Rustls(Arc::new(config)))
}

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

#[cfg(test)]
mod tests {
    use crate::browser::scripted::{ScriptedServer, snapshot};
    use crate::browser::{Browser, BrowserSettings};

    #[tokio::test]
    async fn a_wss_address_is_never_served_in_plain_text() {
        let server = ScriptedServer::play(vec![vec![snapshot(1)]]).await;
        let url = server.url().replace("http://", "wss://");
        let settings = BrowserSettings::new(url, "anna's token".into());
        let error = Browser::connect(settings).await.unwrap_err().to_string();
        assert!(!error.contains("token"), "{error}");
        assert_eq!(server.connects().await, [serde_json::Value::Null]);
    }
}

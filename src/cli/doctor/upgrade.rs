//! A WebSocket asked for as the page asks for it, and hung up at once.

use crate::ws::SUBPROTOCOL;
use rustls::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls_platform_verifier::BuilderVerifierExt;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::http::header::{ORIGIN, SEC_WEBSOCKET_PROTOCOL};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};
use url::Url;

const SECONDS: u64 = 10;

/// Why no WebSocket opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum UpgradeError {
    #[error("the upgrade to a WebSocket is answered by {0}")]
    Answered(u16),
    #[error("no WebSocket opens there: there is no end to it within {SECONDS} s")]
    TimedOut,
    #[error("no WebSocket opens there: wss:// needs the machine's root certificates: {0}")]
    Tls(#[from] rustls::Error),
    #[error("no WebSocket opens there: {0}")]
    Broken(Box<Error>),
}

impl From<Error> for UpgradeError {
    fn from(error: Error) -> Self {
        match error {
            Error::Http(response) => Self::Answered(response.status().as_u16()),
            other => Self::Broken(Box::new(other)),
        }
    }
}

/// Whether the server at `root` opens a WebSocket for a page of that origin.
pub(super) async fn try_upgrade(root: &Url, origin: &str) -> Result<(), UpgradeError> {
    let mut request = socket_address(root).as_str().into_client_request()?;
    let headers = request.headers_mut();
    let origin = HeaderValue::from_str(origin).map_err(|error| Error::HttpFormat(error.into()))?;
    headers.insert(ORIGIN, origin);
    let offered = HeaderValue::from_static(SUBPROTOCOL);
    headers.insert(SEC_WEBSOCKET_PROTOCOL, offered);
    let connected = connect_async_tls_with_config(request, None, true, Some(connector()?));
    let connected = timeout(Duration::from_secs(SECONDS), connected).await;
    let (mut socket, _) = connected.map_err(|_| UpgradeError::TimedOut)??;
    let _ = timeout(Duration::from_secs(1), socket.close(None)).await;
    Ok(())
}

fn socket_address(root: &Url) -> Url {
    let mut url = root.clone();
    let scheme = if root.scheme() == "https" {
        "wss"
    } else {
        "ws"
    };
    // Between these schemes the change is always allowed.
    let _ = url.set_scheme(scheme);
    url.set_path(&format!("{}/ws", root.path().trim_end_matches('/')));
    url
}

/// The provider is named rather than found: rustls panics when it finds two.
fn connector() -> Result<Connector, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_platform_verifier()?
        .with_no_client_auth();
    Ok(Connector::Rustls(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::{UpgradeError, socket_address, try_upgrade};

    #[test]
    fn the_socket_is_below_the_root() {
        for (root, socket) in [
            ("https://calls.example.com/", "wss://calls.example.com/ws"),
            (
                "http://localhost:3001/calls",
                "ws://localhost:3001/calls/ws",
            ),
        ] {
            assert_eq!(socket_address(&root.parse().unwrap()).as_str(), socket);
        }
    }

    #[tokio::test]
    async fn a_port_without_a_server_is_told() {
        let root = "http://127.0.0.1:9/".parse().unwrap();
        let refused = try_upgrade(&root, "http://127.0.0.1:9").await;
        assert!(
            matches!(refused, Err(UpgradeError::Broken(_))),
            "{refused:?}"
        );
    }
}

//! A channel of Redis or Valkey: the one place that knows the crate, which is behind our own
//! connections and our own loop. Its managers give up after some tries, and a subscriber of theirs
//! stays dead; its defaults leave a cut cable unnoticed for minutes.

use crate::config::RedisUrl;
use crate::store::read_roots;
use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSub, PubSubStream};
use redis::{AsyncConnectionConfig, RedisConnectionInfo, RedisError};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use secrecy::ExposeSecret;
use socket2::{SockRef, TcpKeepalive};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// Longest wait until a connection is there and has let us in.
const CONNECTED: Duration = Duration::from_secs(3);
/// Longest wait for an answer. Some servers have whoever tells wait for whoever does not hear.
const ANSWERED: Duration = Duration::from_secs(1);
/// How long a connection is silent before its other end is asked whether it is there.
const KEEPALIVE: Duration = Duration::from_secs(2);
/// How long what was sent may go unacknowledged before the connection is given up.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// The way to tell.
pub(super) struct ValkeyMouth {
    connection: MultiplexedConnection,
    channel: String,
}

/// The way to hear.
pub(super) struct ValkeyEars(PubSubStream);

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects for telling.
pub(super) async fn mouth(url: &RedisUrl, channel: &str) -> Result<ValkeyMouth, String> {
    within(CONNECTED, async {
        let stream = connect(url).await?;
        let limits = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWERED));
        let made = MultiplexedConnection::new_with_config(&credentials(url), stream, limits).await;
        let (connection, driver) = made.map_err(|error| why(&error))?;
        // It ends with its connection.
        tokio::spawn(driver);
        Ok(ValkeyMouth {
            connection,
            channel: channel.to_owned(),
        })
    })
    .await
}

/// Connects for hearing: what is told from when this returns is heard.
pub(super) async fn ears(url: &RedisUrl, channel: &str) -> Result<ValkeyEars, String> {
    within(CONNECTED, async {
        let stream = connect(url).await?;
        let made = PubSub::new(&credentials(url), stream).await;
        let mut hearing = made.map_err(|error| why(&error))?;
        let subscribed = hearing.subscribe(channel).await;
        subscribed.map_err(|error| why(&error))?;
        Ok(ValkeyEars(hearing.into_on_message()))
    })
    .await
}

impl ValkeyMouth {
    /// Tells all who listen, ourselves too.
    pub(super) async fn tell(&mut self, message: &str) -> Result<(), String> {
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(&self.channel).arg(message);
        let told: Result<i64, RedisError> = within(2 * ANSWERED, async {
            Ok(publish.query_async(&mut self.connection).await)
        })
        .await?;
        told.map(drop).map_err(|error| why(&error))
    }
}

impl ValkeyEars {
    /// The next message; none when the connection has ended.
    pub(super) async fn hear(&mut self) -> Option<String> {
        let message = self.0.next().await?;
        // What is no text is not ours, and is counted as what cannot be read.
        Some(String::from_utf8_lossy(message.get_payload_bytes()).into_owned())
    }
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, String>>,
) -> Result<T, String> {
    let late = |_| Err(format!("no answer within {} s", limit.as_secs()));
    tokio::time::timeout(limit, work).await.unwrap_or_else(late)
}

/// Who we are. Nothing else is said on a new connection, so that a user needs no right to more.
fn credentials(url: &RedisUrl) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default().set_skip_set_lib_name();
    if let Some(user) = &url.user {
        info = info.set_username(user);
    }
    if let Some(password) = &url.password {
        info = info.set_password(password.expose_secret());
    }
    info
}

async fn connect(url: &RedisUrl) -> Result<Box<dyn Stream>, String> {
    let said = |error: std::io::Error| error.to_string();
    let socket = TcpStream::connect((url.host.as_str(), url.port)).await;
    let socket = socket.map_err(said)?;
    let alive = TcpKeepalive::new()
        .with_time(KEEPALIVE)
        .with_interval(KEEPALIVE);
    let alive = alive.with_retries(3);
    let raw = SockRef::from(&socket);
    raw.set_tcp_nodelay(true).map_err(said)?;
    raw.set_tcp_keepalive(&alive).map_err(said)?;
    #[cfg(target_os = "linux")]
    raw.set_tcp_user_timeout(Some(UNACKNOWLEDGED))
        .map_err(said)?;
    if !url.tls {
        return Ok(Box::new(socket));
    }
    let name = ServerName::try_from(url.host.clone()).map_err(|error| error.to_string())?;
    let connector = TlsConnector::from(Arc::new(tls(url)?));
    let secured = connector.connect(name, socket).await;
    Ok(Box::new(secured.map_err(|error| format!("TLS: {error}"))?))
}

/// Certificates are judged as everywhere in the house: by the system, or by the authorities named.
fn tls(url: &RedisUrl) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = match &url.root_cert {
        Some(path) => builder.with_root_certificates(read_roots(path)?),
        None => {
            let system = rustls_platform_verifier::Verifier::new(provider);
            let system = system.map_err(|error| error.to_string())?;
            builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(system))
        }
    };
    Ok(config.with_no_client_auth())
}

/// What the server or the network says. It knows no password: that was only sent.
fn why(error: &RedisError) -> String {
    error.to_string()
}

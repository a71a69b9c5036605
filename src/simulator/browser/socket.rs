//! A connection that obeys its user, right or wrong.

use super::{BrowserError, CloseCode, Closed, Endpoint, Message, tls};
use futures_util::{SinkExt, StreamExt};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::{Request, Response};
use tokio_tungstenite::tungstenite::http::header::{
    AUTHORIZATION, HeaderName, ORIGIN, SEC_WEBSOCKET_PROTOCOL,
};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, Message as Frame, Utf8Bytes};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async_tls_with_config};

const UPGRADE_SECONDS: u64 = 10;
const SEND_SECONDS: u64 = 10;
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// A snapshot is one frame and may be many MiB; the codec reserves what a frame announces, so
/// there is an end to it all the same.
const LARGEST_MESSAGE: usize = 256 << 20;
/// Every socket allocates this at once, and a test opens many.
const READ_BUFFER: usize = 16 << 10;

/// The request for a WebSocket.
#[derive(Clone, Debug)]
pub struct Upgrade {
    /// `http://host:port`, `ws://host/ws`, …: see [`Endpoint`].
    pub url: String,
    /// The page that asks. A browser always sends one, a program need not.
    pub origin: Option<String>,
    /// The subprotocols offered, best first.
    pub subprotocols: Vec<String>,
    /// A token for the `Authorization` header.
    pub bearer: Option<SecretString>,
}

/// A message as it was read and as it was sent.
#[derive(Clone, Debug)]
pub struct Received {
    pub message: Message,
    text: Utf8Bytes,
}

impl Received {
    /// The frame's text; empty for [`Message::Closed`], which is not a text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// An upgraded connection on which nothing has been said.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    subprotocol: Option<String>,
    closed: Option<Closed>,
    pings: u64,
}

impl Socket {
    /// Connects and upgrades, within 10 s.
    ///
    /// # Errors
    /// When the address is none, nobody listens there, or the upgrade is refused.
    pub async fn open(upgrade: &Upgrade) -> Result<Self, BrowserError> {
        let endpoint: Endpoint = upgrade.url.parse()?;
        let request = request(&endpoint, upgrade)?;
        timeout(
            Duration::from_secs(UPGRADE_SECONDS),
            shake_hands(&endpoint, request),
        )
        .await
        .map_err(|_| BrowserError::TimedOut {
            what: "open a WebSocket",
            seconds: UPGRADE_SECONDS,
        })?
    }

    /// What the server chose of the subprotocols offered.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        self.subprotocol.as_deref()
    }

    /// How many WebSocket pings were read, and answered, so far.
    #[must_use]
    pub const fn pings(&self) -> u64 {
        self.pings
    }

    /// Sends a text frame.
    ///
    /// # Errors
    /// When the connection is gone or the server takes nothing for 10 s.
    pub async fn say(&mut self, text: impl Into<String>) -> Result<(), BrowserError> {
        self.send(Frame::text(text.into())).await
    }

    /// Sends a binary frame.
    ///
    /// # Errors
    /// As [`Socket::say`].
    pub async fn say_binary(&mut self, bytes: Vec<u8>) -> Result<(), BrowserError> {
        self.send(Frame::binary(bytes)).await
    }

    /// Writes bytes beneath the WebSocket codec: for frames that it would never build.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn write_raw(&mut self, bytes: &[u8]) -> Result<(), BrowserError> {
        let stream = self.stream.get_mut();
        let written = async {
            stream.write_all(bytes).await?;
            stream.flush().await
        };
        within_send_time(written)
            .await?
            .map_err(|error| BrowserError::from(Error::Io(error)))
    }

    async fn send(&mut self, frame: Frame) -> Result<(), BrowserError> {
        Ok(within_send_time(self.stream.send(frame)).await??)
    }

    /// Waits for the next message. The end of the connection is a message too, and is given again
    /// however often it is asked for. Nothing is lost when this is dropped while it waits.
    ///
    /// # Errors
    /// When the server breaks the WebSocket protocol or ours.
    pub async fn receive(&mut self) -> Result<Received, BrowserError> {
        loop {
            if let Some(closed) = self.closed.clone() {
                return Ok(Received {
                    message: Message::Closed(closed),
                    text: Utf8Bytes::default(),
                });
            }
            match self.stream.next().await {
                Some(Ok(Frame::Text(text))) => return read(text),
                Some(Ok(Frame::Binary(_))) => {
                    return Err(BrowserError::Malformed("a binary frame".to_owned()));
                }
                // The codec answers it by itself.
                Some(Ok(Frame::Ping(_))) => self.pings += 1,
                Some(Ok(Frame::Pong(_) | Frame::Frame(_))) => {}
                Some(Ok(Frame::Close(frame))) => {
                    self.closed = Some(match frame {
                        Some(frame) => Closed {
                            code: CloseCode(frame.code.into()),
                            reason: frame.reason.to_string(),
                        },
                        None => closed(CloseCode::NONE, String::new()),
                    });
                    // Its echo goes out, so that the server need not wait for it.
                    let _ = timeout(CLOSE_WAIT, self.stream.flush()).await;
                }
                Some(Err(error)) => self.closed = Some(abnormal(error)?),
                None => self.closed = Some(closed(CloseCode::ABNORMAL, String::new())),
            }
        }
    }

    /// Says goodbye as a browser's tab does (1000), and waits at most a second for it to be sent.
    pub async fn close(mut self) {
        let _ = timeout(CLOSE_WAIT, self.stream.close(None)).await;
    }
}

fn read(text: Utf8Bytes) -> Result<Received, BrowserError> {
    let message = Message::parse(&text).map_err(BrowserError::Malformed)?;
    Ok(Received { message, text })
}

fn closed(code: CloseCode, reason: String) -> Closed {
    Closed { code, reason }
}

/// A connection that broke has ended; a server that breaks the protocol is an error.
fn abnormal(error: Error) -> Result<Closed, BrowserError> {
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => {
            Ok(closed(CloseCode::ABNORMAL, String::new()))
        }
        Error::Io(error) => Ok(closed(CloseCode::ABNORMAL, error.to_string())),
        Error::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => Ok(closed(CloseCode::ABNORMAL, "no close frame".to_owned())),
        other => Err(other.into()),
    }
}

async fn within_send_time<T>(sent: impl Future<Output = T>) -> Result<T, BrowserError> {
    timeout(Duration::from_secs(SEND_SECONDS), sent)
        .await
        .map_err(|_| BrowserError::TimedOut {
            what: "take what we sent",
            seconds: SEND_SECONDS,
        })
}

async fn shake_hands(endpoint: &Endpoint, request: Request) -> Result<Socket, BrowserError> {
    let host = endpoint.host_and_port();
    let stream = TcpStream::connect(&host)
        .await
        .map_err(|source| BrowserError::Unreachable { host, source })?;
    // Latency is measured here: small frames must not wait for an acknowledgement.
    stream.set_nodelay(true).map_err(Error::Io)?;
    let connector = endpoint.is_tls().then(tls::connector).transpose()?;
    let config = WebSocketConfig::default()
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(0)
        .max_message_size(Some(LARGEST_MESSAGE))
        .max_frame_size(Some(LARGEST_MESSAGE));
    let (stream, response) =
        client_async_tls_with_config(request, stream, Some(config), connector).await?;
    Ok(Socket {
        stream,
        subprotocol: chosen(&response),
        closed: None,
        pings: 0,
    })
}

fn chosen(response: &Response) -> Option<String> {
    let value = response.headers().get(SEC_WEBSOCKET_PROTOCOL)?;
    value.to_str().ok().map(str::to_owned)
}

fn request(endpoint: &Endpoint, upgrade: &Upgrade) -> Result<Request, BrowserError> {
    let mut request = endpoint.as_str().into_client_request()?;
    if let Some(origin) = &upgrade.origin {
        set(&mut request, ORIGIN, "origin", origin)?;
    }
    if !upgrade.subprotocols.is_empty() {
        let offered = upgrade.subprotocols.join(", ");
        set(
            &mut request,
            SEC_WEBSOCKET_PROTOCOL,
            "subprotocol",
            &offered,
        )?;
    }
    if let Some(token) = &upgrade.bearer {
        let value = format!("Bearer {}", token.expose_secret());
        set(&mut request, AUTHORIZATION, "token", &value)?;
    }
    Ok(request)
}

fn set(
    request: &mut Request,
    header: HeaderName,
    what: &'static str,
    value: &str,
) -> Result<(), BrowserError> {
    let mut value = tokio_tungstenite::tungstenite::http::HeaderValue::from_str(value)
        .map_err(|_| BrowserError::Header(what))?;
    value.set_sensitive(header == AUTHORIZATION);
    request.headers_mut().insert(header, value);
    Ok(())
}

//! The codes of a server's errors, read off the wire.
//!
//! What is refused because of the data and what because of the database is told apart by SQLSTATE
//! alone: words come in the server's language. tokio-postgres knows the code, and diesel-async puts
//! it away where nobody can reach it. So the stream of every connection is listened to on its way
//! in; of all messages only errors are read.

use bytes::BytesMut;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use postgres_protocol::message::backend::{Header, Message};
use postgres_protocol::message::frontend;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio_postgres::Socket;
use tokio_postgres::fallible_iterator::FallibleIterator;
use tokio_postgres::tls::{ChannelBinding, MakeTlsConnect, TlsConnect, TlsStream};
use tokio_postgres_rustls::MakeRustlsConnect;

/// The length of a message's type and length.
const HEAD: usize = 5;
/// The longest error that is read.
const LONGEST: usize = 64 * 1024;
/// The field of an error that holds its code.
const CODE: u8 = b'C';

type Tls = <MakeRustlsConnect as MakeTlsConnect<Socket>>::TlsConnect;
type Encrypted = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream;

/// The code of the first error that a server has sent on a connection since it was last asked for:
/// what comes after it on a pipeline only says that the transaction had failed.
#[derive(Clone, Debug, Default)]
pub(super) struct Overheard(Arc<Mutex<Option<String>>>);

impl Overheard {
    /// The code, which is forgotten with that.
    pub(super) fn take(&self) -> Option<String> {
        self.code().take()
    }

    fn note(&self, code: &[u8]) {
        let code = String::from_utf8_lossy(code).into_owned();
        self.code().get_or_insert(code);
    }

    fn code(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Which part of a message comes next.
enum Part {
    Head,
    Error,
    Other,
}

/// Follows the server's messages. Bytes that are none, which no server sends, end it: then no code
/// is known any more, and no error passes for the data's.
struct Listener {
    codes: Overheard,
    part: Part,
    /// How many bytes the part still lacks.
    lacks: usize,
    kept: BytesMut,
    lost: bool,
}

impl Listener {
    fn new(codes: Overheard) -> Self {
        Self {
            codes,
            part: Part::Head,
            lacks: HEAD,
            kept: BytesMut::new(),
            lost: false,
        }
    }

    fn hear(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.lost {
            let (now, later) = bytes.split_at(self.lacks.min(bytes.len()));
            bytes = later;
            self.lacks -= now.len();
            if !matches!(self.part, Part::Other) {
                self.kept.extend_from_slice(now);
            }
            if self.lacks == 0 {
                self.lost = self.part_is_whole().is_none();
            }
        }
    }

    fn part_is_whole(&mut self) -> Option<()> {
        if matches!(self.part, Part::Head) {
            let header = Header::parse(&self.kept).ok()??;
            self.lacks = usize::try_from(header.len()).ok()?.checked_sub(HEAD - 1)?;
            let is_error = header.tag() == b'E' && self.lacks <= LONGEST;
            self.part = if is_error { Part::Error } else { Part::Other };
            if self.lacks > 0 {
                return Some(());
            }
        }
        if matches!(self.part, Part::Error)
            && let Message::ErrorResponse(error) = Message::parse(&mut self.kept).ok()??
        {
            let mut fields = error.fields();
            while let Some(field) = fields.next().ok()? {
                if field.type_() == CODE {
                    self.codes.note(field.value_bytes());
                }
            }
        }
        self.kept.clear();
        self.part = Part::Head;
        self.lacks = HEAD;
        Some(())
    }
}

/// Makes connections that are listened to, with TLS or without. To tokio-postgres all of it is TLS:
/// only there can one stand between it and its socket.
pub(super) struct Listening {
    /// `None`: never TLS.
    pub tls: Option<MakeRustlsConnect>,
    /// Whether a server without TLS is refused.
    pub required: bool,
    /// Where the codes go.
    pub codes: Overheard,
}

impl MakeTlsConnect<Socket> for Listening {
    type Stream = Line;
    type TlsConnect = ListeningTo;
    type Error = <MakeRustlsConnect as MakeTlsConnect<Socket>>::Error;

    fn make_tls_connect(&mut self, domain: &str) -> Result<ListeningTo, Self::Error> {
        let tls = self.tls.as_mut();
        let tls = tls.map(|tls| MakeTlsConnect::<Socket>::make_tls_connect(tls, domain));
        Ok(ListeningTo {
            tls: tls.transpose()?,
            required: self.required,
            codes: self.codes.clone(),
        })
    }
}

/// Makes one connection.
pub(super) struct ListeningTo {
    tls: Option<Tls>,
    required: bool,
    codes: Overheard,
}

impl TlsConnect<Socket> for ListeningTo {
    type Stream = Line;
    type Error = io::Error;
    type Future = BoxFuture<'static, io::Result<Line>>;

    fn connect(self, mut socket: Socket) -> Self::Future {
        async move {
            let stream = match self.tls {
                Some(tls) if offers_tls(&mut socket).await? => {
                    Stream::Encrypted(Box::new(tls.connect(socket).await?))
                }
                Some(_) if self.required => {
                    return Err(io::Error::other("server does not support TLS"));
                }
                _ => Stream::Plain(socket),
            };
            Ok(Line {
                stream,
                listener: Listener::new(self.codes),
            })
        }
        .boxed()
    }
}

/// Asks as libpq does, before anything else is said.
async fn offers_tls(socket: &mut Socket) -> io::Result<bool> {
    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    socket.write_all(&request).await?;
    Ok(socket.read_u8().await? == b'S')
}

enum Stream {
    Plain(Socket),
    Encrypted(Box<Encrypted>),
}

/// A connection that is listened to.
pub(super) struct Line {
    stream: Stream,
    listener: Listener,
}

/// Runs an operation on whichever stream it is.
macro_rules! on_stream {
    ($stream:expr, $name:ident($($arg:expr),*)) => {
        match $stream {
            Stream::Plain(stream) => Pin::new(stream).$name($($arg),*),
            Stream::Encrypted(stream) => Pin::new(&mut **stream).$name($($arg),*),
        }
    };
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = on_stream!(&mut self.stream, poll_read(cx, buf));
        self.listener
            .hear(buf.filled().get(before..).unwrap_or_default());
        polled
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_stream!(&mut self.stream, poll_write(cx, buf))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(&mut self.stream, poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_stream!(&mut self.stream, poll_shutdown(cx))
    }
}

impl TlsStream for Line {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.stream {
            Stream::Plain(_) => ChannelBinding::none(),
            Stream::Encrypted(stream) => stream.channel_binding(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Listener, Overheard};

    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let len = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [&[tag], &len[..], body].concat()
    }

    fn error(code: &str) -> Vec<u8> {
        let body = format!("SFEHLER\0VERROR\0C{code}\0MRelation »x« existiert nicht\0\0");
        message(b'E', body.as_bytes())
    }

    #[test]
    fn the_first_code_is_heard_however_the_bytes_come() {
        let talk = [
            message(b'Z', b"I"),
            message(b'1', b""),
            message(b'D', &[b'E'; 700]),
            error("42P01"),
            message(b'Z', b"E"),
            error("25P02"),
        ]
        .concat();
        for size in 1..talk.len() {
            let codes = Overheard::default();
            let mut listener = Listener::new(codes.clone());
            talk.chunks(size).for_each(|bytes| listener.hear(bytes));
            assert_eq!(codes.take().as_deref(), Some("42P01"), "{size} at a time");
            listener.hear(&error("22P05"));
            assert_eq!(codes.take().as_deref(), Some("22P05"));
            assert_eq!(codes.take(), None);
        }
    }

    #[test]
    fn what_is_no_message_is_never_taken_for_a_code() {
        let codes = Overheard::default();
        let mut listener = Listener::new(codes.clone());
        listener.hear(b"HTTP/1.1 400");
        listener.hear(&[0, 0, 0, 0, 0]);
        listener.hear(&error("22P05"));
        assert_eq!(codes.take(), None);
    }
}

//! A connection as actix-http gets it, with what actix-http does not do by itself.
//!
//! - A socket's end: when its last frame is out, so is the end of the connection (RFC 6455, 5.5.1).
//!   actix-http would first wait for the other side's end, for as long as [`super::serve`] gives
//!   disconnecting clients; it goes on reading for that long, so that nothing is lost by a reset.
//! - `Connection: Upgrade` without an upgrade to a WebSocket, as proxies add it to every request:
//!   actix-http would take it for the end of keep-alive, so the word is blanked before it is read.

use crate::ws::Ending;
use actix_web::rt::net::TcpStream;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A client's connection.
pub(super) struct Wire {
    stream: TcpStream,
    ending: Ending,
    /// Our end is out.
    is_shut: bool,
    /// Everything that was read has been answered: what comes next begins a request.
    is_answered: bool,
}

impl Wire {
    pub(super) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            ending: Ending::default(),
            is_shut: false,
            is_answered: true,
        }
    }

    /// By which a socket says that its last frame is on its way.
    pub(super) fn ending(&self) -> Ending {
        self.ending.clone()
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if let Some(read) = buffer.filled_mut().get_mut(before..)
            && !read.is_empty()
            && std::mem::take(&mut self.is_answered)
        {
            keep_alive(read);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.is_answered = true;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Comes when all has been written.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        if self.ending.has_come() && !self.is_shut {
            ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
            self.is_shut = true;
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Blanks `upgrade` in the `Connection` headers of a request that upgrades to nothing of ours. A
/// head that comes in pieces is left as it is, and so is all else: it costs its keep-alive alone.
fn keep_alive(read: &mut [u8]) {
    const END: &[u8] = b"\r\n\r\n";
    let is_request = read.first().is_some_and(u8::is_ascii_uppercase);
    let Some(end) = read.windows(END.len()).position(|bytes| bytes == END) else {
        return;
    };
    let Some(head) = read.get_mut(..end).filter(|_| is_request) else {
        return;
    };
    let is_websocket = |value: &[u8]| value.trim_ascii().eq_ignore_ascii_case(b"websocket");
    let mut lines = head.split(|byte| *byte == b'\n');
    if lines.any(|line| header(line, b"upgrade").is_some_and(is_websocket)) {
        return;
    }
    for line in head.split_mut(|byte| *byte == b'\n') {
        let Some(length) = header(line, b"connection").map(<[u8]>::len) else {
            continue;
        };
        let value = line.len() - length;
        for option in line
            .get_mut(value..)
            .unwrap_or_default()
            .split_mut(|byte| *byte == b',')
        {
            if option.trim_ascii().eq_ignore_ascii_case(b"upgrade") {
                // An option that nobody knows is ignored.
                let letters = option.iter_mut().filter(|byte| byte.is_ascii_alphabetic());
                letters.for_each(|letter| *letter = b'x');
            }
        }
    }
}

/// The value of a header's line, if it is the header of that name.
fn header<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (found, value) = line.split_at_checked(name.len())?;
    let value = value.strip_prefix(b":")?;
    found.eq_ignore_ascii_case(name).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::keep_alive;

    fn kept(head: &str) -> String {
        let mut bytes = head.as_bytes().to_vec();
        keep_alive(&mut bytes);
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn an_upgrade_to_nothing_of_ours_is_blanked() {
        let get = |headers: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\nbody");
        for (asked, read) in [
            ("Connection: Upgrade", "Connection: xxxxxxx"),
            ("connection:upgrade", "connection:xxxxxxx"),
            (
                "Connection: keep-alive, Upgrade",
                "Connection: keep-alive, xxxxxxx",
            ),
            (
                "Upgrade: h2c\r\nCONNECTION: UPGRADE, HTTP2-Settings",
                "Upgrade: h2c\r\nCONNECTION: xxxxxxx, HTTP2-Settings",
            ),
            (
                "Upgrade: \r\nConnection: upgrade",
                "Upgrade: \r\nConnection: xxxxxxx",
            ),
        ] {
            assert_eq!(kept(&get(asked)), get(read));
        }
    }

    #[test]
    fn all_else_stays_as_it_is() {
        for head in [
            "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n",
            "GET / HTTP/1.1\r\nConnection: close\r\nX-Connection: upgrade\r\n\r\n",
            "POST / HTTP/1.1\r\nHost: a\r\n\r\nConnection: upgrade\r\n\r\n",
            "\x01GET / HTTP/1.1\r\nConnection: upgrade\r\n\r\n",
            "GET / HTTP/1.1\r\nConnection: upgr",
            "",
        ] {
            assert_eq!(kept(head), head);
        }
    }
}

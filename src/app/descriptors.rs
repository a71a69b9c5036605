//! File descriptors: each connection takes one, and the system gives out no more than it was told.
//!
//! Were the last one given to a client, nobody could be answered any more, and the database could
//! not be opened again. So the last ones are kept back: whoever comes then is told so at once.

use crate::http::{Context, Who};
use crate::telemetry::Refused;
use actix_web::rt::net::TcpStream;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::os::fd::AsRawFd;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Descriptors that are not for clients, where there are so many: for the database, for what is
/// asked of the carrier, and for telling clients that there are no more.
const RESERVE: u64 = 64;
/// How long a client who cannot be served may take to ask.
const PATIENCE: Duration = Duration::from_millis(200);

/// Whom there is no descriptor for.
const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n\
    Content-Type: application/json\r\nCache-Control: no-store\r\nContent-Length: 68\r\n\r\n\
    {\"error\":\"The server has no room for another connection; come back\"}";

/// Asks the system for as many descriptors as this process may have at all. What it starts with is
/// often 1024, a limit that is kept low for programs which wait for few files.
pub fn raise_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!("The limit of file descriptors stays as it is: {error}");
    }
}

/// Whether a connection took one of the last descriptors: the lowest free one is always given out,
/// so its number says how many are in use.
fn is_of_the_last(stream: &TcpStream) -> bool {
    let Some(limit) = getrlimit(Resource::Nofile).current else {
        return false;
    };
    let kept_back = RESERVE.min(limit / 4);
    let number = u64::try_from(stream.as_raw_fd()).unwrap_or(0);
    number >= limit - kept_back
}

/// The connection, unless it is one too many; then its client is told so.
pub(super) async fn admit(mut stream: TcpStream, context: &Context) -> Option<TcpStream> {
    if !is_of_the_last(&stream) {
        return Some(stream);
    }
    let why = "the file descriptors are used up: raise the limit (ulimit -n, LimitNOFILE=)";
    context
        .notices
        .refused(Who::Connection, Refused::Descriptors, why);
    // What is not read would turn our end into a reset, and some lose the answer then.
    let mut asked = vec![0; 4096];
    let told = async {
        drop(tokio::time::timeout(PATIENCE, stream.read(&mut asked)).await);
        stream.write_all(FULL).await?;
        stream.shutdown().await
    };
    if let Err(error) = told.await {
        tracing::debug!("A client was not told that there is no room: {error}");
    }
    None
}

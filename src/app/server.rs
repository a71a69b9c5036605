//! The public server: what `HttpServer` of actix-web does, over connections of our own kind.

use super::descriptors::admit;
use super::wire::Wire;
use crate::http::Context;
use crate::telemetry::Duty;
use actix_http::body::MessageBody;
use actix_http::error::DispatchError;
use actix_http::{HttpService, Request, Response};
use actix_server::Server;
use actix_service::{
    IntoServiceFactory, ServiceFactory, ServiceFactoryExt, fn_service, map_config,
};
use actix_web::dev::{AppConfig, ServerHandle};
use actix_web::rt::net::TcpStream;
use actix_web::{Error, web};
use std::fmt::Debug;
use std::io;
use std::net::TcpListener;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Longest time for the headers of a request to arrive.
const HEADERS: Duration = Duration::from_secs(10);
/// Longest time for a closing connection to finish: what is still on its way to us is read, so that
/// no reset takes our last words back.
const DISCONNECT: Duration = Duration::from_secs(2);
/// Longest time for requests and sockets to finish when the server stops, in seconds.
const SHUTDOWN_S: u64 = 15;
/// What a client may leave unacknowledged before its connection is cut.
const PEER_PATIENCE: Duration = Duration::from_secs(20);
/// The kernel's buffer for what is sent: small, so that a slow reader shows in its outbox.
const SEND_BUFFER: usize = 64 * 1024;
/// A body is asked for more only below so many bytes that its socket has not taken: room for a head, so
/// that a short answer leaves in one write, and little more, so that a socket's frames wait in its
/// outbox, where they are counted, and `ws::transport` knows when they are gone.
const WRITE_BUFFER: usize = 1024;
/// Connections that may wait to be accepted: a whole floor of boards comes back at once.
const BACKLOG: u32 = 4096;
/// Most connections per worker.
const CONNECTIONS: usize = 100_000;

/// Serves what `app` makes, once on each worker, from now on.
pub(super) fn start<F, I, S, B>(
    listener: TcpListener,
    context: web::Data<Context>,
    over: CancellationToken,
    app: F,
) -> io::Result<ServerHandle>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: Debug,
    S::Response: Into<Response<B>> + 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let duties = context.duties.clone();
    let server = Server::build();
    let stopping = server.graceful_shutdown_signal();
    let server = server
        .backlog(BACKLOG)
        .max_concurrent_connections(CONNECTIONS)
        .shutdown_timeout(SHUTDOWN_S)
        .disable_signals()
        .listen("callboard", listener, move || {
            let (stopping, context) = (stopping.clone(), context.clone());
            let app = app().into_factory();
            let app = app.map_err(|error| error.into().error_response());
            let http = HttpService::build()
                .graceful_shutdown_signal(move || {
                    let stopping = stopping.clone();
                    async move { stopping.notified().await }
                })
                .client_request_timeout(HEADERS)
                .client_disconnect_timeout(DISCONNECT)
                .h1_allow_half_closed(false)
                .h1_write_buffer_size(WRITE_BUFFER)
                .local_addr(address)
                .on_connect_ext(|wire: &Wire, data: &mut actix_http::Extensions| {
                    data.insert(wire.ending());
                })
                .h1(map_config(app, |()| AppConfig::default()));
            fn_service(move |stream: TcpStream| {
                let context = context.clone();
                async move {
                    let peer = stream.peer_addr().ok();
                    match admit(stream, &context).await {
                        Some(stream) => Ok((Wire::new(tuned(stream)), peer)),
                        None => Err(DispatchError::DisconnectTimeout),
                    }
                }
            })
            .and_then(http)
        })?
        .run();
    let handle = server.handle();
    tokio::spawn(duties.must_outlast(Duty::Listener, over, server));
    Ok(handle)
}

/// A client that neither reads nor says goodbye is cut by the kernel: with the write buffer full,
/// the body of its answer is never polled again, so nothing of ours could.
fn tuned(stream: TcpStream) -> TcpStream {
    let socket = socket2::SockRef::from(&stream);
    let tuned = socket
        .set_tcp_nodelay(true)
        .and_then(|()| socket.set_send_buffer_size(SEND_BUFFER))
        .and_then(|()| socket.set_tcp_user_timeout(Some(PEER_PATIENCE)));
    if let Err(error) = tuned {
        tracing::debug!("Connection not tuned: {error}");
    }
    stream
}

//! The socket: upgrade, protocol, session, and how it ends.

mod close;
mod document;
mod flood;
mod gate;
mod greeting;
mod lifetime;
mod message;
mod protocol;
mod session;
mod transport;
mod upgrade;

pub use close::Close;
#[cfg(feature = "proving")]
pub use gate::{Gate, MESSAGE_BYTES};
#[cfg(feature = "proving")]
pub use protocol::ClientMessage;
pub use protocol::SUBPROTOCOL;
pub use transport::Ending;

use crate::http::Route;

/// The socket, and what is spoken on it.
pub const ROUTES: &[Route] = &[upgrade::SOCKET, document::ASYNCAPI];

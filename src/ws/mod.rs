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
pub use document::asyncapi;
pub use protocol::SUBPROTOCOL;
pub use session::HEARTBEAT_S;
pub use transport::Ending;
pub use upgrade::upgrade;

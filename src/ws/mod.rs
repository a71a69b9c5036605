//! The socket: upgrade, protocol, session, and how it ends.

mod close;
mod flood;
mod gate;
mod greeting;
mod protocol;
mod session;
mod transport;
mod upgrade;

pub use close::Close;
pub use protocol::SUBPROTOCOL;
pub use session::HEARTBEAT_S;
pub use upgrade::upgrade;

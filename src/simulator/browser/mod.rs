//! An agent's browser, without the browser: a client of the board's WebSocket (contract, section 4).
//!
//! It is written from `static/docs/contract.md` alone and shares no code with `ws`, over another WebSocket
//! codec, so that a mistake on one side shows on the other. From the ground up:
//!
//! - [`Socket`]: an upgraded connection on which nothing has been said; sends what it is told to,
//!   right or wrong.
//! - [`Browser`]: a connection that has introduced itself and been answered.
//! - [`Checker`]: holds the server to its promises over all connections of one board; no I/O.
//! - [`ResumingBrowser`]: a board that stays: reconnects with its position, as is asked there.
//! - [`Buttons`]: what there is to click on (contract, 5.1).

mod agent;
mod backoff;
mod buttons;
mod call;
mod checker;
mod close;
mod connection;
mod endpoint;
mod error;
mod fault;
mod message;
mod opening;
mod resuming;
#[cfg(any(test, feature = "scripted"))]
pub mod scripted;
mod socket;
mod tls;

pub use agent::Agent;
pub use backoff::Backoff;
pub use buttons::{Buttons, PressError, Pressed};
pub use call::Call;
pub use checker::Checker;
pub use close::{CloseCode, Closed};
pub use connection::{Browser, BrowserSettings, SUBPROTOCOL};
pub use endpoint::Endpoint;
pub use error::BrowserError;
pub use fault::{Fault, Tally};
pub use message::{Actor, AgentEvent, ErrorFrame, Event, Latency, Message};
pub use opening::{Position, Resumed, Snapshot};
pub use resuming::{Lost, ResumingBrowser, Step};
pub use socket::{Received, Socket, Upgrade};

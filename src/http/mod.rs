//! What the webhook, REST and the socket share: who is calling, what is refused and how, limits.

mod admit;
mod answers;
mod bearer;
mod body;
mod caller;
mod context;
mod error;
mod fallback;
mod forwarded;
mod functions;
mod mount;
mod notices;
mod observe;
mod origin;
mod prometheus;
mod reason;
mod refusals;
mod route;
pub mod schema;
mod span;
mod token_reason;
mod unread;

pub use answers::answers_in_json;
pub use bearer::{Bearer, bearer};
pub use body::read_body;
pub use caller::{Barred, Caller};
pub use context::Context;
pub use error::ApiError;
pub use fallback::{not_found, not_found_for_telnyx, query_errors};
#[cfg(feature = "proving")]
pub use forwarded::sender;
pub use functions::open_to_every_page;
pub use mount::mount;
pub use notices::{Notices, Who};
pub use observe::observe;
pub use origin::is_allowed;
pub use prometheus::METRICS;
pub use refusals::Refusals;
pub use route::{Door, Operation, Route, Tag};
pub use span::RequestSpan;
pub use token_reason::token_reason;
pub use unread::close_on_unread;

//! What the webhook, REST and the socket share: who is calling, what is refused and how, limits.

mod body;
mod caller;
mod context;
mod error;
mod fallback;
mod functions;
mod observe;
mod origin;
mod prometheus;
mod refusals;
mod span;
mod unread;

pub use body::read_body;
pub use caller::{Admin, Caller, Owner, bearer};
pub use context::Context;
pub use error::ApiError;
pub use fallback::{errors_in_json, not_found, query_errors, resource};
pub use functions::open_to_every_page;
pub use observe::observe;
pub use origin::is_allowed;
pub use prometheus::metrics_page;
pub use refusals::Refusals;
pub use span::RequestSpan;
pub use unread::close_on_unread;

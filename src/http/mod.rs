//! What the webhook, REST and the socket share: who is calling, what is refused and how, limits.

mod answers;
mod body;
mod caller;
mod context;
mod error;
mod fallback;
mod forwarded;
mod functions;
mod notices;
mod observe;
mod origin;
mod prometheus;
mod reason;
mod refusals;
mod span;
mod unread;

pub use answers::answers_in_json;
pub use body::read_body;
pub use caller::{Admin, Caller, Owner, bearer};
pub use context::Context;
pub use error::ApiError;
pub use fallback::{
    get, not_found, not_found_for_telnyx, query_errors, resource, webhook_resource,
};
pub use functions::open_to_every_page;
pub use notices::{Notices, Who};
pub use observe::observe;
pub use origin::is_allowed;
pub use prometheus::metrics_page;
pub use reason::token_reason;
pub use refusals::Refusals;
pub use span::RequestSpan;
pub use unread::close_on_unread;

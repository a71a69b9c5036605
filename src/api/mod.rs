//! REST: the list of its routes, each of which stands beside its handler.

mod agency;
mod auth;
mod board;
mod body;
mod call_logs;
mod calls;
mod control;
mod credentials;
mod csv;
mod documents;
mod health;
mod invitations;
mod keys;
mod log_query;
mod me;
mod page;
mod recordings;
mod sessions;
mod sign_in;
mod state;
mod stats;
mod ultravox;
mod users;
mod webhooks;

pub(crate) use documents::OpenApi;

use crate::http::Route;

/// Every route of REST, of the documents and of the page; what the page's files are looked for with
/// comes last, since it takes every path.
pub(crate) const ROUTES: &[Route] = &[
    calls::PENDING_CALLS,
    calls::PAGE,
    calls::ONE,
    calls::EVENTS,
    recordings::LINK,
    control::ANSWER,
    control::ANSWER_OF_GUIDE,
    control::RELEASE,
    control::RELEASE_OF_GUIDE,
    control::END,
    control::END_OF_GUIDE,
    call_logs::PAGE,
    call_logs::ONE,
    call_logs::WRITE,
    stats::STATS,
    users::USERS,
    users::INVITE,
    users::CHANGE,
    users::REMOVE,
    users::RENEW,
    me::ME,
    state::PUT,
    sessions::MINE,
    sessions::END_MINE,
    sessions::END_ONE,
    sessions::END_THEIRS,
    sign_in::WAYS,
    invitations::SET_UP,
    invitations::ACCEPT,
    auth::TOKEN,
    auth::AUTHORIZE,
    auth::CALLBACK,
    auth::USER,
    auth::CHANGE_USER,
    auth::LOGOUT,
    auth::RECOVER,
    auth::OTP,
    auth::VERIFY,
    auth::ENROL,
    auth::CHALLENGE,
    auth::VERIFY_FACTOR,
    auth::UNENROL,
    auth::SETTINGS,
    auth::JWKS,
    agency::READ,
    agency::CHANGE,
    keys::ALL,
    keys::MAKE,
    keys::REMOVE,
    webhooks::WEBHOOKS,
    credentials::ALL,
    credentials::PUT_ALL,
    credentials::ONE,
    credentials::PUT_ONE,
    credentials::REMOVE,
    ultravox::TELNYX_FUNCTION,
    ultravox::TELNYX,
    ultravox::TWILIO,
    ultravox::PLIVO,
    ultravox::READ,
    ultravox::CHANGE,
    ultravox::REMOVE,
    ultravox::CHANGE_WHOLE,
    ultravox::STATUS,
    health::ALIVE,
    health::READY,
    documents::OPENAPI,
    sign_in::LINK,
    board::PAGE,
    board::DOCS,
];

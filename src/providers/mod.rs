//! What others do for us over HTTP: the carrier and the maker of voice agents.
//!
//! [`http`] sends a request under one budget of time and tries again what may be tried again;
//! [`breaker`] stops asking a provider that does not answer, agency by agency. The clients say
//! what their provider means by an answer. Everything here lives on the main runtime: what is
//! begun on a worker of the web server would die with that worker.

pub mod breaker;
pub mod http;
#[cfg(test)]
mod scripted;
pub mod telnyx;
pub mod ultravox;
mod words;

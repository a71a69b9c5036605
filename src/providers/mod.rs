//! What others do for us over HTTP: how any of them is asked, and the maker of voice agents.
//!
//! [`http`] sends a request under one budget of time and tries again what may be tried again;
//! [`breaker`] stops asking a provider that does not answer, agency by agency; [`client`] joins the
//! two with an account and its key. The providers' own modules say what an answer means. Everything here lives on the main runtime: what is
//! begun on a worker of the web server would die with that worker.

pub(crate) mod breaker;
pub(crate) mod client;
pub(crate) mod http;
pub(crate) mod mail;
#[cfg(test)]
pub(crate) mod scripted;
pub(crate) mod ultravox;
pub(crate) mod words;

pub(crate) use client::{Account, Client, KeyIn};

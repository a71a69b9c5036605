//! callboard: a live inbound-call board. The map of the house is in `ARCHITECTURE.md`.
//!
//! The library is not an API: what is public is for the binary, the stories and the benchmarks. The
//! rooms that none of them enters are the crate's own, so that rustc tells what is dead in them.

pub mod agencies;
pub(crate) mod api;
pub mod app;
pub mod auth;
pub mod carriers;
pub mod cli;
pub mod clock;
pub mod config;
pub(crate) mod control;
pub mod domain;
pub(crate) mod duties;
pub(crate) mod fanout;
pub mod http;
pub mod hub;
pub(crate) mod ingest;
pub mod journal;
pub(crate) mod providers;
pub(crate) mod relay;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod ws;

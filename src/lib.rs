//! callboard: a live inbound-call board. The map of the house is in `ARCHITECTURE.md`.

pub mod agencies;
pub mod api;
pub mod app;
pub mod auth;
pub mod carriers;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod domain;
pub mod duties;
pub mod fanout;
pub mod http;
pub mod hub;
pub mod ingest;
pub mod journal;
pub mod providers;
pub mod store;
pub mod telemetry;
pub mod view;
pub mod ws;

//! callboard: a live inbound-call board. A carrier's webhooks come in (`ingest`), are committed once and
//! in order (`journal`), and go out to every agent's screen (`fanout`, `hub`, `ws`); agents act over
//! REST (`api`, `control`). `ARCHITECTURE.md` beside this package has the map, the walks of a webhook
//! and of a click, and what must always be true.
//!
//! The library is not an API. The binary enters three rooms; the stories and the benchmarks enter more,
//! which are public with the feature `proving` alone. So without it rustc tells what is dead: what
//! only a story asks for says so with that feature.
// What is public in a room is so for those who prove; with them the lint is on.
#![cfg_attr(not(feature = "proving"), allow(unreachable_pub))]

#[cfg(not(feature = "proving"))]
mod accounts;
#[cfg(feature = "proving")] // Links are made.
pub mod accounts;
#[cfg(not(feature = "proving"))]
mod agencies;
#[cfg(feature = "proving")] // Keys and sealed credentials, which stories store.
pub mod agencies;
mod api;
#[cfg(not(feature = "proving"))]
mod app;
#[cfg(feature = "proving")] // Servers in one process with a story.
pub mod app;
#[cfg(not(feature = "proving"))]
mod auth;
#[cfg(feature = "proving")] // Tokens are minted.
pub mod auth;
#[cfg(not(feature = "proving"))]
mod carriers;
#[cfg(feature = "proving")] // Marks and bodies of a carrier.
pub mod carriers;
pub mod cli;
pub mod clock;
pub mod config;
mod control;
#[cfg(not(feature = "proving"))]
mod domain;
#[cfg(feature = "proving")] // Ids, times, what is stored.
pub mod domain;
mod duties;
mod fanout;
#[cfg(not(feature = "proving"))]
mod http;
#[cfg(feature = "proving")] // Routes; what strangers send.
pub mod http;
#[cfg(not(feature = "proving"))]
mod hub;
#[cfg(feature = "proving")] // Boards without a server (benchmarks).
pub mod hub;
mod ingest;
#[cfg(not(feature = "proving"))]
mod journal;
#[cfg(feature = "proving")] // Appends without a server.
pub mod journal;
mod presence;
mod providers;
mod relay;
#[cfg(not(feature = "proving"))]
mod store;
#[cfg(feature = "proving")] // Databases.
pub mod store;
#[cfg(not(feature = "proving"))]
mod telemetry;
#[cfg(feature = "proving")] // Metrics.
pub mod telemetry;
#[cfg(not(feature = "proving"))]
mod view;
#[cfg(feature = "proving")] // What happened, as it is stored.
pub mod view;
#[cfg(not(feature = "proving"))]
mod ws;
#[cfg(feature = "proving")] // What strangers send on sockets.
pub mod ws;

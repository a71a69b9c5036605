//! Stories from outside: a real server on a port of its own, a real database, a carrier that signs
//! and browsers that check. Each story is told on SQLite and on PostgreSQL.
//!
//! `tests/run` starts what they need; `CALLBOARD_TEST_POSTGRES` names the PostgreSQL server.
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::large_futures
)]

#[macro_use]
mod support;

mod accounts;
mod agencies;
mod architecture;
mod batches;
mod bodies;
mod call_logs;
mod calls_by_id;
mod claims;
mod cluster;
#[cfg(feature = "proving")]
mod conformance;
mod contract;
mod control;
mod crash;
mod credentials;
mod crossing;
mod demo;
mod dependencies;
mod deploys;
mod descriptors;
mod doctor;
mod documents;
mod doors;
mod duties;
mod failover;
mod faults;
mod files;
mod forgotten;
mod fuzz;
mod hanging_up;
mod heartbeat;
mod held;
mod imports;
mod kept;
mod lost_process;
mod masked;
mod metrics;
mod nodes;
mod order;
mod outage;
mod own_phones;
mod page;
mod pages;
mod poolers;
mod presence;
mod previous;
mod program_keys;
mod projects;
mod readiness;
mod reconciler;
mod recordings;
mod refusals;
mod refused;
mod relay;
mod rest;
mod resume;
mod retention;
mod rotation;
mod routes;
mod secrecy;
mod settings;
mod signing_in;
mod slow;
mod socket;
mod spine;
mod starting;
mod stats;
mod stepped;
mod telephony;
mod tenants;
mod tomorrow;
mod two_carriers;
mod unasked;
mod unwritten;
mod verified;
mod webhook;

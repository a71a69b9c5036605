//! The ledger and the status machine together, judged by sections 2 and 3 of `static/docs/contract.md`.

mod database;
mod orders;
mod people;
mod play;
mod properties;
mod rules;
mod stories;
mod story;

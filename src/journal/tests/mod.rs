//! The ledger and the status machine together, judged by sections 2 and 3 of the contract.

mod database;
mod orders;
mod play;
mod properties;
mod rules;
mod stories;
mod story;

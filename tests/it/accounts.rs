//! Accounts of our own: each way in and each way out, and what strangers do not get by trying.

mod factors;
mod house;
mod links;
mod nodes;
mod passwords;
mod refresh;
mod started;

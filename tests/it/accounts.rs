//! Accounts of our own: each way in and each way out, and what strangers do not get by trying.

mod disbelieved;
mod elsewhere;
mod factors;
pub mod house;
mod links;
mod mails;
mod nodes;
mod passwords;
mod people;
mod refresh;
mod started;

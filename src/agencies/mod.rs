//! (being built)

pub mod seal;

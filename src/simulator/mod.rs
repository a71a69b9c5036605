//! (being built)

pub mod browser;

//! What holds in whatever order things are heard of.

mod chance;
mod every_order;

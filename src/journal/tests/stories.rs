//! Stories of calls, told in sentences.

mod claims;
mod legs;
mod life;
mod tenants;
mod waiting;

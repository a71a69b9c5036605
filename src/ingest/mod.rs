//! The webhook, on its way in: verified, understood, committed, then acknowledged. What a carrier
//! means, `carriers` says. Nothing here calls out.

mod error;
mod handler;
mod retake;
mod routes;

pub(crate) use retake::Retake;
pub(crate) use routes::ROUTES;

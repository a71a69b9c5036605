//! A body that is not read to its end.
//!
//! Where a chunked body is let go of half-read, actix-http reads what is left of it and throws it
//! away, for as long as the sender likes; a stranger could so keep connections open without end.
//! Held until the answer is on its way, it makes actix-http close the connection instead, as it
//! does for bodies of a declared length.

use actix_web::Error;
use actix_web::HttpMessage;
use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::middleware::Next;
use bytes::Bytes;
use futures_util::Stream;
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

/// Closes the connection after an answer that came before the end of a chunked body.
///
/// # Errors
/// None of its own.
pub async fn close_on_unread<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    if !request.chunked().unwrap_or(false) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let held = Held(Rc::new(RefCell::new(request.take_payload())));
    let payload = Box::pin(held.clone());
    request.set_payload(Payload::Stream { payload });
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| {
        let body = Box::pin(body);
        EitherBody::right(BoxBody::new(Answer { body, _held: held }))
    }))
}

/// A body that two hold: whoever reads it, and the answer.
#[derive(Clone)]
struct Held(Rc<RefCell<Payload>>);

impl Stream for Held {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(context)
    }
}

/// An answer that holds the body of its request.
struct Answer<B> {
    body: Pin<Box<B>>,
    _held: Held,
}

impl<B: MessageBody> MessageBody for Answer<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.body.as_mut().poll_next(context)
    }
}

//! A route that knows itself: where it is, who may use it, what answers, and what the document says.

mod operation;

pub use operation::{Operation, Tag};

use super::ApiError;
use crate::domain::Right;
use actix_web::{HttpRequest, Route as Mounted, guard};

/// A method that a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

/// Whom a route lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// Everybody: no token is asked for. A webhook is believed for its signature, and a socket says
    /// who it is in its first message.
    Open,
    /// People of an agency whose role has this right.
    For(Right),
}

/// Adds what answers to a route of the framework.
type Answer = fn(Mounted) -> Mounted;
/// Says what the operation is for, what it takes and what it answers.
type Describe = fn(Operation) -> Operation;
/// What somebody reads who used a method that the path does not have, given those that it has.
type Otherwise = fn(&HttpRequest, &str) -> ApiError;

/// One method of one path.
#[derive(Clone, Copy)]
pub struct Route {
    pub method: Method,
    /// The path, its parameters in braces.
    pub path: &'static str,
    /// Who may use it.
    pub door: Door,
    /// Whether who may read may ask for the headers alone.
    pub with_head: bool,
    pub(super) answer: Answer,
    pub(super) describe: Option<Describe>,
    pub(super) pattern: &'static str,
    pub(super) also: Option<&'static str>,
    pub(super) otherwise: Otherwise,
}

impl Route {
    /// What is read, by `GET` or `HEAD`.
    #[must_use]
    pub const fn get(path: &'static str, door: Door, answer: Answer, describe: Describe) -> Self {
        Self::new(Method::Get, path, door, answer, describe)
    }

    /// What is done.
    #[must_use]
    pub const fn post(path: &'static str, door: Door, answer: Answer, describe: Describe) -> Self {
        Self::new(Method::Post, path, door, answer, describe)
    }

    /// What is stored.
    #[must_use]
    pub const fn put(path: &'static str, door: Door, answer: Answer, describe: Describe) -> Self {
        Self::new(Method::Put, path, door, answer, describe)
    }

    /// What is changed.
    #[must_use]
    pub const fn patch(path: &'static str, door: Door, answer: Answer, describe: Describe) -> Self {
        Self::new(Method::Patch, path, door, answer, describe)
    }

    /// What is taken away.
    #[must_use]
    pub const fn delete(
        path: &'static str,
        door: Door,
        answer: Answer,
        describe: Describe,
    ) -> Self {
        Self::new(Method::Delete, path, door, answer, describe)
    }

    const fn new(
        method: Method,
        path: &'static str,
        door: Door,
        answer: Answer,
        describe: Describe,
    ) -> Self {
        Self {
            method,
            path,
            door,
            with_head: matches!(method, Method::Get),
            answer,
            describe: Some(describe),
            pattern: path,
            also: None,
            otherwise: wrong_method,
        }
    }

    /// Something to read that is in no document.
    #[must_use]
    pub const fn undescribed(path: &'static str, door: Door, answer: Answer) -> Self {
        let mut route = Self::get(path, door, answer, |operation| operation);
        route.describe = None;
        route
    }

    /// The same at another path, which the document does not name.
    #[must_use]
    pub const fn also_at(mut self, path: &'static str) -> Self {
        self.also = Some(path);
        self
    }

    /// One path of the many that this pattern stands for, and that are answered alike.
    #[must_use]
    pub const fn among(mut self, pattern: &'static str) -> Self {
        self.pattern = pattern;
        self
    }

    /// By `GET` alone.
    #[must_use]
    pub const fn without_head(mut self) -> Self {
        self.with_head = false;
        self
    }

    /// Says something else than 405 to those who use another method. What the first route of a path
    /// says goes for all of them.
    #[must_use]
    pub const fn otherwise(mut self, otherwise: Otherwise) -> Self {
        self.otherwise = otherwise;
        self
    }

    /// Whether the document describes it.
    #[cfg(feature = "proving")]
    #[must_use]
    pub const fn is_described(&self) -> bool {
        self.describe.is_some()
    }

    /// The operation as the document has it, if it has it.
    #[must_use]
    pub fn operation(&self) -> Option<Operation> {
        let describe = self.describe?;
        Some(describe(Operation::of(self)))
    }

    /// The methods, as `Allow` names them.
    pub(super) const fn allows(&self) -> &'static str {
        match self.method {
            Method::Get if self.with_head => "GET, HEAD",
            method => method.name(),
        }
    }

    /// A route of the framework that takes this one's requests, and does not answer them yet.
    pub(super) fn guarded(&self) -> Mounted {
        let route = Mounted::new();
        match self.method {
            Method::Get if self.with_head => {
                route.guard(guard::Any(guard::Get()).or(guard::Head()))
            }
            Method::Get => route.guard(guard::Get()),
            Method::Post => route.guard(guard::Post()),
            Method::Put => route.guard(guard::Put()),
            Method::Patch => route.guard(guard::Patch()),
            Method::Delete => route.guard(guard::Delete()),
        }
    }
}

impl Method {
    /// As it stands in a request.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

fn wrong_method(_: &HttpRequest, methods: &str) -> ApiError {
    ApiError::wrong_method(methods, "")
}

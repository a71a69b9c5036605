//! Who works in an agency, who is awaited there, and who was removed; and how that changes.

use super::{Backend, Link, Store, StoreError, postgres, sqlite};
use crate::domain::{Absence, AgencyId, Role, Seat, SigningIn, Timestamp, UserId};
use std::collections::HashMap;

/// The people of an agency.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Those who came first before the others.
    pub seats: Vec<Seat>,
    pub signing_in: HashMap<UserId, SigningIn>,
}

/// Who changes something about people.
#[derive(Clone, Copy, Debug)]
pub struct Manager {
    pub agency: AgencyId,
    pub role: Role,
    pub now: Timestamp,
}

/// What is to be different about somebody; what is none stays.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PersonChange {
    pub role: Option<Role>,
    pub name: Option<Option<String>>,
    pub email: Option<Option<String>>,
    pub sip_username: Option<Option<String>>,
}

/// Why nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotChanged {
    /// Nobody of that id is of the agency.
    Nobody,
    /// Whoever asked does not look after people of that role.
    Above,
    /// The agency would have no owner.
    LastOwner,
    /// Somebody of the agency has that address.
    Known(UserId, Option<Absence>),
    /// Somebody else signs in with that address.
    EmailTaken,
    /// As many are awaited as may be.
    TooMany,
}

/// What a removal came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// The seat is empty, and may be given again.
    Seat,
    /// Nothing is left of them.
    All,
}

/// Each method is one query or one transaction; all fail with [`StoreError`] when the database is away.
#[allow(clippy::missing_errors_doc)]
impl Store {
    /// The people of an agency, and those whose seats there are empty.
    pub async fn roster(&self, agency: AgencyId, now: Timestamp) -> Result<Roster, StoreError> {
        query!(self, read, seats::roster(agency, now))
    }

    /// Somebody is awaited from now on, and comes by that link.
    pub async fn await_person(
        &self,
        by: Manager,
        seat: Seat,
        link: Link,
    ) -> Result<Result<(), NotChanged>, StoreError> {
        query!(self, write, people::await_one(by, seat, link))
    }

    /// Another link for somebody of the agency, by which they come (again) in the role that is given, or
    /// the one that they had; earlier ones are good no more.
    pub async fn renew_link(
        &self,
        by: Manager,
        user: UserId,
        role: Option<Role>,
        link: Link,
    ) -> Result<Result<(Seat, Link), NotChanged>, StoreError> {
        query!(self, write, people::renew_link(by, user, role, link))
    }

    /// Changes somebody of the agency.
    pub async fn change_person(
        &self,
        by: Manager,
        user: UserId,
        change: PersonChange,
    ) -> Result<Result<(), NotChanged>, StoreError> {
        query!(self, write, people::change(by, user, change))
    }

    /// Takes somebody's seat away and ends their sessions; of whoever has none any more, all that is
    /// left.
    pub async fn unseat(
        &self,
        by: Manager,
        user: UserId,
    ) -> Result<Result<Gone, NotChanged>, StoreError> {
        query!(self, write, people::unseat(by, user))
    }
}

//! The ids of things, each a type of its own so that none passes for another.

use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.trim().parse().map(Self)
            }
        }
    };
}

id!(
    /// An agency: the tenant. Nothing of one is ever seen by another.
    AgencyId
);
id!(
    /// A person who signs in; the `sub` of the access token.
    UserId
);
id!(
    /// A key with which programs come in.
    KeyId
);
id!(
    /// A call as the board knows it (the carrier's own handle is its `call_control_id`).
    CallId
);
id!(
    /// One agent's claim on one call.
    ClaimId
);
id!(
    /// What the carrier knows a command by, and ignores when it comes twice for one leg.
    CommandId
);

impl CommandId {
    /// The same for the same action of the same request (or claim), until `n` moves on.
    #[must_use]
    pub fn of(request: Uuid, action: &str, n: i32) -> Self {
        Self(Uuid::new_v5(&request, format!("{action}:{n}").as_bytes()))
    }
}

//! An errand: something that we still owe the carrier.

use super::settings::LONGEST_WRAP_UP_S;
use super::{AgencyId, Carrier, ClaimId, LegHandle, Timestamp, UserId, words};

words! {
    /// What is to be done.
    pub enum ErrandKind {
        /// Bring a claim's command to a definite outcome. Its subject is the claim.
        Drive = "drive",
        /// Let go of a claim that nobody has answered by its deadline. Its subject is the claim.
        Expire = "expire",
        /// Hang up a leg that nobody is to answer any more.
        HangUp = "hang_up",
        /// Start recording an answered call. Its subject is the caller's leg, as for those that follow.
        Record = "record",
        /// Let a caller who was answered once, and is not now, hear ringing.
        Ring = "ring",
        /// Stop that ringing.
        Quiet = "quiet",
        /// Ask the carrier whether a leg of which nothing was heard for long is still there.
        Look = "look",
        /// See that somebody's time after a call is over. Its subject is the person.
        WrapUp = "wrap_up",
    }
}

impl ErrandKind {
    /// The longest time, in seconds, for which one may be put off at once: whatever is due later than
    /// that was written by a clock that was wrong.
    #[must_use]
    pub const fn longest_wait_s(self) -> i64 {
        match self {
            // Half an hour, and an eighth at random.
            Self::Look => 1800 + 1800 / 8,
            Self::WrapUp => LONGEST_WRAP_UP_S,
            _ => 60,
        }
    }
}

/// Something that we still owe the carrier. It is written down in the transaction from which it
/// follows, so that whatever becomes of this process, some node will see to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Errand {
    /// Whose call.
    pub agency_id: AgencyId,
    /// What.
    pub kind: ErrandKind,
    /// The carrier that is owed it.
    pub carrier: Carrier,
    /// About which leg (its handle), claim or person (their ids).
    pub subject: String,
    /// Not before.
    pub due: Timestamp,
    /// Whoever sees to it has until then; afterwards anybody may.
    pub leased_until: Option<Timestamp>,
    /// How often it was taken up.
    pub attempts: i32,
    /// The number of its command: it grows with every definite answer of the carrier, which ignores
    /// the repeat of a command that it knows.
    pub command_n: i32,
}

impl Errand {
    /// One about a leg, which anybody may take up from `due` on.
    #[must_use]
    pub fn of_leg(agency: AgencyId, leg: &LegHandle, kind: ErrandKind, due: Timestamp) -> Self {
        Self::new(agency, leg.carrier, leg.id.clone(), kind, due)
    }

    /// One about a claim on a call of this carrier, which anybody may take up from `due` on.
    #[must_use]
    pub fn of_claim(
        agency: AgencyId,
        carrier: Carrier,
        claim: ClaimId,
        kind: ErrandKind,
        due: Timestamp,
    ) -> Self {
        Self::new(agency, carrier, claim.to_string(), kind, due)
    }

    /// One about a person, whom no carrier knows: the key wants one all the same.
    #[must_use]
    pub fn of_agent(agency: AgencyId, user: UserId, kind: ErrandKind, due: Timestamp) -> Self {
        Self::new(agency, Carrier::Telnyx, user.to_string(), kind, due)
    }

    fn new(
        agency_id: AgencyId,
        carrier: Carrier,
        subject: String,
        kind: ErrandKind,
        due: Timestamp,
    ) -> Self {
        Self {
            agency_id,
            kind,
            carrier,
            subject,
            due,
            leased_until: None,
            attempts: 0,
            command_n: 1,
        }
    }

    /// The leg that it is about, where its kind is about legs.
    #[must_use]
    pub fn leg(&self) -> LegHandle {
        LegHandle::new(self.carrier, self.subject.clone())
    }

    /// The same, in the hands of whoever wrote it down, until `until`.
    #[must_use]
    pub fn leased(self, until: Timestamp) -> Self {
        Self {
            leased_until: Some(until),
            ..self
        }
    }
}

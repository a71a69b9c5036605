//! Promises that a server broke, one by one and counted.

use super::Position;
use std::fmt;

/// One promise broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An event came that this board has had, or that its snapshot held.
    Twice {
        /// Its number.
        seq: u64,
    },
    /// An event came after a later one.
    OutOfOrder {
        /// Its number.
        seq: u64,
        /// The later one.
        after: u64,
    },
    /// Events were skipped.
    Gap {
        /// The first of them.
        expected: u64,
        /// What came instead.
        got: u64,
    },
    /// In the same epoch the server knows less than it has told: it lost what it had committed.
    Rewound {
        /// Where this board stood.
        from: u64,
        /// Where the server stands.
        to: u64,
    },
    /// A position was given, and the snapshot's reason shows that the server did not take it.
    PositionIgnored {
        /// The reason given.
        reason: String,
    },
    /// `resumed` from somewhere else than this board's position.
    WrongResume {
        /// This board's position.
        position: Option<Position>,
        /// What the server took it for.
        resumed: Position,
    },
    /// A second `snapshot` or `resumed` on one connection.
    AnsweredTwice,
    /// An event or heartbeat before `snapshot` or `resumed`.
    Unanswered,
    /// A heartbeat names another last event than the last one that came.
    Heartbeat {
        /// What it names.
        told: u64,
        /// What came.
        seen: u64,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice { seq } => write!(f, "event {seq} came twice"),
            Self::OutOfOrder { seq, after } => write!(f, "event {seq} came after event {after}"),
            Self::Gap { expected, got } => {
                write!(f, "event {got} came where event {expected} was due")
            }
            Self::Rewound { from, to } => write!(
                f,
                "the server stands at {to} and had told of {from}: committed events are lost"
            ),
            Self::PositionIgnored { reason } => {
                write!(
                    f,
                    "a snapshot for reason {reason:?} though a position was given"
                )
            }
            Self::WrongResume {
                position: Some(position),
                resumed,
            } => write!(f, "resumed from {resumed}, but the position is {position}"),
            Self::WrongResume {
                position: None,
                resumed,
            } => write!(f, "resumed from {resumed}, but no position was given"),
            Self::AnsweredTwice => f.write_str("a second answer to connect on one connection"),
            Self::Unanswered => f.write_str("a message before the answer to connect"),
            Self::Heartbeat { told, seen } => {
                write!(
                    f,
                    "a heartbeat names event {told}, the last to come was {seen}"
                )
            }
        }
    }
}

/// What came and what was wrong with it, over all connections of one board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Answers to `connect`.
    pub connections: u64,
    /// Those that were `resumed`.
    pub resumed: u64,
    /// Events, whatever was wrong with them.
    pub events: u64,
    /// Events that came again.
    pub twice: u64,
    /// Events that came after a later one.
    pub out_of_order: u64,
    /// Events that were skipped and did not come after all.
    pub gaps: u64,
    /// Events that the server told of and knows no more.
    pub lost: u64,
    /// Broken promises of the other kinds.
    pub other: u64,
}

impl Tally {
    /// Whether every promise was kept.
    #[must_use]
    pub const fn held(&self) -> bool {
        self.twice == 0
            && self.out_of_order == 0
            && self.gaps == 0
            && self.lost == 0
            && self.other == 0
    }

    /// The sum of two boards' counts.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            connections: self.connections + other.connections,
            resumed: self.resumed + other.resumed,
            events: self.events + other.events,
            twice: self.twice + other.twice,
            out_of_order: self.out_of_order + other.out_of_order,
            gaps: self.gaps + other.gaps,
            lost: self.lost + other.lost,
            other: self.other + other.other,
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} events over {} connections ({} resumed); lost {}, twice {}, out of order {}, gaps {}",
            self.events,
            self.connections,
            self.resumed,
            self.lost,
            self.twice,
            self.out_of_order,
            self.gaps
        )?;
        if self.other > 0 {
            write!(f, ", otherwise wrong {}", self.other)?;
        }
        Ok(())
    }
}

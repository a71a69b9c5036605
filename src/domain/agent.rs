//! Who is there to take a call.

use super::{AgencyId, Timestamp, User, UserId, words};

words! {
    /// What somebody is to whoever looks for a person who takes a call.
    pub enum AgentState {
        /// There, and free.
        Available = "available",
        /// Has a call, or a phone that rings for one.
        Busy = "busy",
        /// There, and not to be called.
        Away = "away",
        /// Has had a call, and writes about it.
        WrapUp = "wrap_up",
        /// Has no board open.
        Offline = "offline",
    }
}

words! {
    /// What this person's calls are heard on.
    pub enum AgentPhone {
        /// The browser.
        Ready = "ready",
        /// Nothing of their own that is known.
        Absent = "absent",
        /// A phone beside the board.
        Other = "other",
    }
}

/// How long somebody without a socket counts as there: a reload, a deploy and a node that dies are
/// over by then.
pub const GRACE_S: i64 = 30;

/// A person as colleagues see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    pub id: UserId,
    /// What colleagues read.
    pub name: Option<String>,
    pub state: AgentState,
    /// Why, of who is away.
    pub reason: Option<String>,
    /// Since when it is this state, for this reason.
    pub since: Timestamp,
    pub phone: AgentPhone,
}

/// What somebody wants to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    Available,
    /// Why: of the agency's list, or nothing where it has none.
    Away(Option<String>),
}

/// What a state follows from, beside the calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentFacts {
    /// Somewhere a socket of theirs is open, or lately was.
    pub present: bool,
    /// What they have chosen.
    pub choice: Choice,
    /// Until when they write about a call.
    pub wrap_up_until: Option<Timestamp>,
    /// One of the calls that they have now was answered.
    pub talked: bool,
}

/// Which calls somebody has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hands {
    /// Any.
    pub full: bool,
    /// One that was answered.
    pub talking: bool,
}

/// An agent as it was told last, and what that followed from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownAgent {
    pub agency_id: AgencyId,
    pub agent: Agent,
    pub facts: AgentFacts,
    /// When they were there last, of somebody who is not.
    pub last_seen: Option<Timestamp>,
}

/// How long somebody was what: a state that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentTime {
    pub agency_id: AgencyId,
    pub user_id: UserId,
    pub state: AgentState,
    pub reason: Option<String>,
    pub began: Timestamp,
    pub ended: Timestamp,
}

impl KnownAgent {
    /// Somebody who has never been there.
    #[must_use]
    pub fn new(agency_id: AgencyId, id: UserId, now: Timestamp) -> Self {
        Self {
            agency_id,
            agent: Agent {
                id,
                name: None,
                state: AgentState::Offline,
                reason: None,
                since: now,
                phone: AgentPhone::Absent,
            },
            facts: AgentFacts {
                present: false,
                choice: Choice::Available,
                wrap_up_until: None,
                talked: false,
            },
            last_seen: None,
        }
    }

    /// The same one under the name, and with the phone, that this person has now.
    pub fn goes_by(&mut self, user: &User) {
        self.agent.name = user.shown_name();
        self.agent.phone = match user.sip_username {
            Some(_) => AgentPhone::Other,
            None => AgentPhone::Absent,
        };
    }

    /// Takes in what somebody wants to be; it ends a wrap-up.
    pub fn chooses(&mut self, choice: Choice) {
        self.facts.choice = choice;
        self.facts.wrap_up_until = None;
    }

    /// Takes in which calls they have. Whoever lets go of the last of them and had talked writes about
    /// it for `wrap_up_s`, unless they had chosen to be away.
    pub fn holds(&mut self, hands: Hands, wrap_up_s: i64, steady: Timestamp) {
        if hands.full {
            self.facts.talked |= hands.talking;
            return;
        }
        let was_busy = self.agent.state == AgentState::Busy;
        let talked = std::mem::take(&mut self.facts.talked);
        if was_busy && talked && wrap_up_s > 0 && self.facts.choice == Choice::Available {
            self.facts.wrap_up_until = Some(steady.plus_seconds(wrap_up_s));
        }
    }

    /// Goes on to what follows now. Where that is another state, says how long the one before was.
    #[must_use]
    pub fn settles(
        &mut self,
        hands: Hands,
        now: Timestamp,
        steady: Timestamp,
    ) -> Option<AgentTime> {
        let until = &mut self.facts.wrap_up_until;
        *until = until.filter(|until| *until > steady);
        let state = self.facts.state(hands);
        let reason = match (&self.facts.choice, state) {
            (Choice::Away(reason), AgentState::Away) => reason.clone(),
            _ => None,
        };
        let agent = &mut self.agent;
        if (agent.state, &agent.reason) == (state, &reason) {
            return None;
        }
        let over = AgentTime {
            agency_id: self.agency_id,
            user_id: agent.id,
            state: agent.state,
            reason: std::mem::replace(&mut agent.reason, reason),
            began: agent.since,
            // A wall clock that was put back makes no time that is less than nothing.
            ended: now.max(agent.since),
        };
        agent.state = state;
        agent.since = now;
        Some(over)
    }
}

impl AgentFacts {
    /// Who has a caller is busy, whatever else; who has no board open is not there for anything else.
    fn state(&self, hands: Hands) -> AgentState {
        if hands.full {
            AgentState::Busy
        } else if !self.present {
            AgentState::Offline
        } else if self.choice != Choice::Available {
            AgentState::Away
        } else if self.wrap_up_until.is_some() {
            AgentState::WrapUp
        } else {
            AgentState::Available
        }
    }
}

#[cfg(test)]
mod tests;

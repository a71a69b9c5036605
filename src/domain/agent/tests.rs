use super::{AgentState, Choice, Hands, KnownAgent};
use crate::domain::{AgencyId, Timestamp, UserId};
use uuid::Uuid;

const RINGING: Hands = Hands {
    full: true,
    talking: false,
};
const TALKING: Hands = Hands {
    full: true,
    talking: true,
};
const EMPTY: Hands = Hands {
    full: false,
    talking: false,
};

/// Somebody in an agency with a wrap-up of ten seconds, to whom things happen second by second.
struct Life {
    anna: KnownAgent,
    second: i64,
    hands: Hands,
    over: Vec<(AgentState, i64)>,
}

impl Life {
    fn begins() -> Self {
        let (agency, anna) = (AgencyId(Uuid::nil()), UserId(Uuid::nil()));
        Self {
            anna: KnownAgent::new(agency, anna, Timestamp::from_micros(0)),
            second: 0,
            hands: EMPTY,
            over: Vec::new(),
        }
    }

    /// A second later this happens; what she is then.
    fn then(&mut self, happens: impl FnOnce(&mut KnownAgent)) -> AgentState {
        self.second += 1;
        let now = Timestamp::from_micros(0).plus_seconds(self.second);
        happens(&mut self.anna);
        self.anna.holds(self.hands, 10, now);
        if let Some(over) = self.anna.settles(self.hands, now, now) {
            let seconds = over.ended.micros_since(over.began) / 1_000_000;
            self.over.push((over.state, seconds));
        }
        self.anna.agent.state
    }

    fn comes(&mut self) -> AgentState {
        self.then(|anna| anna.facts.present = true)
    }

    fn has(&mut self, hands: Hands) -> AgentState {
        self.hands = hands;
        self.then(|_| {})
    }

    fn chooses(&mut self, choice: Choice) -> AgentState {
        self.then(|anna| anna.chooses(choice))
    }
}

fn lunch() -> Choice {
    Choice::Away(Some("lunch".into()))
}

#[test]
fn whoever_has_talked_writes_about_it_until_the_time_is_over_or_they_say_so() {
    let mut life = Life::begins();
    assert_eq!(life.comes(), AgentState::Available);
    assert_eq!(life.has(RINGING), AgentState::Busy);
    assert_eq!(life.has(TALKING), AgentState::Busy);
    assert_eq!(life.has(EMPTY), AgentState::WrapUp);
    life.second += 8;
    assert_eq!(life.then(|_| {}), AgentState::WrapUp);
    assert_eq!(life.then(|_| {}), AgentState::Available);

    life.has(TALKING);
    assert_eq!(life.has(EMPTY), AgentState::WrapUp);
    assert_eq!(life.chooses(Choice::Available), AgentState::Available);
    let times: Vec<(AgentState, i64)> = life.over;
    let state = |at: usize| times[at];
    assert_eq!(state(2), (AgentState::Busy, 2));
    assert_eq!(state(3), (AgentState::WrapUp, 10));
}

#[test]
fn a_phone_that_rang_in_vain_leaves_nothing_to_write_about() {
    let mut life = Life::begins();
    life.comes();
    life.has(RINGING);
    assert_eq!(life.has(EMPTY), AgentState::Available);
    // Nor does it remember a talk of before.
    life.has(TALKING);
    life.has(EMPTY);
    life.chooses(Choice::Available);
    life.has(RINGING);
    assert_eq!(life.has(EMPTY), AgentState::Available);
}

#[test]
fn whoever_wants_to_be_away_is_once_the_call_is_over() {
    let mut life = Life::begins();
    life.comes();
    life.has(TALKING);
    assert_eq!(life.chooses(lunch()), AgentState::Busy);
    assert_eq!(life.anna.agent.reason, None);
    assert_eq!(life.has(EMPTY), AgentState::Away);
    assert_eq!(life.anna.agent.reason.as_deref(), Some("lunch"));
    let since = life.anna.agent.since;
    assert_eq!(life.chooses(lunch()), AgentState::Away);
    assert_eq!(life.anna.agent.since, since, "nothing has changed");
    assert_eq!(life.chooses(Choice::Away(None)), AgentState::Away);
    assert_eq!(
        life.anna.agent.since,
        since.plus_seconds(2),
        "another reason is"
    );
}

#[test]
fn whoever_has_no_board_open_is_offline_but_for_a_call_and_comes_back_as_they_were() {
    let mut life = Life::begins();
    assert_eq!(life.has(TALKING), AgentState::Busy);
    assert_eq!(life.has(EMPTY), AgentState::Offline);
    life.comes();
    life.chooses(lunch());
    assert_eq!(
        life.then(|anna| anna.facts.present = false),
        AgentState::Offline
    );
    assert_eq!(life.anna.agent.reason, None);
    assert_eq!(life.comes(), AgentState::Away);
    assert_eq!(life.anna.agent.reason.as_deref(), Some("lunch"));
}

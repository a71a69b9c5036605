use super::*;
use crate::domain::{AgencyId, ReleaseReason, Timestamp, UserId};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use uuid::Uuid;

/// A call that an agent has claimed.
fn call() -> Call {
    let at = Timestamp::from_micros(0);
    Call {
        id: CallId(Uuid::nil()),
        agency_id: AgencyId(Uuid::nil()),
        handle: crate::domain::LegHandle::test("caller"),
        call_session_id: None,
        from_number: None,
        to_number: None,
        caller_name: None,
        status: Status::Answering,
        answered_by: None,
        answered_by_name: None,
        caller_answered_at: None,
        answered_at: None,
        ended_at: None,
        connected: false,
        hangup_cause: None,
        recordings: Vec::new(),
        created_at: at,
        updated_at: at,
        participants: None,
    }
}

fn claim(number: u128) -> Claim {
    let at = Timestamp::from_micros(0);
    Claim {
        id: ClaimId(Uuid::from_u128(number)),
        call_id: CallId(Uuid::nil()),
        ordinal: 1,
        user_id: UserId(Uuid::nil()),
        user_name: None,
        claimed_at: at,
        ended: None,
        plain_answer: false,
        deadline: at,
    }
}

/// A claim's life with the carrier: what was asked, and what was heard of it.
#[derive(Clone, Debug)]
struct Life {
    call: Call,
    claim: Claim,
    commands: Vec<Command>,
}

/// What the carrier, or somebody, does next.
#[derive(Clone, Copy, Debug)]
enum Turn {
    /// The carrier says so to what it was asked last.
    Says(CommandState),
    /// The caller's leg is answered.
    CallerAnswers,
    /// There is no phone to ring.
    AnswersPlainly,
}

impl Life {
    fn new() -> Self {
        Self {
            call: call(),
            claim: claim(1),
            commands: vec![Command::of_claim(&claim(2), Action::Answer, 7)],
        }
    }

    fn next(&self) -> Option<Command> {
        next(&self.call, &self.claim, Standing::Open, &self.commands)
    }

    /// Asks for what is next; then the turn.
    fn takes(&mut self, turn: Turn) {
        let asked = self.next();
        if let Some(new) = asked.filter(|asked| !self.commands.contains(asked)) {
            self.commands.push(new);
        }
        match turn {
            Turn::Says(told) => {
                let sent = asked.and_then(|asked| self.known(asked));
                if let Some(sent) = sent {
                    sent.learn(told);
                }
            }
            Turn::CallerAnswers => self.call.caller_answered_at = Some(Timestamp::from_micros(1)),
            Turn::AnswersPlainly => {
                if let Some(sent) = asked.and_then(|asked| self.known(asked)) {
                    sent.learn(CommandState::Refused(Refusal::ForGood));
                    self.claim.plain_answer = true;
                }
            }
        }
    }

    fn known(&mut self, command: Command) -> Option<&mut Command> {
        self.commands.iter_mut().find(|one| one.id == command.id)
    }
}

fn turns() -> impl Strategy<Value = Vec<Turn>> {
    let turn = prop_oneof![
        4 => select(CommandState::ALL.to_vec()).prop_map(Turn::Says),
        1 => Just(Turn::CallerAnswers),
        1 => Just(Turn::AnswersPlainly),
    ];
    vec(turn, 0..12)
}

/// A life and its commands in another order.
fn life() -> impl Strategy<Value = (Life, Vec<Command>)> {
    turns().prop_flat_map(|turns| {
        let mut life = Life::new();
        for turn in turns {
            life.takes(turn);
        }
        let shuffled = Just(life.commands.clone()).prop_shuffle();
        (Just(life), shuffled)
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(20_261_126),
        ..ProptestConfig::default()
    })]

    #[test]
    fn the_order_of_commands_makes_no_difference((life, shuffled) in life()) {
        let other = Life { commands: shuffled, ..life.clone() };
        prop_assert_eq!(life.next(), other.next());
    }

    #[test]
    fn what_is_not_known_is_asked_again_with_its_number_and_nothing_else((life, _) in life()) {
        let last = latest(life.claim.id, &life.commands).copied();
        match (last, life.next()) {
            (Some(last), Some(next)) if last.state == CommandState::Asked => {
                prop_assert_eq!(next, last);
            }
            // After every definite answer the next number, which the carrier has not heard yet.
            (Some(last), Some(next)) => {
                prop_assert_eq!((next.n, next.state), (last.n + 1, CommandState::Asked));
                prop_assert!(life.commands.iter().all(|known| known.id != next.id));
            }
            (None, next) => prop_assert_eq!(next.map(|next| next.n), Some(1)),
            (Some(last), None) => prop_assert_ne!(last.state, CommandState::Asked),
        }
    }

    #[test]
    fn what_the_carrier_has_taken_on_is_never_asked_for_again((life, _) in life()) {
        let taken_on = life.commands.iter().filter(|one| one.state.is_accepted());
        for command in taken_on.filter(|one| one.by == Some(life.claim.id)) {
            prop_assert!(life.next().is_none_or(|next| next.id != command.id));
            if command.action == Action::Transfer {
                prop_assert_eq!(life.next(), None, "one phone rings for a claim");
            }
        }
    }

    #[test]
    fn a_definite_answer_stands_whatever_a_repeat_is_told(
        first in select(CommandState::ALL.to_vec()),
        then in select(CommandState::ALL.to_vec()),
    ) {
        let mut command = Command::of_claim(&claim(1), Action::Transfer, 1);
        command.learn(first);
        command.learn(then);
        let moved_on = first == CommandState::Asked
            || (first, then) == (CommandState::Accepted, CommandState::Done);
        prop_assert_eq!(command.state, if moved_on { then } else { first });
    }

    #[test]
    fn nothing_is_asked_for_who_does_not_hold_a_ringing_call((mut life, _) in life()) {
        let gone = [
            Standing::Won,
            Standing::Released(ReleaseReason::Busy),
            Standing::Released(ReleaseReason::Cancelled),
        ];
        for standing in gone {
            prop_assert_eq!(next(&life.call, &life.claim, standing, &life.commands), None);
        }
        for status in [Status::Incoming, Status::Answered, Status::Ended] {
            life.call.status = status;
            prop_assert_eq!(life.next(), None);
        }
    }
}

#[test]
fn a_claim_ends_at_a_ringing_phone_or_with_nothing_left_to_ask() {
    use Action::{Answer, Transfer};
    use CommandState::{Accepted, Refused};
    let not_answered = Turn::Says(Refused(Refusal::NotAnswered));
    let caller_id = Turn::Says(Refused(Refusal::CallerId));
    let for_good = Turn::Says(Refused(Refusal::ForGood));
    let accepted = Turn::Says(Accepted);
    for (turns, asked) in [
        (vec![accepted], vec![Transfer]),
        (vec![caller_id, accepted], vec![Transfer, Transfer]),
        (vec![not_answered, accepted], vec![Transfer, Answer]),
        (
            vec![not_answered, accepted, Turn::CallerAnswers, accepted],
            vec![Transfer, Answer, Transfer],
        ),
        (
            vec![Turn::AnswersPlainly, accepted, Turn::CallerAnswers],
            vec![Transfer, Answer],
        ),
        (vec![Turn::AnswersPlainly, for_good], vec![Transfer, Answer]),
        (vec![for_good], vec![Transfer]),
    ] {
        let mut life = Life::new();
        for turn in &turns {
            life.takes(*turn);
        }
        assert_eq!(life.next(), None, "{turns:?}");
        let of_claim = life.commands.iter().filter(|one| one.n != 7);
        let actions: Vec<Action> = of_claim.map(|one| one.action).collect();
        assert_eq!(actions, asked, "{turns:?}");
    }
}

#[test]
fn the_carrier_knows_a_command_by_claim_action_and_number() {
    let one = Command::of_claim(&claim(1), Action::Transfer, 1);
    assert_eq!(one.id, Command::of_claim(&claim(1), Action::Transfer, 1).id);
    for other in [
        Command::of_claim(&claim(2), Action::Transfer, 1),
        Command::of_claim(&claim(1), Action::Answer, 1),
        Command::of_claim(&claim(1), Action::Transfer, 2),
    ] {
        assert_ne!(one.id, other.id);
    }
}

#[test]
fn actions_and_states_are_found_by_their_names() {
    for action in Action::ALL {
        assert_eq!(Action::from_name(action.name()), Some(action));
    }
    for state in CommandState::ALL {
        assert_eq!(CommandState::from_name(state.name()), Some(state));
    }
    assert_eq!(
        (Action::from_name("park"), CommandState::from_name("")),
        (None, None)
    );
}

//! What the carrier is asked to do for a call, and what it is to be asked next.

use super::{Call, CallId, Claim, ClaimId, CommandId, Standing, Status, words};

words! {
    /// What is asked of the carrier. Its word is part of the command's id too.
    pub enum Action {
        /// Ring the agent's phone, and connect it.
        Transfer = "transfer",
        /// Answer the caller's leg.
        Answer = "answer",
    }
}

/// Why a command was not carried out, as far as it decides what is asked next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller must be answered first.
    NotAnswered,
    /// The caller's number may not be shown to the phone.
    CallerId,
    /// For any other reason, be it that there is no phone to ring.
    ForGood,
}

/// How a command stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandState {
    /// It is to be sent, or was sent and the outcome is not known.
    Asked,
    /// The carrier has taken it on.
    Accepted,
    /// What it was to bring about has happened.
    Done,
    /// It will not be carried out.
    Refused(Refusal),
}

impl CommandState {
    /// Every state.
    pub const ALL: [Self; 6] = [
        Self::Asked,
        Self::Accepted,
        Self::Done,
        Self::Refused(Refusal::NotAnswered),
        Self::Refused(Refusal::CallerId),
        Self::Refused(Refusal::ForGood),
    ];

    /// The words in the database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Accepted => "accepted",
            Self::Done => "done",
            Self::Refused(Refusal::NotAnswered) => "refused: not_answered",
            Self::Refused(Refusal::CallerId) => "refused: caller_id",
            Self::Refused(Refusal::ForGood) => "refused: for_good",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether the carrier will do it, or has done it.
    #[must_use]
    pub const fn is_accepted(self) -> bool {
        matches!(self, Self::Accepted | Self::Done)
    }

    /// What is known once `told` is heard too. The first definite answer stands, whoever hears of
    /// it: another one can only be the answer to a repeat.
    #[must_use]
    const fn and(self, told: Self) -> Self {
        match (self, told) {
            (Self::Asked, told) => told,
            (Self::Accepted, Self::Done) => told,
            (known, _) => known,
        }
    }
}

/// Something that is asked of the carrier for a call. It is written down before it is sent, so that
/// any process can send it again; the carrier knows the repeat by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    /// What the carrier knows it by.
    pub id: CommandId,
    /// For which call.
    pub call: CallId,
    /// For which claim, where it is one's.
    pub by: Option<ClaimId>,
    /// What.
    pub action: Action,
    /// 1 for the claim's first command, 2 for the next …: it stays while the outcome of an earlier
    /// try is unknown, and grows after every definite answer.
    pub n: i32,
    /// How it stands.
    pub state: CommandState,
}

impl Command {
    /// The command of that number of a claim, which has not been sent yet.
    #[must_use]
    pub fn of_claim(claim: &Claim, action: Action, n: i32) -> Self {
        Self {
            id: CommandId::of(claim.id.0, action.name(), n),
            call: claim.call_id,
            by: Some(claim.id),
            action,
            n,
            state: CommandState::Asked,
        }
    }

    /// This one, in that state.
    #[must_use]
    pub const fn now(self, state: CommandState) -> Self {
        Self { state, ..self }
    }

    /// Takes in what is heard of it.
    pub const fn learn(&mut self, told: CommandState) {
        self.state = self.state.and(told);
    }
}

/// The claim's latest command.
#[must_use]
pub fn latest(claim: ClaimId, commands: &[Command]) -> Option<&Command> {
    let of_claim = commands.iter().filter(|one| one.by == Some(claim));
    of_claim.max_by_key(|command| command.n)
}

/// What the carrier must be asked for this claim now, be it once more; nothing while the carrier is
/// at it, and nothing any more when the claim does not hold a ringing call.
///
/// Commands may stand in any order, and other claims' among them.
#[must_use]
pub fn next(
    call: &Call,
    claim: &Claim,
    standing: Standing,
    commands: &[Command],
) -> Option<Command> {
    if call.status != Status::Answering || standing != Standing::Open {
        return None;
    }
    let Some(last) = latest(claim.id, commands) else {
        return Some(Command::of_claim(claim, Action::Transfer, 1));
    };
    let action = match (last.action, last.state) {
        (_, CommandState::Asked) => return Some(*last),
        // Instead of the phone, the caller's own answer; should that be refused, nothing is left.
        (Action::Transfer, CommandState::Refused(_)) if claim.plain_answer => Action::Answer,
        (Action::Transfer, CommandState::Refused(Refusal::NotAnswered)) => Action::Answer,
        (Action::Transfer, CommandState::Refused(Refusal::CallerId)) => Action::Transfer,
        // The transfer waited for the caller to be answered.
        (Action::Answer, CommandState::Accepted | CommandState::Done)
            if call.caller_answered_at.is_some() && !claim.plain_answer =>
        {
            Action::Transfer
        }
        _ => return None,
    };
    Some(Command::of_claim(claim, action, last.n.saturating_add(1)))
}

#[cfg(test)]
mod tests;

//! One call's life, played against the real webhook route.

use super::account::Due;
use super::playbook::{Fall, Story};
use super::stage::{Click, Stage};
use crate::domain::{Call, ClaimId, User, client_state};
use crate::simulator::{Dice, HangupCause, Leg, Webhook};
use std::time::Duration;

/// How many webhooks of a hundred are overtaken by the next one, where one follows soon.
const OVERTAKEN: u8 = 40;

/// A call being played. Every verb is something that happens; `None` means that the demo ends and
/// nothing more may happen.
pub(super) struct Play<'a> {
    stage: &'a Stage,
    dice: Dice,
    caller: Leg,
    /// To be sent after the next one.
    held_back: Option<(Webhook, Option<Due>)>,
}

impl<'a> Play<'a> {
    /// A call that the dice decide.
    pub(super) fn new(stage: &'a Stage, dice: Dice) -> Self {
        let from = format!("+1555010{:04}", dice.below(9_000));
        let caller = stage.carrier.new_call_by(dice.fork(), &from);
        Self {
            stage,
            dice,
            caller,
            held_back: None,
        }
    }

    /// A call that a former run left open: its caller gives up now that the carrier is back.
    pub(super) async fn end_of(stage: &'a Stage, dice: Dice, left: &Call) -> Option<()> {
        let from = left.from_number.as_deref().unwrap_or("anonymous");
        let mut caller = stage.carrier.new_call_by(dice.fork(), from);
        caller.call_control_id.clone_from(&left.call_control_id);
        let session = left.call_session_id.as_deref();
        if let Some(session) = session.and_then(|session| session.parse().ok()) {
            caller.call_session_id = session;
        }
        let mut play = Self {
            stage,
            dice,
            caller,
            held_back: None,
        };
        play.wait(4_000, 12_000).await?;
        let over = play.caller.hung_up(HangupCause::NormalClearing);
        play.send(over, true).await;
        Some(())
    }

    /// Plays a story to its end.
    pub(super) async fn play(mut self, story: Story) -> Option<()> {
        let rings = self.caller.initiated();
        self.send(rings, true).await;
        match story {
            Story::Abandoned => self.gives_up(6_000, 9_000).await,
            Story::Answered => self.is_answered_by_someone(false).await,
            Story::Recorded => self.is_answered_by_someone(true).await,
            Story::Race => self.is_raced_for().await,
            Story::Released(fall) => self.falls_back(fall).await,
        }
    }

    async fn is_answered_by_someone(&mut self, recorded: bool) -> Option<()> {
        let agent = self.one_agent();
        self.wait(2_000, 5_000).await?;
        self.is_taken_by(&agent, recorded).await
    }

    /// Both agents click at once: one has it, and the other is told by whom.
    async fn is_raced_for(&mut self) -> Option<()> {
        let (first, second) = self.two_agents();
        self.wait(2_500, 4_000).await?;
        let (one, other) = tokio::join!(
            self.stage.click(&self.caller, &first),
            self.stage.click(&self.caller, &second)
        );
        let (won, winner, loser, told) = match (one, other) {
            (Click::Won(claim), Click::Told(name)) => (claim, first, second, name),
            (Click::Told(name), Click::Won(claim)) => (claim, second, first, name),
            _ => return self.gives_up(3_000, 6_000).await,
        };
        // The boards speak first.
        self.wait(200, 200).await?;
        let (winner_name, loser_name) = (name(&winner), name(&loser));
        let race = format!(
            "race: {winner_name} and {loser_name} clicked at the same moment; {winner_name} has \
             it, {loser_name} was told that {told} has"
        );
        self.stage.note(&self.caller, &race).await;
        self.talks(won, false).await
    }

    /// One agent takes it and does not get it; the other one answers.
    async fn falls_back(&mut self, fall: Fall) -> Option<()> {
        let (first, second) = self.two_agents();
        self.wait(1_500, 3_000).await?;
        let Click::Won(claim) = self.stage.click(&self.caller, &first).await else {
            return self.gives_up(3_000, 6_000).await;
        };
        let phone = self.caller.second_leg(Some(client_state(claim)));
        self.wait(200, 500).await?;
        self.send(phone.initiated(), false).await;
        match fall {
            Fall::Busy => {
                self.wait(500, 1_500).await?;
                self.send(phone.hung_up(HangupCause::UserBusy), true).await;
            }
            Fall::RingsOut => {
                self.wait(6_000, 7_000).await?;
                self.send(phone.hung_up(HangupCause::Timeout), true).await;
            }
            Fall::GivenBack => {
                self.wait(2_000, 3_000).await?;
                self.stage.give_back(&self.caller, claim, &first).await;
                self.wait(200, 400).await?;
                let silenced = phone.hung_up(HangupCause::OriginatorCancel);
                self.send(silenced, false).await;
            }
        }
        self.wait(2_000, 3_500).await?;
        self.is_taken_by(&second, false).await
    }

    async fn is_taken_by(&mut self, agent: &User, recorded: bool) -> Option<()> {
        match self.stage.click(&self.caller, agent).await {
            Click::Won(claim) => self.talks(claim, recorded).await,
            Click::Told(_) | Click::Nothing => self.gives_up(3_000, 6_000).await,
        }
    }

    /// The agent's phone rings and is answered; they talk; the caller hangs up.
    async fn talks(&mut self, claim: ClaimId, recorded: bool) -> Option<()> {
        let phone = self.caller.second_leg(Some(client_state(claim)));
        self.wait(200, 500).await?;
        self.send(phone.initiated(), false).await;
        self.wait(1_000, 2_500).await?;
        self.send_or_hold(phone.answered(), true).await;
        self.wait(100, 400).await?;
        // A bridge tells the boards something only where it overtakes the answer.
        self.send_or_hold(phone.bridged(), false).await;
        self.send(self.caller.bridged(), false).await;
        self.wait(6_000, 20_000).await?;
        let over = self.caller.hung_up(HangupCause::NormalClearing);
        self.send_or_hold(over, true).await;
        self.wait(100, 400).await?;
        self.send(phone.hung_up(HangupCause::NormalClearing), false)
            .await;
        if recorded {
            self.wait(2_000, 4_000).await?;
            let saved = self.caller.recording_saved();
            self.send(saved, true).await;
        }
        Some(())
    }

    async fn gives_up(&mut self, shortest_ms: u64, longest_ms: u64) -> Option<()> {
        self.wait(shortest_ms, longest_ms).await?;
        let over = self.caller.hung_up(HangupCause::OriginatorCancel);
        self.send(over, true).await;
        Some(())
    }

    async fn wait(&self, shortest_ms: u64, longest_ms: u64) -> Option<()> {
        let (shortest, longest) = (
            Duration::from_millis(shortest_ms),
            Duration::from_millis(longest_ms),
        );
        self.stage.wait(self.dice.between(shortest, longest)).await
    }

    /// Sends a webhook, and after it the one that was held back. `shows` says that the boards must
    /// tell of it, whatever came before.
    async fn send(&mut self, webhook: Webhook, shows: bool) {
        let due = self.due(&webhook, shows);
        self.stage.deliver(&webhook, due, &self.dice).await;
        if let Some((late, due)) = self.held_back.take() {
            self.stage.account.books().overtaken();
            self.stage.deliver(&late, due, &self.dice).await;
        }
    }

    /// The same, or holds it back for the next one to overtake it.
    async fn send_or_hold(&mut self, webhook: Webhook, shows: bool) {
        if self.dice.percent(OVERTAKEN) && self.held_back.is_none() {
            let due = self.due(&webhook, shows);
            self.held_back = Some((webhook, due));
        } else {
            self.send(webhook, shows).await;
        }
    }

    /// Whichever leg it is about, it shows as an event of the caller's.
    fn due(&self, webhook: &Webhook, shows: bool) -> Option<Due> {
        shows.then(|| (self.caller.call_control_id.clone(), webhook.occurred_at))
    }

    fn two_agents(&self) -> (User, User) {
        let one = self.one_agent();
        let other = self.stage.agents.iter().find(|agent| agent.id != one.id);
        let other = other.unwrap_or(&one).clone();
        (one, other)
    }

    fn one_agent(&self) -> User {
        let agents = &self.stage.agents;
        let many = u64::try_from(agents.len()).unwrap_or(1);
        let place = usize::try_from(self.dice.below(many)).unwrap_or(0);
        #[allow(clippy::expect_used)] // The demo's cast has two, and the dice keep below that.
        agents.get(place).expect("a demo has agents").clone()
    }
}

fn name(agent: &User) -> &str {
    agent.name.as_deref().unwrap_or("somebody")
}

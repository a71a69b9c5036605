//! Who is, or was, on a call: an agent for each claim, and somebody unknown where the call is
//! answered and no claim tells by whom.

use super::{Answer, ClaimEnd, Facts, Standing};
use crate::domain::{Participant, Timestamp};

impl Facts<'_> {
    pub(super) fn participants(
        &self,
        answer: Option<Answer>,
        standings: &[Standing],
    ) -> Vec<Participant> {
        let mut all = Vec::new();
        for (place, standing) in standings.iter().enumerate() {
            if let Some(agent) = self.agent(place, *standing, answer) {
                agent.add(&mut all);
            }
        }
        if let Some(Answer { at, winner: None }) = answer {
            all.push(Participant::outside().joined(at, self.over()));
        }
        all
    }

    /// What has become of the agent of the claim at `place`.
    fn agent(
        &self,
        place: usize,
        standing: Standing,
        answer: Option<Answer>,
    ) -> Option<Participant> {
        let agent = Participant::ringing(self.claims.get(place)?);
        let over = self.over();
        // Nobody is on a call any more that is over.
        let until = |left: Timestamp| over.map_or(left, |over| over.min(left));
        let let_go = self.release_of(place).map(|(at, _)| until(at));
        Some(match standing {
            Standing::Open => match over {
                Some(over) => agent.gone(over),
                None => agent,
            },
            Standing::Released(_) => agent.gone(let_go?),
            Standing::HandedOver { .. } => match self.joined_at(place, answer) {
                Some(at) => agent.joined(at, let_go),
                None => agent.gone(let_go?),
            },
            Standing::Won => {
                let left = self.left_at(place).map(until).or(over);
                agent.joined(self.joined_at(place, answer)?, left)
            }
        })
    }

    /// Since when the agent was with the caller: from the call's answer, where that is this claim's,
    /// else from the pick-up or the hand-over.
    fn joined_at(&self, place: usize, answer: Option<Answer>) -> Option<Timestamp> {
        let answer = answer?;
        if answer.winner == Some(place) {
            return Some(answer.at);
        }
        let id = self.claims.get(place)?.id;
        let handed_over = self.claims.iter().find_map(|other| match other.ended {
            Some((at, ClaimEnd::HandedOver { to })) if to == id => Some(at),
            _ => None,
        });
        self.answer_of(place).or(handed_over)
    }

    /// When the agent's last leg had left the call.
    fn left_at(&self, place: usize) -> Option<Timestamp> {
        let mut last = None;
        for leg in self.talked_on(Some(place)) {
            last = last.max(Some(leg.hung_up?.occurred));
        }
        last
    }
}

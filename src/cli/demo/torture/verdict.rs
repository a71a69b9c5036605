//! What the torture came to.

use super::reading::Reading;
use super::watchers::Seen;
use crate::cli::demo::numbers::{count, counted};
use std::fmt;

/// What was acknowledged, and what is wrong with what came of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Webhooks that the server acknowledged, repeats not counted.
    pub acknowledged: u64,
    /// Of these, those that are not stored or left no event; and events that a board was told of
    /// and that the server then knew no more.
    pub lost: u64,
    /// Events that are there, or came to a board, a second time.
    pub twice: u64,
    /// Events that come after a later one.
    pub out_of_order: u64,
    /// Numbers that are missing in the journal or on a board.
    pub gaps: u64,
    /// Promises broken in another way.
    pub otherwise: u64,
    /// Deliveries that the server refused, or did not acknowledge in minutes: not lost, since
    /// nothing was promised, and yet nothing that should happen.
    pub not_taken: u64,
    /// Answers and releases that agents were told are done; those that are not are among the lost.
    pub clicks: u64,
    /// How often the server was killed.
    pub kills: u64,
}

impl Verdict {
    /// Whether nothing is wrong, and something was put to the test.
    #[must_use]
    pub(crate) const fn withstood(&self) -> bool {
        self.lost == 0
            && self.twice == 0
            && self.out_of_order == 0
            && self.gaps == 0
            && self.otherwise == 0
            && self.not_taken == 0
            && self.acknowledged > 0
            && self.clicks > 0
            && self.kills > 0
    }

    /// Adds what a board saw, which must be exactly the journal; says what is wrong with it.
    pub(super) fn add_board(&mut self, board: &Seen, journal: &Reading) -> Option<String> {
        let tally = board.tally;
        self.lost += tally.lost;
        self.twice += tally.twice;
        self.out_of_order += tally.out_of_order;
        self.gaps += tally.gaps;
        self.otherwise += tally.other;
        if let Some(why) = &board.gone {
            self.otherwise += 1;
            return Some(why.clone());
        }
        if board.seq != journal.head {
            self.gaps += journal.head.abs_diff(board.seq);
            let (stands, head) = (board.seq, journal.head);
            return Some(format!("it stands at {stands}, the journal at {head}"));
        }
        if !tally.held() {
            return Some(tally.to_string());
        }
        if board.digest != journal.digest {
            self.otherwise += 1;
            return Some("it was told another text than the journal holds".to_owned());
        }
        None
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "acknowledged {}, lost {}, twice {}, out of order {}, gaps {}",
            self.acknowledged, self.lost, self.twice, self.out_of_order, self.gaps
        )?;
        if self.otherwise > 0 {
            write!(f, ", otherwise wrong {}", self.otherwise)?;
        }
        if self.not_taken > 0 {
            write!(f, ", not taken {}", count(self.not_taken))?;
        }
        let (clicks, kills) = (counted(self.clicks, "click"), counted(self.kills, "kill"));
        write!(f, "; {clicks}, {kills}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Reading, Seen, Verdict};
    use callboard_simulator::browser::Tally;

    const GOOD: Verdict = Verdict {
        acknowledged: 3_201,
        lost: 0,
        twice: 0,
        out_of_order: 0,
        gaps: 0,
        otherwise: 0,
        not_taken: 0,
        clicks: 212,
        kills: 14,
    };

    #[test]
    fn the_verdict_is_one_line() {
        assert_eq!(
            GOOD.to_string(),
            "acknowledged 3201, lost 0, twice 0, out of order 0, gaps 0; 212 clicks, 14 kills"
        );
        assert!(GOOD.withstood());
    }

    #[test]
    fn a_run_that_proved_nothing_is_no_success() {
        assert!(!Verdict { kills: 0, ..GOOD }.withstood());
        assert!(!Verdict { clicks: 0, ..GOOD }.withstood());
        let nothing = Verdict {
            acknowledged: 0,
            ..GOOD
        };
        assert!(!nothing.withstood());
    }

    #[test]
    fn a_board_must_have_seen_exactly_the_journal() {
        let journal = Reading {
            head: 7,
            digest: 99,
        };
        let exact = Seen {
            seq: 7,
            digest: 99,
            tally: Tally::default(),
            gone: None,
        };
        let judged = |board: Seen| {
            let mut verdict = GOOD;
            let wrong = verdict.add_board(&board, &journal);
            assert_eq!(wrong.is_none(), verdict.withstood(), "{wrong:?}");
            verdict
        };
        assert!(judged(exact.clone()).withstood());
        let behind = Seen {
            seq: 5,
            ..exact.clone()
        };
        assert_eq!(judged(behind).gaps, 2);
        let twice = Tally {
            twice: 1,
            ..Tally::default()
        };
        let twice = Seen {
            tally: twice,
            ..exact.clone()
        };
        assert_eq!(judged(twice).twice, 1);
        let other_text = Seen {
            digest: 98,
            ..exact.clone()
        };
        assert_eq!(judged(other_text).otherwise, 1);
        let gone = Some("4501".to_owned());
        assert_eq!(judged(Seen { gone, ..exact }).otherwise, 1);
    }
}

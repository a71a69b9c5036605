//! All that is printed while a demo runs.

use super::DemoError;
use super::boards::{Heard, What};
use super::ledger::{Ledger, Sums};
use super::lines::Lines;
use super::links::Login;
use super::numbers::{counted, short_time};
use crate::cli::text::plain;
use callboard_simulator::Timestamp;
use callboard_simulator::Totals;
use callboard_simulator::browser::{Event, Message, Tally};
use std::io::Write;
use std::sync::Arc;

/// After so long without the event of an acknowledged webhook the boards are said to be silent.
const SILENCE_MICROS: i64 = 2_000_000;
/// Latencies kept between two lines of totals.
const MOST_LATENCIES: usize = 100_000;

/// The terminal.
pub(super) struct Terminal<'a> {
    out: &'a mut (dyn Write + Send),
    names: Vec<String>,
    ledger: Arc<Ledger>,
    /// What the carrier has counted.
    carrier: Box<dyn Fn() -> Totals + Send>,
    lines: Lines,
    tallies: Vec<Tally>,
    /// Since the last totals: from the carrier, or the click, to each board, in microseconds.
    latencies: Vec<i64>,
    silent: bool,
}

impl<'a> Terminal<'a> {
    pub(super) fn new(
        out: &'a mut (dyn Write + Send),
        logins: &[Login],
        ledger: Arc<Ledger>,
        carrier: impl Fn() -> Totals + Send + 'static,
    ) -> Self {
        Self {
            carrier: Box::new(carrier),
            out,
            names: logins.iter().map(|login| login.name().to_owned()).collect(),
            ledger,
            lines: Lines::default(),
            tallies: vec![Tally::default(); logins.len()],
            latencies: Vec::new(),
            silent: false,
        }
    }

    /// Shows what a board heard.
    ///
    /// # Errors
    /// When the board was turned away, or nothing can be printed.
    pub(super) fn heard(&mut self, heard: Heard) -> Result<(), DemoError> {
        if let Some(tally) = self.tallies.get_mut(heard.board) {
            *tally = heard.tally;
        }
        let name = self.names.get(heard.board).cloned().unwrap_or_default();
        match heard.what {
            What::Message(message, fault) => {
                match *message {
                    Message::Event(event) => self.event(&event, heard.at)?,
                    Message::Resumed(resumed) => {
                        let events = counted(resumed.missed(), "event");
                        self.print(&format!("{name}'s board is back: {events} caught up"))?;
                    }
                    _ => {}
                }
                match fault {
                    Some(fault) => {
                        let fault = plain(&fault.to_string());
                        self.print(&format!("WRONG on {name}'s board: {fault}"))
                    }
                    None => Ok(()),
                }
            }
            What::Lost(lost) => {
                let why = plain(&lost.why);
                self.print(&format!("{name}'s board lost its connection: {why}"))
            }
            What::Gone(error) => Err(error.into()),
        }
    }

    fn event(&mut self, event: &Event, at: Timestamp) -> Result<(), DemoError> {
        if self.latencies.len() < MOST_LATENCIES {
            // How long it was held back on its way to us is not ours to answer for.
            self.latencies.push(at.micros_since(event.received_at));
        }
        let Some(line) = self.lines.tell(event, at) else {
            return Ok(());
        };
        if let Some(call) = event.call.text("call_control_id") {
            let changed = event.call.text("updated_at").and_then(Timestamp::parse);
            let moments = [Some(event.occurred_at), changed];
            self.ledger.books().seen(call, moments, at);
        }
        self.print(&line)
    }

    /// Says when the boards fall silent, and when they speak again.
    pub(super) fn look(&mut self, now: Timestamp) -> Result<(), DemoError> {
        let waiting = self.ledger.books().waiting(now);
        let silent = waiting.is_some_and(|micros| micros > SILENCE_MICROS);
        if silent == self.silent {
            return Ok(());
        }
        self.silent = silent;
        match waiting.filter(|_| silent) {
            Some(micros) => {
                let time = short_time(micros);
                self.print(&format!(
                    "SILENCE: a webhook was acknowledged {time} ago and no board has heard of it"
                ))
            }
            None => self.print("The boards have caught up."),
        }
    }

    /// The line of totals, and how fast the boards were since the last one.
    pub(super) fn totals(&mut self, now: Timestamp) -> Result<(), DemoError> {
        let sums = self.sums(now);
        let mut latencies = std::mem::take(&mut self.latencies);
        latencies.sort_unstable();
        let half = latencies.get(latencies.len() / 2);
        let speed = match (half, latencies.last()) {
            (Some(half), Some(worst)) => format!(
                " (server → {}: half within {}, all within {})",
                counted(u64::try_from(self.names.len()).unwrap_or(0), "board"),
                short_time(*half),
                short_time(*worst)
            ),
            _ => String::new(),
        };
        self.print(&format!("{sums}{speed}"))
    }

    /// What it has come to.
    pub(super) fn sums(&self, now: Timestamp) -> Sums {
        let tally = self
            .tallies
            .iter()
            .copied()
            .fold(Tally::default(), Tally::plus);
        let misheard = tally.gaps + tally.lost + tally.twice + tally.out_of_order + tally.other;
        let carrier = (self.carrier)();
        self.ledger.books().sums(carrier, now, misheard)
    }

    /// One line, at once.
    pub(super) fn print(&mut self, line: &str) -> Result<(), DemoError> {
        writeln!(self.out, "{line}")
            .and_then(|()| self.out.flush())
            .map_err(DemoError::Output)
    }
}

#[cfg(test)]
mod tests {
    use super::{Ledger, Terminal};
    use crate::cli::demo::boards::{Heard, What};
    use crate::cli::demo::identity::Identity;
    use crate::cli::demo::links::logins;
    use callboard_simulator::Timestamp;
    use callboard_simulator::Totals;
    use callboard_simulator::browser::{Fault, Message, Resumed, Tally};
    use std::sync::Arc;

    fn printed(story: impl FnOnce(&mut Terminal<'_>, &Ledger)) -> Vec<String> {
        let mut out = Vec::new();
        let ledger = Arc::new(Ledger::default());
        let logins = logins(&Identity::new(), Timestamp::default().into()).unwrap();
        story(
            &mut Terminal::new(&mut out, &logins, Arc::clone(&ledger), Totals::default),
            &ledger,
        );
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    fn second(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000)
    }

    #[test]
    fn silence_is_said_once_and_ends_with_a_word() {
        let lines = printed(|terminal, ledger| {
            let due = ("v3:a".to_owned(), second(0));
            ledger.books().acknowledged(due.clone(), second(0));
            for now in 1..=5 {
                terminal.look(second(now)).unwrap();
            }
            ledger.books().seen(&due.0, [Some(due.1), None], second(5));
            terminal.look(second(6)).unwrap();
        });
        assert_eq!(
            lines,
            [
                "SILENCE: a webhook was acknowledged 3.0 s ago and no board has heard of it",
                "The boards have caught up.",
            ]
        );
    }

    #[test]
    fn a_board_that_comes_back_says_what_it_missed_and_a_fault_counts_as_lost() {
        let lines = printed(|terminal, _| {
            let resumed = Resumed {
                epoch: "e".to_owned(),
                from: 4,
                seq: 7,
                at: Timestamp::from_micros(0),
                heartbeat_s: 15,
                user: serde_json::Value::Null,
            };
            let tally = Tally {
                gaps: 2,
                ..Tally::default()
            };
            let fault = Fault::Gap {
                expected: 8,
                got: 10,
            };
            let message = Box::new(Message::Resumed(resumed));
            terminal
                .heard(Heard {
                    board: 1,
                    at: second(0),
                    what: What::Message(message, Some(fault)),
                    tally,
                })
                .unwrap();
            terminal.totals(second(1)).unwrap();
        });
        assert_eq!(
            lines,
            [
                "Ben's board is back: 3 events caught up",
                "WRONG on Ben's board: event 10 came where event 8 was due",
                "0 webhooks, 0 repeats, 0 out of order → 0 events, lost 2",
            ]
        );
    }
}

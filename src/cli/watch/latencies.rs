//! How long live events took from the commit to this terminal.

use std::collections::VecDeque;
use std::fmt;

use super::line::ms;

/// A watch may run for weeks: the latest of them tell enough.
const KEPT: usize = 10_000;

/// The latest latencies, in microseconds.
#[derive(Debug, Default)]
pub(super) struct Latencies(VecDeque<i64>);

impl Latencies {
    pub(super) fn add(&mut self, micros: i64) {
        if self.0.len() == KEPT {
            self.0.pop_front();
        }
        self.0.push_back(micros);
    }
}

impl fmt::Display for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut sorted: Vec<_> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        // The value that at least `percent` of a hundred do not exceed.
        let at = |percent: usize| {
            let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
            sorted.get(rank).copied()
        };
        let (Some(half), Some(most), Some(all)) = (at(50), at(99), at(100)) else {
            return f.write_str("no live event");
        };
        write!(
            f,
            "recorded to here: median {} ms, 99% within {} ms, worst {} ms",
            ms(half),
            ms(most),
            ms(all)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Latencies};

    #[test]
    fn the_median_and_the_worst_are_of_the_latest() {
        let mut latencies = Latencies::default();
        assert_eq!(latencies.to_string(), "no live event");
        for _ in 0..KEPT {
            latencies.add(900_000);
        }
        for micros in 1..=KEPT {
            latencies.add(i64::try_from(micros).unwrap());
        }
        assert_eq!(
            latencies.to_string(),
            "recorded to here: median 5.0 ms, 99% within 9.9 ms, worst 10.0 ms"
        );
    }
}

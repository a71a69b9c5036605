//! The numbers of a wallboard, from what was counted.

use super::{CallResult, Timestamp};

const HOUR: i64 = 3_600_000_000;

/// The callers whom no agent has yet: their calls ring, or an agent's phone does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many.
    pub calls: i64,
    /// When the first of them began to ring.
    pub longest_since: Option<Timestamp>,
}

/// The finished calls of one result that began in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourOfResult {
    /// Whole hours from the first moment that was asked for.
    pub hour: i64,
    /// How they came out.
    pub result: CallResult,
    /// How many.
    pub calls: i64,
    /// How long they waited, added up, in microseconds.
    pub wait_micros: i64,
    /// How many of them waited 20 seconds at most.
    pub within_20_s: i64,
    /// How many of them waited no longer than the agency promises.
    pub as_promised: i64,
}

/// One hour of a day: the calls that began in it and are over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// When it began.
    pub start: Timestamp,
    /// How many were answered.
    pub answered: i64,
    /// How many were missed.
    pub missed: i64,
    /// How many were abandoned.
    pub abandoned: i64,
}

/// How an agency does. Waiting is now; all else is of the calls that began since `since` and are
/// over: one that is still talked on counts when it ends.
#[derive(Clone, Debug, PartialEq)]
pub struct Stats {
    /// How many callers wait.
    pub waiting_now: i64,
    /// How long the longest of them has, in microseconds; 0 when nobody waits.
    pub longest_wait_micros: i64,
    /// How many calls were answered.
    pub answered: i64,
    /// How many were missed.
    pub missed: i64,
    /// How many were abandoned.
    pub abandoned: i64,
    /// From the ring to the answer, on average of the answered calls, in microseconds.
    pub average_wait_micros: Option<i64>,
    /// The share of the answered calls, from 0 to 1, that waited 20 seconds at most.
    pub within_20_s: Option<f64>,
    /// The longest wait that the agency promises, in seconds.
    pub service_level_s: u16,
    /// The share of the answered calls, from 0 to 1, that waited no longer than that.
    pub as_promised: Option<f64>,
    /// Every hour from `since` to now, also those without a call.
    pub hours: Vec<Hour>,
    /// Where the day begins.
    pub since: Timestamp,
    /// When this was true.
    pub as_of: Timestamp,
}

impl Stats {
    /// The numbers at the moment `now` of a day that began at `since`, in an agency that promises
    /// nobody to wait longer than `service_level_s`.
    #[must_use]
    pub fn of(
        waiting: &Waiting,
        counted: &[HourOfResult],
        since: Timestamp,
        now: Timestamp,
        service_level_s: u16,
    ) -> Self {
        let last = now.micros_since(since).max(0) / HOUR;
        let mut hours: Vec<Hour> = (0..=last)
            .map(|hour| Hour {
                start: since.plus_micros(hour * HOUR),
                answered: 0,
                missed: 0,
                abandoned: 0,
            })
            .collect();
        for some in counted {
            // The carrier's clock may be ahead of ours.
            let place = usize::try_from(some.hour.clamp(0, last)).unwrap_or(0);
            if let Some(hour) = hours.get_mut(place) {
                match some.result {
                    CallResult::Answered => hour.answered += some.calls,
                    CallResult::Missed => hour.missed += some.calls,
                    CallResult::Abandoned => hour.abandoned += some.calls,
                }
            }
        }
        let answers = counted
            .iter()
            .filter(|some| some.result == CallResult::Answered);
        let (mut answered, mut wait, mut soon, mut as_promised) = (0, 0, 0, 0);
        for some in answers {
            answered += some.calls;
            wait += some.wait_micros;
            soon += some.within_20_s;
            as_promised += some.as_promised;
        }
        let waits = waiting.longest_since.map(|at| now.micros_since(at).max(0));
        Self {
            waiting_now: waiting.calls,
            longest_wait_micros: waits.unwrap_or(0),
            answered,
            missed: hours.iter().map(|hour| hour.missed).sum(),
            abandoned: hours.iter().map(|hour| hour.abandoned).sum(),
            average_wait_micros: (answered > 0).then(|| wait / answered),
            within_20_s: (answered > 0).then(|| share(soon, answered)),
            service_level_s,
            as_promised: (answered > 0).then(|| share(as_promised, answered)),
            hours,
            since,
            as_of: now,
        }
    }
}

#[allow(clippy::cast_precision_loss)] // Calls of a month, far below 2^52.
fn share(part: i64, whole: i64) -> f64 {
    part as f64 / whole as f64
}

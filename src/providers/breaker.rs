//! A provider that does not answer for an agency is left alone for a while, so that agents hear
//! at once that it does not, and it is not kept down by us.
//!
//! By agency, since a provider may fail with one account's requests and serve all others.

use crate::clock::{Clock, Tick};
use crate::domain::AgencyId;
use crate::telemetry::{Metrics, Provider};
use dashmap::DashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// So many failures in a row open the circuit.
const FAILURES: u32 = 5;
/// The first wait before a probe, in seconds; each is twice the one before.
const FIRST_WAIT_S: u64 = 10;
/// The longest wait, in seconds.
const LONGEST_WAIT_S: u64 = 60;
/// Most agencies whose failures are remembered. A circuit that would be one more stays closed.
const MOST_AGENCIES: usize = 10_000;

/// The circuits to one provider. Clones share them.
#[derive(Clone)]
pub struct Breakers(Arc<Inner>);

struct Inner {
    provider: Provider,
    clock: Clock,
    metrics: Metrics,
    /// Only agencies whose last request failed: a success removes its agency.
    failing: DashMap<AgencyId, Failing>,
}

#[derive(Default)]
struct Failing {
    in_a_row: u32,
    open: Option<Open>,
}

struct Open {
    /// Until then nothing is asked; after it, one request at a time is let through.
    until: Tick,
    /// How often the circuit was opened since it was last closed.
    times: u32,
    probing: bool,
}

/// The provider is not asked: it has not been answering for this agency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it has not been answering and is asked again in {retry_after_s} s")]
pub struct CircuitOpen {
    /// When to come again, in seconds; at least 1.
    pub retry_after_s: u64,
}

/// Leave for one request. Dropped without a word about the outcome it counts as neither, and lets
/// the next probe through.
#[derive(Debug)]
#[must_use = "a permit that is dropped says nothing about the provider"]
pub struct Permit {
    breakers: Breakers,
    agency: AgencyId,
    probe: bool,
}

impl Breakers {
    /// The circuits to this provider, all closed.
    #[must_use]
    pub fn new(provider: Provider, clock: Clock, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            provider,
            clock,
            metrics,
            failing: DashMap::new(),
        }))
    }

    /// Which provider this is about.
    #[must_use]
    pub fn provider(&self) -> Provider {
        self.0.provider
    }

    /// Where its requests are counted.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.0.metrics
    }

    /// Asks for leave to send a request for this agency.
    ///
    /// # Errors
    /// While the circuit is open, and while a probe is under way.
    pub fn check(&self, agency: AgencyId) -> Result<Permit, CircuitOpen> {
        let mut probe = false;
        if let Some(mut failing) = self.0.failing.get_mut(&agency)
            && let Some(open) = &mut failing.open
        {
            if let Some(retry_after_s) = open.retry_after_s(self.0.clock.tick()) {
                return Err(CircuitOpen { retry_after_s });
            }
            open.probing = true;
            probe = true;
        }
        Ok(Permit {
            breakers: self.clone(),
            agency,
            probe,
        })
    }

    /// How many seconds this agency's circuit stays open, at least 1 while a probe is under way;
    /// `None` when a request may be sent, a probe included. Asking takes no leave.
    #[must_use]
    pub fn open_for(&self, agency: AgencyId) -> Option<u64> {
        let failing = self.0.failing.get(&agency)?;
        failing.open.as_ref()?.retry_after_s(self.0.clock.tick())
    }

    fn succeeded(&self, agency: AgencyId, probe: bool) {
        // What was sent before the circuit opened does not close it: the probe does.
        let ended = |failing: &Failing| failing.open.is_none() || probe;
        let removed = self
            .0
            .failing
            .remove_if(&agency, |_, failing| ended(failing));
        if removed.is_some_and(|(_, failing)| failing.open.is_some()) {
            self.0.metrics.circuit_closed(self.0.provider);
            tracing::info!("{} answers again for agency {agency}", self.name());
        }
    }

    fn failed(&self, agency: AgencyId, probe: bool) {
        let known = self.0.failing.contains_key(&agency);
        if !known && self.0.failing.len() >= MOST_AGENCIES {
            return;
        }
        let mut failing = self.0.failing.entry(agency).or_default();
        failing.in_a_row = failing.in_a_row.saturating_add(1);
        let times = match &failing.open {
            None if failing.in_a_row >= FAILURES => 1,
            Some(open) if probe => open.times.saturating_add(1),
            _ => return,
        };
        let wait = wait_after(times);
        failing.open = Some(Open {
            until: self.0.clock.tick().plus(wait),
            times,
            probing: false,
        });
        drop(failing);
        let (name, wait_s) = (self.name(), wait.as_secs());
        if times == 1 {
            self.0.metrics.circuit_opened(self.0.provider);
            tracing::warn!(
                "{name} has failed {FAILURES} times in a row for agency {agency} and is asked \
                 again in {wait_s} s"
            );
        } else {
            tracing::info!(
                "{name} still fails for agency {agency} and is asked again in {wait_s} s"
            );
        }
    }

    pub(super) fn name(&self) -> &'static str {
        match self.0.provider {
            Provider::Telnyx => "Telnyx",
            Provider::Ultravox => "Ultravox",
        }
    }

    fn let_another_probe(&self, agency: AgencyId) {
        if let Some(mut failing) = self.0.failing.get_mut(&agency)
            && let Some(open) = &mut failing.open
        {
            open.probing = false;
        }
    }
}

impl Open {
    /// In how many seconds, at least 1, to come again; `None` when a probe may be sent.
    fn retry_after_s(&self, now: Tick) -> Option<u64> {
        let left = self.until.since(now);
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        (!left.is_zero() || self.probing).then(|| seconds.max(1))
    }
}

impl Permit {
    /// The provider answered, be it with a refusal.
    pub fn succeeded(mut self) {
        let probe = std::mem::take(&mut self.probe);
        self.breakers.succeeded(self.agency, probe);
    }

    /// The provider could not be reached, did not answer, or answered with 5xx or nonsense.
    pub fn failed(mut self) {
        let probe = std::mem::take(&mut self.probe);
        self.breakers.failed(self.agency, probe);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probe {
            self.breakers.let_another_probe(self.agency);
        }
    }
}

impl fmt::Debug for Breakers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let provider = &self.0.provider;
        write!(f, "Breakers({provider:?}, {})", self.0.failing.len())
    }
}

/// The wait after the circuit has opened for the nth time: 10, 20, 40, then 60 s, less up
/// to a fifth, so that the nodes do not probe together.
fn wait_after(times: u32) -> Duration {
    let doublings = times.saturating_sub(1).min(10);
    let full_s = (FIRST_WAIT_S << doublings).min(LONGEST_WAIT_S);
    Duration::from_millis(full_s * rand::random_range(800..=1_000))
}

#[cfg(test)]
mod tests {
    use super::{Breakers, CircuitOpen, MOST_AGENCIES, wait_after};
    use crate::clock::Clock;
    use crate::domain::{AgencyId, Timestamp};
    use crate::telemetry::{Metrics, Provider};
    use std::time::Duration;
    use uuid::Uuid;

    const OURS: AgencyId = AgencyId(Uuid::from_u128(1));
    const THEIRS: AgencyId = AgencyId(Uuid::from_u128(2));

    fn breakers() -> (Breakers, Clock, Metrics) {
        let clock = Clock::by_hand(Timestamp::from_micros(0));
        let metrics = Metrics::new();
        let breakers = Breakers::new(Provider::Telnyx, clock.clone(), metrics.clone());
        (breakers, clock, metrics)
    }

    fn fail(breakers: &Breakers, times: usize) {
        for _ in 0..times {
            breakers.check(OURS).unwrap().failed();
        }
    }

    #[test]
    fn five_failures_in_a_row_open_the_circuit_of_that_agency_alone() {
        let (breakers, _, metrics) = breakers();
        fail(&breakers, 4);
        breakers.check(OURS).unwrap().succeeded();
        fail(&breakers, 4);
        drop(breakers.check(OURS).unwrap());
        fail(&breakers, 1);
        let CircuitOpen { retry_after_s } = breakers.check(OURS).unwrap_err();
        assert!((8..=10).contains(&retry_after_s), "{retry_after_s}");
        breakers.check(THEIRS).unwrap().succeeded();
        for line in [
            "callboard_provider_circuits_open{provider=\"telnyx\"} 1\n",
            "callboard_provider_circuit_openings_total{provider=\"telnyx\"} 1\n",
        ] {
            assert!(metrics.encode().unwrap().contains(line), "{line}");
        }
    }

    #[test]
    fn one_probe_at_a_time_goes_out_and_its_success_closes_the_circuit() {
        let (breakers, clock, metrics) = breakers();
        let late = breakers.check(OURS).unwrap();
        fail(&breakers, 5);
        clock.advance(Duration::from_secs(10));
        let probe = breakers.check(OURS).unwrap();
        assert_eq!(
            breakers.check(OURS).unwrap_err(),
            CircuitOpen { retry_after_s: 1 }
        );
        drop(probe);
        let probe = breakers.check(OURS).unwrap();
        // What was sent before all this tells nothing about now.
        late.succeeded();
        assert!(breakers.check(OURS).is_err());
        probe.succeeded();
        fail(&breakers, 4);
        assert!(breakers.check(OURS).is_ok());
        let closed = "callboard_provider_circuits_open{provider=\"telnyx\"} 0\n";
        assert!(metrics.encode().unwrap().contains(closed));
    }

    #[test]
    fn a_failed_probe_waits_longer_but_never_more_than_a_minute() {
        let (breakers, clock, metrics) = breakers();
        fail(&breakers, 5);
        for longest in [20, 40, 60, 60] {
            clock.advance(Duration::from_secs(60));
            breakers.check(OURS).unwrap().failed();
            let CircuitOpen { retry_after_s } = breakers.check(OURS).unwrap_err();
            let least = longest * 4 / 5;
            assert!(
                (least..=longest).contains(&retry_after_s),
                "{retry_after_s}"
            );
        }
        assert!((0..1000).all(|times| wait_after(times) <= Duration::from_secs(60)));
        let once = "callboard_provider_circuits_open{provider=\"telnyx\"} 1\n";
        assert!(metrics.encode().unwrap().contains(once));
    }

    #[test]
    fn a_step_of_the_wall_clock_neither_prolongs_a_circuit_nor_cuts_it_short() {
        for step in [3600, -3600, 31, -31] {
            let (breakers, clock, _) = breakers();
            fail(&breakers, 5);
            clock.step_wall(step);
            let CircuitOpen { retry_after_s } = breakers.check(OURS).unwrap_err();
            assert!((8..=10).contains(&retry_after_s), "{retry_after_s}");
            assert_eq!(breakers.open_for(OURS), Some(retry_after_s));
            clock.advance(Duration::from_secs(10));
            assert_eq!(breakers.open_for(OURS), None);
            breakers.check(OURS).unwrap().succeeded();
        }
    }

    #[test]
    fn the_failures_of_countless_agencies_are_not_all_remembered() {
        let (breakers, _, _) = breakers();
        for id in 0..MOST_AGENCIES as u128 + 100 {
            let agency = AgencyId(Uuid::from_u128(id));
            breakers.check(agency).unwrap().failed();
        }
        assert_eq!(breakers.0.failing.len(), MOST_AGENCIES);
        breakers.check(OURS).unwrap().succeeded();
        assert_eq!(breakers.0.failing.len(), MOST_AGENCIES - 1);
    }
}

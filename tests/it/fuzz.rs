//! The parsers of strangers' bytes, given what nobody would send: bodies of webhooks, what comes on
//! a socket, and the headers in which proxies name a sender.
//!
//! Each run tries the same cases, some thousands. For a longer run with others:
//! `CALLBOARD_FUZZ_CASES=1000000 cargo test --test it -- fuzz::`; what fails is shrunk and shown.

mod bytes;
mod forwarded;
mod socket;
mod webhook;

use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};
use std::fmt::Debug;
use std::time::{Duration, Instant};

/// No parser takes longer, however slow the machine and however odd the bytes: what grows with the
/// square of a body takes minutes.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gives `target` so many cases, each of which it must be done with in time.
fn tries<T: Debug>(cases: u32, strategy: impl Strategy<Value = T>, target: impl Fn(T)) {
    let more = std::env::var("CALLBOARD_FUZZ_CASES").ok();
    let more = more.map(|cases| cases.parse().expect("a number of cases"));
    let rng_seed = match more {
        None => RngSeed::Fixed(20_261_121),
        Some(_) => RngSeed::Random,
    };
    let config = Config {
        cases: more.unwrap_or(cases),
        failure_persistence: None,
        rng_seed,
        ..Config::default()
    };
    let tried = TestRunner::new(config).run(&strategy, |case| {
        let began = Instant::now();
        target(case);
        let took = began.elapsed();
        if took > PATIENCE {
            return Err(TestCaseError::fail(format!("took {took:?}")));
        }
        Ok(())
    });
    if let Err(error) = tried {
        panic!("{error}");
    }
}

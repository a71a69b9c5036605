//! What must go on for as long as a server lives, and what becomes of it when it does not: it is
//! started again, with its state found again, or given up, which ends the process.

use crate::clock::{Clock, Tick};
use crate::telemetry::{Duty, Metrics};
use futures_util::FutureExt;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Ends within [`WITHIN`] after which a duty is given up.
const MOST_ENDS: usize = 5;
/// See [`MOST_ENDS`].
const WITHIN: Duration = Duration::from_secs(60);
/// The wait before a start that is not the first again; the first comes at once.
const PAUSE: Duration = Duration::from_secs(1);

/// The duties of one server. Clones are the same ones.
#[derive(Clone)]
pub struct Duties(Arc<Inner>);

struct Inner {
    clock: Clock,
    metrics: Metrics,
    /// Those that do not run now.
    down: Mutex<BTreeSet<&'static str>>,
    given_up: watch::Sender<Option<&'static str>>,
}

impl Duties {
    /// No duties yet.
    #[must_use]
    pub fn new(clock: Clock, metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            clock,
            metrics,
            down: Mutex::default(),
            given_up: watch::Sender::new(None),
        }))
    }

    /// Runs what `begin` makes until `stop`, whose coming it must notice by itself. Should it end
    /// before, by a panic or by itself, it is begun again; after five ends within a minute it is
    /// given up.
    pub async fn keep<F: Future<Output = ()>>(
        self,
        duty: Duty,
        stop: CancellationToken,
        begin: impl Fn() -> F,
    ) {
        let mut ends: Vec<Tick> = Vec::new();
        loop {
            // Whatever it left half done is its own to find when it begins again.
            let ended = AssertUnwindSafe(async { begin().await }).catch_unwind();
            let how = match ended.await {
                _ if stop.is_cancelled() => return,
                Ok(()) => "ended by itself",
                Err(_) => "panicked",
            };
            self.0.metrics.duty_ended(duty);
            let name = duty.name();
            let now = self.0.clock.tick();
            ends.retain(|end| now.since(*end) < WITHIN);
            ends.push(now);
            if ends.len() >= MOST_ENDS {
                tracing::error!("{name} {how}, {MOST_ENDS} times within a minute: given up");
                return self.give_up(name);
            }
            tracing::error!("{name} {how} and is started again");
            if ends.len() > 1 {
                self.down().insert(name);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.0.clock.sleep(PAUSE) => {}
                }
                self.down().remove(name);
            }
        }
    }

    /// Waits for what cannot be started again. Should it end before `stop`, it is given up at once.
    pub async fn must_outlast<R>(
        self,
        duty: Duty,
        stop: CancellationToken,
        whole: impl Future<Output = R>,
    ) {
        let ended = AssertUnwindSafe(whole).catch_unwind().await;
        if !stop.is_cancelled() {
            let how = if ended.is_ok() {
                "ended by itself"
            } else {
                "panicked"
            };
            self.0.metrics.duty_ended(duty);
            let name = duty.name();
            tracing::error!("{name} {how}: given up");
            self.give_up(name);
        }
    }

    fn give_up(&self, name: &'static str) {
        self.down().insert(name);
        self.0.given_up.send_if_modified(|given_up| {
            let first = given_up.is_none();
            given_up.get_or_insert(name);
            first
        });
    }

    /// Those that do not run now.
    #[must_use]
    pub fn not_done(&self) -> Vec<&'static str> {
        self.down().iter().copied().collect()
    }

    /// Resolves, with its name, when a duty has been given up: the process should end.
    pub async fn given_up(&self) -> &'static str {
        let mut given_up = self.0.given_up.subscribe();
        match given_up.wait_for(Option::is_some).await {
            Ok(name) => name.unwrap_or_default(),
            Err(_) => std::future::pending().await,
        }
    }

    fn down(&self) -> MutexGuard<'_, BTreeSet<&'static str>> {
        self.0.down.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Duties;
    use crate::clock::Clock;
    use crate::domain::Timestamp;
    use crate::telemetry::{Duty, Metrics};
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;
    use tokio_util::sync::CancellationToken;

    struct Story {
        duties: Duties,
        clock: Clock,
        metrics: Metrics,
        stop: CancellationToken,
        begun: Arc<AtomicUsize>,
    }

    impl Story {
        fn new() -> Self {
            let clock = Clock::by_hand(Timestamp::default());
            let metrics = Metrics::new();
            Self {
                duties: Duties::new(clock.clone(), metrics.clone()),
                clock,
                metrics,
                stop: CancellationToken::new(),
                begun: Arc::default(),
            }
        }

        /// A duty that dies the first so many times, by a panic or by coming to an end.
        fn keeps(&self, deaths: usize, by_panic: bool) -> tokio::task::JoinHandle<()> {
            let (begun, stop) = (Arc::clone(&self.begun), self.stop.clone());
            let begin = move || {
                let (begun, stop) = (Arc::clone(&begun), stop.clone());
                async move {
                    let before = begun.fetch_add(1, Ordering::SeqCst);
                    assert!(before >= deaths || !by_panic, "a duty dies");
                    if before >= deaths {
                        stop.cancelled().await;
                    }
                }
            };
            let duties = self.duties.clone();
            tokio::spawn(duties.keep(Duty::Retention, self.stop.clone(), begin))
        }

        /// Lets time pass until it was begun so many times.
        async fn begins(&self, times: usize) {
            let begun = async {
                while self.begun.load(Ordering::SeqCst) < times {
                    tokio::task::yield_now().await;
                    if self.clock.waiting() > 0 {
                        self.clock.advance(Duration::from_secs(1));
                    }
                }
            };
            let patience = Duration::from_secs(20);
            tokio::time::timeout(patience, begun).await.unwrap();
        }

        fn ends(&self) -> String {
            let text = self.metrics.encode().unwrap();
            let line = text
                .lines()
                .find(|line| line.contains(r#"{duty="retention"}"#));
            line.unwrap_or_default().to_owned()
        }
    }

    #[tokio::test]
    async fn a_duty_that_panics_or_ends_is_begun_again_at_once() {
        for by_panic in [true, false] {
            let story = Story::new();
            let kept = story.keeps(1, by_panic);
            story.begins(2).await;
            assert_eq!(
                story.clock.tick(),
                Clock::by_hand(Timestamp::default()).tick()
            );
            assert!(story.duties.not_done().is_empty());
            assert_eq!(
                story.ends(),
                r#"callboard_duty_ends_total{duty="retention"} 1"#
            );
            story.stop.cancel();
            kept.await.unwrap();
            assert_eq!(
                story.ends(),
                r#"callboard_duty_ends_total{duty="retention"} 1"#
            );
        }
    }

    #[tokio::test]
    async fn one_that_dies_again_waits_a_second_and_is_known_to_be_down() {
        let story = Story::new();
        let kept = story.keeps(2, true);
        story.begins(2).await;
        while story.clock.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        assert_eq!(story.duties.not_done(), ["retention"]);
        story.begins(3).await;
        assert!(story.duties.not_done().is_empty());
        story.stop.cancel();
        kept.await.unwrap();
    }

    #[tokio::test]
    async fn one_that_dies_five_times_within_a_minute_is_given_up() {
        let story = Story::new();
        let kept = story.keeps(usize::MAX, true);
        story.begins(5).await;
        assert_eq!(story.duties.given_up().await, "retention");
        kept.await.unwrap();
        assert_eq!(story.duties.not_done(), ["retention"]);
    }

    #[tokio::test]
    async fn what_cannot_be_begun_again_is_given_up_at_its_first_end_unless_it_was_to_end() {
        for (was_to_end, down) in [(false, vec!["retention"]), (true, vec![])] {
            let story = Story::new();
            if was_to_end {
                story.stop.cancel();
            }
            let duties = story.duties.clone();
            duties
                .must_outlast(Duty::Retention, story.stop.clone(), async {})
                .await;
            assert_eq!(story.duties.not_done(), down);
        }
    }
}

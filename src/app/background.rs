//! The tasks that only keep things true, each kept going.

use crate::duties::Duties;
use crate::telemetry::Duty;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where such tasks run, and what ends them.
pub(super) struct Background {
    pub duties: Duties,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
}

impl Background {
    /// Has `who` do this, and begin again should it die.
    pub(super) fn going<W, F>(&self, duty: Duty, who: &W, run: fn(W, CancellationToken) -> F)
    where
        W: Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let (who, stop) = (who.clone(), self.stop.clone());
        let begin = move || run(who.clone(), stop.clone());
        let duties = self.duties.clone();
        self.tasks
            .spawn(duties.keep(duty, self.stop.clone(), begin));
    }
}

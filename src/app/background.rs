//! The tasks that only keep things true, each kept going.

use crate::duties::Duties;
use crate::fanout::Fanout;
use crate::relay::Heard;
use crate::telemetry::Duty;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Where such tasks run, and what ends them.
pub(super) struct Background {
    pub duties: Duties,
    pub stop: CancellationToken,
    pub tasks: TaskTracker,
}

impl Background {
    /// Has the fanout hear what the relay does; what was told meanwhile waits.
    pub(super) fn listening(&self, fanout: &Fanout, heard: mpsc::Receiver<Heard>) {
        let (fanout, heard) = (fanout.clone(), Arc::new(Mutex::new(heard)));
        let stop = self.stop.clone();
        let begin = move || fanout.clone().hear(Arc::clone(&heard), stop.clone());
        let duties = self.duties.clone();
        let kept = duties.keep(Duty::Heard, self.stop.clone(), begin);
        self.tasks.spawn(kept);
    }

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

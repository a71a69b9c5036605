//! The end: a deploy loses nothing, and each socket reconnects once.

use super::App;
use super::serve::Servers;
use crate::ws::Close;
use std::time::Duration;

/// The time over which sockets are closed: all at once, they would all come back at once.
const SPREAD: Duration = Duration::from_secs(10);
/// Longest wait for the last events to go where they belong.
const LAST: Duration = Duration::from_secs(1);
/// Most pauses in that time.
const STEPS: u32 = 100;

impl App {
    /// Says that it is not ready, and serves everyone as before for so long: load balancers are to
    /// notice before anybody is turned away. May be dropped at any moment.
    pub async fn leave(&self, delay: Duration) {
        self.is_not_ready();
        if !delay.is_zero() {
            let seconds = delay.as_secs();
            tracing::info!("Not ready any more, and serving for another {seconds} s");
        }
        self.clock.sleep(delay).await;
    }

    /// Drains: stops listening, finishes requests, flushes the journal, closes sockets with 1001
    /// spread over ten seconds. Metrics are served to the end, so that one sees how it goes. Dropping
    /// the future stops at once.
    pub async fn drain(mut self) {
        tracing::info!("Draining: no new connections, sockets close over 10 s");
        self.is_not_ready();
        self.context.draining.cancel();
        self.over.cancel();
        tokio::join!(self.servers.public.stop(true), self.close_sockets());
        self.flush.cancel();
        if let Err(error) = (&mut self.writer).await {
            tracing::error!("The journal ended badly: {error}");
        }
        // What was committed last is still to be told to the other nodes.
        let _ = tokio::time::timeout(LAST, &mut self.fanout).await;
        self.background.cancel();
        self.background_tasks.wait().await;
        if let Some(metrics) = &self.servers.metrics {
            metrics.stop(false).await;
        }
        tracing::info!("Drained");
    }

    fn is_not_ready(&self) {
        self.context.leaving.cancel();
        self.metrics.drains();
    }

    /// Stops at once, as a crash would: nothing is finished and nobody is told.
    fn cut(&self) {
        self.over.cancel();
        let Servers { public, metrics } = &self.servers;
        for server in [Some(public), metrics.as_ref()].into_iter().flatten() {
            // The order is sent by the call; nobody is left to wait for it.
            drop(server.stop(false));
        }
        self.background.cancel();
        self.writer.abort();
        self.fanout.abort();
    }

    async fn close_sockets(&self) {
        let members = self.context.hub.members();
        let per_step = members.len().div_ceil(STEPS as usize).max(1);
        let steps = u32::try_from(members.len().div_ceil(per_step)).unwrap_or(STEPS);
        for (step, some) in members.chunks(per_step).enumerate() {
            if step > 0 {
                self.clock.sleep(SPREAD / steps).await;
            }
            for member in some {
                Close::going_away().end(&member.outbox);
            }
        }
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.cut();
    }
}

//! Log lines on their way out: by a thread of their own, so that nobody who logs ever waits for a
//! disk or a pipe, or dies of one. What cannot be written is dropped, and counted.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::sync_channel;
use std::time::Duration;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};

/// Lines that may wait to be written; more are dropped. At a few hundred bytes each, a few MiB.
const WAITING: usize = 10_000;
/// How long a process that ends waits for its last lines to be written.
const FLUSH: Duration = Duration::from_millis(1500);

/// The process's logs, as long as this is kept; its end writes what still waits, if it can.
#[must_use = "the last lines are written when this is dropped"]
pub struct Logs {
    guard: Option<WorkerGuard>,
    lost: LostLines,
}

/// How many lines were lost. Clones count together.
#[derive(Clone, Debug)]
pub struct LostLines {
    /// There was no room for them.
    crowded_out: ErrorCounter,
    /// They could not be written.
    unwritten: Arc<AtomicU64>,
}

impl LostLines {
    /// Since the process began.
    #[must_use]
    pub fn count(&self) -> u64 {
        let crowded_out = u64::try_from(self.crowded_out.dropped_lines()).unwrap_or(u64::MAX);
        crowded_out.saturating_add(self.unwritten.load(Ordering::Relaxed))
    }
}

impl Logs {
    /// Lines that are written to `place`, and the way to it.
    pub(super) fn to(place: impl Write + Send + 'static) -> (NonBlocking, Self) {
        let unwritten = Arc::new(AtomicU64::new(0));
        let place = Place {
            place,
            unwritten: Arc::clone(&unwritten),
        };
        let (lines, guard) = NonBlockingBuilder::default()
            .lossy(true)
            .buffered_lines_limit(WAITING)
            .thread_name("logs")
            .finish(place);
        let crowded_out = lines.error_counter();
        let lost = LostLines {
            crowded_out,
            unwritten,
        };
        let guard = Some(guard);
        (lines, Self { guard, lost })
    }

    /// Counts what was lost.
    #[must_use]
    pub fn lost(&self) -> LostLines {
        self.lost.clone()
    }
}

impl Drop for Logs {
    /// The guard tells the writing thread to end; should that one be stuck, the guard may be too.
    fn drop(&mut self) {
        let Some(guard) = self.guard.take() else {
            return;
        };
        let (done, ended) = sync_channel::<()>(1);
        let flushing = std::thread::Builder::new()
            .name("logs-end".to_owned())
            .spawn(move || {
                drop(guard);
                drop(done);
            });
        if flushing.is_ok() {
            let _ = ended.recv_timeout(FLUSH);
        }
    }
}

/// Where lines go, whatever becomes of it: a full disk or a reader that is gone loses lines.
struct Place<W> {
    place: W,
    unwritten: Arc<AtomicU64>,
}

impl<W: Write> Write for Place<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.place.write_all(line).is_err() {
            self.unwritten.fetch_add(1, Ordering::Relaxed);
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let _ = self.place.flush();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{Logs, WAITING};
    use std::io::{self, Write};
    use std::sync::mpsc::{Receiver, sync_channel};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    /// Refuses everything, as a full disk does.
    struct Full;

    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::Error::from(io::ErrorKind::StorageFull))
        }
    }

    /// Takes nothing until it is let, as a pipe does that nobody reads.
    struct Stuck(Receiver<()>, Arc<Mutex<Vec<u8>>>);

    impl Write for Stuck {
        fn write(&mut self, line: &[u8]) -> io::Result<usize> {
            let _ = self.0.recv();
            self.1.lock().unwrap().extend_from_slice(line);
            Ok(line.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_for_a_full_disk_are_dropped_and_counted() {
        let (mut lines, logs) = Logs::to(Full);
        for _ in 0..3 {
            lines.write_all(b"a line\n").unwrap();
        }
        let lost = logs.lost();
        drop(logs);
        assert_eq!(lost.count(), 3);
    }

    #[test]
    fn nobody_waits_for_a_pipe_that_is_not_read_and_what_fits_is_written_when_it_is() {
        let (let_go, wait) = sync_channel(0);
        let paper = Arc::new(Mutex::new(Vec::new()));
        let (mut lines, logs) = Logs::to(Stuck(wait, Arc::clone(&paper)));
        let most = u64::try_from(WAITING).unwrap();
        for _ in 0..WAITING + 100 {
            lines.write_all(b"a line\n").unwrap();
        }
        let lost = logs.lost();
        // One is in the thread's hands, or may still be on the way there.
        assert!((99..=100).contains(&lost.count()), "{}", lost.count());
        drop(let_go);
        let (done, ended) = sync_channel(1);
        std::thread::spawn(move || {
            drop(logs);
            done.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_secs(20)).unwrap();
        let written = paper.lock().unwrap().len() / b"a line\n".len();
        assert_eq!(u64::try_from(written).unwrap() + lost.count(), most + 100);
    }

    #[test]
    fn the_end_of_a_process_does_not_wait_for_a_pipe_that_is_not_read() {
        let (_let_go, wait) = sync_channel(0);
        let (mut lines, logs) = Logs::to(Stuck(wait, Arc::default()));
        for _ in 0..WAITING + 100 {
            lines.write_all(b"a line\n").unwrap();
        }
        let (done, ended) = sync_channel(1);
        std::thread::spawn(move || {
            drop(logs);
            done.send(()).unwrap();
        });
        ended.recv_timeout(Duration::from_secs(20)).unwrap();
    }
}

//! One worker's bell: whoever publishes rings it once, and the worker then wakes those of its own
//! sockets that have something to write.
//!
//! Waking a task of another thread costs a system call. An event for a thousand sockets would make
//! a thousand; with a bell it makes about one for each worker.

use futures_util::task::AtomicWaker;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

/// The bell of one worker. Clones are the same one.
#[derive(Clone, Default)]
pub struct Bell(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Sockets to be woken: each at most once, so no more than the worker has.
    sockets: Mutex<Vec<Waker>>,
    worker: AtomicWaker,
}

impl Bell {
    /// Has the worker wake this socket.
    pub(super) fn ring(&self, socket: Waker) {
        let mut sockets = self
            .0
            .sockets
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let first = sockets.is_empty();
        sockets.push(socket);
        drop(sockets);
        // Whoever found it empty has woken the worker, or is about to.
        if first {
            self.0.worker.wake();
        }
    }

    /// Wakes sockets as long as it is polled: to be run on the worker whose sockets they are.
    pub async fn answer(self) {
        let mut woken = Vec::new();
        poll_fn(|cx| {
            // Before looking, or a ring between the two would be missed.
            self.0.worker.register(cx.waker());
            {
                let mut sockets = self
                    .0
                    .sockets
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                std::mem::swap(&mut *sockets, &mut woken);
            }
            for socket in woken.drain(..) {
                socket.wake();
            }
            Poll::<()>::Pending
        })
        .await;
    }
}

#[cfg(test)]
mod tests {
    use super::Bell;
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake, Waker};

    #[derive(Default)]
    struct Counted(AtomicUsize);

    impl Wake for Counted {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    impl Counted {
        fn times(&self) -> usize {
            self.0.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn many_rings_wake_the_worker_once_and_each_socket_once() {
        let (bell, worker) = (Bell::default(), Arc::new(Counted::default()));
        let sockets: Vec<Arc<Counted>> = (0..3).map(|_| Arc::default()).collect();
        let as_worker = Waker::from(Arc::clone(&worker));
        let mut cx = Context::from_waker(&as_worker);
        let mut answering = pin!(bell.clone().answer());
        for round in 1..=2 {
            assert!(answering.as_mut().poll(&mut cx).is_pending());
            for socket in &sockets {
                bell.ring(Waker::from(Arc::clone(socket)));
            }
            assert_eq!(worker.times(), round);
            assert!(answering.as_mut().poll(&mut cx).is_pending());
            assert!(sockets.iter().all(|socket| socket.times() == round));
        }
    }
}

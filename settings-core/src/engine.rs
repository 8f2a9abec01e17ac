//! Where stores are asked: on a thread of the crate's own. So a caller that goes away strands nobody who waits for the
//! same, one that blocks its runtime holds nobody up, and connections outlive the runtime of whoever asked first.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Instant;

pub(crate) use self::place::sleep_until;

/// Starts work there. It goes on whether or not anybody waits for the reply.
pub(crate) fn spawn<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Reply<T> {
    let shared = Arc::new(Mutex::new(Shared { stage: Stage::Working, wakers: Vec::new() }));
    let sender = Sender(Arc::clone(&shared));
    place::spawn(async move { sender.send(work.await) });
    Reply(shared)
}

/// The work's result, or `None` when the deadline comes first.
pub(crate) async fn by<T>(deadline: Instant, work: impl Future<Output = T>) -> Option<T> {
    let (mut work, mut alarm) = (pin!(work), pin!(sleep_until(deadline)));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => alarm.as_mut().poll(context).map(|()| None),
    })
    .await
}

/// Waits for a future on the caller's thread. It needs no runtime, and holds up the one that it is called in.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    // Most are ready at once, and a waker costs an allocation.
    if let Poll::Ready(result) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        return result;
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result,
            Poll::Pending => place::park(),
        }
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// What the work gives; `None` when it panicked, or could not be started. Several tasks may poll it in turn: all of them
/// are woken, and the first one takes the result.
pub(crate) struct Reply<T>(Arc<Mutex<Shared<T>>>);

struct Shared<T> {
    stage: Stage<T>,
    wakers: Vec<Waker>,
}

enum Stage<T> {
    Working,
    Gone,
    Done(T),
}

impl<T> Future for Reply<T> {
    type Output = Option<T>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut shared.stage, Stage::Gone) {
            Stage::Done(result) => Poll::Ready(Some(result)),
            Stage::Gone => Poll::Ready(None),
            Stage::Working => {
                shared.stage = Stage::Working;
                if !shared.wakers.iter().any(|waker| waker.will_wake(context.waker())) {
                    shared.wakers.push(context.waker().clone());
                }
                Poll::Pending
            }
        }
    }
}

/// Dropped without a word, it says that there will be no result.
struct Sender<T>(Arc<Mutex<Shared<T>>>);

impl<T> Sender<T> {
    fn send(self, result: T) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).stage = Stage::Done(result);
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        let wakers = {
            let mut shared = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Stage::Working = shared.stage {
                shared.stage = Stage::Gone;
            }
            std::mem::take(&mut shared.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// One thread with a tokio runtime, started when first needed and kept.
#[cfg(feature = "tokio")]
mod place {
    use std::sync::OnceLock;
    use std::sync::mpsc;
    use std::thread;
    use std::time::Instant;

    use tokio::runtime::{Builder, Handle};

    /// `None` when the system has no thread left to give.
    static RUNTIME: OnceLock<Option<Handle>> = OnceLock::new();

    fn start() -> Option<Handle> {
        let (sender, receiver) = mpsc::channel();
        // Made on its own thread: a runtime that fails to start must not be dropped within another one.
        let run = move || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            if sender.send(runtime.handle().clone()).is_ok() {
                runtime.block_on(std::future::pending::<()>());
            }
        };
        thread::Builder::new().name("settings-stores".to_owned()).spawn(run).ok()?;
        receiver.recv().ok()
    }

    pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
        if let Some(runtime) = RUNTIME.get_or_init(start) {
            runtime.spawn(work);
        }
    }

    /// Only within work that was spawned here.
    pub(crate) async fn sleep_until(instant: Instant) {
        tokio::time::sleep_until(instant.into()).await;
    }

    pub(super) fn park() {
        thread::park();
    }
}

/// A thread for each piece of work: without a runtime no store has connections to keep.
#[cfg(not(feature = "tokio"))]
mod place {
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::Poll;
    use std::thread;
    use std::time::Instant;

    thread_local! {
        /// When the future that this thread waits for wants to be asked again, if nothing wakes it before.
        static ALARM: Cell<Option<Instant>> = const { Cell::new(None) };
    }

    pub(super) fn spawn(work: impl Future<Output = ()> + Send + 'static) {
        let run = || super::block_on(work);
        // Without a thread the work is dropped, which its reply tells.
        let _ = thread::Builder::new().name("settings-stores".to_owned()).spawn(run);
    }

    /// Only within [`block_on`](super::block_on).
    pub(crate) async fn sleep_until(instant: Instant) {
        poll_fn(|_| {
            if Instant::now() >= instant {
                return Poll::Ready(());
            }
            ALARM.set(Some(ALARM.get().map_or(instant, |alarm| alarm.min(instant))));
            Poll::Pending
        })
        .await;
    }

    pub(super) fn park() {
        match ALARM.take() {
            Some(alarm) => thread::park_timeout(alarm.saturating_duration_since(Instant::now())),
            None => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon(milliseconds: u64) -> Instant {
        Instant::now() + Duration::from_millis(milliseconds)
    }

    #[test]
    fn work_is_done_elsewhere_and_waited_for_here() {
        let here = thread::current().id();
        let there = block_on(spawn(async { thread::current().id() }));
        assert!(there.is_some_and(|there| there != here));
    }

    #[test]
    fn work_that_panics_gives_nothing() {
        async fn panics() -> u8 {
            panic!("on purpose, in a test");
        }
        assert_eq!(block_on(spawn(panics())), None);
    }

    #[test]
    fn work_goes_on_when_nobody_waits() {
        let (sender, receiver) = std::sync::mpsc::channel();
        drop(spawn(async move {
            sleep_until(soon(10)).await;
            sender.send(()).unwrap();
        }));
        receiver.recv_timeout(Duration::from_secs(10)).unwrap();
    }

    #[test]
    fn a_deadline_ends_what_takes_too_long() {
        let start = Instant::now();
        let late = block_on(spawn(async { by(soon(20), std::future::pending::<()>()).await }));
        assert_eq!(late, Some(None));
        assert!(start.elapsed() >= Duration::from_millis(20));
        let in_time = block_on(spawn(async {
            by(soon(60_000), async {
                sleep_until(soon(10)).await;
                7
            })
            .await
        }));
        assert_eq!(in_time, Some(Some(7)));
    }

    #[test]
    fn two_works_go_side_by_side() {
        let start = Instant::now();
        let replies = [(); 8].map(|()| spawn(sleep_until(soon(100))));
        replies.into_iter().for_each(|reply| assert_eq!(block_on(reply), Some(())));
        assert!(start.elapsed() < Duration::from_millis(700));
    }
}

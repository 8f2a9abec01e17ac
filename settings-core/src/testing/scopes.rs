//! Which overrides hold on this thread now.
//!
//! A thread's list refers to holds on overrides and never owns one. Every guard has a hold of its own, and so has every
//! future; when that goes, the entry is dead wherever it stands. So guards may go in any order and none is missed; and no
//! code of the user's, such as a `Drop` that asks for settings, ever runs while a list is borrowed.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use super::Mock;
use crate::layer::Places;
use crate::report::Report;
use crate::value::Blueprint;

/// How many overrides live in the whole process. While there are none, which is always so in production, this is all that
/// a reader of settings looks at.
static LIVE: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The overrides of this thread, the innermost last.
    static ENTRIES: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// Settings in the place of the real ones, and how to make them again for a load in their scope.
pub(crate) struct Override<S> {
    settings: Arc<S>,
    mock: Mock<S>,
    _live: Live,
}

impl<S: Blueprint> Override<S> {
    pub(super) fn new(settings: S, mock: Mock<S>) -> Self {
        Self { settings: Arc::new(settings), mock, _live: Live::new() }
    }

    pub(crate) fn settings(&self) -> Arc<S> {
        Arc::clone(&self.settings)
    }

    pub(crate) fn build(&self) -> Result<S, Report> {
        self.mock.build()
    }

    pub(crate) fn places(&self) -> Places {
        self.mock.places()
    }
}

/// Counted as long as it lives.
struct Live;

impl Live {
    fn new() -> Self {
        LIVE.fetch_add(1, Ordering::Relaxed);
        Self
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        LIVE.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The innermost override for the type, if a test has one.
#[inline]
pub(crate) fn scoped<S: Blueprint>() -> Option<Arc<Override<S>>> {
    // Relaxed is enough. Whoever comes to an override here made it on this thread, or was handed it by another thread, in a
    // way that orders the count before this load. Overrides of others may be counted or not: they do not concern us.
    if LIVE.load(Ordering::Relaxed) == 0 { None } else { scoped_here() }
}

#[cold]
fn scoped_here<S: Blueprint>() -> Option<Arc<Override<S>>> {
    let of = TypeId::of::<S>();
    let innermost = |entries: &Vec<Entry>| {
        let held = entries.iter().rev().filter(|entry| entry.of == of).find_map(|entry| entry.held.upgrade())?;
        Shared::clone(&held).downcast().ok()
    };
    // A thread that ends has no scopes any more.
    ENTRIES.try_with(|entries| innermost(&entries.borrow())).ok().flatten()
}

/// An override of some type.
type Shared = Arc<dyn Any + Send + Sync>;

/// A hold on an override, for the one guard or future that has it. Others may hold the same override elsewhere.
pub(super) struct Held {
    of: TypeId,
    held: Arc<Shared>,
}

impl Held {
    pub(super) fn new<S: Blueprint>(settings: Override<S>) -> Self {
        Self { of: TypeId::of::<S>(), held: Arc::new(Arc::new(settings)) }
    }

    pub(super) fn entry(&self) -> Entry {
        Entry { of: self.of, held: Arc::downgrade(&self.held) }
    }
}

/// Holds on the innermost override of each type.
pub(super) fn current() -> Vec<Held> {
    let mut held: Vec<Held> = Vec::new();
    if LIVE.load(Ordering::Relaxed) == 0 {
        return held;
    }
    let _ = ENTRIES.try_with(|entries| {
        for entry in entries.borrow().iter().rev() {
            if held.iter().all(|inner| inner.of != entry.of) {
                let theirs = entry.held.upgrade();
                held.extend(theirs.map(|theirs| Held { of: entry.of, held: Arc::new(Shared::clone(&theirs)) }));
            }
        }
    });
    held
}

/// A place in a thread's list.
pub(super) struct Entry {
    of: TypeId,
    held: Weak<Shared>,
}

/// Puts entries upon the thread's list until the value is dropped. Then they are taken back, and with them whatever was
/// entered meanwhile and is still there. The first of them has to live as long.
pub(super) fn enter(entries: &mut Vec<Entry>) -> Entered<'_> {
    let on_thread = ENTRIES.try_with(|on_thread| {
        let mut on_thread = on_thread.borrow_mut();
        let from = on_thread.len();
        on_thread.append(entries);
        from
    });
    Entered { from: on_thread.ok(), entries }
}

pub(super) struct Entered<'e> {
    /// Where on the list they begin: nothing below is taken off meanwhile, for only dead entries are, and only from the end.
    from: Option<usize>,
    entries: &'e mut Vec<Entry>,
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        let Some(from) = self.from else { return };
        let _ = ENTRIES.try_with(|on_thread| self.entries.extend(on_thread.borrow_mut().drain(from..)));
        take_off_the_dead();
    }
}

fn take_off_the_dead() {
    let _ = ENTRIES.try_with(|entries| {
        let mut entries = entries.borrow_mut();
        while entries.last().is_some_and(|entry| entry.held.strong_count() == 0) {
            entries.pop();
        }
    });
}

/// Keeps a mock installed on the thread that made it. Guards may be dropped in any order; each takes away its own scope.
///
/// Within a [`scope`](Mock::scope), it is the scope that the mock is installed in: it goes with the future from thread to
/// thread, and ends with it at the latest.
#[must_use = "the mock is taken away as soon as this is dropped: keep it, `let _scope = ...`"]
pub struct Installed {
    // Dropped in this order.
    _held: Held,
    _tidy: Tidy,
    /// A scope belongs to its thread, so its guard must not leave it.
    _on_this_thread: PhantomData<*const ()>,
}

impl Installed {
    pub(super) fn new(held: Held) -> Self {
        let _ = ENTRIES.try_with(|entries| entries.borrow_mut().push(held.entry()));
        Self { _held: held, _tidy: Tidy, _on_this_thread: PhantomData }
    }
}

impl fmt::Debug for Installed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Installed")
    }
}

struct Tidy;

impl Drop for Tidy {
    fn drop(&mut self) {
        take_off_the_dead();
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;
    use crate::Settings;

    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Chat {
        #[setting(default = 8080)]
        _port: u16,
    }

    /// How many overrides live in the process, and how many entries this thread's list has.
    fn counts() -> (usize, usize) {
        (LIVE.load(Ordering::Relaxed), ENTRIES.with_borrow(Vec::len))
    }

    /// The only one of this crate's own tests that makes mocks: others would be counted too.
    #[test]
    fn what_is_gone_is_not_counted_and_leaves_nothing_behind() {
        assert_eq!(counts(), (0, 0));
        let (first, second) = (Chat::mock().install(), Chat::mock().install());
        let mut scope = Box::pin(Chat::mock().scope(async {
            let _guard = Chat::mock().install();
            std::future::pending::<()>().await;
        }));
        assert_eq!(counts(), (3, 2));
        assert!(scope.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(counts(), (4, 2));
        drop(first);
        assert_eq!(counts(), (3, 2), "an entry below others is dead, and goes with them");
        drop(second);
        assert_eq!(counts(), (2, 0));
        drop(scope);
        assert_eq!(counts(), (0, 0));
        let held = Chat::mock().install();
        let carried = crate::testing::InCurrentSettings::in_current_settings(async {});
        drop(held);
        assert_eq!(counts(), (1, 0), "what is carried away lives on");
        drop(carried);
        assert_eq!(counts(), (0, 0));
    }
}

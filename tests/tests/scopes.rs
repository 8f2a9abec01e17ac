//! Settings of a test's own on futures: a scope goes where its future goes.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use settings_core::testing::{InCurrentSettings, Installed, Mock};
use settings_core::{ExposeSecret, SecretString, Settings, get_settings};
use tokio::task::yield_now;

/// The real settings have 0; a scope has anything else.
#[derive(Settings)]
#[settings(env_prefix = "SETTINGS_TESTS_UNSET_", env_file = none)]
struct Real {
    #[setting(default = 0)]
    number: u32,
    key: Option<SecretString>,
}

fn number() -> u32 {
    Real::get().number
}

fn with(number: u32) -> Mock<Real> {
    Real::mock().set("number", number)
}

/// Polls once.
fn poll<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Is pending once.
async fn pause() {
    let mut paused = false;
    poll_fn(|_| if std::mem::replace(&mut paused, true) { Poll::Ready(()) } else { Poll::Pending }).await;
}

#[test]
fn a_scope_holds_while_its_future_is_polled() {
    let mut future = with(1).scope(async {
        let before = number();
        pause().await;
        (before, number(), get_settings::<Real>().number, Real::load().await.unwrap().number)
    });
    assert!(poll(&mut future).is_pending());
    assert_eq!(number(), 0, "not while it waits");
    assert_eq!(poll(&mut future), Poll::Ready((1, 1, 1, 1)));
    assert_eq!(number(), 0, "nor when it is done");
}

#[test]
fn scopes_nest_each_in_its_own_order() {
    let seen = pollster::block_on(with(1).scope(async {
        let outer = number();
        let inner = with(2).scope(async {
            yield_now().await;
            (number(), with(3).scope(async { number() }).await, number())
        });
        (outer, inner.await, number())
    }));
    assert_eq!(seen, (1, (2, 3, 2), 1));
}

#[test]
fn a_scope_and_a_guard_around_it_nest() {
    let _outer = with(1).install();
    pollster::block_on(async {
        assert_eq!(number(), 1);
        with(2).scope(async { assert_eq!(number(), 2) }).await;
        assert_eq!(number(), 1);
    });
}

#[test]
fn a_guard_within_a_scope_belongs_to_the_scope() {
    let mut future = with(1).scope(async {
        let _guard = with(2).install();
        pause().await;
        let seen = number();
        drop(_guard);
        pause().await;
        (seen, number())
    });
    assert!(poll(&mut future).is_pending());
    assert_eq!(number(), 0, "the thread does not see what the future installed");
    let _outer = with(3).install();
    assert!(poll(&mut future).is_pending());
    assert_eq!(number(), 3);
    assert_eq!(poll(&mut future), Poll::Ready((2, 1)));
}

#[test]
fn a_guard_that_leaves_its_scope_ends_with_it() {
    let guard: Installed = pollster::block_on(with(1).scope(async { with(2).install() }));
    assert_eq!(number(), 0);
    drop(guard);
    let slot = RefCell::new(None);
    let mut future = with(1).scope(async {
        slot.replace(Some(with(2).install()));
        pause().await;
        number()
    });
    assert!(poll(&mut future).is_pending());
    drop(slot.take());
    assert_eq!(poll(&mut future), Poll::Ready(1), "and is undone from outside as well");
}

#[test]
fn a_guard_from_outside_may_be_dropped_within() {
    let mut outer = Some(with(1).install());
    let _middle = with(2).install();
    let seen = pollster::block_on(with(3).scope(async {
        drop(outer.take());
        yield_now().await;
        number()
    }));
    assert_eq!((seen, number()), (3, 2));
    drop(_middle);
    assert_eq!(number(), 0);
}

#[test]
fn a_future_is_dropped_within_its_scope() {
    struct Asks(Arc<AtomicU32>);
    impl Drop for Asks {
        fn drop(&mut self) {
            self.0.store(number(), Ordering::Relaxed);
        }
    }
    let seen = Arc::new(AtomicU32::new(99));
    let asks = Asks(seen.clone());
    let mut future = with(1).scope(async move {
        pause().await;
        drop(asks);
    });
    assert!(poll(&mut future).is_pending());
    drop(future);
    assert_eq!((seen.load(Ordering::Relaxed), number()), (1, 0));
}

#[test]
fn a_panic_takes_the_scope_away() {
    let mut future = with(1).scope(async {
        let _guard = with(2).install();
        panic!("as a failing test does");
    });
    assert!(catch_unwind(AssertUnwindSafe(|| poll(&mut future))).is_err());
    assert_eq!(number(), 0);
    drop(future);
    assert_eq!(number(), 0);
}

#[test]
fn settings_may_ask_for_settings_as_they_are_dropped() {
    thread_local!(static SEEN: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) });
    #[derive(Default)]
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            let _nested = with(number() + 10).install();
            SEEN.with_borrow_mut(|seen| seen.push(number()));
        }
    }
    #[derive(Settings)]
    #[settings(debug = false)]
    struct Owner {
        #[setting(skip)]
        _asks: Asks,
    }
    let _outer = with(1).install();
    let owner = Owner::mock().install();
    drop(with(2).install());
    drop(owner);
    drop(Owner::mock().scope(async {}));
    pollster::block_on(Owner::mock().scope(async { Owner::get() }));
    pollster::block_on(Owner::mock().scope(async {}.in_current_settings()));
    assert_eq!(SEEN.take(), [11, 11, 11, 11]);
}

#[test]
fn a_leaked_guard_stays_with_its_thread() {
    thread::spawn(|| {
        std::mem::forget(with(1).install());
        assert_eq!(number(), 1);
        drop(with(2).install());
        assert_eq!(number(), 1);
        assert_eq!(thread::spawn(number).join().unwrap(), 0);
    })
    .join()
    .unwrap();
    let mut future = with(3).scope(async {
        std::mem::forget(with(4).install());
        pause().await;
        number()
    });
    assert!(poll(&mut future).is_pending());
    assert_eq!((poll(&mut future), number()), (Poll::Ready(4), 0));
}

#[test]
fn a_thread_that_ends_may_still_ask() {
    static SEEN: AtomicU32 = AtomicU32::new(99);
    struct Asks;
    impl Drop for Asks {
        fn drop(&mut self) {
            SEEN.store(number(), Ordering::Relaxed);
            drop(with(2).install());
            let _ = pollster::block_on(with(2).scope(async { number() }));
        }
    }
    thread_local!(static LAST: RefCell<Option<Asks>> = const { RefCell::new(None) });
    let _here = with(1).install();
    thread::spawn(|| {
        // Made first, so that it goes last.
        LAST.with_borrow_mut(|last| *last = Some(Asks));
        std::mem::forget(with(3).install());
    })
    .join()
    .unwrap();
    assert_eq!(SEEN.load(Ordering::Relaxed), 0);
}

#[test]
#[expect(clippy::async_yields_async, reason = "what is carried leaves its scope")]
fn scopes_are_carried_into_another_thread() {
    #[derive(Settings)]
    struct Other {
        #[setting(default = 1)]
        size: u32,
    }
    let scope = with(1).scope(Other::mock().set("size", 2).scope(async {
        let _inner = with(3).install();
        async {
            yield_now().await;
            (number(), Other::get().size)
        }
        .in_current_settings()
    }));
    let carried = pollster::block_on(scope);
    assert_eq!(number(), 0);
    // The guards are gone, and what was carried away lives on.
    let seen = thread::spawn(move || (pollster::block_on(carried), number())).join().unwrap();
    assert_eq!(seen, ((3, 2), 0));
}

#[test]
fn a_guard_that_goes_is_gone_though_its_scope_was_carried_away() {
    let guard = with(1).install();
    let carried = async { number() }.in_current_settings();
    drop(guard);
    assert_eq!(number(), 0);
    assert_eq!(pollster::block_on(carried), 1);
}

#[test]
fn without_a_scope_nothing_is_carried() {
    let carried = async { number() }.in_current_settings();
    assert_eq!(pollster::block_on(carried), 0);
    let _guard = with(1).install();
    let carried = async { number() }.in_current_settings();
    let _inner = with(2).install();
    assert_eq!(pollster::block_on(carried), 1, "what held when it was made");
}

#[test]
fn scopes_are_sent_where_their_futures_may_go() {
    fn sent<T: Send + 'static>(_: &T) {}
    let scope = with(1).scope(async {
        yield_now().await;
        number()
    });
    sent(&scope);
    sent(&async { yield_now().await }.in_current_settings());
    sent(&with(1));
}

#[test]
fn a_wrong_mock_fails_at_once() {
    let panic = catch_unwind(|| drop(Real::mock().set("nmuber", 1).scope(async {}))).unwrap_err();
    let message = panic.downcast_ref::<String>().unwrap();
    assert!(message.contains("did you mean `number`?"), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_side_by_side_have_their_own_values() {
    let moved = Arc::new(AtomicU32::new(0));
    let tasks = (1..=1000).map(|own| {
        let moved = moved.clone();
        tokio::spawn(with(own).set("key", format!("sk-test-key-{own}")).scope(async move {
            let start = thread::current().id();
            for round in 0..20 {
                if round % 10 == 9 {
                    tokio::time::sleep(Duration::from_millis(1)).await
                } else {
                    yield_now().await
                }
                let settings = Real::get();
                let key = settings.key.as_ref().unwrap().expose_secret();
                assert_eq!((settings.number, key), (own, format!("sk-test-key-{own}").as_str()));
                moved.fetch_add(u32::from(thread::current().id() != start), Ordering::Relaxed);
            }
            let inner = with(own + 1000).scope(async {
                yield_now().await;
                tokio::spawn(async { number() }.in_current_settings()).await.unwrap()
            });
            assert_eq!((inner.await, number()), (own + 1000, own));
        }))
    });
    let without = tokio::spawn(async {
        for _ in 0..1000 {
            yield_now().await;
            assert_eq!(number(), 0);
        }
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    without.await.unwrap();
    assert!(moved.load(Ordering::Relaxed) > 0, "some tasks went from thread to thread");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spawned_task_sees_the_real_settings_unless_they_are_carried() {
    with(1)
        .scope(async {
            assert_eq!(tokio::spawn(async { number() }).await.unwrap(), 0);
            assert_eq!(tokio::spawn(async { number() }.in_current_settings()).await.unwrap(), 1);
            let grandchild = async { tokio::spawn(async { number() }.in_current_settings()).await.unwrap() };
            assert_eq!(tokio::spawn(grandchild.in_current_settings()).await.unwrap(), 1);
        })
        .await;
    assert_eq!(tokio::spawn(async { number() }).await.unwrap(), 0);
}

#[tokio::test]
async fn tasks_on_one_thread_do_not_see_each_others_guards_in_scopes() {
    let local = tokio::task::LocalSet::new();
    for own in 1..=100 {
        local.spawn_local(with(own).scope(async move {
            let _guard = with(own + 100).install();
            for _ in 0..10 {
                yield_now().await;
                assert_eq!(number(), own + 100);
            }
        }));
    }
    local.spawn_local(async {
        for _ in 0..10 {
            yield_now().await;
            assert_eq!(number(), 0);
        }
    });
    local.await;
}

//! The one cached value of each struct of settings, and the guard it is read through.

mod flight;

use std::any::TypeId;
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use arc_swap::ArcSwapOption;

use self::flight::Flight;
use crate::engine::block_on;
use crate::layer::Places;
use crate::report::{Code, Problem, Report, Task};
use crate::resolve::walk::{Step, walk};
use crate::secret::SecretString;
use crate::testing;
use crate::value::Blueprint;

/// A struct that can be cached: every one without type parameters.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be cached",
    label = "has no cache of its own",
    note = "a struct with type parameters has many types and no one static: load it with `load()` and keep it, or wrap \
            the one type you need in a struct without parameters"
)]
pub trait Cached: Blueprint {
    /// The type's cell.
    fn cell() -> &'static Cell<Self>;
}

/// Holds the cached settings of one type. The derive makes one for each.
pub struct Cell<S> {
    current: ArcSwapOption<S>,
    /// The load from the usual places that is under way, while anybody waits for it.
    flight: Mutex<Weak<Flight<S>>>,
    flights: AtomicU64,
    latest: Mutex<Latest>,
}

/// The load that the cached settings come from.
struct Latest {
    number: u64,
    places: Option<Arc<Places>>,
}

impl<S> fmt::Debug for Cell<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cell")
    }
}

impl<S> Cell<S> {
    /// An empty cell.
    #[expect(clippy::new_without_default, reason = "only ever a static")]
    pub const fn new() -> Self {
        Self {
            current: ArcSwapOption::const_empty(),
            flight: Mutex::new(Weak::new()),
            flights: AtomicU64::new(0),
            latest: Mutex::new(Latest { number: 0, places: None }),
        }
    }
}

impl<S: Blueprint> Cell<S> {
    /// Loads from these places, and caches what was loaded. Those who load from the usual places at one time share a load.
    pub(crate) async fn load(&self, places: Places) -> Result<Arc<S>, Report> {
        let flight = if places.are_usual() {
            self.join(&mut lock(&self.flight))
        } else {
            Arc::new(self.start(Arc::new(places)))
        };
        self.land(&flight).await
    }

    /// Loads anew from where the cached settings come from; nothing where none are cached.
    pub(crate) async fn refresh(&self) -> Result<(), Report> {
        let places = lock(&self.latest).places.clone();
        match places {
            Some(places) => self.land(&self.start(places)).await.map(drop),
            None => Ok(()),
        }
    }

    #[cold]
    fn first(&self) -> Result<Guard<S>, Report> {
        let flight = {
            let mut current_flight = lock(&self.flight);
            let current = self.current.load();
            if current.is_some() {
                return Ok(Guard(current));
            }
            self.join(&mut current_flight)
        };
        block_on(self.land(&flight)).map(Guard::from)
    }

    /// The load that is under way, or else a new one.
    fn join(&self, current: &mut Weak<Flight<S>>) -> Arc<Flight<S>> {
        if let Some(flight) = current.upgrade().filter(|flight| !flight.is_done()) {
            return flight;
        }
        let flight = Arc::new(self.start(Arc::default()));
        *current = Arc::downgrade(&flight);
        flight
    }

    fn start(&self, places: Arc<Places>) -> Flight<S> {
        Flight::new(self.flights.fetch_add(1, Ordering::Relaxed) + 1, places)
    }

    async fn land(&self, flight: &Flight<S>) -> Result<Arc<S>, Report> {
        poll_fn(|context| flight.poll(context, self)).await
    }

    /// Makes these the cached settings, unless a load that began later has done so.
    fn publish(&self, number: u64, places: &Arc<Places>, settings: &Arc<S>) {
        let mut latest = lock(&self.latest);
        if number < latest.number {
            return;
        }
        *latest = Latest { number, places: Some(Arc::clone(places)) };
        let old = self.current.swap(Some(Arc::clone(settings)));
        drop(latest);
        drop(old);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The cached settings, or those of the test's scope.
pub(crate) fn try_get<S: Cached>() -> Result<Guard<S>, Report> {
    if let Some(scope) = testing::scoped::<S>() {
        return Ok(Guard::from(scope.settings()));
    }
    let cell = S::cell();
    let current = cell.current.load();
    if current.is_some() { Ok(Guard(current)) } else { cell.first() }
}

/// Writes a new value for a secret where the cached settings come from, and loads them anew.
pub(crate) async fn rotate<S: Cached>(name: &str, value: SecretString) -> Result<(), Report> {
    let cell = S::cell();
    // In a test's scope there is no store to write to, which the report then says.
    let places = match testing::scoped::<S>() {
        Some(scope) => Arc::new(scope.places()),
        None => lock(&cell.latest).places.clone().unwrap_or_default(),
    };
    if let Some(warning) = crate::load::rotate::rotate::<S>(&places, name, value).await? {
        crate::trace::warn(&warning);
    }
    cell.refresh().await
}

/// Whether the text secret of that name is a usable key.
pub(crate) fn holds_key<S: Blueprint>(settings: &S, name: &str) -> bool {
    let mut usable = false;
    walk(S::SCHEMA, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if let (true, Some(rules), Some(text)) =
            (leaf.is_called(name), leaf.field.secret(), settings.secret_text(&leaf.path()))
        {
            usable = crate::secret::is_usable_key(text, rules);
        }
    });
    usable
}

/// Tells why there are no settings, in the only way left to a call that promises them.
#[cold]
#[track_caller]
#[expect(clippy::panic, reason = "`get` is documented to panic; `try_get` is there for those who will not have it")]
pub(crate) fn refuse(report: &Report) -> ! {
    panic!("{report}")
}

/// Settings as they were when they were asked for. They stay as they are while the guard lives, whatever is loaded
/// meanwhile.
///
/// It is cheap to get and cheap to drop; hold it for a request rather than for the life of the program. What must live
/// longer is an [`Arc`], by [`into_arc`](Self::into_arc).
pub struct Guard<S>(arc_swap::Guard<Option<Arc<S>>>);

impl<S> Guard<S> {
    /// The settings with shared ownership, for tasks and threads that outlive the caller.
    pub fn into_arc(self) -> Arc<S> {
        match arc_swap::Guard::into_inner(self.0) {
            Some(settings) => settings,
            None => unreachable!("a guard is made of settings that are there"),
        }
    }
}

impl<S> From<Arc<S>> for Guard<S> {
    fn from(settings: Arc<S>) -> Self {
        Self(arc_swap::Guard::from_inner(Some(settings)))
    }
}

impl<S> Deref for Guard<S> {
    type Target = S;

    fn deref(&self) -> &S {
        match &*self.0 {
            Some(settings) => settings,
            None => unreachable!("a guard is made of settings that are there"),
        }
    }
}

impl<S: fmt::Debug> fmt::Debug for Guard<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

thread_local! {
    /// The types that this thread is loading, so that code which is part of a load and asks for its result gets an
    /// answer and no deadlock.
    static LOADING: RefCell<Vec<TypeId>> = const { RefCell::new(Vec::new()) };
}

struct Loading(TypeId);

impl Loading {
    fn begin<S: Blueprint>() -> Result<Self, Report> {
        let id = TypeId::of::<S>();
        LOADING.with_borrow_mut(|loading| {
            if loading.contains(&id) {
                let problem = Problem::new(Code::WhileLoading, "", S::SCHEMA.name);
                return Err(Report::new(S::SCHEMA.name, Task::Load, vec![problem]));
            }
            loading.push(id);
            Ok(Self(id))
        })
    }
}

impl Drop for Loading {
    fn drop(&mut self) {
        LOADING.with_borrow_mut(|loading| loading.retain(|id| *id != self.0));
    }
}

//! The one cached value of each struct of settings, and the guard it is read through.

mod flight;
mod health;

use std::any::TypeId;
use std::cell::RefCell;
use std::fmt;
use std::future::poll_fn;
use std::ops::Deref;
#[cfg(feature = "live")]
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
#[cfg(feature = "live")]
use std::time::Duration;

use arc_swap::ArcSwapOption;
#[cfg(feature = "live")]
use tokio::sync::watch;

use self::flight::Flight;
use self::health::Health;
pub use self::health::{Failing, Status};
#[cfg(feature = "live")]
use crate::clock::Clock;
use crate::engine::block_on;
use crate::layer::Places;
use crate::load::{self, Loaded};
use crate::report::{Code, Problem, Report, Task};
use crate::resolve::walk::{Step, walk};
use crate::secret::{ExposeSecret, SecretString};
use crate::testing;
use crate::value::{Blueprint, Digest};

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
    /// Whether the settings can grow too old.
    ages: AtomicBool,
    latest: Mutex<Latest>,
    #[cfg(feature = "live")]
    told: OnceLock<watch::Sender<Arc<S>>>,
}

/// The load that the cached settings come from.
struct Latest {
    number: u64,
    places: Option<Arc<Places>>,
    digest: Digest,
    health: Health,
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
            ages: AtomicBool::new(false),
            latest: Mutex::new(Latest { number: 0, places: None, digest: Digest::EMPTY, health: Health::new() }),
            #[cfg(feature = "live")]
            told: OnceLock::new(),
        }
    }
}

impl<S: Blueprint> Cell<S> {
    /// Loads from these places, and caches what was loaded. Those who load from the usual places at one time share a load.
    pub(crate) async fn load(&self, places: Places) -> Result<Arc<S>, Report> {
        let flight = self.join(&mut lock(&self.flight), &Arc::new(places), true);
        self.land(&flight).await
    }

    /// Loads anew from where the cached settings come from, or else from the usual places.
    #[cfg(feature = "live")]
    pub(crate) async fn reload(&self) -> Result<(), Report> {
        let places = lock(&self.latest).places.clone().unwrap_or_default();
        let flight = self.join(&mut lock(&self.flight), &places, false);
        self.land(&flight).await.map(drop)
    }

    /// The same by a load that begins now, and of what is cached already: nothing where nothing is.
    pub(crate) async fn refresh(&self) -> Result<Option<Arc<S>>, Report> {
        let places = lock(&self.latest).places.clone();
        match places {
            Some(places) => self.land(&self.start(places, false)).await.map(Some),
            None => Ok(None),
        }
    }

    #[cold]
    fn first(&self) -> Result<Guard<S>, Report> {
        let flight = {
            let mut under_way = lock(&self.flight);
            let current = self.current.load();
            if current.is_some() {
                return Ok(Guard(current));
            }
            self.join(&mut under_way, &Arc::default(), false)
        };
        block_on(self.land(&flight)).map(Guard::from)
    }

    /// The load from these places that is under way, or else a new one.
    fn join(&self, under_way: &mut Weak<Flight<S>>, places: &Arc<Places>, replaces: bool) -> Arc<Flight<S>> {
        let same =
            |flight: &Flight<S>| Arc::ptr_eq(&flight.places, places) || flight.places.are_usual() && places.are_usual();
        if let Some(flight) = under_way.upgrade().filter(|flight| !flight.is_done() && same(flight)) {
            return flight;
        }
        let flight = Arc::new(self.start(Arc::clone(places), replaces));
        *under_way = Arc::downgrade(&flight);
        flight
    }

    fn start(&self, places: Arc<Places>, replaces: bool) -> Flight<S> {
        Flight::new(self.flights.fetch_add(1, Ordering::Relaxed) + 1, places, replaces)
    }

    async fn land(&self, flight: &Flight<S>) -> Result<Arc<S>, Report> {
        poll_fn(|context| flight.poll(context, self)).await
    }

    /// Caches what was loaded, unless a load that began later has done so, and gives what is cached then. Where both are made
    /// of the same, what is cached stays, and nobody is told.
    fn publish(&self, number: u64, places: &Arc<Places>, loaded: Loaded<S>, replaces: bool) -> Arc<S> {
        let Loaded { settings, digest, overdue } = loaded;
        let mut latest = lock(&self.latest);
        let cached = self.current.load_full();
        let recovered = number >= latest.number && latest.health.is_good(overdue);
        let settings = match cached {
            Some(cached) if number < latest.number || !replaces && latest.digest == digest => cached,
            _ => Arc::new(settings),
        };
        let mut old = None;
        if number >= latest.number {
            latest.number = number;
            latest.places = Some(Arc::clone(places));
            latest.digest = digest;
            if !self.holds(&settings) {
                latest.health.generation += 1;
                old = self.current.swap(Some(Arc::clone(&settings)));
                self.tell(&settings);
            }
        }
        drop(latest);
        if recovered {
            crate::trace::recovered(S::SCHEMA.name);
        }
        drop(old);
        settings
    }

    fn holds(&self, settings: &Arc<S>) -> bool {
        self.current.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, settings))
    }

    /// Writes down that a load failed, unless one that began later has ended.
    fn note_failure(&self, number: u64, report: &Report) {
        let mut latest = lock(&self.latest);
        if number >= latest.number {
            latest.health.is_bad(report);
        }
    }

    /// How old the cached settings are, and whether they can be loaded.
    pub(crate) fn status(&self) -> Status {
        lock(&self.latest).health.status()
    }

    /// What `try_get` says of settings that have grown too old.
    #[cold]
    fn refuse_stale(&self) -> Result<(), Report> {
        match lock(&self.latest).health.stale(S::SCHEMA.name) {
            Some(report) => Err(report),
            None => Ok(()),
        }
    }
}

#[cfg(feature = "live")]
impl<S: Blueprint> Cell<S> {
    /// From now on the settings go by this clock, and are stale when they are older than this.
    pub(crate) fn keep(&self, clock: Clock, max_stale: Option<Duration>) {
        lock(&self.latest).health.keep(clock, max_stale);
        self.ages.store(max_stale.is_some(), Ordering::Relaxed);
    }

    /// A receiver of all changes, which begins with these settings.
    pub(crate) fn watch(&self, settings: impl FnOnce() -> Arc<S>) -> watch::Receiver<Arc<S>> {
        let settings = settings();
        // Whoever publishes holds the lock too, so that no change falls between the two.
        let _latest = lock(&self.latest);
        let current = self.current.load_full().unwrap_or(settings);
        self.told.get_or_init(|| watch::Sender::new(current)).subscribe()
    }

    fn tell(&self, settings: &Arc<S>) {
        if let Some(told) = self.told.get() {
            told.send_replace(Arc::clone(settings));
        }
    }

    /// The files that the cached settings may come from.
    #[cfg(feature = "watch")]
    pub(crate) fn watched(&self) -> load::watched::Watched {
        let places = lock(&self.latest).places.clone().unwrap_or_default();
        load::watched::watched(&places, S::SCHEMA)
    }
}

#[cfg(not(feature = "live"))]
impl<S: Blueprint> Cell<S> {
    fn tell(&self, _: &Arc<S>) {}
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The cached settings, or those of the test's scope.
pub(crate) fn get<S: Cached>() -> Result<Guard<S>, Report> {
    if let Some(scope) = testing::scoped::<S>() {
        return Ok(Guard::from(scope.settings()));
    }
    let cell = S::cell();
    let current = cell.current.load();
    if current.is_some() { Ok(Guard(current)) } else { cell.first() }
}

/// The same, unless they are older than they may be.
pub(crate) fn try_get<S: Cached>() -> Result<Guard<S>, Report> {
    let settings = get::<S>()?;
    let cell = S::cell();
    if cell.ages.load(Ordering::Relaxed) && cell.holds(settings.shared()) {
        cell.refuse_stale()?;
    }
    Ok(settings)
}

/// Writes a new value for a secret where the cached settings come from, loads them anew, and looks whether they have it.
pub(crate) async fn rotate<S: Cached>(name: &str, value: SecretString) -> Result<(), Report> {
    let cell = S::cell();
    // In a test's scope there is no store to write to, which the report then says.
    let places = match testing::scoped::<S>() {
        Some(scope) => Arc::new(scope.places()),
        None => lock(&cell.latest).places.clone().unwrap_or_default(),
    };
    let written = load::rotate::rotate::<S>(&places, name, value.clone()).await?;
    let settings = match cell.refresh().await {
        Ok(None) => return Ok(()),
        Ok(Some(settings)) => settings,
        Err(report) => return Err(report.with_warnings(vec![written.warning_of_failure()])),
    };
    if let Some(warning) = &written.hidden {
        crate::trace::warn(warning);
        return Ok(());
    }
    let read = settings.secret_text(&written.path).map(ExposeSecret::expose_secret); // EXPOSE: compared with what was written
    let wanted = value.expose_secret(); // EXPOSE: compared with what is read back
    if read.is_none_or(|read| read == wanted) { Ok(()) } else { Err(written.reads_otherwise(S::SCHEMA.name)) }
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
    fn shared(&self) -> &Arc<S> {
        match &*self.0 {
            Some(settings) => settings,
            None => unreachable!("a guard is made of settings that are there"),
        }
    }

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
        self.shared()
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

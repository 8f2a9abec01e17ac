//! Settings for tests: values of their own for a thread, beside which other tests run undisturbed.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

#[cfg(feature = "testing")]
pub use crate::clock::TestClock;
use crate::engine::block_on;
use crate::layer::Places;
use crate::load::load;
use crate::report::Report;
use crate::resolve::walk::{Leaf, Step, walk};
use crate::schema::Shape;
#[cfg(feature = "testing")]
pub use crate::store::conformance::{StoreConformance, store_conformance};
use crate::value::{Blueprint, Tree};

/// How many scopes are installed in the whole process. While there are none, which is always so in production, this is
/// all that a reader of settings looks at.
static INSTALLED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The scopes of this thread, the innermost last.
    static SCOPES: RefCell<Vec<Scope>> = const { RefCell::new(Vec::new()) };
}

struct Scope {
    id: usize,
    of: TypeId,
    /// An `Arc<Scoped<S>>` of that type.
    scoped: Arc<dyn Any + Send + Sync>,
}

/// Settings for a test, made by [`Settings::mock`](crate::Settings::mock).
///
/// It starts from the struct's defaults, the `example`s of its required fields, and valid stand-ins for its required
/// secrets. It touches no environment variable and no file, so tests run in parallel with different values.
///
/// An installed mock holds for its thread alone: a thread that the test spawns, or a worker of a multi-thread runtime,
/// sees the real settings. There, hand the settings over: `Chat::mock().build()`, or a guard's
/// [`into_arc`](crate::Guard::into_arc). While a mock is installed, `load` and `init` on its thread give the mock's values.
///
/// ```
/// use settings_core::{ExposeSecret, SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
///     #[secret(format = openai)]
///     openai_api_key: SecretString,
/// }
///
/// let _scope = Chat::mock().set("port", 9000).install();
/// assert_eq!(Chat::get().port, 9000);
/// assert!(Chat::get().openai_api_key.expose_secret().starts_with("sk-"));
/// ```
#[must_use = "a mock has no effect until it is installed or built"]
pub struct Mock<S> {
    given: Vec<(String, Tree)>,
    edits: Vec<Edit<S>>,
    unchecked: bool,
}

type Edit<S> = Box<dyn Fn(&mut S) + Send + Sync>;

impl<S: Blueprint> Mock<S> {
    pub(crate) fn new() -> Self {
        Self { given: Vec::new(), edits: Vec::new(), unchecked: false }
    }

    /// Gives a field its value; the field is named by its path (`db.port`) or by its variable.
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Tree>) -> Self {
        self.given.push((field.into(), value.into()));
        self
    }

    /// Changes the struct after it is built, for values that cannot be written as a setting. No check runs after it.
    pub fn edit(mut self, edit: impl Fn(&mut S) + Send + Sync + 'static) -> Self {
        self.edits.push(Box::new(edit));
        self
    }

    /// Lets values pass that break the rules of their fields, for tests of code that has to live with them.
    pub fn unchecked(mut self) -> Self {
        self.unchecked = true;
        self
    }

    /// The struct itself, for code that takes settings as an argument.
    ///
    /// # Errors
    ///
    /// A report on a name that no field has, a value that breaks its field's rules, and a required field that has neither
    /// an `example` nor a value here.
    pub fn build(&self) -> Result<S, Report> {
        let mut settings = block_on(load(&self.places()))?;
        self.edits.iter().for_each(|edit| edit(&mut settings));
        Ok(settings)
    }

    /// Makes these the settings of the current thread until the guard is dropped. Scopes nest: the latest counts.
    ///
    /// # Panics
    ///
    /// With the report of [`build`](Self::build), which fails the test.
    #[track_caller]
    pub fn install(self) -> Installed {
        match self.build() {
            Ok(settings) => enter(Scoped { settings: Arc::new(settings), mock: self }),
            Err(report) => crate::cache::refuse(&report),
        }
    }

    /// Where the mock's values are looked for: in what it was given, and below that in the stand-ins.
    fn places(&self) -> Places {
        let mut given = Vec::new();
        walk(S::SCHEMA, &mut |step| {
            let Step::Field(leaf) = step else { return };
            let is_set = self.given.iter().any(|(name, _)| leaf.is_called(name));
            if leaf.is_required() && !is_set {
                given.extend(stand_in(leaf).map(|text| (leaf.path(), text.into())));
            }
        });
        given.extend(self.given.iter().cloned());
        Places { given, hermetic: true, mock: true, unchecked: self.unchecked, ..Places::default() }
    }
}

impl<S: Blueprint> fmt::Debug for Mock<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mock<{}>", S::SCHEMA.name)
    }
}

/// A valid value for a required field that the test does not care about, where one can be told.
fn stand_in(leaf: &Leaf<'_>) -> Option<String> {
    if let Some(example) = leaf.field.example {
        return Some(example.to_owned());
    }
    let rules = leaf.field.secret()?;
    let beginning = crate::secret::beginning(rules);
    let mut text = format!("{beginning}test-key");
    let length = match rules.shape {
        Shape::Array(length) => Some(length),
        Shape::Text | Shape::Bytes => None,
    };
    while text.len() < length.or(leaf.field.rules.min_len).unwrap_or_default() {
        text.push_str("-test-key");
    }
    if let Some(length) = length {
        text.truncate(length.max(beginning.len()));
    }
    Some(match rules.encoding {
        Some(encoding) => encoding.encode(text.as_bytes()),
        None => text,
    })
}

/// What a scope holds: the settings, and how to make them again for a load within the scope.
pub(crate) struct Scoped<S> {
    settings: Arc<S>,
    mock: Mock<S>,
}

impl<S: Blueprint> Scoped<S> {
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

/// The innermost scope of this thread for the type, if a test has installed one.
#[inline]
pub(crate) fn scoped<S: Blueprint>() -> Option<Arc<Scoped<S>>> {
    // Relaxed is enough: a thread sees its own scopes, and those of others do not concern it.
    if INSTALLED.load(Ordering::Relaxed) == 0 { None } else { scoped_here() }
}

#[cold]
fn scoped_here<S: Blueprint>() -> Option<Arc<Scoped<S>>> {
    SCOPES.with_borrow(|scopes| {
        let scope = scopes.iter().rev().find(|scope| scope.of == TypeId::of::<S>())?;
        Arc::clone(&scope.scoped).downcast().ok()
    })
}

fn enter<S: Blueprint>(scoped: Scoped<S>) -> Installed {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    SCOPES.with_borrow_mut(|scopes| scopes.push(Scope { id, of: TypeId::of::<S>(), scoped: Arc::new(scoped) }));
    INSTALLED.fetch_add(1, Ordering::Relaxed);
    Installed { id, on_this_thread: PhantomData }
}

/// Keeps a mock installed on the thread that made it. Guards may be dropped in any order; each takes away its own scope.
#[must_use = "the mock is taken away as soon as this is dropped: keep it, `let _scope = ...`"]
#[derive(Debug)]
pub struct Installed {
    id: usize,
    /// A scope belongs to its thread, so its guard must not leave it.
    on_this_thread: PhantomData<*const ()>,
}

impl Drop for Installed {
    fn drop(&mut self) {
        // The scope is dropped outside of the borrow: its settings may ask for settings as they go.
        let scope = SCOPES.try_with(|scopes| {
            let mut scopes = scopes.borrow_mut();
            let index = scopes.iter().position(|scope| scope.id == self.id)?;
            Some(scopes.remove(index))
        });
        INSTALLED.fetch_sub(1, Ordering::Relaxed);
        drop(scope);
    }
}

//! Settings for tests: values of their own for a thread or a task, beside which other tests run undisturbed.
//!
//! | call | where the mock's values hold |
//! |---|---|
//! | [`mock().install()`](Mock::install) | on this thread, until the guard is dropped |
//! | [`mock().scope(future)`](Mock::scope) | in this future, on any executor and whichever thread polls it |
//! | [`.in_current_settings()`](InCurrentSettings::in_current_settings) | carries what holds here into a task that is spawned |
//! | [`#[test_settings(..)]`](macro@crate::test_settings) | for one test, async or not |
//! | [`mock().build()`](Mock::build) | nowhere: the struct itself, for code that takes it as an argument |
//!
//! Scopes nest, and the innermost counts. In a program without a mock, which is every one in production, reading the cached
//! settings costs one relaxed load more than without this module.

mod scoped;
mod scopes;
mod stand_in;

use std::fmt;
use std::future::Future;

use self::scopes::Held;
#[cfg(feature = "clap")]
pub(crate) use self::stand_in::stand_in;
use self::stand_in::stand_ins;
#[cfg(feature = "testing")]
pub use crate::clock::TestClock;
use crate::engine::block_on;
use crate::layer::Places;
use crate::load::load;
use crate::report::Report;
#[cfg(feature = "testing")]
pub use crate::store::conformance::{StoreConformance, store_conformance};
use crate::value::{Blueprint, Tree};

pub use self::scoped::{InCurrentSettings, Scoped};
pub use self::scopes::Installed;
pub(crate) use self::scopes::{Override, scoped};

/// Settings for a test, made by [`Settings::mock`](crate::Settings::mock).
///
/// It starts from the struct's defaults, the `example`s of its required fields, and valid stand-ins for its required
/// secrets. It touches no environment variable and no file, so tests run in parallel with different values.
///
/// [Installed](Self::install), it holds for its thread alone; put [around a future](Self::scope), for that future. A thread or
/// a task that the test spawns sees the real settings: carry the scope into a task by
/// [`in_current_settings`](InCurrentSettings::in_current_settings), and hand a thread the settings themselves, a guard's
/// [`into_arc`](crate::Guard::into_arc). In the scope of a mock `load` and `init` give the mock's values too.
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
#[must_use = "a mock has no effect until it is installed, put around a future by `scope`, or built"]
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

    /// Gives a field its value; the field is named by its path (`db.port`) or by one of its variables. A name that no field
    /// has, and a value that breaks its field's rules, fail the test.
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Tree>) -> Self {
        self.given.push((field.into(), value.into()));
        self
    }

    /// Changes the struct after it is built, for values that cannot be written as a setting. No check runs after it.
    ///
    /// ```
    /// # use settings_core::Settings;
    /// # #[derive(Settings)]
    /// # struct Chat { #[setting(default = 8080, range = 1024..=65535)] port: u16 }
    /// assert_eq!(Chat::mock().edit(|chat| chat.port = 0).build()?.port, 0);
    /// # Ok::<(), settings_core::Report>(())
    /// ```
    pub fn edit(mut self, edit: impl Fn(&mut S) + Send + Sync + 'static) -> Self {
        self.edits.push(Box::new(edit));
        self
    }

    /// Lets values pass that break the rules of their fields, for tests of code that has to live with them.
    ///
    /// ```
    /// # use settings_core::Settings;
    /// # #[derive(Settings)]
    /// # struct Chat { #[setting(default = 8080, range = 1024..=65535)] port: u16 }
    /// assert!(Chat::mock().set("port", 80).build().is_err());
    /// assert_eq!(Chat::mock().set("port", 80).unchecked().build()?.port, 80);
    /// # Ok::<(), settings_core::Report>(())
    /// ```
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
    /// In an async test [`scope`](Self::scope) is the better choice: other tasks of the thread see what is installed on it.
    ///
    /// # Panics
    ///
    /// With the report of [`build`](Self::build), which fails the test.
    #[track_caller]
    pub fn install(self) -> Installed {
        Installed::new(self.hold())
    }

    /// Makes these the settings of a future: they hold while it is polled, on whichever thread, and while it is dropped.
    /// Scopes nest: the innermost counts.
    ///
    /// The mock is built at once. A task that the future spawns has no part in the scope, unless it is handed on by
    /// [`in_current_settings`](InCurrentSettings::in_current_settings).
    ///
    /// ```
    /// # use settings_core::Settings;
    /// # #[derive(Settings)]
    /// # struct Chat { #[setting(default = 8080)] port: u16 }
    /// # async fn answer() -> u16 { Chat::get().port }
    /// # pollster::block_on(async {
    /// assert_eq!(Chat::mock().set("port", 9000).scope(answer()).await, 9000);
    /// # });
    /// ```
    ///
    /// # Panics
    ///
    /// With the report of [`build`](Self::build), which fails the test.
    #[track_caller]
    pub fn scope<F: Future>(self, future: F) -> Scoped<F> {
        Scoped::new(vec![self.hold()], future)
    }

    #[track_caller]
    fn hold(self) -> Held {
        match self.build() {
            Ok(settings) => Held::new(Override::new(settings, self)),
            Err(report) => crate::cache::refuse(&report),
        }
    }

    /// Where the mock's values are looked for: in what it was given, and below that in the stand-ins.
    fn places(&self) -> Places {
        let mut given = stand_ins(S::SCHEMA, &self.given);
        let stand_ins = given.len();
        given.extend(self.given.iter().cloned());
        Places { given, stand_ins, hermetic: true, mock: true, unchecked: self.unchecked, ..Places::default() }
    }
}

impl<S: Blueprint> fmt::Debug for Mock<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mock<{}>", S::SCHEMA.name)
    }
}

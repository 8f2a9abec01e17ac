//! Where to look: the builder that a load starts from.

use std::ffi::OsString;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::cache::Cached;
use crate::engine::block_on;
use crate::explain::Explanation;
use crate::layer::config_files::{Given, Wanted};
use crate::layer::{Layers, Places};
use crate::load::rotate::rotate;
use crate::load::{load, load_now, load_with_warnings, one_secret, passes, required, warnings};
#[cfg(feature = "clap")]
use crate::report::Problem;
use crate::report::{Report, Task, Warning};
use crate::resolve::resolve;
use crate::secret::SecretString;
use crate::store::SecretStore;
use crate::testing;
use crate::value::{Blueprint, Tree};

/// Loads a struct of settings from places that differ from those its attributes name.
///
/// Made by [`Settings::loader`](crate::Settings::loader). Without any further call it looks where
/// [`Settings::load`](crate::Settings::load) does.
///
/// ```
/// use settings_core::Settings;
///
/// #[derive(Settings)]
/// #[settings(env_prefix = "CHAT_")]
/// struct Chat {
///     port: u16,
/// }
///
/// let chat = Chat::loader().hermetic().env([("CHAT_PORT", "9000")]).load_blocking()?;
/// assert_eq!(chat.port, 9000);
/// # Ok::<(), settings_core::Report>(())
/// ```
#[must_use = "a loader does nothing until it is told to load"]
pub struct Loader<S> {
    places: Places,
    #[cfg(feature = "live")]
    live: crate::live::Options,
    #[cfg(feature = "live")]
    poll_by: Option<fn(&S) -> Duration>,
    of: PhantomData<fn() -> S>,
}

impl<S: Blueprint> Loader<S> {
    pub(crate) fn new() -> Self {
        Self {
            places: Places::default(),
            #[cfg(feature = "live")]
            live: crate::live::Options::default(),
            #[cfg(feature = "live")]
            poll_by: None,
            of: PhantomData,
        }
    }

    /// Reads variables from these pairs instead of the process environment. Further calls add to them.
    ///
    /// The .env files are still read; [`hermetic`](Self::hermetic) leaves them out.
    pub fn env<K: Into<String>, V: Into<OsString>>(mut self, variables: impl IntoIterator<Item = (K, V)>) -> Self {
        let given = self.places.variables.get_or_insert_default();
        given.extend(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        self
    }

    /// Looks at nothing but what this loader is given: not at the process environment, nor at the files and stores that
    /// the struct names.
    pub fn hermetic(mut self) -> Self {
        self.places.hermetic = true;
        self
    }

    /// Reads this .env file in the place of those that the struct names. With several calls the later file wins. A file
    /// that does not exist is skipped.
    pub fn env_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.places.env_files.get_or_insert_default().push(path.into());
        self
    }

    /// Looks for secret files in this directory in the place of those that the struct names. With several calls the later
    /// directory wins. One that does not exist is skipped.
    ///
    /// ```
    /// # use settings_core::{ExposeSecret, SecretString, Settings};
    /// # #[derive(Settings)]
    /// # struct Chat { api_key: SecretString }
    /// let secrets = tempfile::tempdir()?;
    /// std::fs::write(secrets.path().join("api_key"), "sk-test-key\n")?;
    /// let chat = Chat::loader().hermetic().secrets_dir(secrets.path()).load_blocking()?;
    /// assert_eq!(chat.api_key.expose_secret(), "sk-test-key");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn secrets_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.places.secrets_dirs.get_or_insert_default().push(path.into());
        self
    }

    /// Takes this for the profile, whatever the variable says that names it: `.env.production` then stands above `.env`,
    /// and `chat.production.toml` above `chat.toml`.
    ///
    /// It is one plain part of a file name; the load fails with any other.
    pub fn profile(mut self, name: impl Into<String>) -> Self {
        self.places.profile = Some(name.into());
        self
    }

    /// Reads this config file in the place of those that the struct names. With several calls the later file wins, table
    /// by table. A file that does not exist is skipped; [`required_file`](Self::required_file) asks for it.
    ///
    /// The ending tells the format: TOML, or with the features of these names YAML or JSON.
    pub fn file(self, path: impl Into<PathBuf>) -> Self {
        self.add_file(path.into(), false)
    }

    /// The same, and the load fails when there is no such file.
    pub fn required_file(self, path: impl Into<PathBuf>) -> Self {
        self.add_file(path.into(), true)
    }

    fn add_file(mut self, path: PathBuf, required: bool) -> Self {
        self.places.files.get_or_insert_default().push(Wanted { path, required });
        self
    }

    /// Asks a provider of figment too, above the config files and below everything else. With several calls the later
    /// one wins.
    ///
    /// Keys that no field has are let pass: a provider may have them for other reasons.
    ///
    /// ```
    /// # use settings_core::{Settings, figment::providers::Serialized};
    /// # #[derive(Settings)]
    /// # struct Chat { port: u16 }
    /// let chat = Chat::loader().hermetic().provider(Serialized::default("port", 9000)).load_blocking()?;
    /// assert_eq!(chat.port, 9000);
    /// # Ok::<(), settings_core::Report>(())
    /// ```
    pub fn provider(mut self, provider: impl figment::Provider + Send + Sync + 'static) -> Self {
        self.places.providers.push(Given::new(provider));
        self
    }

    /// Gives a field its value, above every other layer. A field of a nested struct is named by its path, `db.port`.
    ///
    /// Text is read as text from a variable is. A name that no field has is a problem in the report of the load.
    ///
    /// ```
    /// # use settings_core::Settings;
    /// # #[derive(Settings)]
    /// # struct Chat { port: u16 }
    /// let chat = Chat::loader().hermetic().set("port", 9000).load_blocking()?;
    /// assert_eq!(chat.port, 9000);
    /// # Ok::<(), settings_core::Report>(())
    /// ```
    pub fn set(mut self, field: impl Into<String>, value: impl Into<Tree>) -> Self {
        self.places.given.push((field.into(), value.into()));
        self
    }

    /// Asks this store where a `source` names it: the built-in store of that kind (`azure`, `aws`, `gcp`, `vault`, `dapr`,
    /// `json`) is replaced, any other name stands for `store("name")`.
    ///
    /// ```
    /// use settings_core::{ExposeSecret, SecretString, Settings};
    /// # use settings_core::store::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
    /// # #[derive(Debug)]
    /// # struct Pass;
    /// # impl SecretStore for Pass {
    /// #     fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
    /// #         Box::pin(async move { keys.iter().map(|key| Ok(Secret::new(key.kebab().into()))).collect() })
    /// #     }
    /// #     fn describe(&self) -> String { "pass".to_owned() }
    /// # }
    ///
    /// #[derive(Settings)]
    /// struct Chat {
    ///     #[secret(source = store("pass"))]
    ///     api_key: SecretString,
    /// }
    ///
    /// let chat = Chat::loader().hermetic().store("pass", Pass).load_blocking()?;
    /// assert_eq!(chat.api_key.expose_secret(), "api-key");
    /// # Ok::<(), settings_core::Report>(())
    /// ```
    pub fn store(mut self, name: impl Into<String>, store: impl SecretStore + 'static) -> Self {
        self.places.stores.0.push((name.into(), Arc::new(store)));
        self
    }

    /// How long all stores together may take, 10 seconds unless set. What has not answered by then *could not be checked*.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.places.timeout = Some(timeout);
        self
    }

    /// How often [`start`](Self::start) loads anew, give or take a tenth; not more often than ten times a second. Without it
    /// settings follow their files, with the feature `watch`, and are loaded anew on request.
    #[cfg(feature = "live")]
    pub fn poll(mut self, interval: Duration) -> Self {
        self.live.poll = Some(interval);
        self
    }

    /// The same, where the settings themselves say how often. It is asked anew after every load, and wins over
    /// [`poll`](Self::poll).
    ///
    /// ```
    /// # use settings_core::Settings;
    /// # use std::time::Duration;
    /// #[derive(Settings)]
    /// struct Chat {
    ///     /// How often to look for new secrets.
    ///     #[setting(default = "5m")]
    ///     poll: Duration,
    /// }
    ///
    /// # fn main() -> Result<(), settings_core::Report> {
    /// let live = Chat::loader().hermetic().poll_by(|chat| chat.poll).start_blocking()?;
    /// # let _ = live;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(feature = "live")]
    pub fn poll_by(mut self, interval: fn(&S) -> Duration) -> Self {
        self.poll_by = Some(interval);
        self
    }

    /// How old settings may grow that [`start`](Self::start) cannot load anew: beyond it
    /// [`try_get`](crate::Settings::try_get) is an error, while [`get`](crate::Settings::get) goes on with the last good ones.
    #[cfg(feature = "live")]
    pub fn max_stale(mut self, age: Duration) -> Self {
        self.live.max_stale = Some(age);
        self
    }

    /// Goes by this clock instead of the machine's, after [`start`](Self::start).
    #[cfg(all(feature = "live", feature = "testing"))]
    pub fn clock(mut self, clock: &testing::TestClock) -> Self {
        self.live.clock = crate::clock::Clock(Some(clock.clone()));
        self
    }

    /// Loads and caches the struct, and keeps it up to date until what this gives is dropped.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); then nothing is kept up to date.
    #[cfg(feature = "live")]
    pub async fn start(self) -> Result<crate::live::Live<S>, Report>
    where
        S: Cached,
    {
        crate::live::Live::start(self.places, self.live, self.poll_by).await
    }

    /// [`start`](Self::start) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`start`](Self::start).
    #[cfg(feature = "live")]
    pub fn start_blocking(self) -> Result<crate::live::Live<S>, Report>
    where
        S: Cached,
    {
        block_on(self.start())
    }

    /// Loads the struct: every layer is asked, every value read and checked.
    ///
    /// # Errors
    ///
    /// One report on everything that is missing, invalid or could not be checked.
    pub async fn load(self) -> Result<S, Report> {
        match testing::scoped::<S>() {
            Some(scope) => scope.build(),
            None => load(&self.places).await,
        }
    }

    /// [`load`](Self::load) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_blocking(self) -> Result<S, Report> {
        match testing::scoped::<S>() {
            Some(scope) => scope.build(),
            None => load_now(&self.places),
        }
    }

    /// Loads the struct, and tells what did not stop the load and is still worth a look.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); the report holds the warnings then.
    pub async fn load_with_warnings(self) -> Result<(S, Vec<Warning>), Report> {
        let scope = testing::scoped::<S>();
        let scoped = scope.map(|scope| (scope.build(), scope.places()));
        if let Some((built, places)) = scoped {
            let warnings = warnings::<S>(&places).await?;
            return built.map(|built| (built, warnings));
        }
        load_with_warnings(&self.places).await
    }

    /// [`load_with_warnings`](Self::load_with_warnings) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`load_with_warnings`](Self::load_with_warnings).
    pub fn load_with_warnings_blocking(self) -> Result<(S, Vec<Warning>), Report> {
        block_on(self.load_with_warnings())
    }

    /// Loads the struct and makes it what [`Settings::get`](crate::Settings::get) gives from now on.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); what was cached before stays.
    pub async fn init(self) -> Result<(), Report>
    where
        S: Cached,
    {
        match testing::scoped::<S>() {
            Some(scope) => scope.build().map(drop),
            None => S::cell().load(self.places).await.map(drop),
        }
    }

    /// [`init`](Self::init) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`init`](Self::init).
    pub fn init_blocking(self) -> Result<(), Report>
    where
        S: Cached,
    {
        block_on(self.init())
    }

    /// Tells where every field's value comes from, whether or not the struct loads. It asks every store for every secret
    /// that may come from it.
    ///
    /// # Errors
    ///
    /// A report when the names given or the struct's own names are at fault.
    pub async fn explain(self) -> Result<Explanation, Report> {
        let places = self.scoped_places();
        passes::<S, _, _>(&places, Task::Load, Explanation::search, |layers, ()| {
            // Whether a value fits its field shows when the struct is built.
            let mut values = resolve(S::SCHEMA, layers, S::SCHEMA.values());
            let _ = S::build(&mut values);
            Ok(Explanation::new(S::SCHEMA, layers, &values.into_failures()))
        })
        .await
    }

    /// [`explain`](Self::explain) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`explain`](Self::explain).
    pub fn explain_blocking(self) -> Result<Explanation, Report> {
        block_on(self.explain())
    }

    /// Looks for the required secrets, and for nothing else. The struct is not built.
    ///
    /// # Errors
    ///
    /// A report that begins with the variables of the secrets that are missing, invalid or could not be checked.
    pub async fn check_required_secrets(self) -> Result<(), Report> {
        let places = self.scoped_places();
        passes::<S, _, _>(&places, Task::CheckSecrets, required::failures, required::report).await
    }

    /// [`check_required_secrets`](Self::check_required_secrets) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`check_required_secrets`](Self::check_required_secrets).
    pub fn check_required_secrets_blocking(self) -> Result<(), Report> {
        block_on(self.check_required_secrets())
    }

    /// One secret, by its field or its variable. A name that is not declared is looked for as a variable is, where the
    /// struct's secrets come from.
    ///
    /// # Errors
    ///
    /// A report when the value breaks the field's rules or could not be read; and when the name is that of a field that
    /// is no secret.
    pub async fn get_secret(self, name: &str) -> Result<Option<SecretString>, Report> {
        let places = self.scoped_places();
        let search = |layers: &Layers<'_>| one_secret::search(layers, name);
        passes::<S, _, _>(&places, Task::GetSecret, search, |layers, ()| one_secret::get(layers, name)).await
    }

    /// [`get_secret`](Self::get_secret) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`get_secret`](Self::get_secret).
    pub fn get_secret_blocking(self, name: &str) -> Result<Option<SecretString>, Report> {
        block_on(self.get_secret(name))
    }

    /// Gives a secret a new value, named by its field or its variable: the value is held to the field's rules and written to
    /// the store that supplied the current one, where other keys of the same secret stay as they are.
    ///
    /// Where a local layer supplied the current value, the new one goes to the first store of the field's `source` that is
    /// configured; the warning that is given back then says that the local value goes on hiding it. What is cached is not
    /// loaded again: [`Settings::rotate_secret`](crate::Settings::rotate_secret) does that too.
    ///
    /// # Errors
    ///
    /// A report when the value breaks the field's rules, no store is configured, or the store refuses or does not answer.
    /// What readers of the store get has not changed then.
    pub async fn rotate_secret(self, name: &str, value: SecretString) -> Result<Option<Warning>, Report> {
        rotate::<S>(&self.scoped_places(), name, value).await.map(|written| written.hidden)
    }

    /// [`rotate_secret`](Self::rotate_secret) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`rotate_secret`](Self::rotate_secret).
    pub fn rotate_secret_blocking(self, name: &str, value: SecretString) -> Result<Option<Warning>, Report> {
        block_on(self.rotate_secret(name, value))
    }

    /// Takes what an argument gives to a field, or why it gives nothing.
    #[cfg(feature = "clap")]
    pub(crate) fn argument(mut self, read: Result<(String, Tree), Box<Problem>>) -> Self {
        match read {
            Ok(given) => self.places.given.push(given),
            Err(problem) => self.places.refused.push(*problem),
        }
        self
    }

    /// Where to look: in the test's scope, if there is one.
    pub(crate) fn scoped_places(self) -> Places {
        match testing::scoped::<S>() {
            Some(scope) => scope.places(),
            None => self.places,
        }
    }
}

impl<S: Blueprint> fmt::Debug for Loader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loader<{}>", S::SCHEMA.name)
    }
}

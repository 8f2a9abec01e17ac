//! Where to look: the builder that a load starts from.

use std::ffi::OsString;
use std::fmt;
use std::marker::PhantomData;
use std::path::PathBuf;

use crate::cache::Cached;
use crate::explain::Explanation;
use crate::layer::config_files::{Given, Wanted};
use crate::layer::{Layers, Places};
use crate::report::{Code, Problem, Report, Task, Warning};
use crate::resolve::find::find;
use crate::resolve::walk::{Leaf, Step, walk};
use crate::resolve::{diagnose, names, resolve, shape};
use crate::schema::Schema;
use crate::secret::{ExposeSecret, SecretString};
use crate::testing;
use crate::trace;
use crate::value::{Blueprint, Failure, Fault, Slot, Tree, check_length, check_secret};

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
    of: PhantomData<fn() -> S>,
}

impl<S: Blueprint> Loader<S> {
    pub(crate) fn new() -> Self {
        Self { places: Places::default(), of: PhantomData }
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

    /// Loads the struct: every layer is asked, every value read and checked.
    ///
    /// # Errors
    ///
    /// One report on everything that is missing, invalid or could not be checked.
    pub async fn load(self) -> Result<S, Report> {
        self.load_blocking()
    }

    /// [`load`](Self::load) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    pub fn load_blocking(self) -> Result<S, Report> {
        match testing::scoped::<S>() {
            Some(scope) => scope.build(),
            None => load(&self.places),
        }
    }

    /// Loads the struct, and tells what did not stop the load and is still worth a look.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); the report holds the warnings then.
    pub async fn load_with_warnings(self) -> Result<(S, Vec<Warning>), Report> {
        self.load_with_warnings_blocking()
    }

    /// [`load_with_warnings`](Self::load_with_warnings) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`load_with_warnings`](Self::load_with_warnings).
    pub fn load_with_warnings_blocking(self) -> Result<(S, Vec<Warning>), Report> {
        let settings = match testing::scoped::<S>() {
            Some(scope) => scope.build()?,
            None => load(&self.places)?,
        };
        Ok((settings, with_layers::<S, _>(&self.places, warnings)?))
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
        self.init_blocking()
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
        match testing::scoped::<S>() {
            Some(scope) => scope.build().map(drop),
            None => S::cell().replace(|| load(&self.places)),
        }
    }

    /// Tells where every field's value comes from, whether or not the struct loads.
    ///
    /// # Errors
    ///
    /// A report when the names given or the struct's own names are at fault.
    pub async fn explain(self) -> Result<Explanation, Report> {
        self.explain_blocking()
    }

    /// [`explain`](Self::explain) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`explain`](Self::explain).
    pub fn explain_blocking(self) -> Result<Explanation, Report> {
        with_layers::<S, _>(&self.places, |schema, layers| {
            // Whether a value fits its field shows when the struct is built.
            let mut values = resolve(schema, layers, schema.values());
            let _ = S::build(&mut values);
            Ok(Explanation::new(schema, layers, &values.into_failures()))
        })
    }

    /// Looks for the required secrets, and for nothing else. The struct is not built.
    ///
    /// # Errors
    ///
    /// A report that begins with the variables of the secrets that are missing, invalid or could not be checked.
    pub async fn check_required_secrets(self) -> Result<(), Report> {
        self.check_required_secrets_blocking()
    }

    /// [`check_required_secrets`](Self::check_required_secrets) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`check_required_secrets`](Self::check_required_secrets).
    pub fn check_required_secrets_blocking(self) -> Result<(), Report> {
        with_layers::<S, _>(&self.places, check_required_secrets)
    }

    /// One secret, by its field or its variable. A name that is not declared is looked for as a variable is, where the
    /// struct's secrets come from.
    ///
    /// # Errors
    ///
    /// A report when the value breaks the field's rules or could not be read; and when the name is that of a field that
    /// is no secret.
    pub async fn get_secret(self, name: &str) -> Result<Option<SecretString>, Report> {
        self.get_secret_blocking(name)
    }

    /// [`get_secret`](Self::get_secret) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`get_secret`](Self::get_secret).
    pub fn get_secret_blocking(self, name: &str) -> Result<Option<SecretString>, Report> {
        with_layers::<S, _>(&self.places, |schema, layers| get_secret(schema, layers, name))
    }
}

impl<S: Blueprint> fmt::Debug for Loader<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Loader<{}>", S::SCHEMA.name)
    }
}

/// Above so many names the environment is walked through once for all of them.
const MANY: usize = 64;

/// Loads a struct from the places given: data goes from the layers to values, and from there to the struct or the report.
pub(crate) fn load<S: Blueprint>(places: &Places) -> Result<S, Report> {
    let schema = S::SCHEMA;
    let _span = trace::span(schema.name);
    refuse_misuse(schema, places, Task::Load).map_err(trace::failed)?;
    let mut layers = Layers::new(places, schema);
    let values = const { S::SCHEMA.values() };
    if values > MANY {
        layers.env.ask_for(names::claimed(schema));
    }
    let mut values = resolve(schema, &layers, values);
    let built = S::build(&mut values);
    let failures = values.into_failures();
    match built {
        Some(settings) if failures.is_empty() && layers.sound() => {
            trace::loaded(schema, &layers);
            Ok(settings)
        }
        _ => Err(trace::failed(diagnose::report(schema, &layers, &failures, Task::Load))),
    }
}

/// What a loaded struct's layers have to be warned about.
fn warnings(schema: &'static Schema, layers: &Layers<'_>) -> Result<Vec<Warning>, Report> {
    // A load asks no further than it must; to tell what stands in the files it has to open them.
    let _ = resolve(schema, layers, schema.values());
    Ok(diagnose::warnings(schema, layers))
}

/// Opens the layers for something else than a load; those of the test's scope, if there is one.
fn with_layers<S: Blueprint, R>(
    places: &Places,
    then: impl FnOnce(&'static Schema, &Layers<'_>) -> Result<R, Report>,
) -> Result<R, Report> {
    let scope = testing::scoped::<S>();
    let scoped = scope.as_ref().map(|scope| scope.places());
    let places = scoped.as_ref().unwrap_or(places);
    refuse_misuse(S::SCHEMA, places, Task::Load)?;
    then(S::SCHEMA, &Layers::new(places, S::SCHEMA))
}

/// Mistakes of the program, whatever the values are: two fields on one name, a value for a field that is not there.
fn refuse_misuse(schema: &'static Schema, places: &Places, task: Task) -> Result<(), Report> {
    let mut problems = names::collisions(schema);
    if !places.given.is_empty() {
        problems.extend(names::unknown(schema, &places.given));
        problems.extend(shape::misgiven(schema, &places.given));
    }
    if problems.is_empty() { Ok(()) } else { Err(Report::new(schema.name, task, problems)) }
}

fn check_required_secrets(schema: &'static Schema, layers: &Layers<'_>) -> Result<(), Report> {
    let mut failures = Vec::new();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if leaf.field.secret().is_none() || !leaf.is_required() {
            return;
        }
        let fault = match find(layers, leaf, false, &mut failures) {
            Slot::Secret(secret) => check_secret(&secret, leaf.field),
            Slot::Bytes(bytes) => check_length(bytes.expose_secret().len(), leaf.field), // EXPOSE: counted
            Slot::Unset => Some(Fault::Missing),
            _ => None,
        };
        failures.extend(fault.map(|fault| Failure { at: leaf.at, fault }));
    });
    if failures.is_empty() && layers.sound() {
        return Ok(());
    }
    Err(diagnose::report(schema, layers, &failures, Task::CheckSecrets))
}

fn get_secret(schema: &'static Schema, layers: &Layers<'_>, name: &str) -> Result<Option<SecretString>, Report> {
    let mut answer = None;
    walk(schema, &mut |step| match step {
        Step::Field(leaf) if leaf.is_called(name) => answer = Some(read_secret(schema, layers, leaf)),
        _ => {}
    });
    answer.unwrap_or_else(|| {
        let mut answer = Ok(None);
        crate::resolve::walk::undeclared(schema, name, &mut |leaf| answer = read_secret(schema, layers, leaf));
        answer
    })
}

fn read_secret(schema: &'static Schema, layers: &Layers<'_>, leaf: &Leaf<'_>) -> Result<Option<SecretString>, Report> {
    let refuse = |problem| Err(Report::new(schema.name, Task::GetSecret, vec![problem]));
    if leaf.field.secret().is_none() {
        let note = "The field is no secret; its value is in the loaded struct.";
        return refuse(Problem::new(Code::UnknownField, &leaf.path(), leaf.variable).explain(note));
    }
    let mut failures = Vec::new();
    let fault = match (find(layers, leaf, false, &mut failures), failures.pop()) {
        (_, Some(failure)) => Some(failure.fault),
        (Slot::Secret(secret), None) => match check_secret(&secret, leaf.field) {
            None => return Ok(Some(secret)),
            fault => fault,
        },
        (Slot::Bytes(_), None) => Some(Fault::NotUtf8),
        _ => None,
    };
    match fault {
        Some(fault) => refuse(diagnose::problem(&fault, leaf, layers)),
        None if layers.sound() => Ok(None),
        None => Err(Report::new(schema.name, Task::GetSecret, layers.file_problems())),
    }
}

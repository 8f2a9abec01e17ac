//! What users call on their structs.

use std::future::Future;

use crate::cache::{Cached, Guard, Status};
use crate::generate::provision::Target;
use crate::loader::Loader;
use crate::report::Report;
use crate::schema::Schema;
use crate::secret::SecretString;
use crate::testing::Mock;
use crate::value::Blueprint;

/// A struct of settings. `#[derive(Settings)]` gives it to a struct; every call looks where the struct's attributes say.
///
/// The calls that load are async, need no runtime, and have a twin in `_blocking` for code that is not async.
///
/// ```no_run
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
///     #[secret(format = openai)]
///     openai_api_key: SecretString,
/// }
///
/// Chat::init_blocking().unwrap_or_else(|report| report.exit()); // load, check, cache; or say what is wrong and leave
/// println!("listening on {}", Chat::get().port);
/// ```
pub trait Settings: Blueprint {
    /// Loads a new value, beside the cached one.
    ///
    /// # Errors
    ///
    /// One report on everything that is missing, invalid or could not be checked.
    fn load() -> impl Future<Output = Result<Self, Report>> + Send {
        Self::loader().load()
    }

    /// [`load`](Self::load) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load).
    fn load_blocking() -> Result<Self, Report> {
        Self::loader().load_blocking()
    }

    /// Loads the settings and makes them what [`get`](Self::get) gives from now on.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); what was cached before stays.
    fn init() -> impl Future<Output = Result<(), Report>> + Send
    where
        Self: Cached,
    {
        Self::loader().init()
    }

    /// [`init`](Self::init) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`init`](Self::init).
    fn init_blocking() -> Result<(), Report>
    where
        Self: Cached,
    {
        Self::loader().init_blocking()
    }

    /// The cached settings; the first call loads them. A pointer read from then on.
    ///
    /// # Panics
    ///
    /// With the report, when they are not cached yet and cannot be loaded. [`init`](Self::init) at the start of the
    /// program, or [`try_get`](Self::try_get), say it without a panic.
    #[track_caller]
    fn get() -> Guard<Self>
    where
        Self: Cached,
    {
        match crate::cache::get() {
            Ok(settings) => settings,
            Err(report) => crate::cache::refuse(&report),
        }
    }

    /// The cached settings, or the report when they cannot be loaded. A failure is not cached: the next call tries again.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load); and when the settings are older than the `max_stale` of a loader that was started.
    fn try_get() -> Result<Guard<Self>, Report>
    where
        Self: Cached,
    {
        crate::cache::try_get()
    }

    /// How old the cached settings are, how often they have changed, and whether they can be loaded.
    fn status() -> Status
    where
        Self: Cached,
    {
        Self::cell().status()
    }

    /// Looks for the secrets that are required, those of nested structs too, and for nothing else.
    ///
    /// ```
    /// # use settings_core::{SecretString, Settings};
    /// #[derive(Settings)]
    /// struct Keys {
    ///     openai_api_key: SecretString,
    ///     anthropic_api_key: SecretString,
    ///     gemini_api_key: Option<SecretString>,
    /// }
    ///
    /// let report = Keys::loader().hermetic().check_required_secrets_blocking().unwrap_err();
    /// assert!(report.to_string().starts_with("Missing secrets: OPENAI_API_KEY, ANTHROPIC_API_KEY\n"));
    /// ```
    ///
    /// # Errors
    ///
    /// A report that begins with the variables of the secrets that are missing, invalid or could not be checked.
    fn check_required_secrets() -> impl Future<Output = Result<(), Report>> + Send {
        Self::loader().check_required_secrets()
    }

    /// [`check_required_secrets`](Self::check_required_secrets) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`check_required_secrets`](Self::check_required_secrets).
    fn check_required_secrets_blocking() -> Result<(), Report> {
        Self::loader().check_required_secrets_blocking()
    }

    /// One secret, read anew, by its field (`db.password`) or its variable (`CHAT_DB_PASSWORD`). A name that is not
    /// declared is looked for as a variable is, where the struct's secrets come from.
    ///
    /// # Errors
    ///
    /// A report when the value breaks the field's rules or could not be read, and when the field is no secret.
    fn get_secret(name: &str) -> impl Future<Output = Result<Option<SecretString>, Report>> + Send {
        Self::loader().get_secret(name)
    }

    /// [`get_secret`](Self::get_secret) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`get_secret`](Self::get_secret).
    fn get_secret_blocking(name: &str) -> Result<Option<SecretString>, Report> {
        Self::loader().get_secret_blocking(name)
    }

    /// Gives a secret a new value in the store that supplied the current one, and loads the cached settings anew.
    ///
    /// The secret is named by its field or its variable; see [`Loader::rotate_secret`], which also gives the warning that
    /// this one only tells `tracing`. Where nothing is cached yet, nothing is loaded.
    ///
    /// # Errors
    ///
    /// As [`Loader::rotate_secret`], and then nothing has changed; or, when the value was written and the settings do not
    /// load with it, the report of that load. What was cached before stays.
    fn rotate_secret(name: &str, value: SecretString) -> impl Future<Output = Result<(), Report>> + Send
    where
        Self: Cached,
    {
        async move { crate::cache::rotate::<Self>(name, value).await }
    }

    /// [`rotate_secret`](Self::rotate_secret) for code that is not async.
    ///
    /// # Errors
    ///
    /// As [`rotate_secret`](Self::rotate_secret).
    fn rotate_secret_blocking(name: &str, value: SecretString) -> Result<(), Report>
    where
        Self: Cached,
    {
        crate::engine::block_on(Self::rotate_secret(name, value))
    }

    /// Whether the cached settings hold a usable key in this field, named by its path or its variable: it is set, is no
    /// placeholder, and begins as its `prefix` or `format` says; for a field without either, it has over 10 characters.
    ///
    /// False when the settings cannot be loaded, and for a name that no text secret has.
    fn validate_api_key(name: &str) -> bool
    where
        Self: Cached,
    {
        Self::try_get().is_ok_and(|settings| crate::cache::holds_key(&*settings, name))
    }

    /// A loader, to look elsewhere than the struct's attributes say.
    fn loader() -> Loader<Self> {
        Loader::new()
    }

    /// Values for a test, which touch no environment and no file.
    fn mock() -> Mock<Self> {
        Mock::new()
    }

    /// The text of a `.env.example`: every variable, with what a reader has to know to fill it in. It follows from the
    /// struct alone, and secrets are empty in it.
    ///
    /// [`assert_env_example_in_sync`](crate::assert_env_example_in_sync) keeps a file in step with it.
    ///
    /// ```
    /// use settings_core::{SecretString, Settings};
    ///
    /// #[derive(Settings)]
    /// struct Chat {
    ///     /// TCP port to listen on.
    ///     #[setting(default = 8080, range = 1024..=65535)]
    ///     port: u16,
    ///     #[secret(format = openai, source = [env])]
    ///     openai_api_key: SecretString,
    /// }
    ///
    /// assert!(Chat::env_example().ends_with(
    ///     "
    /// ## TCP port to listen on.
    /// ## Optional: a whole number in 1024..=65535.
    /// ## PORT=8080
    ///
    /// ## Required: a secret that begins with sk-.
    /// OPENAI_API_KEY=
    /// "
    /// ));
    /// ```
    fn env_example() -> String {
        crate::generate::env_example::env_example::<Self>()
    }

    /// The settings as a page of Markdown: a table for each struct, with a row for each variable.
    ///
    /// ```
    /// use settings_core::Settings;
    ///
    /// #[derive(Settings)]
    /// struct Chat {
    ///     /// TCP port to listen on.
    ///     #[setting(default = 8080, range = 1024..=65535)]
    ///     port: u16,
    /// }
    ///
    /// let row = "| `PORT` | TCP port to listen on.<br>A whole number in 1024..=65535. | `8080` |\n";
    /// assert!(Chat::markdown().ends_with(row));
    /// ```
    fn markdown() -> String {
        crate::generate::markdown::markdown::<Self>()
    }

    /// The JSON Schema (draft 2020-12) of the struct's config files, for editors and checks.
    ///
    /// Nothing is required in it, as another layer may have the value, but for the fields of structs in a list or map,
    /// whose values all stand in one place. Secrets are not in it unless they say `in_config_file`. What it allows may
    /// still be refused by a check that no schema can tell.
    ///
    /// ```
    /// use settings_core::Settings;
    ///
    /// #[derive(Settings)]
    /// struct Chat {
    ///     #[setting(default = 8080, range = 1024..=65535)]
    ///     port: u16,
    /// }
    ///
    /// let schema = Chat::json_schema();
    /// assert_eq!(schema["properties"]["port"]["maximum"], 65535);
    /// assert_eq!(schema["additionalProperties"], false);
    /// ```
    fn json_schema() -> serde_json::Value {
        crate::generate::json_schema::json_schema::<Self>()
    }

    /// What sets the secrets of the struct up in a store, with the rights to read them and nothing else: a script, or
    /// manifests. [The page on it](crate::guide::provision) has one of each.
    ///
    /// ```
    /// use settings_core::{SecretString, Settings, Target};
    ///
    /// #[derive(Settings)]
    /// struct Chat {
    ///     #[secret(source = aws("chat/api-keys"))]
    ///     openai_api_key: SecretString,
    /// }
    ///
    /// let script = Chat::provision(Target::Aws);
    /// assert!(script.contains("secretsmanager:GetSecretValue"));
    /// assert_eq!(
    ///     Chat::provision(Target::Dapr),
    ///     "# No secret of Chat comes from `dapr`: there is nothing to set up.\n"
    /// );
    /// ```
    fn provision(target: Target) -> String {
        crate::generate::provision::provision(Self::SCHEMA, target)
    }

    /// A `.gitleaks.toml` that looks for the keys of the struct: the rules of [gitleaks](https://github.com/gitleaks/gitleaks)
    /// itself, and one for each `prefix` and `format` of a secret.
    ///
    /// ```
    /// use settings_core::{SecretString, Settings};
    ///
    /// #[derive(Settings)]
    /// struct Chat {
    ///     #[secret(prefix = "corp-")]
    ///     token: SecretString,
    /// }
    ///
    /// assert!(Chat::gitleaks().contains("keywords = [\"corp-\"]"));
    /// ```
    fn gitleaks() -> String {
        crate::generate::gitleaks::gitleaks(Self::SCHEMA)
    }

    /// What is loaded, for tools and documentation.
    fn schema() -> &'static Schema {
        Self::SCHEMA
    }
}

impl<T: Blueprint> Settings for T {}

/// [`Settings::get`] as a function.
///
/// # Panics
///
/// As [`Settings::get`].
///
/// ```
/// use settings_core::{Settings, get_settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[setting(default = 8080)]
///     port: u16,
/// }
///
/// let _scope = Chat::mock().set("port", 9000).install();
/// assert_eq!(get_settings::<Chat>().port, 9000);
/// ```
#[track_caller]
pub fn get_settings<S: Cached>() -> Guard<S> {
    S::get()
}

/// [`Settings::check_required_secrets`] as a function.
///
/// # Errors
///
/// As [`Settings::check_required_secrets`].
pub async fn check_required_secrets<S: Blueprint>() -> Result<(), Report> {
    S::check_required_secrets().await
}

/// [`Settings::rotate_secret`] as a function.
///
/// # Errors
///
/// As [`Settings::rotate_secret`].
pub async fn rotate_secret<S: Cached>(name: &str, value: SecretString) -> Result<(), Report> {
    S::rotate_secret(name, value).await
}

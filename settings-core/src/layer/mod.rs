//! The places below the process that may hold values: one file a layer. A layer is opened only when a field still lacks
//! a value.

pub(crate) mod config_files;
pub(crate) mod dotenv;
pub(crate) mod env;
mod lines;
mod paths;
mod profile;
pub(crate) mod read;
pub(crate) mod secret_files;
pub(crate) mod stores;
mod trail;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use crate::report::{Code, Outcome, Problem, hint};
use crate::schema::{DotenvDialect, Schema};
use crate::store::kind::Config;
use crate::value::Tree;
use config_files::{ConfigFiles, Given, Wanted};
use dotenv::{Dialect, DotenvFile, DotenvFiles, Hit, Place};
use env::{Env, Variables};
pub(crate) use profile::InForce;
use secret_files::SecretFiles;
use stores::{Answers, Registered, Stores};
pub(crate) use trail::{FromStore, Trail};

/// Where to look, as the loader was told.
#[derive(Clone, Default)]
pub(crate) struct Places {
    /// The environment variables; `None` for the process's own.
    pub(crate) variables: Variables,
    /// The .env files; `None` for those of the schema.
    pub(crate) env_files: Option<Vec<PathBuf>>,
    /// The directories of secret files; `None` for those of the schema.
    pub(crate) secrets_dirs: Option<Vec<PathBuf>>,
    /// The config files; `None` for those of the schema.
    pub(crate) files: Option<Vec<Wanted>>,
    /// What figment reads besides, the later wins.
    pub(crate) providers: Vec<Given>,
    /// The profile, in the place of the one that a variable names.
    pub(crate) profile: Option<String>,
    /// Values given in code by path or variable, the later wins.
    pub(crate) given: Vec<(String, Tree)>,
    /// What the arguments of the command line have that cannot be given so.
    pub(crate) refused: Vec<Problem>,
    /// Stores given in code, by the name that a `source` has for them.
    pub(crate) stores: Registered,
    /// How long the stores have to answer; `None` for the usual time.
    pub(crate) timeout: Option<Duration>,
    /// Nothing but what is given here.
    pub(crate) hermetic: bool,
    /// These are the values of a mock, so that a value that is missing is given in the test.
    pub(crate) mock: bool,
    /// So many of the values given, at the beginning, are no test's but the mock's own.
    pub(crate) stand_ins: usize,
    /// Take placeholders and empty texts for values, and leave out every rule and check.
    pub(crate) unchecked: bool,
}

impl Places {
    /// Whether these are the places that the struct itself names.
    pub(crate) fn are_usual(&self) -> bool {
        let Self {
            variables,
            env_files,
            secrets_dirs,
            files,
            providers,
            profile,
            given,
            refused,
            stores,
            timeout,
            hermetic,
            mock: _,
            stand_ins: _,
            unchecked: _,
        } = self;
        variables.is_none()
            && env_files.is_none()
            && secrets_dirs.is_none()
            && files.is_none()
            && providers.is_empty()
            && profile.is_none()
            && given.is_empty()
            && refused.is_empty()
            && stores.0.is_empty()
            && timeout.is_none()
            && !hermetic
    }
}

/// The layer of what a mock has for required fields that the test gave no value.
pub(crate) const STAND_IN: &str = "mock";

/// The layers of one load.
pub(crate) struct Layers<'p> {
    pub(crate) given: &'p [(String, Tree)],
    pub(crate) env: Env<'p>,
    pub(crate) stores: Stores<'p>,
    places: &'p Places,
    pub(crate) schema: &'static Schema,
    dotenv: OnceCell<DotenvFiles>,
    secret_files: OnceCell<SecretFiles>,
    config: OnceCell<Option<ConfigFiles>>,
    profile: OnceCell<Profile>,
}

/// Whose files stand above their plain twins.
#[derive(Default)]
struct Profile {
    name: Option<String>,
    /// That what should name it does not.
    problem: Option<Problem>,
}

impl<'p> Layers<'p> {
    /// `answers` are those that stores have given so far.
    pub(crate) fn new(places: &'p Places, schema: &'static Schema, answers: Option<&'p Answers>) -> Self {
        let env = Env::open(&places.variables, places.hermetic, schema.case_insensitive);
        Self {
            given: &places.given,
            env,
            stores: Stores::new(&places.stores, answers),
            places,
            schema,
            dotenv: OnceCell::new(),
            secret_files: OnceCell::new(),
            config: OnceCell::new(),
            profile: OnceCell::new(),
        }
    }

    /// Whether these are the values of a mock.
    pub(crate) fn of_mock(&self) -> bool {
        self.places.mock
    }

    /// The layer that a value given in code is of, by its place among them.
    pub(crate) fn of_given(&self, index: usize) -> &'static str {
        if index < self.places.stand_ins { STAND_IN } else { "set" }
    }

    /// Whether placeholders and empty texts count as values.
    pub(crate) fn unchecked(&self) -> bool {
        self.places.unchecked
    }

    /// Whether there are .env files to read.
    #[inline]
    pub(crate) fn has_dotenv(&self) -> bool {
        match &self.places.env_files {
            Some(files) => !files.is_empty(),
            None => !self.places.hermetic && !self.schema.env_files.is_empty(),
        }
    }

    /// The .env files, read when first asked for.
    pub(crate) fn dotenv(&self) -> &DotenvFiles {
        self.dotenv.get_or_init(|| DotenvFiles::open(&self.dotenv_paths(), self.dialect()))
    }

    /// Where the .env files are, those of the profile among them.
    pub(crate) fn dotenv_paths(&self) -> Vec<PathBuf> {
        let plain = self.plain_env_files();
        let profile = if plain.is_empty() { None } else { self.profile() };
        let twins = |path: PathBuf| [profile.map(|profile| paths::dotenv_twin(&path, profile)), Some(path)];
        let wanted = plain.into_iter().flat_map(|path| twins(path).into_iter().rev().flatten());
        wanted.map(|path| self.found(path)).collect()
    }

    /// The secret files, of which none is opened yet.
    pub(crate) fn secret_files(&self) -> &SecretFiles {
        self.secret_files.get_or_init(|| SecretFiles::new(self.secrets_dirs()))
    }

    /// The directories of secret files.
    pub(crate) fn secrets_dirs(&self) -> Vec<PathBuf> {
        match &self.places.secrets_dirs {
            Some(dirs) => dirs.clone(),
            None if self.places.hermetic => Vec::new(),
            None => self.schema.secrets_dirs.iter().map(PathBuf::from).collect(),
        }
    }

    /// Whether the files and stores that the struct names are left out.
    pub(crate) fn hermetic(&self) -> bool {
        self.places.hermetic
    }

    /// What configures the stores: the environment, and then the .env files.
    pub(crate) fn with_config<R>(&self, then: impl FnOnce(&Config<'_>) -> R) -> R {
        let read = |name: &str| self.variable(name);
        then(&Config { read: &read, isolated: self.places.hermetic || self.places.variables.is_some() })
    }

    /// The value of a variable that is set to something, in the environment or else in the .env files.
    pub(crate) fn variable(&self, name: &str) -> Option<Zeroizing<String>> {
        if let Some(text) = self.env.text(name).map(Zeroizing::new).filter(|text| !text.is_empty()) {
            return Some(text);
        }
        if !self.has_dotenv() {
            return None;
        }
        let files = self.dotenv();
        let text = files.expanded(files.lookup(name)?, &|name| self.env.text(name)).ok()?;
        (!text.is_empty()).then(|| Zeroizing::new(text.to_string()))
    }

    fn dialect(&self) -> Dialect {
        match self.schema.dotenv_dialect {
            DotenvDialect::Own => Dialect::Own,
            #[cfg(feature = "dotenvy")]
            DotenvDialect::Dotenvy => {
                Dialect::Dotenvy { process: self.places.variables.is_none() && !self.places.hermetic }
            }
        }
    }

    fn plain_env_files(&self) -> Vec<PathBuf> {
        match &self.places.env_files {
            Some(files) => files.clone(),
            None if self.places.hermetic => Vec::new(),
            None => self.schema.env_files.iter().map(PathBuf::from).collect(),
        }
    }

    /// The config files, read when first asked for; `None` where there are none to read.
    pub(crate) fn config(&self) -> Option<&ConfigFiles> {
        let open = || {
            let (wanted, providers) = (self.config_paths(), &self.places.providers);
            let some = !wanted.is_empty() || !providers.is_empty();
            some.then(|| ConfigFiles::open(&wanted, providers, self.schema))
        };
        self.config.get_or_init(open).as_ref()
    }

    /// Where the config files are, those of the profile among them.
    pub(crate) fn config_paths(&self) -> Vec<Wanted> {
        let plain = self.plain_config_files();
        let profile = if plain.is_empty() { None } else { self.profile() };
        let twin = |path: &Path| Some(Wanted { path: paths::config_twin(path, profile?), required: false });
        let wanted = plain.into_iter().flat_map(|plain| {
            let twin = twin(&plain.path);
            [Some(plain), twin].into_iter().flatten()
        });
        wanted.map(|Wanted { path, required }| Wanted { path: self.found(path), required }).collect()
    }

    fn plain_config_files(&self) -> Vec<Wanted> {
        match &self.places.files {
            Some(files) => files.clone(),
            None if self.places.hermetic => Vec::new(),
            None => self.schema.files.iter().map(Wanted::from).collect(),
        }
    }

    /// The file itself, or the nearest of its name.
    fn found(&self, path: PathBuf) -> PathBuf {
        if self.schema.search_parents { paths::nearest(&path).into_owned() } else { path }
    }

    /// The profile, whose name is given in code or else read from its variable.
    pub(crate) fn profile(&self) -> Option<&str> {
        let profile = self.profile.get_or_init(|| {
            let named = match (&self.places.profile, self.schema.profile_env) {
                (Some(name), _) => Some((name.clone(), "loader().profile(..)".to_owned())),
                (None, Some(variable)) => self.profile_of(variable),
                (None, None) => None,
            };
            match named.filter(|(name, _)| !name.is_empty()) {
                Some((name, _)) if paths::is_profile(&name) => Profile { name: Some(name), problem: None },
                Some((name, place)) => {
                    let problem = Problem::new(Code::Invalid, "", self.schema.profile_env.unwrap_or_default());
                    let problem = problem.expect("the name of a profile, one plain part of a file name").show(&name);
                    Profile { name: None, problem: Some(problem.at(&place)) }
                }
                None => Profile::default(),
            }
        });
        profile.name.as_deref()
    }

    /// What the variable holds in the environment, or else in the plain .env files, and where.
    fn profile_of(&self, variable: &str) -> Option<(String, String)> {
        if let Some(name) = self.env.text(variable).filter(|name| !name.is_empty()) {
            return Some((name, String::new()));
        }
        let plain: Vec<_> = self.plain_env_files().into_iter().map(|path| self.found(path)).collect();
        let files = DotenvFiles::open(&plain, self.dialect());
        let hit = files.lookup(variable)?;
        let Place { line, column } = files.place(hit);
        Some((files.literal(hit).to_owned(), format!("{}:{line}:{column}", show(files.path(hit)))))
    }

    fn profile_problem(&self) -> Option<&Problem> {
        self.profile.get().and_then(|profile| profile.problem.as_ref())
    }

    /// Whether every file that was opened could be read and has no errors.
    pub(crate) fn sound(&self) -> bool {
        self.profile_problem().is_none()
            && self.config_problems().is_empty()
            && self.opened().all(|file| file.failure().is_none() && file.errors().is_empty())
    }

    fn config_problems(&self) -> &[Problem] {
        self.config.get().and_then(Option::as_ref).map_or(&[], ConfigFiles::problems)
    }

    fn opened(&self) -> impl Iterator<Item = &DotenvFile> {
        self.dotenv.get().into_iter().flat_map(DotenvFiles::files)
    }

    /// `.env:7:6`.
    pub(crate) fn place_in_dotenv(&self, hit: Hit) -> String {
        let files = self.dotenv();
        let Place { line, column } = files.place(hit);
        format!("{}:{line}:{column}", show(files.path(hit)))
    }

    /// Whether the line of this name is one that cannot be read, so that the name is not missing.
    pub(crate) fn is_broken(&self, name: &str) -> bool {
        let mut errors = self.opened().flat_map(DotenvFile::errors);
        errors.any(|error| error.key.as_deref().is_some_and(|key| key.eq_ignore_ascii_case(name)))
    }

    /// Writes down that the environment does not have the name. A variable that reads much like it is named, unless it is
    /// one of those that other fields claim.
    pub(crate) fn note_not_set(&self, name: &str, claimed: &[String], trail: &mut Trail) {
        let names = self.env.names();
        let free = names.iter().filter(|name| !claimed.contains(name)).map(String::as_str);
        let similar = hint::nearest(name, free).map(str::to_owned);
        trail.note("env", name, Outcome::NotSet { similar });
    }

    /// Writes down that no .env file has the name, the highest file first.
    pub(crate) fn note_no_key(&self, name: &str, claimed: &[String], trail: &mut Trail) {
        for file in self.dotenv().files().iter().rev() {
            let outcome = if file.missing() {
                Outcome::NoFile
            } else if let Some(failure) = file.failure() {
                failure.into()
            } else {
                let free = file.keys().filter(|key| !claimed.iter().any(|name| name.eq_ignore_ascii_case(key)));
                match (hint::nearest(name, free), file.errors().len()) {
                    (None, errors @ 1..) => Outcome::Syntax(errors),
                    (similar, _) => Outcome::NoSuchKey { keys: file.len(), similar: similar.map(str::to_owned) },
                }
            };
            trail.note(".env", &show(file.path()), outcome);
        }
    }
}

/// A path as reports show it: from the current directory if it lies below, and then with a `./` before it.
pub(crate) fn show(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    if path.is_relative() && !path.starts_with(".") && !path.starts_with("..") {
        return format!("./{}", path.display());
    }
    path.display().to_string()
}

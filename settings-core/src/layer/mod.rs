//! The places below the process that may hold values: one file a layer. A layer is opened only when a field still lacks
//! a value.

pub(crate) mod dotenv;
pub(crate) mod env;

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use crate::report::{Code, Look, Outcome, Problem, Warning, hint};
use crate::schema::Schema;
use crate::value::Tree;
use dotenv::{DotenvFile, DotenvFiles, Error, ErrorKind, Hit, Place, ReadError};
use env::{Env, Variables};

/// Where to look, as the loader was told.
#[derive(Clone, Default)]
pub(crate) struct Places {
    /// The environment variables; `None` for the process's own.
    pub(crate) variables: Variables,
    /// The .env files; `None` for those of the schema.
    pub(crate) env_files: Option<Vec<PathBuf>>,
    /// Values given in code by path or variable, the later wins.
    pub(crate) given: Vec<(String, Tree)>,
    /// Nothing but what is given here.
    pub(crate) hermetic: bool,
    /// Take placeholders and empty texts for values, and leave out every rule and check.
    pub(crate) unchecked: bool,
}

/// The layers of one load.
pub(crate) struct Layers<'p> {
    pub(crate) given: &'p [(String, Tree)],
    pub(crate) env: Env<'p>,
    places: &'p Places,
    pub(crate) schema: &'static Schema,
    dotenv: OnceCell<DotenvFiles>,
}

impl<'p> Layers<'p> {
    pub(crate) fn new(places: &'p Places, schema: &'static Schema) -> Self {
        let env = Env::open(&places.variables, places.hermetic, schema.case_insensitive);
        Self { given: &places.given, env, places, schema, dotenv: OnceCell::new() }
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
        self.dotenv.get_or_init(|| match &self.places.env_files {
            Some(files) => DotenvFiles::open(files),
            None if self.places.hermetic => DotenvFiles::open(&[]),
            None => DotenvFiles::open(&self.schema.env_files.iter().map(PathBuf::from).collect::<Vec<_>>()),
        })
    }

    /// Whether every file that was opened could be read and has no errors.
    pub(crate) fn sound(&self) -> bool {
        self.opened().all(|file| file.failure().is_none() && file.errors().is_empty())
    }

    /// What is wrong with the files that were opened.
    pub(crate) fn file_problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for file in self.opened() {
            let path = show(file.path());
            if let Some(failure) = file.failure() {
                problems
                    .push(Problem::new(Code::UnreadableFile, "", &path).explain(&format!("The file is {failure}.")));
            }
            problems.extend(file.errors().iter().map(|error| {
                let Place { line, column } = error.place;
                let key = error.key.as_deref().unwrap_or_default();
                Problem::new(Code::DotenvSyntax, "", key)
                    .at(&format!("{path}:{line}:{column}"))
                    .explain(&sentence(error))
            }));
        }
        problems
    }

    fn opened(&self) -> impl Iterator<Item = &DotenvFile> {
        self.dotenv.get().into_iter().flat_map(DotenvFiles::files)
    }

    /// The lines of the .env files that other tools read otherwise.
    pub(crate) fn lint(&self) -> Vec<Warning> {
        let of_file = |file: &DotenvFile| {
            let path = show(file.path());
            let warnings = file.warnings().into_iter();
            let warnings = warnings.map(|dotenv::Warning { place: Place { line, column }, key, kind }| {
                Warning::new(key.as_deref().unwrap_or_default(), &format!("{path}:{line}:{column}"), &kind.to_string())
            });
            warnings.collect::<Vec<_>>()
        };
        self.opened().flat_map(of_file).collect()
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
                Outcome::Unreadable(match failure {
                    ReadError::Unreadable(kind) => kind,
                    _ => std::io::ErrorKind::InvalidInput,
                })
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

/// What a search writes down on its way. A load writes nothing; a report and an explanation go the same way again.
#[derive(Default)]
pub(crate) struct Trail {
    looked: Option<Vec<Look>>,
    /// The file, line and column of the value, where it has one.
    pub(crate) location: Option<String>,
}

impl Trail {
    pub(crate) fn written() -> Self {
        Self { looked: Some(Vec::new()), location: None }
    }

    pub(crate) fn into_looked(self) -> Vec<Look> {
        self.looked.unwrap_or_default()
    }

    #[inline]
    pub(crate) fn is_written(&self) -> bool {
        self.looked.is_some()
    }

    #[inline]
    pub(crate) fn note(&mut self, layer: &'static str, place: &str, outcome: Outcome) {
        if let Some(looked) = &mut self.looked {
            looked.push(Look::new(layer, place, outcome));
        }
    }
}

/// A path as reports show it: from the current directory if it lies below, and then with a `./` before it.
fn show(path: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    if path.is_relative() && !path.starts_with(".") && !path.starts_with("..") {
        return format!("./{}", path.display());
    }
    path.display().to_string()
}

/// What is wrong with a line, and how it is put right.
fn sentence(error: &Error) -> String {
    let fix = match error.kind {
        ErrorKind::UnterminatedQuote => "close the quote, or put the value in the other kind of quotes",
        ErrorKind::TextAfterQuote => "quote the whole value, or begin a comment with ` #`",
        ErrorKind::MissingEquals => "write NAME=value, or begin a comment with #",
        ErrorKind::BadKey => "a name has letters, digits, `_`, `-` and `.`",
        ErrorKind::NotUtf8 | ErrorKind::Utf16 => "save the file as UTF-8",
        ErrorKind::Nul => "remove the NUL byte",
    };
    format!("{}: {fix}", error.kind)
}

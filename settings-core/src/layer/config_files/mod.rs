//! The layer of config files, and of what else figment can read.
//!
//! Data goes one way: a [`file`] is read and parsed by its [`format`], held against the schema by [`check`], and merged
//! with the others by figment, the later over the earlier, table by table. Figment marks each value with the file it
//! is from; the line is asked of that file.

mod check;
mod file;
mod format;
#[cfg(feature = "json")]
mod json;
mod toml;
#[cfg(feature = "yaml")]
mod yaml;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use figment::value::{Dict, Map, Num, Value};
use figment::{Figment, Metadata, Profile, Provider, Source};

use crate::report::{Code, Problem};
use crate::schema::Schema;
use crate::value::Tree;

use super::{Trail, show};
use file::ConfigFile;

pub(crate) use file::Wanted;
pub(crate) use format::Key;

/// A provider given in code.
#[derive(Clone)]
pub(crate) struct Given(Arc<dyn Provider + Send + Sync>);

impl Given {
    pub(crate) fn new(provider: impl Provider + Send + Sync + 'static) -> Self {
        Self(Arc::new(provider))
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given")
    }
}

impl Provider for Given {
    fn metadata(&self) -> Metadata {
        self.0.metadata()
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        self.0.data()
    }

    fn profile(&self) -> Option<Profile> {
        self.0.profile()
    }
}

/// The opened layer.
pub(crate) struct ConfigFiles {
    files: Vec<ConfigFile>,
    figment: Figment,
    /// All files and providers as one; empty when one of the providers failed.
    merged: Value,
    problems: Vec<Problem>,
    /// Whether some file or provider could not be read, so that what is absent may be there.
    broken: bool,
}

impl ConfigFiles {
    /// Reads the files and asks the providers, the later above the earlier, the providers above the files.
    pub(crate) fn open(wanted: &[Wanted], providers: &[Given], schema: &'static Schema) -> Self {
        let files: Vec<_> = wanted.iter().map(|wanted| ConfigFile::open(wanted, schema)).collect();
        let mut problems: Vec<_> = files.iter().filter_map(ConfigFile::problem).collect();
        let mut broken = !problems.is_empty();
        problems.extend(files.iter().flat_map(|file| check::check(file, schema)));
        let mut figment = files.iter().fold(Figment::new(), |figment, file| figment.merge(file));
        for provider in providers {
            if provider.data().is_err() {
                // The error may quote a value.
                let name = provider.metadata().name;
                let problem = Problem::new(Code::UnreadableFile, "", &format!("provider {name}"));
                problems.push(problem.explain("The provider failed; its words are not shown, as they may quote."));
                broken = true;
            } else {
                figment = figment.merge(provider);
            }
        }
        let merged = figment.find_value("").unwrap_or_else(|_| Dict::new().into());
        Self { files, figment, merged, problems, broken }
    }

    /// Everything that stands against the files.
    pub(crate) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Whether something could not be read, so that a value which is not found may be there.
    pub(crate) fn is_broken(&self) -> bool {
        self.broken
    }

    /// The value at the end of the path, from the highest file that has it.
    pub(crate) fn get(&self, path: &[Key<'_>]) -> Option<&Value> {
        path.iter().try_fold(&self.merged, |value, key| match (value, key) {
            (Value::Dict(_, dict), Key::Name(name)) => dict.get(*name),
            (Value::Array(_, items), Key::Index(index)) => items.get(*index),
            _ => None,
        })
    }

    /// Whether the value stands in a plain file, be it read by this layer or by a provider.
    pub(crate) fn is_in_file(&self, value: &Value) -> bool {
        self.metadata(value).and_then(file_path).is_some()
    }

    /// Whether it stands in a file of this layer, whose keys were checked.
    pub(crate) fn is_checked(&self, value: &Value) -> bool {
        self.metadata(value).and_then(|metadata| self.file(metadata)).is_some()
    }

    /// The layer of a value, its place, and whether that is a line of a file.
    pub(crate) fn place(&self, value: &Value, path: &[Key<'_>]) -> (&'static str, String, bool) {
        let Some(metadata) = self.metadata(value) else { return ("file", String::new(), false) };
        let spot = self.file(metadata).and_then(|file| Some(file.at(file.locate(path)?.value)));
        match (spot, &metadata.source) {
            (Some(place), _) => ("file", place, true),
            (None, Some(Source::File(path))) => ("file", show(path), false),
            _ => ("provider", metadata.name.to_string(), false),
        }
    }

    /// The line of a file that has the path, or else the longest part of it.
    pub(crate) fn nearest(&self, path: &[Key<'_>]) -> Option<String> {
        let parts = (1..=path.len()).rev().filter_map(|len| path.get(..len));
        let (value, part) = parts.filter_map(|part| Some((self.get(part)?, part))).next()?;
        let (_, place, is_line) = self.place(value, part);
        is_line.then_some(place)
    }

    fn file(&self, metadata: &Metadata) -> Option<&ConfigFile> {
        self.files.iter().find(|file| Some(file.path()) == file_path(metadata))
    }

    fn metadata(&self, value: &Value) -> Option<&Metadata> {
        self.figment.get_metadata(value.tag())
    }

    /// Writes down that no file has the key, the highest file first.
    pub(crate) fn note_no_key(&self, trail: &mut Trail) {
        for file in self.files.iter().rev() {
            trail.note("file", &show(file.path()), file.outcome());
        }
    }
}

fn file_path(metadata: &Metadata) -> Option<&Path> {
    metadata.source.as_ref().and_then(Source::file_path)
}

/// The value as the layers above have theirs.
pub(crate) fn tree(value: &Value) -> Tree {
    match value {
        Value::String(_, text) => text.as_str().into(),
        Value::Char(_, char) => (*char).into(),
        Value::Bool(_, value) => (*value).into(),
        Value::Num(_, number) => number_tree(*number),
        Value::Empty(..) => Tree::Null,
        Value::Dict(_, dict) => Tree::Map(dict.iter().map(|(key, value)| (key.clone(), tree(value))).collect()),
        Value::Array(_, items) => Tree::List(items.iter().map(tree).collect()),
    }
}

fn number_tree(number: Num) -> Tree {
    match number {
        Num::F32(number) => number.into(),
        Num::F64(number) => number.into(),
        other => match (other.to_i128(), other.to_u128()) {
            (Some(whole), _) => whole.into(),
            // No setting is as large; as text it is still whole.
            (None, Some(whole)) => whole.to_string().into(),
            (None, None) => Tree::Null,
        },
    }
}

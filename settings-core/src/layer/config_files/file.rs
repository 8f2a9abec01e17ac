//! One config file: read, parsed, or refused.

use std::path::{Path, PathBuf};

use figment::value::{Dict, Map, Value};
use figment::{Metadata, Profile, Provider};

use super::format::{Document, Flaw, Format, Key, Spot};
use crate::layer::dotenv::Place;
use crate::layer::read::{ReadError, read};
use crate::layer::show;
use crate::report::{Code, Outcome, Problem};
use crate::schema::{self, Schema};

/// A file to be read, and whether it has to be there.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) path: PathBuf,
    pub(crate) required: bool,
}

impl From<&schema::File> for Wanted {
    fn from(file: &schema::File) -> Self {
        Self { path: file.path.into(), required: file.required }
    }
}

pub(super) struct ConfigFile {
    path: PathBuf,
    content: Result<Content, Refusal>,
}

/// A file that could be read.
pub(super) struct Content {
    document: Document,
    pub(super) dict: Dict,
}

/// Why a file has no content.
enum Refusal {
    Missing {
        required: bool,
    },
    Unreadable(ReadError),
    /// Its format is not known, or not built in.
    Format(&'static str),
    NotUtf8,
    Flawed(Format, Flaw),
}

impl ConfigFile {
    pub(super) fn open(wanted: &Wanted, schema: &Schema) -> Self {
        let path = wanted.path.clone();
        let content = match read(&path) {
            Ok(bytes) => parse(&path, &bytes, schema),
            Err(ReadError::Missing) => Err(Refusal::Missing { required: wanted.required }),
            Err(error) => Err(Refusal::Unreadable(error)),
        };
        Self { path, content }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn content(&self) -> Option<&Content> {
        self.content.as_ref().ok()
    }

    /// Where the key at the end of the path stands.
    pub(super) fn locate(&self, path: &[Key<'_>]) -> Option<Spot> {
        self.content()?.document.locate(path)
    }

    /// `./chat.toml:12:8`.
    pub(super) fn at(&self, place: Place) -> String {
        let Place { line, column } = place;
        format!("{}:{line}:{column}", show(&self.path))
    }

    /// What stands against the file as a whole.
    pub(super) fn problem(&self) -> Option<Problem> {
        let path = show(&self.path);
        let problem = |code| Problem::new(code, "", &path);
        Some(match self.content.as_ref().err()? {
            Refusal::Missing { required: false } => return None,
            Refusal::Missing { required: true } => problem(Code::MissingFile),
            Refusal::Unreadable(error) => problem(Code::UnreadableFile).explain(&format!("The file is {error}.")),
            Refusal::Format(what) => problem(Code::UnreadableFile).explain(&format!("The file is {what}.")),
            Refusal::NotUtf8 => problem(Code::NotUtf8).explain("Save the file as UTF-8."),
            Refusal::Flawed(format, Flaw { place, text }) => Problem::new(Code::FileSyntax, "", "")
                .at(&self.at(*place))
                .explain(&format!("The file cannot be read as {}: {text}.", format.name())),
        })
    }

    /// What a search for a key that is not there found.
    pub(super) fn outcome(&self) -> Outcome {
        match &self.content {
            Ok(content) => Outcome::NoSuchKey { keys: count(&content.dict), similar: None },
            Err(Refusal::Missing { .. }) => Outcome::NoFile,
            Err(Refusal::Unreadable(error)) => (*error).into(),
            Err(Refusal::Format(_)) => Outcome::Unreadable(std::io::ErrorKind::InvalidInput),
            Err(Refusal::NotUtf8) => Outcome::NotUtf8,
            Err(Refusal::Flawed(..)) => Outcome::Syntax(1),
        }
    }
}

fn parse(path: &Path, bytes: &[u8], schema: &Schema) -> Result<Content, Refusal> {
    let format = Format::of(path).map_err(Refusal::Format)?;
    let text = text(bytes).ok_or(Refusal::NotUtf8)?;
    match format.parse(text, schema) {
        Ok(document) => Ok(Content { dict: document.dict(), document }),
        Err(flaw) => Err(Refusal::Flawed(format, flaw)),
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
    std::str::from_utf8(bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)).ok()
}

/// How many values there are, those of tables counted one by one.
fn count(dict: &Dict) -> usize {
    let of = |value: &Value| match value {
        Value::Dict(_, dict) => count(dict),
        _ => 1,
    };
    dict.values().map(of).sum()
}

/// What figment merges: the keys of a file that could be read, marked with where they are from.
impl Provider for ConfigFile {
    fn metadata(&self) -> Metadata {
        Metadata::named("file").source(&*self.path)
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let dict = self.content().map(|content| content.dict.clone());
        Ok(dict.map(|dict| (Profile::Default, dict)).into_iter().collect())
    }
}

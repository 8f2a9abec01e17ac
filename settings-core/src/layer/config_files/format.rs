//! The formats of config files, by the ending of the file's name.

use std::path::Path;

use figment::value::Dict;

#[cfg(feature = "json")]
use super::json;
use super::toml;
#[cfg(feature = "yaml")]
use super::yaml;
use crate::layer::dotenv::Place;
use crate::schema::Schema;

/// How a config file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Toml,
    #[cfg(feature = "json")]
    Json,
    #[cfg(feature = "yaml")]
    Yaml,
}

/// Where a text is not of its format, and why. The words hold nothing of the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Flaw {
    pub(super) place: Place,
    pub(super) text: String,
}

/// Where a key and its value stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spot {
    pub(crate) key: Place,
    pub(crate) value: Place,
}

/// One step into a file: the key of a table, or the place in a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key<'k> {
    Name(&'k str),
    Index(usize),
}

impl Format {
    /// The format that the name's ending tells, or why there is none.
    pub(super) fn of(path: &Path) -> Result<Self, &'static str> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        match ending.as_str() {
            "toml" => Ok(Self::Toml),
            #[cfg(feature = "json")]
            "json" => Ok(Self::Json),
            #[cfg(not(feature = "json"))]
            "json" => Err("JSON, which this program reads with the feature `json` of settings-core"),
            #[cfg(feature = "yaml")]
            "yaml" | "yml" => Ok(Self::Yaml),
            #[cfg(not(feature = "yaml"))]
            "yaml" | "yml" => Err("YAML, which this program reads with the feature `yaml` of settings-core"),
            _ => Err("of no known format: its name ends in none of `.toml`, `.yaml`, `.yml` and `.json`"),
        }
    }

    /// The name in sentences.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Toml => "TOML",
            #[cfg(feature = "json")]
            Self::Json => "JSON",
            #[cfg(feature = "yaml")]
            Self::Yaml => "YAML",
        }
    }

    /// Reads a text of this format. No value of a secret in it is that of another setting too.
    #[cfg_attr(not(feature = "yaml"), expect(unused_variables, reason = "only YAML has aliases"))]
    pub(super) fn parse(self, text: &str, schema: &Schema) -> Result<Document, Flaw> {
        match self {
            Self::Toml => toml::Document::parse(text).map(Document::Toml),
            #[cfg(feature = "json")]
            Self::Json => json::Document::parse(text).map(Document::Json),
            #[cfg(feature = "yaml")]
            Self::Yaml => {
                let document = yaml::Document::parse(text)?;
                document.hold_secrets_apart(schema)?;
                Ok(Document::Yaml(document))
            }
        }
    }
}

/// A text that was read, with the places of its keys and values.
pub(super) enum Document {
    Toml(toml::Document),
    #[cfg(feature = "json")]
    Json(json::Document),
    #[cfg(feature = "yaml")]
    Yaml(yaml::Document),
}

impl Document {
    /// The keys and values.
    pub(super) fn dict(&self) -> Dict {
        match self {
            Self::Toml(document) => document.dict(),
            #[cfg(feature = "json")]
            Self::Json(document) => document.dict(),
            #[cfg(feature = "yaml")]
            Self::Yaml(document) => document.dict(),
        }
    }

    /// Where the key at the end of the path stands.
    pub(super) fn locate(&self, path: &[Key<'_>]) -> Option<Spot> {
        match self {
            Self::Toml(document) => document.locate(path),
            #[cfg(feature = "json")]
            Self::Json(document) => document.locate(path),
            #[cfg(feature = "yaml")]
            Self::Yaml(document) => document.locate(path),
        }
    }
}

/// The line and column of a byte of the text.
pub(super) fn place(text: &str, at: usize) -> Place {
    let before = text.get(..at).unwrap_or(text);
    let line = before.rsplit('\n').next().unwrap_or_default();
    Place { line: before.matches('\n').count() as u32 + 1, column: line.chars().count() as u32 + 1 }
}

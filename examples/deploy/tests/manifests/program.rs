//! What the manifests are held against: the programs' schemas.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use chat_service::ChatSettings;
use memory_service::MemorySettings;
use research_agent::settings::AgentSettings;
use service_parts::event::{ConversationUpdated, Event, MessageSent};
use settings_core::schema::{ArgumentValue, Field, Kind, Schema, Source};
use settings_core::{Loader, Settings};

use crate::run::Run;

/// The variable that every program reads beside its settings.
const LOG: &str = "RUST_LOG";

/// The events that the chat service publishes.
pub(crate) const TOPICS: [&str; 2] = [MessageSent::TOPIC, ConversationUpdated::TOPIC];

/// The programs that are deployed.
pub(crate) fn programs() -> Vec<Program> {
    vec![
        Program::of::<AgentSettings>("research-agent"),
        Program::of::<ChatSettings>("chat-service"),
        Program::of::<MemorySettings>("memory-service"),
    ]
}

/// The program of this name.
pub(crate) fn program(name: &str) -> Program {
    let found = programs().into_iter().find(|program| program.name == name);
    found.unwrap_or_else(|| panic!("there is no program {name}"))
}

/// A program, as its schema tells it.
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Every variable, with its default.
    pub(crate) variables: BTreeMap<String, String>,
    pub(crate) secrets: Vec<Secret>,
    explain: fn(&Run, &Path) -> BTreeMap<String, Found>,
}

/// A secret of a program.
pub(crate) struct Secret {
    pub(crate) variable: String,
    field: &'static Field,
}

/// Where a value was found.
pub(crate) struct Found {
    pub(crate) layer: &'static str,
    pub(crate) place: String,
    pub(crate) value: String,
}

impl Program {
    fn of<S: Settings>(name: &'static str) -> Self {
        let explanation = S::loader().hermetic().explain_blocking().unwrap();
        let mut variables = BTreeMap::new();
        let mut of_path = BTreeMap::new();
        for row in explanation.rows() {
            variables.insert(row.variable().to_owned(), row.value().trim_matches('"').to_owned());
            of_path.insert(row.path().to_owned(), row.variable().to_owned());
        }
        let mut secrets = Vec::new();
        walk(S::schema(), "", &mut |path, field| {
            if field.secret().is_some() {
                secrets.push(Secret { variable: of_path[path].clone(), field });
            }
        });
        Self { name, variables, secrets, explain: explain::<S> }
    }

    /// The port that it listens on.
    pub(crate) fn port(&self) -> Option<u16> {
        self.variables.get("PORT").map(|port| port.parse().unwrap())
    }

    /// Whether it has settings of this name, or reads it otherwise.
    pub(crate) fn reads(&self, variable: &str) -> bool {
        let of_file = variable.strip_suffix("_FILE").is_some_and(|secret| self.is_secret(secret));
        variable == LOG || self.variables.contains_key(variable) || of_file
    }

    pub(crate) fn is_secret(&self, variable: &str) -> bool {
        self.secrets.iter().any(|secret| secret.variable == variable)
    }

    /// Loads the settings as they would be loaded there: by variable, where each value was found.
    pub(crate) fn load(&self, run: &Run, secrets_dir: &Path) -> BTreeMap<String, Found> {
        (self.explain)(run, secrets_dir)
    }
}

impl Secret {
    /// What it is called in a store of this kind.
    pub(crate) fn name_in(&self, kind: &str) -> Option<&'static str> {
        self.source(kind)?.name
    }

    /// The store component that Dapr is asked by.
    pub(crate) fn dapr_store(&self) -> Option<&'static str> {
        let store = self.source("dapr")?.args.iter().find(|argument| argument.name == "store")?;
        match store.value {
            ArgumentValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A value that its rules accept.
    pub(crate) fn stand_in(&self) -> &'static str {
        match (self.field.secret().unwrap().format, &*self.variable) {
            (Some("openai"), _) => "sk-test-key",
            (Some("gemini"), _) => "AIza-test-key",
            (_, "DATABASE_URL") => "redb:/data/memory.redb",
            _ => "test-value",
        }
    }

    fn source(&self, kind: &str) -> Option<&'static Source> {
        self.field.secret()?.source?.iter().find(|source| source.kind == kind)
    }
}

fn explain<S: Settings>(run: &Run, secrets_dir: &Path) -> BTreeMap<String, Found> {
    let files = secrets_dir.display().to_string();
    let local = |value: &String| value.replace("/run/secrets", &files);
    let plain = run.env.iter().map(|(name, value)| (name.clone(), local(value)));
    let program = program(&run.program);
    let of_secrets = program.secrets.iter().filter(|secret| run.secret_env.contains(&secret.variable));
    let of_secrets = of_secrets.map(|secret| (secret.variable.clone(), secret.stand_in().to_owned()));
    let env: Vec<(String, String)> = plain.chain(of_secrets).collect();
    let loader = || -> Loader<S> { S::loader().hermetic().env(env.clone()).secrets_dir(secrets_dir) };
    loader().load_blocking().map(drop).unwrap_or_else(|report| panic!("{run}: {report}"));
    let explanation = loader().explain_blocking().unwrap();
    let rows = explanation.rows().iter().map(|row| {
        let found = Found { layer: row.layer(), place: row.place().to_owned(), value: row.value().to_owned() };
        (row.variable().to_owned(), found)
    });
    rows.collect()
}

/// Every field with its path.
fn walk(schema: &'static Schema, path: &str, see: &mut impl FnMut(&str, &'static Field)) {
    for field in schema.fields {
        let path = if path.is_empty() { field.name.to_owned() } else { format!("{path}.{}", field.name) };
        match &field.kind {
            Kind::Nested(nested) => walk(nested.schema, &path, see),
            _ => see(&path, field),
        }
    }
}

/// What these programs are called.
pub(crate) fn names(programs: &[Program]) -> BTreeSet<&'static str> {
    programs.iter().map(|program| program.name).collect()
}

/// Writes a secret file.
pub(crate) fn write_secret(directory: &Path, file: &str, value: &str) {
    fs::write(directory.join(file), value).unwrap();
}

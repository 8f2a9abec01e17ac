//! What sets the secrets of a struct up where they come from, with the rights to read them and nothing else: a file for each
//! target.

mod aws;
mod azure;
mod dapr;
mod docker;
mod google;
mod kubernetes;
mod script;
mod vault;

use std::fmt;

use super::words;
use crate::resolve::find::stores::documented_key;
use crate::resolve::walk::{Leaf, Step, walk};
use crate::schema::{Schema, Source};
use crate::store::SecretKey;

/// A place that secrets come from, for [`Settings::provision`](crate::Settings::provision).
///
/// ```
/// use settings_core::Target;
///
/// assert_eq!(Target::by_name("aws"), Some(Target::Aws));
/// assert_eq!(Target::Kubernetes.to_string(), "kubernetes");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// AWS Secrets Manager: a script for the AWS CLI, with an IAM policy.
    Aws,
    /// Azure Key Vault: a script for the Azure CLI, with role assignments.
    Azure,
    /// Google Secret Manager: a script for `gcloud`, with IAM bindings.
    Google,
    /// Vault and OpenBao: a script for `vault` or `bao`, with a policy and an AppRole.
    Vault,
    /// Kubernetes: a `Secret`, an `ExternalSecret` for each store, and the volume.
    Kubernetes,
    /// Docker: the secrets of a compose file.
    Docker,
    /// Dapr: a component, and a configuration that scopes what the program may read of it.
    Dapr,
}

impl Target {
    /// Every target.
    pub const ALL: &'static [Self] =
        &[Self::Aws, Self::Azure, Self::Google, Self::Vault, Self::Kubernetes, Self::Docker, Self::Dapr];

    /// One word, as the command line takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Azure => "azure",
            Self::Google => "google",
            Self::Vault => "vault",
            Self::Kubernetes => "kubernetes",
            Self::Docker => "docker",
            Self::Dapr => "dapr",
        }
    }

    /// The target of that word.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|target| target.as_str() == name).copied()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text for this target.
pub(crate) fn provision(schema: &'static Schema, target: Target) -> String {
    match target {
        Target::Aws => aws::script(schema),
        Target::Azure => azure::script(schema),
        Target::Google => google::script(schema),
        Target::Vault => vault::script(schema),
        Target::Kubernetes => kubernetes::manifests(schema),
        Target::Docker => docker::compose(schema),
        Target::Dapr => dapr::manifests(schema),
    }
}

/// A field as one of its sources asks for it.
struct Wanted {
    /// The kind of the source.
    kind: &'static str,
    key: SecretKey,
    /// Its file in the folder of values, which is also what Docker and Kubernetes call it.
    file: String,
    required: bool,
    /// What it is and takes, in a line.
    docs: String,
}

/// Every field that may come from a source of these kinds, in the order of the struct.
fn wanted(schema: &'static Schema, kinds: &[&str]) -> Vec<Wanted> {
    let mut all = Vec::new();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        all.extend(sources(leaf).into_iter().filter(|source| kinds.contains(&source.kind)).map(|source| Wanted {
            kind: source.kind,
            key: documented_key(leaf, source),
            file: leaf.path().replace('.', "_"),
            required: leaf.is_required(),
            docs: docs(leaf),
        }));
    });
    all
}

fn sources(leaf: &Leaf<'_>) -> Vec<&'static Source> {
    match leaf.common_secret() {
        _ if leaf.field.secret().is_some() => leaf.sources().collect(),
        common => common.into_iter().flatten().collect(),
    }
}

fn docs(leaf: &Leaf<'_>) -> String {
    let first = leaf.field.docs.lines().next().unwrap_or_default().trim_end_matches('.');
    let takes = words::takes(leaf.field, None);
    let need = if leaf.is_required() { "required" } else { "optional" };
    let path = leaf.path();
    if first.is_empty() { format!("{path}: {need}, {takes}") } else { format!("{path}: {first}; {need}, {takes}") }
}

/// One secret of a store, and the fields that it holds.
struct Held<'w> {
    id: String,
    fields: Vec<&'w Wanted>,
}

impl Held<'_> {
    /// Whether it is a JSON object of several values, and not the value itself.
    fn is_object(&self) -> bool {
        let is_part = |key: &SecretKey| key.shared || key.of_struct || key.text("key").is_some();
        self.fields.len() > 1 || self.fields.iter().any(|field| !key_is_whole(&field.key) && is_part(&field.key))
    }

    /// Whether a load may do without it.
    fn is_optional(&self) -> bool {
        self.fields.iter().all(|field| !field.required)
    }
}

/// Whether the field takes the whole text, whatever it is.
fn key_is_whole(key: &SecretKey) -> bool {
    key.flag("raw")
}

/// The fields by the secret that they are in, which `id` tells.
fn held<'w>(wanted: &'w [Wanted], id: impl Fn(&SecretKey) -> String) -> Vec<Held<'w>> {
    let mut all: Vec<Held<'w>> = Vec::new();
    for field in wanted {
        let id = id(&field.key);
        match all.iter_mut().find(|held| held.id == id) {
            Some(held) => held.fields.push(field),
            None => all.push(Held { id, fields: vec![field] }),
        }
    }
    all
}

/// What the program is called where things are named after it: `chat` for `env_prefix = "CHAT_"`, else after the struct.
fn program(schema: &Schema) -> String {
    let prefix = schema.env_prefix.trim_matches('_');
    if !prefix.is_empty() {
        return prefix.to_ascii_lowercase().replace('_', "-");
    }
    let mut name = String::new();
    for c in schema.name.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.extend(c.to_lowercase().filter(char::is_ascii_alphanumeric));
    }
    name
}

/// What is said when the struct names no source of the kind.
fn nothing(schema: &Schema, source: &str) -> String {
    format!("# No secret of {} comes from `{source}`: there is nothing to set up.\n", schema.name)
}

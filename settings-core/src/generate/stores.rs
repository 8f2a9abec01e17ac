//! What a reader has to know of the places that secrets come from: their names, and the variables that configure them.

use crate::resolve::find::stores::documented_place;
use crate::resolve::walk::Leaf;
use crate::schema::Source;
use crate::store::kind;

/// A kind of store by the word that stands for it in a `source`.
pub(super) struct Store {
    kind: &'static str,
    /// What people call it.
    pub(super) title: &'static str,
    /// The variables that configure it, each with what it holds, for a store that does not tell them itself.
    variables: &'static [(&'static str, &'static str)],
}

impl Store {
    /// The variables that configure it, each with what it holds.
    pub(super) fn variables(&self) -> Vec<(&'static str, &'static str)> {
        match kind::find(self.kind) {
            Some(kind) => {
                let common = kind.variables.iter().filter(|variable| variable.common);
                common.map(|variable| (variable.name, variable.docs)).collect()
            }
            None => self.variables.to_vec(),
        }
    }
}

const STORES: &[Store] = &[
    Store { kind: "azure", title: "Azure Key Vault", variables: &[] },
    Store {
        kind: "aws",
        title: "AWS Secrets Manager",
        variables: &[
            ("AWS_SECRET_NAME", "Name or ARN of the AWS secret for sources that name none."),
            ("AWS_REGION", "Region of AWS Secrets Manager, such as eu-west-1."),
        ],
    },
    Store {
        kind: "gcp",
        title: "Google Secret Manager",
        variables: &[
            ("GOOGLE_CLOUD_PROJECT", "The Google Cloud project."),
            ("GCP_SECRET_NAME", "Name of the Google secret for sources that name none, if they share one."),
        ],
    },
    Store { kind: "vault", title: "Vault", variables: &[] },
    Store { kind: "dapr", title: "Dapr", variables: &[] },
];

/// The store of this kind, if variables configure it.
pub(super) fn find(kind: &str) -> Option<&'static Store> {
    STORES.iter().find(|store| store.kind == kind)
}

/// Where the source has the secret, in words; `None` for variables and .env files, which the file itself is about.
pub(super) fn place(source: &'static Source, leaf: &Leaf<'_>) -> Option<String> {
    let name = source.name.unwrap_or_default();
    Some(match source.kind {
        "env" | "dotenv" => return None,
        "docker" | "k8s" => secret_file(leaf)?,
        "file" | "json" => format!("the file {name}"),
        "store" => format!("the store {name}"),
        kind => {
            let title = find(kind).map_or(kind, |store| store.title);
            let place = documented_place(leaf, source).unwrap_or_else(|| name.to_owned());
            if place.is_empty() { title.to_owned() } else { format!("{title} ({place})") }
        }
    })
}

/// The file that Docker or Kubernetes mounts.
fn secret_file(leaf: &Leaf<'_>) -> Option<String> {
    let directory = leaf.root.secrets_dirs.last()?;
    Some(format!("the file {}/{}", directory.trim_end_matches('/'), leaf.path().replace('.', "_")))
}

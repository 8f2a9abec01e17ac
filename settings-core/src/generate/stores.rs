//! What a reader has to know of the places that secrets come from: their names, and the variables that configure them.

use crate::resolve::walk::Leaf;
use crate::schema::{ArgumentValue, Source};
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
    Store {
        kind: "azure",
        title: "Azure Key Vault",
        variables: &[("KEY_VAULT_URI", "The vault's address, https://NAME.vault.azure.net.")],
    },
    Store {
        kind: "aws",
        title: "AWS Secrets Manager",
        variables: &[
            ("AWS_SECRET_NAME", "The secret that holds the keys, for fields that name none."),
            ("AWS_REGION", "The region. Credentials come from where the AWS command line has them."),
        ],
    },
    Store {
        kind: "gcp",
        title: "Google Secret Manager",
        variables: &[
            ("GOOGLE_CLOUD_PROJECT", "The project. Credentials are the application default ones."),
            ("GCP_SECRET_NAME", "The secret that holds the keys, if they are not one secret each."),
        ],
    },
    Store {
        kind: "vault",
        title: "Vault",
        variables: &[
            ("VAULT_ADDR", "The server's address, https://HOST:8200."),
            ("VAULT_TOKEN", "The token, or else a role:"),
            ("VAULT_ROLE_ID", "The id of the AppRole."),
            ("VAULT_SECRET_ID", "The secret id of the AppRole."),
            ("VAULT_NAMESPACE", "The namespace, if there is one."),
            ("VAULT_SECRET_PATH", "The path of the secret, for fields that name none."),
        ],
    },
    Store {
        kind: "dapr",
        title: "Dapr",
        variables: &[
            ("DAPR_HTTP_PORT", "The port of the sidecar on this machine."),
            ("DAPR_HTTP_ENDPOINT", "The address of the sidecar, where it is elsewhere."),
            ("DAPR_API_TOKEN", "The token that the sidecar asks for, if it does."),
        ],
    },
];

/// The store of this kind, if variables configure it.
pub(super) fn find(kind: &str) -> Option<&'static Store> {
    STORES.iter().find(|store| store.kind == kind)
}

/// Where the source has the secret, in words; `None` for variables and .env files, which the file itself is about.
pub(super) fn place(source: &Source, leaf: &Leaf<'_>) -> Option<String> {
    let name = source.name.unwrap_or_default();
    Some(match source.kind {
        "env" | "dotenv" => return None,
        "docker" | "k8s" => secret_file(leaf)?,
        "file" | "json" => format!("the file {name}"),
        "store" => format!("the store {name}"),
        kind => {
            let title = find(kind).map_or(kind, |store| store.title);
            let key = source.args.iter().find_map(|argument| match (argument.name, argument.value) {
                ("key", ArgumentValue::Text(key)) => Some(format!("#{key}")),
                _ => None,
            });
            let place = format!("{name}{}", key.unwrap_or_default());
            if place.is_empty() { title.to_owned() } else { format!("{title} ({place})") }
        }
    })
}

/// The file that Docker or Kubernetes mounts.
fn secret_file(leaf: &Leaf<'_>) -> Option<String> {
    let directory = leaf.root.secrets_dirs.last()?;
    Some(format!("the file {}/{}", directory.trim_end_matches('/'), leaf.path().replace('.', "_")))
}

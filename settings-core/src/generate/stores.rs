//! The places that secrets come from, in the words of a reader.

use crate::resolve::walk::Leaf;
use crate::schema::{ArgumentValue, Source};
use crate::store::kind;

/// Where the source has the secret, in words; `None` for variables and .env files, which the file itself is about.
pub(super) fn place(source: &Source, leaf: &Leaf<'_>) -> Option<String> {
    let name = source.name.unwrap_or_default();
    Some(match source.kind {
        "env" | "dotenv" => return None,
        "docker" | "k8s" => secret_file(leaf)?,
        "file" | "json" => format!("the file {name}"),
        "store" => format!("the store {name}"),
        kind => {
            let title = kind::find(kind).map_or(kind, |kind| kind.title);
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

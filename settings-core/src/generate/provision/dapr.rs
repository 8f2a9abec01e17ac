//! Dapr: a component, and a configuration that lets the program read its own secrets and no others.

use super::script::comment;
use super::{Held, held, nothing, program, wanted};
use crate::schema::Schema;

pub(super) fn manifests(schema: &'static Schema) -> String {
    let wanted = wanted(schema, &["dapr"]);
    if wanted.is_empty() {
        return nothing(schema, "dapr");
    }
    let program = program(schema);
    let stores = held(&wanted, |key| key.text("store").unwrap_or("secretstore").to_owned());
    let mut text = String::new();
    comment(&mut text, &format!("The secrets of {} behind a Dapr sidecar, for the app id {program}.", schema.name));
    for store in &stores {
        text += &component(&store.id, &program);
    }
    text += "---\n";
    comment(&mut text, "What the program may read: dapr.io/config in the annotations of its pod names this.");
    text += &format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: {program}\nspec:\n  secrets:\n    scopes:\n"
    );
    for store in &stores {
        text += &scope(store);
    }
    text
}

fn component(store: &str, program: &str) -> String {
    let mut text = String::from("---\n");
    comment(
        &mut text,
        "A file, for development. In production `type` and `metadata` are those of the store, \
         https://docs.dapr.io/reference/components-reference/supported-secret-stores/",
    );
    text += "apiVersion: dapr.io/v1alpha1\nkind: Component\n";
    text += &format!("metadata:\n  name: {}\nspec:\n  type: secretstores.local.file\n  version: v1\n", quoted(store));
    text += "  metadata:\n    - name: secretsFile\n      value: ./secrets.json\n    - name: nestedSeparator\n      value: \":\"\n";
    text + &format!("scopes:\n  - {program}\n")
}

fn scope(store: &Held<'_>) -> String {
    let mut text =
        format!("      - storeName: {}\n        defaultAccess: deny\n        allowedSecrets:\n", quoted(&store.id));
    let mut allowed: Vec<&str> = Vec::new();
    for field in &store.fields {
        let name = field.key.name().unwrap_or(field.key.kebab());
        let mut docs = String::new();
        comment(&mut docs, &field.docs);
        docs.lines().for_each(|line| text += &format!("          {line}\n"));
        if !allowed.contains(&name) {
            allowed.push(name);
            text += &format!("          - {}\n", quoted(name));
        }
    }
    text
}

/// A text of YAML, which JSON is too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

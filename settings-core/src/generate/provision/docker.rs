//! Docker: the secrets of a compose file.

use super::script::comment;
use super::{nothing, program, wanted};
use crate::schema::Schema;

pub(super) fn compose(schema: &'static Schema) -> String {
    let mut wanted = wanted(schema, &["docker", "k8s"]);
    wanted.dedup_by(|one, other| one.file == other.file);
    if wanted.is_empty() {
        return nothing(schema, "docker");
    }
    let mut text = String::new();
    comment(
        &mut text,
        &format!("The secrets of {} in a compose file; docker compose -f compose.yaml -f this.", schema.name),
    );
    comment(&mut text, "");
    comment(
        &mut text,
        "Each value stands in a file of the folder secrets, which is yours alone (chmod 700) and in .gitignore and \
         .dockerignore. A container sees those it lists, in /run/secrets, and no others.",
    );
    text += &format!("services:\n  {}:\n    secrets:\n", program(schema));
    for field in &wanted {
        text += &format!("      - {}\n", field.file);
    }
    text += "\nsecrets:\n";
    for field in &wanted {
        let mut docs = String::new();
        comment(&mut docs, &field.docs);
        docs.lines().for_each(|line| text += &format!("  {line}\n"));
        text += &format!("  {0}:\n    file: ./secrets/{0}\n", field.file);
    }
    text
}

//! Google: `gcloud secrets create`, and the role that reads each secret and no other.

use super::script::Script;
use super::{held, nothing, wanted};
use crate::schema::Schema;
use crate::store::SecretKey;

const ADD: &str = r#"
# Makes the secret $2 of the project $1 of $value unless there is one, and lets
# the program read it.
add() {
    gcloud secrets describe "$2" --project "$1" >/dev/null 2>&1 ||
        printf %s "$value" | gcloud secrets create "$2" --project "$1" --replication-policy automatic --data-file -
    gcloud secrets add-iam-policy-binding "$2" --project "$1" --member "$MEMBER" \
        --role roles/secretmanager.secretAccessor --condition None >/dev/null
}
"#;

pub(super) fn script(schema: &'static Schema) -> String {
    let wanted = wanted(schema, &["gcp"]);
    if wanted.is_empty() {
        return nothing(schema, "gcp");
    }
    let held = held(&wanted, |key| match parts(key) {
        (Some(project), secret) => format!("{secret} of {project}"),
        (None, secret) => secret.to_owned(),
    });
    let mut script =
        Script::new(schema, "Secrets in Google Secret Manager, and the role that reads them and nothing else.");
    script.wants("MEMBER", "whom the program runs as, serviceAccount:chat@my-project.iam.gserviceaccount.com");
    if wanted.iter().any(|field| parts(&field.key).0.is_none()) {
        script.wants("GOOGLE_CLOUD_PROJECT", "the project that has the secrets");
    }
    script.begin(&held);
    script.text.push_str(ADD);
    for held in &held {
        let Some(field) = held.fields.first() else { continue };
        let (project, secret) = parts(&field.key);
        let project = project.map_or_else(|| "\"$GOOGLE_CLOUD_PROJECT\"".to_owned(), |project| script.word(project));
        let add = format!("add {project} {}", script.word(secret));
        script.secret(held, held.is_object(), &add);
    }
    script.line("");
    script.comment("Whoever is to rotate them gets roles/secretmanager.secretVersionAdder on the same secrets.");
    script.text
}

/// The project that the source names, and the secret: `api-keys`, or `projects/P/secrets/S/versions/V`.
pub(super) fn parts(key: &SecretKey) -> (Option<&str>, &str) {
    let name = key.name().unwrap_or(key.kebab());
    let segments: Vec<&str> = name.split('/').collect();
    match segments[..] {
        ["projects", project, "secrets", secret, ..] => (Some(project), secret),
        _ => (key.text("project"), name),
    }
}

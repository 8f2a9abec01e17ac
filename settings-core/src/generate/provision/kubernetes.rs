//! Kubernetes: a `Secret` for what no store has, an `ExternalSecret` for each store, and the volume that holds all.

use super::google::parts;
use super::script::{PROFILE, comment, profile_variable};
use super::{Wanted, nothing, program, wanted};
use crate::schema::Schema;
use crate::store::SecretKey;

/// The stores that the External Secrets Operator reads.
const STORES: &[&str] = &["aws", "azure", "gcp", "vault"];

pub(super) fn manifests(schema: &'static Schema) -> String {
    let mut files = wanted(schema, &["docker", "k8s"]);
    files.dedup_by(|one, other| one.file == other.file);
    if files.is_empty() {
        return nothing(schema, "k8s");
    }
    let in_stores = wanted(schema, STORES);
    // The first store of a field's sources is asked, as a load would.
    let asked = |file: &Wanted| in_stores.iter().find(|field| field.file == file.file);
    let program = program(schema);
    let mut text = String::new();
    comment(&mut text, &format!("The secrets of {} as files of a volume.", schema.name));
    let mut names = Vec::new();
    let own: Vec<&Wanted> = files.iter().filter(|file| asked(file).is_none()).collect();
    if !own.is_empty() {
        text += &secret(&program, &own);
        names.push(program.clone());
    }
    for kind in STORES {
        let fields: Vec<&Wanted> = files.iter().filter_map(asked).filter(|field| field.kind == *kind).collect();
        if !fields.is_empty() {
            let name = format!("{program}-{kind}");
            text += &external(schema, &name, kind, &fields);
            names.push(name);
        }
    }
    text + &volume(schema, &names)
}

fn secret(name: &str, fields: &[&Wanted]) -> String {
    let mut text = String::from("---\n");
    comment(&mut text, "An empty value counts as unset. Values are not written here, but given from files:");
    let files = fields.iter().map(|field| format!(" --from-file={0}=secrets/{0}", field.file)).collect::<String>();
    text += &format!("# kubectl create secret generic {name}{files} --dry-run=client -o yaml | kubectl apply -f -\n");
    text += &format!("apiVersion: v1\nkind: Secret\nmetadata:\n  name: {name}\ntype: Opaque\nstringData:\n");
    for field in fields {
        add_docs(&mut text, field, "  ");
        text += &format!("  {}: \"\"\n", field.file);
    }
    text
}

fn external(schema: &Schema, name: &str, kind: &str, fields: &[&Wanted]) -> String {
    let mut entries = String::new();
    for field in fields {
        let key = &field.key;
        add_docs(&mut entries, field, "    ");
        let id = id(kind, key).replace(PROFILE, &format!("${{{}}}", profile_variable(schema)));
        entries += &format!("    - secretKey: {}\n      remoteRef:\n        key: {}\n", field.file, quoted(&id));
        if is_part(kind, key) {
            entries += &format!("        property: {}\n", quoted(key.json_key()));
        }
        if let Some(version) = version(key) {
            entries += &format!("        version: {}\n", quoted(&version));
        }
    }
    let mut text = String::from("---\n");
    comment(
        &mut text,
        &format!("For the External Secrets Operator, with a SecretStore `{kind}` that may read these and no others."),
    );
    if entries.contains("\"${") {
        comment(&mut text, "Names in ${..} are those of variables; envsubst fills them in.");
    }
    text += &format!(
        "apiVersion: external-secrets.io/v1\nkind: ExternalSecret\nmetadata:\n  name: {name}\nspec:\n  refreshInterval: 1h\n  \
         secretStoreRef:\n    kind: SecretStore\n    name: {kind}\n  target:\n    name: {name}\n  data:\n"
    );
    text + &entries
}

/// What the store calls the secret.
fn id(kind: &str, key: &SecretKey) -> String {
    match kind {
        "aws" => key.name().unwrap_or("${AWS_SECRET_NAME}"),
        "gcp" => parts(key).1,
        "vault" => key.name().map_or("${VAULT_SECRET_PATH}", |path| path.trim_matches('/')),
        _ => key.name().unwrap_or(key.kebab()),
    }
    .to_owned()
}

/// Whether the value is one of a JSON object. All sources that name none have one secret of AWS, and of the others each its
/// own.
fn is_part(kind: &str, key: &SecretKey) -> bool {
    let is_part = key.shared || key.of_struct || key.text("key").is_some() || (kind == "aws" && key.siblings);
    kind == "vault" || (is_part && kind != "azure" && !super::key_is_whole(key))
}

fn version(key: &SecretKey) -> Option<String> {
    let in_name = key.name().and_then(|name| name.split_once("/versions/")).map(|(_, version)| version.to_owned());
    let own = || key.text("version").or(key.text("version_stage")).map(str::to_owned);
    in_name.or_else(own).or_else(|| key.number("version").map(|version| version.to_string()))
}

/// A whole volume: with `subPath` a change of a secret would never be seen.
fn volume(schema: &Schema, names: &[String]) -> String {
    let directory = schema.secrets_dirs.last().copied().unwrap_or("/run/secrets");
    let mut text = String::from("---\n");
    comment(
        &mut text,
        "For the pod: all of it in one volume, that the program's group alone may read, without subPath.",
    );
    text += "# spec:\n#   securityContext:\n#     fsGroup: 10001\n#   containers:\n";
    text += &format!("#     - name: {}\n#       volumeMounts:\n", program(schema));
    text += &format!("#         - name: secrets\n#           mountPath: {directory}\n#           readOnly: true\n");
    text +=
        "#   volumes:\n#     - name: secrets\n#       projected:\n#         defaultMode: 0440\n#         sources:\n";
    for name in names {
        text += &format!("#           - secret:\n#               name: {name}\n");
    }
    text
}

fn add_docs(text: &mut String, field: &Wanted, indent: &str) {
    let mut docs = String::new();
    comment(&mut docs, &field.docs);
    docs.lines().for_each(|line| *text += &format!("{indent}{line}\n"));
}

/// A text of YAML, which JSON is too.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

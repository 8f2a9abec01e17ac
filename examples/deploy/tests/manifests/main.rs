//! The manifests of this folder: each is of its own schema, and says the names, ports, paths and keys of the structs that
//! the programs load their settings into.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

mod compose;
mod dapr;
mod docker;
mod documents;
mod kubernetes;
mod program;
mod run;

/// A file of this folder.
fn read(path: &str) -> String {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The documents of a YAML file.
fn yaml(path: &str) -> Vec<serde_json::Value> {
    serde_saphyr::from_multiple(&read(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Holds a document against a JSON Schema.
fn assert_valid(path: &str, document: &serde_json::Value, schema: &serde_json::Value) {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{path}: {errors:#?}");
}

/// The texts of a list.
fn texts(list: &serde_json::Value) -> Vec<String> {
    list.as_array().into_iter().flatten().map(|text| text.as_str().unwrap().to_owned()).collect()
}

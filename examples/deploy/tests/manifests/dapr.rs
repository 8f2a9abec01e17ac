//! Dapr's components and subscriptions. They have no schema, so that they are read into types that know no other field.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use settings_core::secret::is_placeholder;

use crate::program::{Program, TOPICS, names, program, programs};
use crate::read;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Component {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
    scopes: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Spec {
    #[serde(rename = "type")]
    kind: String,
    version: String,
    metadata: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Subscription {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Topic,
    scopes: BTreeSet<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    pubsubname: String,
    topic: String,
    routes: Routes,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Routes {
    default: String,
}

/// The component in a file, which is of the kind and has the metadata that it should.
fn component(file: &str, kind: &str, metadata: &[&str]) -> Component {
    let path = format!("components/{file}.yaml");
    let component: Component = serde_saphyr::from_str(&read(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    assert_eq!((&*component.api_version, &*component.kind), ("dapr.io/v1alpha1", "Component"), "{path}");
    assert_eq!((&*component.spec.kind, &*component.spec.version), (kind, "v1"), "{path}");
    let items: Vec<&str> = component.spec.metadata.iter().map(|item| &*item.name).collect();
    assert_eq!(items, metadata, "{path}");
    let known = programs();
    for scope in &component.scopes {
        assert!(names(&known).contains(&**scope), "{path}: there is no app {scope}");
    }
    component
}

/// The programs that ask a sidecar for secrets.
fn with_sidecar() -> Vec<Program> {
    let mut programs = programs();
    programs.retain(|program| program.secrets.iter().any(|secret| secret.dapr_store().is_some()));
    programs
}

#[test]
fn every_secret_store_has_the_name_and_the_apps_of_the_structs() {
    for (file, kind, metadata) in [
        ("secretstore", "secretstores.local.file", &["secretsFile", "nestedSeparator"][..]),
        (
            "production/secretstore.vault",
            "secretstores.hashicorp.vault",
            &["vaultAddr", "enginePath", "vaultKVPrefix", "vaultTokenMountPath"],
        ),
        ("production/secretstore.aws", "secretstores.aws.secretmanager", &["region"]),
        ("production/secretstore.azure", "secretstores.azure.keyvault", &["vaultName", "azureEnvironment"]),
    ] {
        let component = component(file, kind, metadata);
        let programs = with_sidecar();
        let stores = programs.iter().flat_map(|program| &program.secrets).filter_map(|secret| secret.dapr_store());
        let stores: BTreeSet<&str> = stores.collect();
        assert_eq!(stores.into_iter().collect::<Vec<_>>(), [component.metadata.name.as_str()], "{file}");
        let scopes: BTreeSet<&str> = component.scopes.iter().map(|scope| &**scope).collect();
        assert_eq!(scopes, names(&programs), "{file}");
    }
}

#[test]
fn the_local_secret_store_reads_the_keys_that_the_structs_ask_for() {
    let component = component("secretstore", "secretstores.local.file", &["secretsFile", "nestedSeparator"]);
    let value = |at: usize| &*component.spec.metadata[at].value;
    assert_eq!((value(0), value(1)), ("./secrets.json", "."));
    let keys: BTreeMap<String, String> = serde_json::from_str(&read("secrets.example.json")).unwrap();
    let programs = with_sidecar();
    let asked = programs.iter().flat_map(|program| &program.secrets).filter_map(|secret| secret.name_in("dapr"));
    let asked: BTreeSet<&str> = asked.collect();
    for (key, value) in &keys {
        assert!(asked.contains(&**key), "nobody asks for {key}");
        assert!(is_placeholder(value, &[]), "{key}");
    }
    for key in ["openai-api-key", "gemini-api-key"] {
        assert!(asked.contains(key) && keys.contains_key(key), "{key}");
    }
    let ignored = read(".gitignore");
    assert!(["secrets/", "secrets.json"].iter().all(|path| ignored.lines().any(|line| line == *path)));
}

#[test]
fn events_and_state_go_by_the_names_of_the_structs() {
    for program in with_sidecar() {
        let pubsub = component("pubsub", "pubsub.redis", &["redisHost", "redisPassword"]);
        assert_eq!(program.variables["DAPR_PUBSUB"], pubsub.metadata.name);
        assert!(pubsub.scopes.contains(program.name));
    }
    let memory = program("memory-service");
    let state = component("statestore", "state.redis", &["redisHost", "redisPassword"]);
    assert_eq!(memory.variables["DAPR_STATESTORE"], state.metadata.name);
    assert_eq!(state.scopes.iter().collect::<Vec<_>>(), [memory.name]);
}

#[test]
fn the_memory_service_hears_of_every_event() {
    let path = "components/subscriptions.yaml";
    let subscriptions: Vec<Subscription> = serde_saphyr::from_multiple(&read(path)).unwrap();
    let mut topics = Vec::new();
    for Subscription { api_version, kind, metadata, spec, scopes } in subscriptions {
        assert_eq!((&*api_version, &*kind), ("dapr.io/v2alpha1", "Subscription"));
        assert_eq!((&metadata.name, spec.routes.default), (&spec.topic, format!("/events/{}", spec.topic)));
        assert_eq!(spec.pubsubname, program("memory-service").variables["DAPR_PUBSUB"]);
        assert_eq!(scopes.into_iter().collect::<Vec<_>>(), ["memory-service"]);
        topics.push(spec.topic);
    }
    assert_eq!(topics, TOPICS);
}

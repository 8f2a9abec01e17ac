//! The manifests for Kubernetes.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;
use serde_json::{Value, json};
use settings_core::secret::is_placeholder;

use crate::program::programs;
use crate::run::{Run, assert_find_each_other};
use crate::{assert_valid, read, texts, yaml};

const FILES: [&str; 4] = ["secret", "chat-service", "memory-service", "research-agent"];

/// All objects but those of operators.
fn objects() -> Vec<(String, Value)> {
    let path = |file| format!("kubernetes/{file}.yaml");
    FILES.iter().flat_map(|file| yaml(&path(file)).into_iter().map(move |object| (path(file), object))).collect()
}

fn of_kind(kind: &str) -> Vec<(String, Value)> {
    objects().into_iter().filter(|(_, object)| object["kind"] == kind).collect()
}

fn named(kind: &str, name: &Value) -> Value {
    let found = of_kind(kind).into_iter().find(|(_, object)| object["metadata"]["name"] == *name);
    found.unwrap_or_else(|| panic!("there is no {kind} {name}")).1
}

#[test]
fn they_are_of_the_schema_of_kubernetes() {
    let schema: Value = serde_json::from_str(&read("schemas/kubernetes.json")).unwrap();
    for (path, object) in objects() {
        let (version, kind) = (object["apiVersion"].as_str().unwrap(), object["kind"].as_str().unwrap());
        let (group, version) = version.split_once('/').unwrap_or(("core", version));
        let definition = format!("io.k8s.api.{group}.{version}.{kind}");
        assert!(schema["$defs"].get(&definition).is_some(), "{path}: {definition}");
        let schema = json!({"$ref": format!("#/$defs/{definition}"), "$defs": schema["$defs"]});
        assert_valid(&path, &object, &schema);
        // The schema lets `null` and a missing part pass; the server does not.
        for part in ["metadata", if kind == "Secret" { "stringData" } else { "spec" }] {
            assert!(object[part].is_object(), "{path}: {kind} without {part}");
        }
    }
}

fn runs() -> Vec<Run> {
    let workloads = of_kind("Deployment").into_iter().chain(of_kind("Job"));
    workloads.map(|(path, object)| run(&path, &object)).collect()
}

fn run(path: &str, object: &Value) -> Run {
    let template = &object["spec"]["template"];
    let pod = &template["spec"];
    let [container] = <&[Value; 1]>::try_from(&**pod["containers"].as_array().unwrap()).unwrap();
    let name = object["metadata"]["name"].as_str().unwrap();
    assert_eq!((&container["name"], &container["image"]), (&name.into(), &format!("{name}:latest").into()));
    let mut run = Run::new(path, name);
    for variable in container["env"].as_array().into_iter().flatten() {
        run.env.insert(variable["name"].as_str().unwrap().to_owned(), variable["value"].as_str().unwrap().to_owned());
    }
    for from in container["envFrom"].as_array().into_iter().flatten() {
        let secret = named("Secret", &from["secretRef"]["name"]);
        run.secret_env.extend(secret["stringData"].as_object().unwrap().keys().cloned());
    }
    for mount in container["volumeMounts"].as_array().into_iter().flatten() {
        let volumes = pod["volumes"].as_array().unwrap();
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]).unwrap();
        let path = mount["mountPath"].as_str().unwrap().to_owned();
        if let Some(secret) = volume.get("secret") {
            assert_eq!((&*path, mount.get("subPath")), ("/run/secrets", None), "{run}");
            let keys = named("Secret", &secret["secretName"]);
            for item in secret["items"].as_array().unwrap() {
                let key = item["key"].as_str().unwrap();
                assert!(keys["stringData"].get(key).is_some(), "{run}: the Secret has no key {key}");
                let file = item["path"].as_str().unwrap();
                assert_eq!(file, key.to_ascii_lowercase(), "{run}: one key in the place of another");
                run.secret_files.insert(file.to_owned());
            }
        } else {
            named("PersistentVolumeClaim", &volume["persistentVolumeClaim"]["claimName"]);
            run.volumes.insert(path);
        }
    }
    run.ports.extend(ports(object, container));
    if let Some(app) = template["metadata"]["annotations"]["dapr.io/app-id"].as_str() {
        assert_eq!(app, name, "{run}");
        run.ports.insert(template["metadata"]["annotations"]["dapr.io/app-port"].as_str().unwrap().parse().unwrap());
    }
    run
}

/// The ports of the container, and of the Service before it.
fn ports(object: &Value, container: &Value) -> BTreeSet<u16> {
    let port = |value: &Value| u16::try_from(value.as_u64().unwrap()).unwrap();
    let mut ports = HashMap::new();
    for open in container["ports"].as_array().into_iter().flatten() {
        ports.insert(open["name"].clone(), port(&open["containerPort"]));
    }
    let mut all: BTreeSet<u16> = ports.values().copied().collect();
    if object["kind"] == "Deployment" {
        for probe in ["readinessProbe", "livenessProbe"] {
            assert!(ports.contains_key(&container[probe]["httpGet"]["port"]), "{probe}");
        }
        assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/readyz");
        assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/healthz");
        let service = named("Service", &object["metadata"]["name"]);
        assert_eq!(service["spec"]["selector"], object["spec"]["selector"]["matchLabels"]);
        assert_eq!(object["spec"]["template"]["metadata"]["labels"], object["spec"]["selector"]["matchLabels"]);
        for open in service["spec"]["ports"].as_array().unwrap() {
            assert!(ports.contains_key(&open["targetPort"]), "the Service leads nowhere");
            all.insert(port(&open["port"]));
        }
    }
    all
}

#[test]
fn they_run_every_program_as_it_wants_to_be() {
    let runs = runs();
    assert_eq!(runs.len(), programs().len());
    runs.iter().for_each(Run::assert_fits);
    assert_find_each_other(&runs);
    let by = |has: fn(&Run) -> bool| runs.iter().filter(|run| has(run)).count();
    assert!(by(|run| !run.secret_env.is_empty()) >= 1, "keys by envFrom");
    assert!(by(|run| !run.secret_files.is_empty()) >= 1, "keys by a volume");
}

#[test]
fn no_pod_is_roots() {
    for (path, object) in of_kind("Deployment").into_iter().chain(of_kind("Job")) {
        let pod = &object["spec"]["template"]["spec"];
        assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{path}");
        let container = &pod["containers"][0]["securityContext"];
        assert_eq!(container["allowPrivilegeEscalation"], false, "{path}");
        assert_eq!(container["readOnlyRootFilesystem"], true, "{path}");
        assert_eq!(texts(&container["capabilities"]["drop"]), ["ALL"], "{path}");
    }
}

#[test]
fn a_secret_in_a_manifest_is_a_placeholder() {
    for (path, secret) in of_kind("Secret") {
        for (name, value) in secret["stringData"].as_object().unwrap() {
            assert!(is_placeholder(value.as_str().unwrap(), &[]), "{path}: {name}");
        }
    }
}

/// What is used of an ExternalSecret; its operator has no schema that could be had.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ExternalSecret {
    api_version: String,
    kind: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Spec {
    refresh_interval: String,
    secret_store_ref: StoreRef,
    target: Target,
    data: Vec<Datum>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreRef {
    name: String,
    kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Target {
    name: String,
    creation_policy: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Datum {
    secret_key: String,
    remote_ref: RemoteRef,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RemoteRef {
    key: String,
}

#[test]
fn the_external_secret_makes_the_same_secret() {
    let [external]: [ExternalSecret; 1] =
        serde_saphyr::from_multiple(&read("kubernetes/external-secret.yaml")).unwrap().try_into().ok().unwrap();
    assert_eq!((&*external.api_version, &*external.kind), ("external-secrets.io/v1", "ExternalSecret"));
    let Spec { refresh_interval, secret_store_ref, target, data } = external.spec;
    assert!(
        refresh_interval.ends_with('m') && ["SecretStore", "ClusterSecretStore"].contains(&&*secret_store_ref.kind)
    );
    assert!(!secret_store_ref.name.is_empty() && target.creation_policy == "Owner");
    assert_eq!(external.metadata.name, target.name);
    let secret = named("Secret", &target.name.into());
    let made: BTreeSet<&str> = data.iter().map(|datum| &*datum.secret_key).collect();
    let wanted: BTreeSet<&str> = secret["stringData"].as_object().unwrap().keys().map(|key| &**key).collect();
    assert_eq!(made, wanted);
    // Each is called as the programs themselves would call it in a vault.
    for Datum { secret_key, remote_ref } in &data {
        let programs = programs();
        let secrets = programs.iter().flat_map(|program| &program.secrets);
        let names: BTreeSet<&str> = secrets
            .filter(|secret| secret.variable == *secret_key)
            .filter_map(|secret| secret.name_in("azure"))
            .collect();
        assert_eq!(names.into_iter().collect::<Vec<_>>(), [remote_ref.key.as_str()], "{secret_key}");
    }
}

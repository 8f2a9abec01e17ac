//! `compose.yaml` and `stack.yaml`.

use serde_json::Value;

use crate::program::programs;
use crate::run::{Run, assert_find_each_other};
use crate::{assert_valid, read, texts, yaml};

fn file(path: &str) -> Value {
    let [document] = yaml(path).try_into().unwrap();
    document
}

/// The services that are programs of ours.
fn runs(path: &str) -> Vec<Run> {
    let document = file(path);
    let known = programs();
    let services = document["services"].as_object().unwrap();
    let ours = services.iter().filter(|(name, _)| known.iter().any(|program| program.name == *name));
    ours.map(|(name, service)| run(path, name, service, &document)).collect()
}

fn run(path: &str, name: &str, service: &Value, document: &Value) -> Run {
    let mut run = Run::new(path, name);
    for (name, value) in service["environment"].as_object().into_iter().flatten() {
        run.env.insert(name.clone(), interpolated(value.as_str().unwrap()));
    }
    for model in service["models"].as_object().into_iter().flatten().map(|(_, model)| model) {
        // What Compose writes into them.
        run.env.insert(text(&model["endpoint_var"]), "http://model-runner.docker.internal/engines/v1/".to_owned());
        run.env.insert(text(&model["model_var"]), "ai/gemma3:1B-Q4_K_M".to_owned());
    }
    for secret in service["secrets"].as_array().into_iter().flatten() {
        let source = secret.as_str().map_or_else(|| text(&secret["source"]), str::to_owned);
        assert!(document["secrets"].get(&source).is_some(), "{run}: there is no secret {source}");
        run.secret_files.insert(secret["target"].as_str().unwrap_or(&source).to_owned());
    }
    for volume in texts(&service["volumes"]) {
        let (source, target) = volume.split_once(':').unwrap();
        assert!(document["volumes"].get(source).is_some(), "{run}: there is no volume {source}");
        run.volumes.insert(target.to_owned());
    }
    for port in texts(&service["ports"]) {
        let two: Vec<u16> = port.rsplit(':').take(2).map(|port| port.parse().unwrap()).collect();
        assert_eq!(two.len(), 2, "{run}: {port}");
        run.ports.extend(two);
    }
    run
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// `${NAME:-default}` where NAME is not set.
fn interpolated(value: &str) -> String {
    match value.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
        Some(variable) => variable.split_once(":-").unwrap().1.to_owned(),
        None => value.to_owned(),
    }
}

#[test]
fn they_are_of_the_compose_specification() {
    let schema = serde_json::from_str(&read("schemas/compose-spec.json")).unwrap();
    for path in ["compose.yaml", "stack.yaml"] {
        assert_valid(path, &file(path), &schema);
    }
}

#[test]
fn they_run_every_program_as_it_wants_to_be() {
    for path in ["compose.yaml", "stack.yaml"] {
        let runs = runs(path);
        assert_eq!(runs.len(), programs().len(), "{path}");
        runs.iter().for_each(Run::assert_fits);
        assert_find_each_other(&runs);
        for run in &runs {
            assert!(run.secret_files.iter().any(|file| file.starts_with("openai_api_key")), "{run}");
        }
    }
}

#[test]
fn compose_has_file_secrets_a_model_and_the_gateway() {
    let document = file("compose.yaml");
    for (name, secret) in document["secrets"].as_object().unwrap() {
        assert_eq!(secret["file"], format!("./secrets/{name}"));
    }
    for (name, service) in document["services"].as_object().unwrap() {
        let Some(build) = service.get("build") else { continue };
        assert_eq!(build["dockerfile"], format!("examples/deploy/{name}.Dockerfile"));
        assert_eq!((&build["context"], &service["read_only"]), (&"../..".into(), &true.into()));
    }
    let agent = &document["services"]["research-agent"];
    for model in agent["models"].as_object().unwrap().keys() {
        assert!(document["models"].get(model).is_some(), "{model}");
    }
    let gateway = &document["services"]["mcp-gateway"];
    let command = texts(&gateway["command"]);
    let port = command.iter().find_map(|word| word.strip_prefix("--port=")).unwrap();
    assert!(command.contains(&"--transport=streaming".to_owned()));
    assert_eq!(agent["environment"]["MCP_SERVER_URL"], format!("http://mcp-gateway:{port}/mcp"));
}

#[test]
fn a_stack_takes_secrets_of_the_swarm_by_versioned_names() {
    let document = file("stack.yaml");
    for (name, secret) in document["secrets"].as_object().unwrap() {
        assert_eq!(secret["external"], true, "{name}");
        assert!(name.ends_with("_v1"), "{name}: a secret of a swarm cannot be changed");
    }
}

//! What a process has around it: its environment and home. Each test runs a process that has some.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use settings_core::ExposeSecret;
use settings_core::Settings;
use settings_core::store::{Gcp, SecretStore, StoreError};

use crate::server::Server;
use crate::sign_in::{One, account};
use crate::{Bench, block_on, key};

/// Runs the ignored test of this name, with this home and these variables.
fn run(test: &str, home: &Path, variables: &[(&str, &str)]) {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args([&format!("machine::{test}"), "--exact", "--ignored"]).env("HOME", home).env("APPDATA", home);
    for unset in ["GOOGLE_APPLICATION_CREDENTIALS", "GCE_METADATA_HOST", "CLOUDSDK_CONFIG", "GCP_SECRET_NAME"] {
        child.env_remove(unset);
    }
    let child = child.env("GOOGLE_CLOUD_PROJECT", "agentds").envs(variables.iter().copied()).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

/// A home in which somebody signed in with gcloud.
fn signed_in(home: &Path, tokens: &Server) {
    let folder = home.join(if cfg!(windows) { "gcloud" } else { ".config/gcloud" });
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("application_default_credentials.json"), account(tokens)).unwrap();
}

#[test]
fn who_is_signed_in_with_gcloud_asks() {
    let (bench, home, tokens) = (Bench::new(), tempfile::tempdir().unwrap(), Server::of_token("test-token"));
    bench.project.set("api-key", "test-value");
    signed_in(home.path(), &tokens);
    run(
        "asks_as_gcloud_says",
        home.path(),
        &[("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", &bench.google.url()), ("ENDPOINT", &bench.google.url())],
    );
    assert_eq!(tokens.heard().len(), 2, "one by the variables, one by the code");
    bench.is_in_order();
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn asks_as_gcloud_says() {
    assert_eq!(One::loader().load_blocking().unwrap().api_key.unwrap().expose_secret(), "test-value");
    let gcp = Gcp::new("agentds").endpoint(&std::env::var("ENDPOINT").unwrap());
    assert!(block_on(gcp.fetch(&[key("api-key")]))[0].is_ok());
}

#[test]
fn who_is_signed_in_nowhere_is_told_what_to_do() {
    run("is_signed_in_nowhere", tempfile::tempdir().unwrap().path(), &[]);
}

/// Only where there is no metadata server of Google, as on the machines of developers.
#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn is_signed_in_nowhere() {
    let start = Instant::now();
    assert!(One::loader().load_blocking().unwrap().api_key.is_none());
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    let keys: Vec<_> = (0..50).map(|number| key(&format!("key-{number}"))).collect();
    let why = "no credentials: set GOOGLE_APPLICATION_CREDENTIALS, or run `gcloud auth application-default login`";
    for answer in block_on(Gcp::new("agentds").fetch(&keys)) {
        assert_eq!(answer.unwrap_err(), StoreError::not_configured().because(why));
    }
    assert!(start.elapsed() < Duration::from_millis(2500), "once for all secrets: {:?}", start.elapsed());
}

#[test]
fn a_loader_with_an_environment_of_its_own_asks_nothing_else() {
    let (home, tokens) = (tempfile::tempdir().unwrap(), Server::of_token("test-token"));
    signed_in(home.path(), &tokens);
    let file = home.path().join("account.json");
    fs::write(&file, account(&tokens)).unwrap();
    run(
        "has_an_environment_of_its_own",
        home.path(),
        &[
            ("GOOGLE_APPLICATION_CREDENTIALS", file.to_str().unwrap()),
            ("GCE_METADATA_HOST", tokens.address()),
            ("GCP_SECRET_NAME", "of-the-process"),
        ],
    );
    assert_eq!(tokens.heard().len(), 0);
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn has_an_environment_of_its_own() {
    let given = |variables: &[(&'static str, &'static str)]| One::loader().env(variables.iter().copied());
    assert!(given(&[]).load_blocking().unwrap().api_key.is_none());
    let project = ("GOOGLE_CLOUD_PROJECT", "given-1");
    assert!(given(&[project]).load_blocking().unwrap().api_key.is_none(), "there are no credentials");
    let explanation = given(&[project]).explain_blocking().unwrap().to_string();
    assert!(!explanation.contains("of-the-process"), "{explanation}");
}

//! What a process has around it: its environment, and the tools on its path. Each test runs a process that has some.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::{AsyncRawResponse, ClientOptions, Context, HttpClient, Request, Transport};
use settings_core::report::Code;
use settings_core::store::{Azure, StoreError};
use settings_core::{ExposeSecret, SecretString, Settings};

use crate::{Bench, block_on};

#[derive(Settings)]
#[settings(env_file = none)]
struct Chat {
    #[secret(source = azure)]
    api_key: Option<SecretString>,
}

/// Runs the ignored test of this name, where nobody is signed in, with a directory of its own that is first on its path.
fn run(test: &str, variables: &[(&str, &str)]) {
    let tools = tempfile::tempdir().unwrap();
    ["az", "azd"].iter().for_each(|tool| install(tools.path(), tool, "echo canary >&2; exit 1"));
    let path = format!("{}:{}", tools.path().display(), std::env::var("PATH").unwrap_or_default());
    let child = Command::new(std::env::current_exe().unwrap())
        .args([&format!("machine::{test}"), "--exact", "--ignored"])
        .env("PATH", path)
        .env("TOOLS", tools.path())
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

fn tools() -> PathBuf {
    PathBuf::from(std::env::var("TOOLS").unwrap())
}

/// Puts a tool there that notes each run, and then does this.
fn install(tools: &Path, tool: &str, script: &str) {
    let script = format!("#!/bin/sh\necho \"{tool} $@\" >> {}/ran\n{script}\n", tools.display());
    fs::write(tools.join(tool), script).unwrap();
    fs::set_permissions(tools.join(tool), fs::Permissions::from_mode(0o700)).unwrap();
}

fn runs(tools: &Path) -> Vec<String> {
    fs::read_to_string(tools.join("ran")).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// A network on which the vault is, and no machine that gives out tokens.
#[derive(Debug)]
struct Network(Transport);

#[async_trait]
impl HttpClient for Network {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        if request.url().host_str() == Some("169.254.169.254") {
            return Err(azure_core::Error::with_message(ErrorKind::Connection, "nobody is there"));
        }
        self.0.send(&Context::new(), &mut request.clone()).await
    }
}

/// The vault, asked by whoever the process is.
fn store(bench: &Bench) -> Azure {
    let network = Transport::new(Arc::new(Network(bench.azure.transport())));
    Azure::new(&bench.vault.url()).client_options(ClientOptions { transport: Some(network), ..Default::default() })
}

#[test]
fn who_is_signed_in_with_az_asks() {
    run("asks_as_az_says", &[]);
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn asks_as_az_says() {
    let bench = Bench::new();
    bench.vault.set("api-key", "test-value");
    let store = Arc::new(store(&bench));
    let load = || Chat::loader().store("azure", store.clone()).load_blocking();

    assert!(load().unwrap().api_key.is_none(), "nobody is signed in");
    assert_eq!(runs(&tools()).len(), 2);

    let token = block_on(bench.credential.get_token(&["https://vault.azure.net/.default"], None)).unwrap();
    let token = token.token.secret().to_owned();
    let answer = format!(r#"{{"accessToken": "{token}", "expires_on": 4102444800, "tokenType": "Bearer"}}"#);
    install(&tools(), "az", &format!("echo '{answer}'"));
    for _ in 0..3 {
        assert_eq!(load().unwrap().api_key.unwrap().expose_secret(), "test-value");
    }
    let command = "az account get-access-token -o json --scope https://vault.azure.net/.default";
    assert_eq!(runs(&tools())[2..], [command], "once for all loads");
    bench.is_in_order();
}

#[test]
fn who_is_signed_in_nowhere_is_told_what_to_do() {
    run("is_signed_in_nowhere", &[]);
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn is_signed_in_nowhere() {
    let bench = Bench::new();
    let keys: Vec<_> = (0..50).map(|number| crate::key(&format!("key-{number}"))).collect();
    let store = store(&bench);
    let why = "no credentials: set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run `az login`";
    for answer in block_on(settings_core::store::SecretStore::fetch(&store, &keys)) {
        assert_eq!(answer.unwrap_err(), StoreError::not_configured().because(why));
    }
    assert_eq!(runs(&tools()).len(), 2, "once for all secrets");
}

#[test]
fn a_loader_with_an_environment_of_its_own_asks_nothing_else() {
    run(
        "has_an_environment_of_its_own",
        &[
            ("KEY_VAULT_URI", "https://kv-process.vault.invalid"),
            ("AZURE_TENANT_ID", "of-the-process"),
            ("AZURE_CLIENT_ID", "of-the-process"),
            ("AZURE_CLIENT_SECRET", "of-the-process"),
            ("AZURE_AUTHORITY_HOST", "http://of.the.process"),
            ("IDENTITY_ENDPOINT", "http://127.0.0.1:9/of-the-process"),
            ("IDENTITY_HEADER", "of-the-process"),
            ("HTTPS_PROXY", "http://127.0.0.1:9"),
        ],
    );
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn has_an_environment_of_its_own() {
    let given = |variables: &[(&'static str, &'static str)]| Chat::loader().env(variables.iter().copied());
    assert!(given(&[]).load_blocking().unwrap().api_key.is_none());
    let vault = ("KEY_VAULT_URI", "https://kv-given.vault.invalid");
    assert!(given(&[vault]).load_blocking().unwrap().api_key.is_none(), "and nobody asks for it");

    let principal = [vault, ("AZURE_TENANT_ID", "t"), ("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "s")];
    let report = given(&principal).load_blocking().err().unwrap();
    assert_eq!(report.problems()[0].code(), Code::Unreachable);
    assert!(report.to_string().contains("kv-given / api-key"), "{report}");
    assert!(report.to_string().contains("no such host"), "not by the proxy of the process: {report}");

    // Without one it is the process that says.
    let report = Chat::loader().load_blocking().err().unwrap();
    assert!(report.to_string().contains("kv-process / api-key"), "{report}");
    assert!(report.to_string().contains("AZURE_AUTHORITY_HOST is misspelt"), "{report}");
    assert_eq!(runs(&tools()), Vec::<String>::new());
}

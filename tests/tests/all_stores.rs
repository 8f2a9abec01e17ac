//! What only shows where every store is built in.
#![cfg(all(feature = "aws", feature = "azure", feature = "dapr", feature = "gcp", feature = "vault"))]
#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(dead_code, reason = "not every field is looked at")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::http::ClientOptions;
use fake_stores::{Call, Dapr as Sidecar, Fault as FakeFault, KeyVault, SecretManager};
use google_cloud_auth::credentials::anonymous;
use serde_json::json;
use settings_core::report::Code;
use settings_core::store::{Azure, Dapr, Gcp, Vault};
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings, State};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When};
use settings_tests::in_process_with;

#[derive(Settings)]
#[settings(env_file = none)]
struct Five {
    #[secret(source = aws("one"))]
    of_aws: SecretString,
    #[secret(source = azure)]
    of_azure: SecretString,
    #[secret(source = dapr)]
    of_dapr: Option<SecretString>,
    #[secret(source = gcp)]
    of_gcp: SecretString,
    #[secret(source = vault("one"))]
    of_vault: SecretString,
}

/// Where the services are, or what stands in their place.
struct Services<'s> {
    aws: &'s str,
    azure: &'s KeyVault,
    dapr: &'s str,
    gcp: &'s SecretManager,
    vault: &'s str,
}

/// A store for each of them, whose client is kept from load to load.
struct Stores {
    aws: String,
    azure: Arc<Azure>,
    dapr: Arc<Dapr>,
    gcp: Arc<Gcp>,
    vault: Arc<Vault>,
}

impl Services<'_> {
    fn stores(&self) -> Stores {
        let options = ClientOptions { transport: Some(self.azure.transport()), ..Default::default() };
        let azure = Azure::new(&self.azure.vault("kv-chat").url()).credential(self.azure.credential());
        let gcp = Gcp::new("agentds").credentials(anonymous::Builder::new().build()).endpoint(&self.gcp.url());
        Stores {
            aws: self.aws.to_owned(),
            azure: Arc::new(azure.client_options(options)),
            dapr: Arc::new(Dapr::new(self.dapr)),
            gcp: Arc::new(gcp),
            vault: Arc::new(Vault::new(self.vault).token("test-token")),
        }
    }
}

impl Stores {
    fn loader<S: Settings>(&self) -> Loader<S> {
        let loader = S::loader().hermetic().env([
            ("AWS_ENDPOINT_URL", self.aws.as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
        ]);
        let loader = loader.store("azure", Arc::clone(&self.azure)).store("gcp", Arc::clone(&self.gcp));
        loader.store("vault", Arc::clone(&self.vault)).store("dapr", Arc::clone(&self.dapr))
    }

    /// The clients are made by a first load. That reads the system's roots, which takes a while without optimisation.
    fn loader_of_made<S: Settings>(&self) -> Loader<S> {
        assert!(self.loader::<S>().timeout(Duration::from_millis(1)).load_blocking().is_err());
        self.loader()
    }
}

fn outcome(report: &Report, path: &str) -> String {
    let problem = report.problems().iter().find(|problem| problem.path() == path).unwrap();
    problem.looked().last().unwrap().outcome().sentence()
}

const PATHS: [&str; 5] = ["of_aws", "of_azure", "of_dapr", "of_gcp", "of_vault"];

#[test]
fn with_every_store_silent_a_load_ends_at_its_deadline() {
    let slow = || {
        let server = FaultProxy::http("http://127.0.0.1:9");
        server.inject(When::any(), Fault::Delay(Duration::from_secs(60)));
        server
    };
    let (aws, vault, dapr) = (slow(), slow(), Sidecar::started());
    let (azure, gcp) = (KeyVault::started(), SecretManager::started());
    let services =
        Services { aws: &aws.address(), azure: &azure, dapr: &dapr.url(), gcp: &gcp, vault: &vault.address() };
    let stores = services.stores();
    let silence = || FakeFault::delay(Duration::from_secs(60));
    azure.inject(silence());
    azure.inject(silence().only(Call::Challenge));
    gcp.inject(silence());
    dapr.inject(silence());
    for timeout in [1000, 2000] {
        let loader = stores.loader_of_made::<Five>().timeout(Duration::from_millis(timeout));
        let start = Instant::now();
        let report = loader.load_blocking().err().unwrap();
        let took = start.elapsed().as_millis();
        assert!((u128::from(timeout)..=u128::from(timeout * 11 / 10)).contains(&took), "{took} ms of {timeout}");
        assert_eq!(report.problems().len(), 5, "the optional one too: {report}");
        assert!(report.problems().iter().all(|problem| problem.code() == Code::Unreachable), "{report}");
        assert!(PATHS.iter().all(|path| outcome(&report, path).starts_with("timed out after ")), "{report}");
        assert_eq!(report.exit_code(), 75);
    }
}

#[test]
fn with_nobody_there_it_is_said_within_a_second() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Four {
        #[secret(source = aws("one"))]
        of_aws: SecretString,
        #[secret(source = azure)]
        of_azure: SecretString,
        #[secret(source = gcp)]
        of_gcp: Option<SecretString>,
        #[secret(source = vault("one"))]
        of_vault: SecretString,
    }
    let [aws, vault] = [Nobody::new(), Nobody::new()];
    let (azure, gcp) = (KeyVault::reserved(), SecretManager::reserved());
    let services = Services { aws: &aws.address(), azure: &azure, dapr: "", gcp: &gcp, vault: &vault.address() };
    let loader = services.stores().loader_of_made::<Four>();
    let start = Instant::now();
    let report = loader.load_blocking().err().unwrap();
    let took = start.elapsed();
    for path in ["of_aws", "of_azure", "of_gcp", "of_vault"] {
        assert_eq!(outcome(&report, path), "connection refused, 3 tries", "{report}");
    }
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn three_stores_are_asked_at_one_time_and_once_for_each_secret() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Three {
        #[secret(source = azure)]
        first: SecretString,
        #[secret(source = azure)]
        second: SecretString,
        #[secret(source = gcp)]
        third: SecretString,
        #[secret(source = vault("one"))]
        fourth: SecretString,
        #[secret(source = vault("one"))]
        fifth: SecretString,
    }
    let vault = FaultProxy::http("http://127.0.0.1:9");
    let secret = json!({ "data": { "data": { "fourth": "4", "fifth": "5" }, "metadata": { "version": 1 } } });
    vault.inject(When::any(), Fault::Delay(Duration::from_millis(200)));
    vault.inject(When::any(), Fault::json(200, &secret));
    let (azure, gcp) = (KeyVault::started(), SecretManager::started());
    let stores = Services { aws: "", azure: &azure, dapr: "", gcp: &gcp, vault: &vault.address() }.stores();
    let kv = azure.vault("kv-chat");
    [("first", "1"), ("second", "2")].iter().for_each(|(name, value)| drop(kv.set(name, value)));
    gcp.project("agentds").set("third", "3");
    azure.inject(FakeFault::delay(Duration::from_millis(600)));
    gcp.inject(FakeFault::delay(Duration::from_millis(1000)));
    let loader = || stores.loader::<Three>();
    loader().load_blocking().unwrap();
    let start = Instant::now();
    let three = loader().load_blocking().unwrap();
    let took = start.elapsed();
    // Ten times as slow as the services of the benchmark, so that what else the machine does hardly counts.
    assert!(took < Duration::from_millis(1200), "{took:?}");
    let values = [three.first, three.second, three.third, three.fourth, three.fifth];
    assert_eq!(values.map(|value| value.expose_secret().to_owned()), ["1", "2", "3", "4", "5"]);
    let counts = (azure.counts().reads, gcp.counts().reads, vault.seen().len());
    assert_eq!(counts, (4, 2, 2), "two loads of two secrets, one and one");
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Nowhere {
    #[secret(source = [azure, aws("chat/keys")])]
    optional: Option<SecretString>,
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Required {
    #[secret(source = [azure, aws("chat/keys")])]
    required: SecretString,
}

/// Nothing says where a store is, nor who asks. Whoever would ask a machine for credentials finds a proxy that is not there.
#[test]
fn on_a_laptop_without_any_store() {
    in_process_with(&[], "is_on_a_laptop");
    let nobody = Nobody::new().address();
    in_process_with(&[("HTTP_PROXY", &nobody), ("HTTPS_PROXY", &nobody), ("HOME", "/nonexistent")], "is_on_a_laptop");
}

#[test]
#[ignore = "wants an environment of its own: run by the test above"]
fn is_on_a_laptop() {
    let start = Instant::now();
    assert!(Nowhere::load_blocking().unwrap().optional.is_none());
    let report = Required::load_blocking().err().unwrap();
    let explanation = Nowhere::loader().explain_blocking().unwrap();
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    assert_eq!(report.problems()[0].code(), Code::Missing);
    let outcomes: Vec<_> = report.problems()[0].looked().iter().map(|look| look.outcome().sentence()).collect();
    assert!(outcomes.contains(&"not configured (KEY_VAULT_URI is not set)".to_owned()), "{report}");
    assert!(outcomes.contains(&"not configured (AWS_REGION is not set)".to_owned()), "{report}");
    assert_eq!(explanation.rows()[0].state(), State::Unset);
    let shown = explanation.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
    let azure = "past azure optional: not configured (KEY_VAULT_URI is not set)";
    let aws = "past aws chat/keys: not configured (AWS_REGION is not set)";
    assert!(shown.contains(azure) && shown.contains(aws), "{explanation}");
}

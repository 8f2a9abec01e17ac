//! What stands in for the services, within this process: each holds fifty secrets and takes its time to answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use azure_core::http::ClientOptions;
use fake_stores::{
    Call, Dapr as Sidecar, Fault as FakeFault, KeyVault, SecretManager, SecretsFile, Vault as FakeVault,
};
use google_cloud_auth::credentials::anonymous;
use serde_json::{Value, json};
use settings_core::store::{Azure, Dapr, Gcp, Vault};
use settings_core::{Loader, Settings};
use settings_tests::fault::{Fault, FaultProxy, When};

use crate::Result;
use crate::structs::names;

const VALUE: &str = "not-a-real-value";

/// All fifty in one object.
fn keys() -> Value {
    names().map(|name| (name, json!(VALUE))).collect()
}

/// A server whose every answer is made up.
fn server(delay: Duration) -> FaultProxy {
    let server = FaultProxy::http("http://127.0.0.1:9");
    server.inject(When::any(), Fault::Delay(delay));
    server
}

/// AWS Secrets Manager.
pub(crate) struct Aws(FaultProxy);

impl Aws {
    pub(crate) fn new(delay: Duration) -> Self {
        let answer = |body: &Value| Fault::answer(200, "application/x-amz-json-1.1", &body.to_string());
        let server = server(delay);
        let one = json!({ "Name": "keys", "VersionId": "v1", "SecretString": keys().to_string() });
        server.inject(When::operation("GetSecretValue"), answer(&one));
        let secret = |name| json!({ "Name": name, "VersionId": "v1", "SecretString": VALUE });
        let several: Vec<Value> = names().take(20).map(secret).collect();
        server
            .inject(When::operation("BatchGetSecretValue"), answer(&json!({ "SecretValues": several, "Errors": [] })));
        Self(server)
    }

    /// A loader of a client that is kept from load to load.
    pub(crate) fn kept<S: Settings>(&self) -> Loader<S> {
        self.with("kept")
    }

    /// A loader of a client of its own: another configuration is another client.
    pub(crate) fn fresh<S: Settings>(&self) -> Loader<S> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        self.with(&NEXT.fetch_add(1, Ordering::Relaxed).to_string())
    }

    fn with<S: Settings>(&self, session: &str) -> Loader<S> {
        S::loader().hermetic().env([
            ("AWS_ENDPOINT_URL", self.0.address().as_str()),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "testing"),
            ("AWS_SECRET_ACCESS_KEY", "testing"),
            ("AWS_ROLE_SESSION_NAME", session),
        ])
    }
}

/// Azure Key Vault.
pub(crate) struct AzureVault {
    azure: KeyVault,
    vault: FakeVault,
}

impl AzureVault {
    pub(crate) fn new(delay: Duration) -> Self {
        let azure = KeyVault::started();
        let vault = azure.vault("kv-bench");
        names().for_each(|name| drop(vault.set(&name, VALUE)));
        azure.inject(FakeFault::delay(delay));
        azure.inject(FakeFault::delay(delay).only(Call::Challenge));
        Self { azure, vault }
    }

    pub(crate) fn store(&self) -> Azure {
        let options = ClientOptions { transport: Some(self.azure.transport()), ..Default::default() };
        Azure::new(&self.vault.url()).credential(self.azure.credential()).client_options(options)
    }
}

/// Google Secret Manager.
pub(crate) struct Google(SecretManager);

impl Google {
    pub(crate) fn new(delay: Duration) -> Self {
        let google = SecretManager::started();
        let project = google.project("bench");
        names().for_each(|name| assert_eq!(project.set(&name, VALUE), 1));
        google.inject(FakeFault::delay(delay));
        Self(google)
    }

    pub(crate) fn store(&self) -> Gcp {
        Gcp::new("bench").credentials(anonymous::Builder::new().build()).endpoint(&self.0.url())
    }
}

/// Vault: the path `keys` holds fifty values, every other path one.
pub(crate) struct VaultServer(FaultProxy);

impl VaultServer {
    pub(crate) fn new(delay: Duration) -> Self {
        let server = server(delay);
        let secret = |data: Value| Fault::json(200, &json!({ "data": { "data": data, "metadata": { "version": 1 } } }));
        server.inject(When::request("GET", "/v1/secret/data/keys"), secret(keys()));
        server.inject(When::any(), secret(json!({ "value": VALUE })));
        Self(server)
    }

    pub(crate) fn address(&self) -> String {
        self.0.address().replace("http://", "")
    }

    pub(crate) fn store(&self) -> Vault {
        Vault::new(self.0.address()).token("test-token")
    }
}

/// A Dapr sidecar.
pub(crate) struct DaprSidecar(Sidecar);

impl DaprSidecar {
    pub(crate) fn new(delay: Duration) -> Result<Self> {
        let sidecar = Sidecar::started();
        sidecar.serve("secretstore", SecretsFile::new(&keys().to_string())?);
        sidecar.inject(FakeFault::delay(delay));
        Ok(Self(sidecar))
    }

    pub(crate) fn store(&self) -> Dapr {
        Dapr::new(self.0.url())
    }
}

//! That no log holds any of it, the SDK's own at its most talkative included.

use std::fmt::{Debug, Write};
use std::sync::{LazyLock, Mutex};

use fake_stores::{Fault, SecretManager};
use settings_core::Settings;
use settings_core::store::SecretStore;
use settings_tests::{EnvFile, leak};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::server::Server;
use crate::sign_in::{One, account};
use crate::{Bench, block_on, key};

/// Everything that any thread of this process has logged since it listens.
static HEARD: LazyLock<Mutex<String>> = LazyLock::new(Mutex::default);

struct Listener;

struct Text<'t>(&'t mut String);

impl Visit for Text<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let _ = write!(self.0, " {field}={value:?}");
    }
}

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Text(&mut HEARD.lock().unwrap()));
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        let mut heard = HEARD.lock().unwrap();
        let _ = write!(heard, "\n{}", event.metadata().target());
        event.record(&mut Text(&mut heard));
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Text(&mut HEARD.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// `GOOGLE_CLOUD_RUST_LOGGING` makes the SDK log whole answers.
#[test]
fn no_log_holds_a_secret_or_a_token() {
    // It listens to all threads, so it is in a process of its own.
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["logs::listens", "--exact", "--ignored"])
        .env("GOOGLE_CLOUD_RUST_LOGGING", "true")
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[test]
#[ignore = "listens to the whole process: run by the test above"]
fn listens() {
    tracing::subscriber::set_global_default(Listener).unwrap();
    let secrets = ["xq7wzk2vpl9dmt", "vk3jpw8rnb5ydh", "hd9rmq4xtc7gzs", "zp6ktw3qhv8fnb", "tb5xmc9rgk2wyd"];
    let bench = Bench::new();
    bench.project.set("logged-key", secrets[0]);
    let mut outputs = format!("{:?}", bench.fetch(&[key("logged-key")]));
    bench.put(&key("logged-key"), secrets[1]).unwrap();
    let body = format!(r#"{{"error": {{"code": 403, "status": "PERMISSION_DENIED", "message": "{}"}}}}"#, secrets[2]);
    let data = format!(r#"{{"name": "x", "payload": {{"data": "{}"}}}}"#, secrets[2]);
    for fault in [
        Fault::answer(403, "application/json", body.clone()),
        Fault::answer(500, "application/json", body.clone()),
        Fault::answer(200, "application/json", body.clone()),
        Fault::answer(200, "application/json", data),
        Fault::answer(502, "text/html", body.clone()),
        Fault::dropped(),
        SecretManager::throttled(),
    ] {
        bench.google.inject(fault);
        let _ = write!(outputs, "{:?}", block_on(bench.store.fetch(&[key("logged-key")])));
        let _ = write!(outputs, "{:?}", bench.put(&key("logged-key"), secrets[1]));
        bench.google.heal();
    }
    let tokens = Server::of_token(secrets[3]);
    let file = EnvFile::new(account(&tokens).replace("canary-2", secrets[4]));
    let variables = [
        ("GOOGLE_CLOUD_PROJECT", "agentds".to_owned()),
        ("GCP_SECRET_NAME", "logged-key".to_owned()),
        ("GOOGLE_APPLICATION_CREDENTIALS", file.path().display().to_string()),
        ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", bench.google.url()),
    ];
    One::loader().hermetic().env(variables).load_blocking().unwrap();
    assert_eq!(tokens.heard().len(), 1);
    let heard = std::mem::take(&mut *HEARD.lock().unwrap());
    for secret in secrets {
        assert_eq!(leak(&heard, secret), None);
        assert_eq!(leak(&outputs, secret), None);
    }

    // A client of the SDK that is left to itself is heard.
    let client = block_on(bench.google.client()).unwrap();
    let name = "projects/agentds/secrets/logged-key/versions/latest";
    block_on(client.access_secret_version().set_name(name).send()).unwrap();
    assert!(HEARD.lock().unwrap().contains(secrets[1]), "the listener hears, and the SDK tells");
}

//! That no log holds any of it, the SDK's own at its most talkative included.

use std::fmt::{Debug, Write};
use std::sync::{LazyLock, Mutex};

use fake_stores::{Fault, KeyVault};
use settings_core::store::SecretStore;
use settings_tests::leak;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

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

#[test]
fn no_log_holds_a_secret_or_a_token() {
    // It listens to all threads, so it is in a process of its own.
    let child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["logs::listens", "--exact", "--ignored"])
        .output()
        .unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stdout));
}

#[test]
#[ignore = "listens to the whole process: run by the test above"]
fn listens() {
    tracing::subscriber::set_global_default(Listener).unwrap();
    let secrets = ["xq7wzk2vpl9dmt", "vk3jpw8rnb5ydh", "hd9rmq4xtc7gzs"];
    let bench = Bench::new();
    bench.vault.set("logged-key", secrets[0]);
    let mut outputs = format!("{:?}", bench.fetch(&[key("logged-key")]));
    bench.put(&key("logged-key"), secrets[1]).unwrap();
    let body = format!(r#"{{"error": {{"code": "Forbidden", "message": "{}"}}}}"#, secrets[2]);
    for fault in [
        Fault::answer(403, "application/json", body.clone()),
        Fault::answer(500, "application/json", body.clone()),
        Fault::answer(200, "application/json", body.clone()),
        Fault::answer(502, "text/html", body.clone()),
        Fault::dropped(),
        KeyVault::throttled(1),
    ] {
        bench.azure.inject(fault);
        let _ = write!(outputs, "{:?}", block_on(bench.store.fetch(&[key("logged-key")])));
        let _ = write!(outputs, "{:?}", bench.put(&key("logged-key"), secrets[1]));
        bench.azure.heal();
    }
    let heard = HEARD.lock().unwrap();
    assert!(heard.contains("/secrets/logged-key"), "the SDK was heard at all");
    for secret in secrets {
        assert_eq!(leak(&heard, secret), None);
        assert_eq!(leak(&outputs, secret), None);
    }
    assert!(!heard.contains("Bearer fake-"), "no token either");
}

//! What stores that are asked over HTTP let out: nothing that is secret, at any level of any log.
#![cfg(all(feature = "dapr", feature = "tracing", feature = "vault"))]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

use std::fmt::Debug;
use std::process::Command;
use std::time::Duration;

use fake_stores::{Dapr as Sidecar, SecretsFile};
use serde_json::json;
use settings_core::store::{Dapr, JsonFile, SecretKey, SecretStore, Vault};
use settings_core::{SecretString, Settings};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When, vault as fault};
use settings_tests::{Secrets, leak};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

const VALUE: &str = "Canary-of-value-1";
const TOKEN: &str = "Kestrel-in-token-2";
const ROLE: &str = "Osprey-at-role-3";
const LOGIN: &str = "Buzzard-by-login-4";
const USER: &str = "Heron-on-user-5";
/// What must not be seen.
const SECRETS: [&str; 5] = [VALUE, TOKEN, ROLE, LOGIN, USER];

#[derive(Settings)]
#[settings(env_file = none)]
struct Chat {
    #[secret(source = [vault("db"), dapr("db"), json("secrets.json")])]
    #[allow(dead_code, reason = "it is not looked at")]
    password: SecretString,
}

/// Prints every event and span, of this crate and of all others.
struct Printer;

struct Printed;

impl Visit for Printed {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        println!("  {field} = {value:?}");
    }
}

impl Subscriber for Printer {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        println!("span {} {}", span.metadata().target(), span.metadata().name());
        span.record(&mut Printed);
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        println!("event {}", event.metadata().target());
        event.record(&mut Printed);
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Printed);
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

impl log::Log for Printer {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        println!("log {} {}", record.target(), record.args());
    }

    fn flush(&self) {}
}

/// All that a user might print of a store.
fn show(store: impl SecretStore + 'static, name: &str) {
    let key = SecretKey::new("PASSWORD").named("db");
    println!("{store:?} {} {} {:?}", store.describe(), store.place(&key), store.fix(&key));
    let loader = || Chat::loader().hermetic().timeout(Duration::from_millis(300));
    let store = std::sync::Arc::new(store);
    match loader().store(name, std::sync::Arc::clone(&store)).load_blocking() {
        Ok(chat) => println!("{chat:?}"),
        Err(report) => println!("{report} {report:?} {}", report.to_json()),
    }
    let explained = loader().store(name, std::sync::Arc::clone(&store)).explain_blocking();
    println!("{:?}", explained.map(|explanation| format!("{explanation} {explanation:?} {}", explanation.to_json())));
    let rotated = loader().store(name, store).rotate_secret_blocking("password", VALUE.into());
    println!("{rotated:?}");
}

#[test]
#[ignore = "prints all that there is to see: run by the test below"]
fn shows_everything() {
    log::set_boxed_logger(Box::new(Printer)).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    tracing::subscriber::set_global_default(Printer).unwrap();

    let server = FaultProxy::http(&Nobody::new().address());
    let secret =
        |data: serde_json::Value| Fault::json(200, &json!({"data": {"data": data, "metadata": {"version": 1}}}));
    let login = Fault::json(200, &json!({"auth": {"client_token": LOGIN, "lease_duration": 60, "renewable": true}}));
    let garbage = || Fault::answer(200, "application/json", &format!(r#"{{"data": {{"data": {{"password": "{VALUE}"#));
    for fault in [
        secret(json!({"password": VALUE})),
        secret(json!({"PASSWORD": [VALUE], "password": VALUE})),
        secret(json!({"other": VALUE})),
        secret(json!(VALUE)),
        garbage(),
        Fault::answer(502, "text/html", VALUE),
        fault::error(403, VALUE),
        fault::error(400, VALUE),
        Fault::json(404, &json!({"errors": [VALUE], "data": {"data": {"password": VALUE}}})),
        Fault::answer(307, "text/plain", VALUE).with_header("location", &format!("http://{VALUE}.invalid/{VALUE}")),
        Fault::Drop,
    ] {
        server.clear_faults();
        server.inject(When::request("POST", "/v1/auth/approle/login"), login.clone());
        server.inject(When::any(), fault.clone());
        let address = server.address().replace("//", &format!("//{USER}:{USER}@"));
        show(Vault::new(&address).token(TOKEN), "vault");
        show(Vault::new(&address).app_role(ROLE, ROLE), "vault");
        server.clear_faults();
        server.inject(When::any(), fault);
        show(Dapr::new(&address).api_token(TOKEN), "dapr");
    }
    show(Vault::new(format!("https://{USER}:{USER}@{TOKEN} .invalid")).token(TOKEN), "vault");
    show(Vault::new(format!("http://{USER}:{USER}@vault.invalid")).token(format!("{TOKEN}\n")).allow_http(), "vault");

    let sidecar = Sidecar::started();
    let file = format!(r#"{{"db": "{VALUE}", "password": "{VALUE}"}}"#);
    sidecar.serve("secretstore", SecretsFile::new(&file).unwrap());
    show(Dapr::new(sidecar.url()), "dapr");
    for file in [&file[..], &file[..20], &format!("[{file}]")] {
        let secrets = Secrets::new([("secrets.json", file)]);
        show(JsonFile::new(secrets.join("secrets.json")), "json");
    }
    println!("the end");
}

#[test]
fn nothing_that_is_secret_is_seen() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["shows_everything", "--exact", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let seen = [child.stdout, child.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
    assert!(child.status.success(), "{seen}");
    // What others log is seen too.
    for part in ["the end", "log reqwest", "event settings", "access denied", "malformed", "HTTP 502", "[REDACTED]"] {
        assert!(seen.contains(part), "{part}");
    }
    let seen = seen.to_lowercase();
    let leaks: Vec<&str> = SECRETS.into_iter().filter(|secret| leak(&seen, &secret.to_lowercase()).is_some()).collect();
    assert_eq!(leaks, [""; 0]);
}

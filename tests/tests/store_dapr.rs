//! The store `dapr` against a sidecar within the test's process, which serves local secrets files.
#![cfg(feature = "dapr")]
#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(dead_code, reason = "not every field is looked at")]

use std::thread;
use std::time::{Duration, Instant};

use fake_stores::{Call, Dapr as Sidecar, Fault, SecretsFile};
use settings_core::report::Code;
use settings_core::store::StoreErrorKind::*;
use settings_core::store::{Dapr, JsonFile, Secret, SecretKey, SecretStore, StoreError, StoreErrorKind};
use settings_core::testing::store_conformance;
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings};
use settings_tests::Secrets;

const FILE: &str = r#"{
    "openai-api-key": "sk-test-key", "gemini-api-key": "g", "empty": "",
    "db": {"user": "u", "password": "p"}, "a/b+c d": "odd",
    "document": "{\"password\": \"within\"}", "broken": "{\"password\": "
}"#;

fn sidecar() -> Sidecar {
    let sidecar = Sidecar::started();
    serve(&sidecar);
    sidecar
}

/// A store of single values, and one of several values each.
fn serve(sidecar: &Sidecar) {
    sidecar.serve("secretstore", SecretsFile::new(FILE).unwrap().separator("."));
    sidecar.serve("several", SecretsFile::new(FILE).unwrap().multi_valued());
}

fn run<T>(work: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    }
    RUNTIME.with(|runtime| runtime.block_on(work))
}

fn one(store: &Dapr, key: &SecretKey) -> Result<Secret, StoreError> {
    let mut answers = run(store.fetch(std::slice::from_ref(key)));
    assert_eq!(answers.len(), 1);
    answers.pop().unwrap()
}

fn text(secret: Result<Secret, StoreError>) -> String {
    secret.unwrap().text().unwrap().expose_secret().to_owned()
}

fn note(store: &Dapr, key: &SecretKey) -> (StoreErrorKind, String) {
    let error = one(store, key).unwrap_err();
    (error.kind(), error.note().to_owned())
}

fn key(name: &str) -> SecretKey {
    SecretKey::new("PASSWORD").named(name)
}

#[test]
fn a_secret_has_one_value_or_several() {
    let sidecar = sidecar();
    let dapr = Dapr::new(sidecar.url());
    let several = |name: &str| key(name).with("store", "several");
    for (key, value) in [
        (SecretKey::new("OPENAI_API_KEY"), "sk-test-key"),
        (key("openai-api-key"), "sk-test-key"),
        (key("db.password"), "p"),
        (key("a/b+c d"), "odd"),
        (several("db"), "p"),
        (several("db").with("key", "user"), "u"),
        (several("openai-api-key"), "sk-test-key"),
        // As the stores do that keep several values in one text.
        (key("document"), "within"),
    ] {
        assert_eq!(text(one(&dapr, &key)), value, "{key}");
    }
    assert_eq!(text(one(&Dapr::new(sidecar.url()).component("several"), &key("db"))), "p");
    assert_eq!(sidecar.violations(), []);
}

#[test]
fn it_does_what_every_store_has_to() {
    let (sidecar, failing, denying) = (sidecar(), sidecar(), sidecar());
    failing.inject(Sidecar::failing());
    denying.deny("secretstore", "openai-api-key");
    let several = |name: &str| key(name).with("store", "several");
    store_conformance(Dapr::new(sidecar.url()))
        .holds(SecretKey::new("OPENAI_API_KEY"), "sk-test-key")
        .holds(key("db.password"), "p")
        .holds(several("db").with("key", "user"), "u")
        .lacks(key("none"))
        .lacks(key("empty"))
        .lacks(several("db").with("key", "none"))
        .misfits(key("broken"))
        .misfits(key("openai-api-key").shared())
        .refuses(Dapr::new(denying.url()), key("openai-api-key"))
        .does_not_answer(Dapr::new(failing.url()), key("openai-api-key"))
        .does_not_answer(Dapr::new(Sidecar::reserved().url()), key("openai-api-key"))
        .run();
}

#[test]
fn a_secret_is_read_once_and_all_side_by_side() {
    let sidecar = sidecar();
    sidecar.inject(Fault::delay(Duration::from_millis(50)));
    let several = |own: &str| SecretKey::new(own).named("db").with("store", "several").shared();
    let keys = [several("user"), several("password"), key("openai-api-key"), key("gemini-api-key")];
    let dapr = Dapr::new(sidecar.url());
    let answers: Vec<_> = run(dapr.fetch(&keys)).into_iter().map(text).collect();
    assert_eq!(answers, ["u", "p", "sk-test-key", "g"]);
    let counts = sidecar.counts();
    assert_eq!((counts.reads, counts.most_reads_at_once, counts.lists, counts.health), (3, 3, 0, 0));
}

#[test]
fn loads_one_after_another_use_one_connection() {
    let sidecar = sidecar();
    let dapr = Dapr::new(sidecar.url());
    (0..200).for_each(|_| assert_eq!(text(one(&dapr, &key("openai-api-key"))), "sk-test-key"));
    assert_eq!((sidecar.counts().connections, sidecar.counts().reads), (1, 200));
}

#[test]
fn a_bulk_read_tells_missing_from_broken() {
    let sidecar = sidecar();
    let dapr = Dapr::new(sidecar.url());
    assert_eq!(note(&dapr, &key("none")), (NotFound, String::new()));
    assert_eq!((sidecar.counts().reads, sidecar.counts().lists), (1, 1));

    // One bulk read serves all that are unclear, and the others are not read again.
    let keys = ["none", "openai-api-key", "other", "db.none"].map(key);
    let answers = run(dapr.fetch(&keys));
    assert_eq!(answers.iter().map(Result::is_ok).collect::<Vec<_>>(), [false, true, false, false]);
    assert_eq!((sidecar.counts().reads, sidecar.counts().lists), (5, 2));

    sidecar.inject(Sidecar::failing());
    let broken = (Unreachable, "HTTP 500: the store behind the sidecar failed".to_owned());
    assert_eq!(note(&dapr, &key("openai-api-key")), broken);
    assert_eq!(note(&dapr, &key("none")), broken);

    // What the bulk read has is the value.
    sidecar.heal();
    sidecar.inject(Sidecar::failing().only(Call::Read));
    assert_eq!(text(one(&dapr, &key("openai-api-key"))), "sk-test-key");
    assert_eq!(note(&dapr, &key("none")), (NotFound, String::new()));
    sidecar.inject(Sidecar::nothing().only(Call::List));
    assert_eq!(note(&dapr, &key("none")), (NotFound, String::new()));
}

#[test]
fn what_is_no_value() {
    let sidecar = sidecar();
    let dapr = Dapr::new(sidecar.url());
    let several = |name: &str| key(name).with("store", "several");
    for (key, told) in [
        (key("empty"), (NotFound, "its key `empty` is empty")),
        (several("db").with("key", "none"), (NotFound, "it has no key `none`")),
        (key("document").with("key", "none"), (NotFound, "it has no key `none`")),
        (key("broken"), (Malformed, "it begins with { and is no JSON object")),
        (key("gemini-api-key").with("key", "x"), (Malformed, "plain text where a JSON object is wanted")),
        (key("x").with("store", "none"), (NotConfigured, "the sidecar has no secret store `none`")),
    ] {
        assert_eq!(note(&dapr, &key), (told.0, told.1.to_owned()), "{key}");
    }
    sidecar.inject(Sidecar::nothing());
    assert_eq!(note(&dapr, &key("openai-api-key")), (NotFound, String::new()));
}

#[test]
fn refusals() {
    let sidecar = sidecar();
    sidecar.deny("secretstore", "openai-api-key");
    let dapr = Dapr::new(sidecar.url());
    let told = "the scopes of the sidecar's configuration do not let this app read it";
    assert_eq!(note(&dapr, &key("openai-api-key")), (Denied, told.to_owned()));
    assert_eq!(text(one(&dapr, &key("gemini-api-key"))), "g");

    sidecar.require_token("test-token");
    let told = "DAPR_API_TOKEN is not set, or is not the sidecar's";
    assert_eq!(note(&dapr, &key("gemini-api-key")), (Denied, told.to_owned()));
    let wrong = Dapr::new(sidecar.url()).api_token("other-token");
    assert_eq!(note(&wrong, &key("gemini-api-key")), (Denied, told.to_owned()));
    let dapr = Dapr::new(sidecar.url()).api_token("test-token");
    assert_eq!(text(one(&dapr, &key("gemini-api-key"))), "g");
}

#[test]
fn answers_that_are_none() {
    let sidecar = sidecar();
    let dapr = Dapr::new(sidecar.url());
    let no_secret = "the answer is not JSON of the kind that this store gives";
    for (fault, kind, told) in [
        (Fault::bad_gateway(), Unreachable, "HTTP 502"),
        (Fault::answer(429, "text/plain", ""), Unreachable, "throttled"),
        (Fault::answer(500, "application/json", r#"{"errorCode": "ERR_OTHER"}"#), Unreachable, "HTTP 500"),
        (
            Fault::answer(404, "application/json", r#"{"errorCode": "ERR_DIRECT_INVOKE"}"#),
            Misconfigured,
            "HTTP 404: this sidecar has no secrets API",
        ),
        (Fault::answer(404, "text/plain", ""), Misconfigured, "HTTP 404: what answers there is no Dapr sidecar"),
        (Fault::answer(403, "text/plain", ""), Denied, "HTTP 403"),
        (Fault::dropped(), Unreachable, "the connection was dropped"),
        (Fault::garbage(), Malformed, no_secret),
        (Fault::answer(200, "application/json", r#"["x"]"#), Malformed, no_secret),
        (Fault::answer(200, "application/json", "{}"), NotFound, "it is empty"),
        (Fault::answer(200, "application/octet-stream", &b"{\"openai-api-key\": \"\xff\"}"[..]), Malformed, no_secret),
    ] {
        sidecar.heal();
        sidecar.inject(fault.clone());
        assert_eq!(note(&dapr, &key("openai-api-key")), (kind, told.to_owned()), "{fault:?}");
    }
}

#[test]
fn a_long_value_and_one_that_is_too_long() {
    let sidecar = Sidecar::started();
    let file = |length| SecretsFile::new(&format!(r#"{{"long": "{}"}}"#, "x".repeat(length))).unwrap();
    sidecar.serve("secretstore", file(64 * 1024));
    let dapr = Dapr::new(sidecar.url());
    assert_eq!(text(one(&dapr, &key("long"))).len(), 64 * 1024);
    sidecar.serve("secretstore", file(5 * 1024 * 1024));
    assert_eq!(note(&dapr, &key("long")), (Malformed, "the answer is over 4 MiB".to_owned()));
}

#[test]
fn plain_http_stays_on_this_machine() {
    let told = "plain http to another machine would show the token to everybody between: use https, or set \
                DAPR_ALLOW_HTTP=1";
    let dapr = Dapr::new("http://dapr.invalid:3500").api_token("test-token");
    assert_eq!(note(&dapr, &key("x")), (Misconfigured, told.to_owned()));
    let dapr = Dapr::new("http://dapr.invalid:3500").allow_http();
    assert_eq!(note(&dapr, &key("x")), (Unreachable, "its name cannot be resolved".to_owned()));
}

#[test]
fn a_redirect_takes_the_token_to_no_other_host() {
    let (sidecar, other) = (sidecar(), sidecar());
    sidecar.inject(Fault::redirect(&format!("{}/v1.0/secrets/secretstore/openai-api-key", other.url())));
    let dapr = Dapr::new(sidecar.url()).api_token("test-token");
    let told = "HTTP 307: it sends to another host, where a token must not go";
    assert_eq!(note(&dapr, &key("openai-api-key")), (Misconfigured, told.to_owned()));
    assert_eq!((other.counts().connections, other.counts().reads), (0, 0));
}

#[test]
fn a_sidecar_cannot_be_written_to() {
    let dapr = Dapr::new("http://127.0.0.1:3500").api_token("test-token");
    let error = run(dapr.put(&key("x"), &"new".into())).unwrap_err();
    assert_eq!((error.kind(), error.note()), (Denied, "this store cannot be written to"));
    assert_eq!(dapr.place(&SecretKey::new("OPENAI_API_KEY")), "secretstore / openai-api-key");
    assert_eq!(dapr.place(&key("db").with("store", "k8s").with("key", "user")), "k8s / db#user");
    assert_eq!(format!("{dapr:?}"), r#"Dapr { address: "http://127.0.0.1:3500", component: "secretstore", .. }"#);
}

#[derive(Settings)]
#[settings(env_file = none, source = [env, dapr])]
struct Keys {
    openai_api_key: SecretString,
    gemini_api_key: Option<SecretString>,
    #[secret(nested, source = dapr("db", store = "several"))]
    db: Database,
}

#[derive(Settings)]
struct Database {
    user: String,
    password: SecretString,
}

fn loader(port: u16) -> Loader<Keys> {
    Keys::loader().env([("DAPR_HTTP_PORT", port.to_string())])
}

fn assert_keys(keys: &Keys) {
    assert_eq!(keys.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(keys.gemini_api_key.as_ref().map(ExposeSecret::expose_secret), Some("g"));
    assert_eq!((keys.db.user.as_str(), keys.db.password.expose_secret()), ("u", "p"));
}

fn outcome(report: &Report, path: &str) -> String {
    let problem = report.problems().iter().find(|problem| problem.path() == path).unwrap();
    problem.looked().iter().find(|look| look.layer() == "dapr").unwrap().outcome().sentence()
}

#[test]
fn a_load_asks_for_each_secret_once() {
    let sidecar = sidecar();
    assert_keys(&loader(sidecar.port()).load_blocking().unwrap());
    assert_eq!((sidecar.counts().reads, sidecar.counts().lists, sidecar.counts().health), (3, 0, 0));
    let endpoint = [("DAPR_HTTP_ENDPOINT", sidecar.url()), ("DAPR_HTTP_PORT", "1".to_owned())];
    sidecar.require_token("test-token");
    let token = ("DAPR_API_TOKEN", "test-token".to_owned());
    assert_keys(&Keys::loader().env(endpoint.into_iter().chain([token])).load_blocking().unwrap());
    assert_eq!(sidecar.violations(), []);
}

#[test]
fn the_file_of_the_sidecar_is_read_without_one() {
    #[derive(Settings)]
    #[settings(env_file = none, source = [dapr, json("secrets.json", nested_separator = ".")])]
    struct Both {
        openai_api_key: SecretString,
        #[secret(source = [dapr("db.user"), json("secrets.json", nested_separator = ".", key = "db.user")])]
        login: SecretString,
        #[secret(nested, source = [dapr("db", store = "several"), json("secrets.json", multi_valued)])]
        db: Database,
    }
    let read = |both: Both| {
        [both.openai_api_key, both.login, both.db.password].map(|secret| secret.expose_secret().to_owned())
    };
    let sidecar = sidecar();
    let with = Both::loader().env([("DAPR_HTTP_PORT", sidecar.port().to_string())]).load_blocking().unwrap();
    let secrets = Secrets::new([("secrets.json", FILE)]);
    let file = JsonFile::new(secrets.join("secrets.json"));
    let without = Both::loader().hermetic().store("json", file).load_blocking().unwrap();
    assert_eq!(read(with), read(without));
}

#[test]
fn a_sidecar_that_is_not_configured() {
    let report = Keys::loader().env([("ANY", "x")]).load_blocking().err().unwrap();
    assert_eq!(outcome(&report, "openai_api_key"), "not configured (DAPR_HTTP_PORT is not set)");
    assert!(report.to_string().contains("dapr    secretstore / openai-api-key  "), "{report}");
    assert!(report.problems().iter().all(|problem| problem.code() == Code::Missing), "{report}");
}

#[test]
fn a_port_that_is_none_is_a_mistake_of_configuration() {
    for port in ["garbage", "0", "65536", "3500/x"] {
        let report = Keys::loader().hermetic().env([("DAPR_HTTP_PORT", port)]).load_blocking().err().unwrap();
        let told = "wrongly configured (DAPR_HTTP_PORT is no port, a number from 1 to 65535)";
        assert_eq!(outcome(&report, "openai_api_key"), told);
        assert_eq!((report.problems()[0].code(), report.exit_code()), (Code::StoreMisconfigured, 78));
    }
}

#[test]
fn a_sidecar_that_starts_late_is_waited_for() {
    let sidecar = Sidecar::reserved();
    serve(&sidecar);
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(1200));
            sidecar.start();
        });
        assert_keys(&loader(sidecar.port()).load_blocking().unwrap());
    });
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
}

#[test]
fn a_sidecar_that_has_not_loaded_its_stores_is_waited_for() {
    let sidecar = sidecar();
    sidecar.set_ready(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(1200));
            sidecar.set_ready(true);
        });
        assert_keys(&loader(sidecar.port()).load_blocking().unwrap());
    });
    assert!(sidecar.counts().health >= 3, "{:?}", sidecar.counts());

    // Once it has been ready it is not waited for any more.
    sidecar.set_ready(false);
    let start = Instant::now();
    let report = loader(sidecar.port()).load_blocking().err().unwrap();
    assert_eq!(outcome(&report, "openai_api_key"), "not configured (the sidecar has no secret store)");
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn a_sidecar_that_does_not_answer_is_waited_for_until_the_deadline() {
    let sidecar = sidecar();
    sidecar.inject(Fault::delay(Duration::from_secs(60)));
    let start = Instant::now();
    let report = loader(sidecar.port()).timeout(Duration::from_millis(1500)).load_blocking().err().unwrap();
    let took = start.elapsed().as_millis();
    assert!((1500..1650).contains(&took), "{took} ms");
    assert_eq!(report.problems().len(), 4, "whether the optional one is there is not known: {report}");
    assert!(report.problems().iter().all(|problem| problem.code() == Code::Unreachable), "{report}");
    assert_eq!(outcome(&report, "openai_api_key"), "timed out after 1s 500ms");
}

#[test]
fn faults_that_pass_do_not_fail_a_load() {
    for fault in [
        Fault::bad_gateway(),
        Fault::dropped(),
        Fault::answer(503, "text/plain", ""),
        Fault::answer(429, "text/plain", ""),
    ] {
        let sidecar = sidecar();
        sidecar.inject(fault.clone().on("openai-api-key").times(2));
        assert_keys(&loader(sidecar.port()).load_blocking().unwrap());
        assert_eq!((sidecar.reads_of("openai-api-key"), sidecar.reads_of("gemini-api-key")), (3, 1), "{fault:?}");
    }
}

#[test]
fn a_sidecar_that_never_starts_is_refused_at_the_deadline() {
    let sidecar = Sidecar::reserved();
    let start = Instant::now();
    let report = loader(sidecar.port()).timeout(Duration::from_millis(1500)).load_blocking().err().unwrap();
    let told = outcome(&report, "openai_api_key");
    assert!(told.starts_with("connection refused, ") && told.ends_with(" tries"), "{told}");
    assert_eq!(report.exit_code(), 75);
    assert!(report.problems().iter().all(|problem| problem.code() == Code::Unreachable), "{report}");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());

    sidecar.set_ready(false);
    sidecar.start();
    let report = loader(sidecar.port()).timeout(Duration::from_millis(500)).load_blocking().err().unwrap();
    let told = outcome(&report, "openai_api_key");
    // The deadline comes between two questions, or during one.
    assert!(told.starts_with("the sidecar is not ready, ") || told.starts_with("timed out after 500ms, "), "{told}");
}

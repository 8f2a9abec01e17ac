//! Whole loads.

use std::time::{Duration, Instant};

use fake_stores::{Fault, KeyVault};
use settings_core::report::Code;
use settings_core::store::MemoryStore;
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings, State};
use settings_tests::{EnvFile, leak};

use crate::Bench;

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[secret(env = "OPENAI_API_KEY", source = [env, azure, aws("chat/keys")], format = openai)]
    openai_api_key: SecretString,
    #[secret(source = azure("the-token"))]
    gateway_token: Option<SecretString>,
}

impl Bench {
    fn chat(&self) -> Loader<Chat> {
        Chat::loader().hermetic().store("azure", self.store.clone())
    }
}

/// What the load of a chat came to, where the vault has both of its secrets and this fault.
fn with(fault: Fault) -> (Bench, Result<Chat, Report>) {
    let bench = Bench::new();
    bench.vault.set("openai-api-key", "sk-test-key");
    bench.vault.set("the-token", "test-token");
    bench.azure.inject(fault);
    let chat = bench.chat().load_blocking();
    (bench, chat)
}

fn codes(report: &Report) -> Vec<(&str, Code)> {
    report.problems().iter().map(|problem| (problem.path(), problem.code())).collect()
}

/// The report without its line breaks.
fn flat(report: &Report) -> String {
    report.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn both(code: Code) -> [(&'static str, Code); 2] {
    [("openai_api_key", code), ("gateway_token", code)]
}

#[test]
fn secrets_come_from_the_vault_unless_the_environment_has_them() {
    let bench = Bench::new();
    bench.vault.set("openai-api-key", "sk-test-key");
    bench.vault.set("the-token", "test-token");
    let chat = bench.chat().load_blocking().unwrap();
    assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(chat.gateway_token.unwrap().expose_secret(), "test-token");
    assert_eq!(bench.azure.counts().reads, 2);

    let chat = bench.chat().env([("OPENAI_API_KEY", "sk-env-key")]).load_blocking().unwrap();
    assert_eq!(chat.openai_api_key.expose_secret(), "sk-env-key");
    assert_eq!((bench.azure.reads_of("openai-api-key"), bench.azure.reads_of("the-token")), (1, 2));

    bench.chat().env([("OPENAI_API_KEY", "sk-env-key"), ("CHAT_GATEWAY_TOKEN", "x")]).load_blocking().unwrap();
    assert_eq!(bench.azure.counts().reads, 3, "what the environment has causes no call");
    bench.is_in_order();
}

#[test]
fn explain_tells_vault_name_and_version() {
    let bench = Bench::new();
    let version = bench.vault.set("openai-api-key", "sk-test-key");
    let explanation = bench.chat().explain_blocking().unwrap();
    let [openai, gateway] = explanation.rows() else { panic!("{explanation}") };
    assert_eq!((openai.layer(), openai.place()), ("azure", "kv-chat / openai-api-key"));
    assert_eq!(openai.version(), Some(version.as_str()));
    assert_eq!(gateway.state(), State::Unset);
}

#[test]
fn what_is_not_there_is_missing_and_an_optional_one_is_none() {
    let bench = Bench::new();
    let report = bench.chat().load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("openai_api_key", Code::Missing)]);
    assert_eq!(report.exit_code(), 78);
    let text = flat(&report);
    assert!(text.contains("azure kv-chat / openai-api-key not found aws"), "{text}");
    assert!(text.contains("az keyvault secret set --vault-name kv-chat --name openai-api-key"), "{text}");

    for (change, told) in [
        ((|bench| bench.vault.disable("openai-api-key")) as fn(&Bench), "not found (it is disabled)"),
        (|bench| bench.vault.delete("openai-api-key"), "not found"),
        (|bench| drop(bench.vault.set("openai-api-key", "")), "not found (it is empty)"),
    ] {
        let bench = Bench::new();
        bench.vault.set("openai-api-key", "sk-test-key");
        change(&bench);
        let report = bench.chat().load_blocking().err().unwrap();
        assert_eq!(codes(&report), [("openai_api_key", Code::Missing)]);
        assert!(flat(&report).contains(told), "{report}");
    }
}

#[test]
fn what_the_vault_refuses_could_not_be_checked_and_the_hint_helps() {
    for (fault, hint) in [
        (KeyVault::forbidden_by_rbac(), "the role Key Vault Secrets User is missing"),
        (KeyVault::forbidden_by_connection(), "the vault's firewall does not let this network in"),
    ] {
        let (bench, chat) = with(fault);
        let report = chat.err().unwrap();
        // An optional one is an error too: whether it is there is not known.
        assert_eq!(codes(&report), both(Code::Denied));
        assert_eq!(report.exit_code(), 78);
        assert!(flat(&report).contains(hint), "{report}");
        assert_eq!(bench.azure.counts().reads, 2, "a refusal is not tried again");
    }
}

#[test]
fn a_vault_that_fails_is_asked_three_times() {
    for (fault, told) in [
        (KeyVault::unavailable(), "HTTP 503, 3 tries"),
        (Fault::bad_gateway(), "HTTP 502, 3 tries"),
        (Fault::dropped(), "the connection was dropped, 3 tries"),
    ] {
        let (bench, chat) = with(fault.clone());
        let report = chat.err().unwrap();
        assert_eq!(codes(&report), both(Code::Unreachable));
        assert_eq!(report.exit_code(), 75);
        assert!(flat(&report).contains(told), "{report}");
        assert_eq!(bench.azure.counts().reads, 6);

        let (bench, chat) = with(fault.on("openai-api-key").times(2));
        assert_eq!(chat.unwrap().openai_api_key.expose_secret(), "sk-test-key");
        assert_eq!((bench.azure.reads_of("openai-api-key"), bench.azure.reads_of("the-token")), (3, 1));
    }
}

#[test]
fn a_throttled_load_waits_as_long_as_the_vault_says_or_gives_up_at_once() {
    let start = Instant::now();
    let (bench, chat) = with(KeyVault::throttled(1).on("the-token").times(1));
    assert!(chat.is_ok());
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(bench.azure.reads_of("the-token"), 2);

    let start = Instant::now();
    let (_, chat) = with(KeyVault::throttled(60));
    let report = chat.err().unwrap();
    assert_eq!(codes(&report), both(Code::Unreachable));
    assert!(flat(&report).contains("throttled"), "{report}");
    assert!(start.elapsed() < Duration::from_secs(5), "the deadline comes before it may ask again");
}

#[test]
fn an_answer_that_is_none_is_invalid() {
    let (_, chat) = with(Fault::garbage());
    let report = chat.err().unwrap();
    assert_eq!(codes(&report), both(Code::Invalid));
    assert!(flat(&report).contains("the answer is none of a key vault"), "{report}");
}

#[test]
fn a_load_ends_at_its_deadline() {
    let bench = Bench::new();
    bench.azure.inject(Fault::delay(Duration::from_secs(60)));
    let start = Instant::now();
    let report = bench.chat().timeout(Duration::from_millis(1500)).load_blocking().err().unwrap();
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(1500) && took < Duration::from_millis(1650), "{took:?}");
    assert_eq!(codes(&report), both(Code::Unreachable));
    assert!(flat(&report).contains("timed out after 1s 500ms"), "{report}");
}

#[test]
fn a_vault_that_is_down_is_told_within_a_second() {
    let bench = Bench::at(KeyVault::reserved());
    let start = Instant::now();
    let report = bench.chat().load_blocking().err().unwrap();
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(codes(&report), both(Code::Unreachable));
    assert!(flat(&report).contains("connection refused, 3 tries"), "{report}");
    assert_eq!(report.exit_code(), 75);
}

#[test]
fn where_the_vault_is_down_and_another_store_has_the_key_there_is_one_warning() {
    let bench = Bench::at(KeyVault::reserved());
    let aws = MemoryStore::new().with("chat/keys", "sk-aws-key");
    let loader = Half::loader().hermetic().store("azure", bench.store.clone()).store("aws", aws);
    let (half, warnings) = loader.load_with_warnings_blocking().unwrap();
    assert_eq!(half.openai_api_key.expose_secret(), "sk-aws-key");
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert!(
        matches!(&warnings[..], [one] if one.contains("azure could not be asked: connection refused")),
        "{warnings:?}"
    );
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Half {
    #[secret(source = [azure, aws("chat/keys")])]
    openai_api_key: SecretString,
}

#[test]
fn a_value_of_64_kilobytes_is_a_value() {
    let bench = Bench::new();
    let long = format!("sk-{}", "é\"\\\n".repeat(16 * 1024));
    bench.vault.set("openai-api-key", &long);
    let chat = bench.chat().load_blocking().unwrap();
    assert!(chat.openai_api_key.expose_secret() == long);
}

#[derive(Settings)]
#[settings(env_file = none)]
struct App {
    #[secret(nested, source = azure("app-db"))]
    db: Option<Db>,
    #[secret(source = azure("document"))]
    document: Option<SecretString>,
    #[secret(source = azure("document", version = "00000000000000000000000000000000"))]
    old_document: Option<SecretString>,
}

#[derive(Settings)]
struct Db {
    host: String,
    port: u16,
    password: SecretString,
}

#[test]
fn a_nested_struct_takes_its_fields_from_one_json_object() {
    let bench = Bench::new();
    let json = r#"{"host": "db.example.com", "port": 5432, "PASSWORD": "test-password"}"#;
    bench.vault.set("app-db", json);
    bench.vault.set("document", r#"{"a": 1}"#);
    let loader = || App::loader().hermetic().store("azure", bench.store.clone());
    let app = loader().load_blocking().unwrap();
    let db = app.db.unwrap();
    assert_eq!((db.host.as_str(), db.port, db.password.expose_secret()), ("db.example.com", 5432, "test-password"));
    assert_eq!(app.document.unwrap().expose_secret(), r#"{"a": 1}"#, "any other field takes the whole");
    assert!(app.old_document.is_none());
    assert_eq!(bench.azure.reads_of("app-db"), 1);

    let put = |value: &str| loader().rotate_secret_blocking("db.password", value.into());
    put("test-password-2").unwrap();
    let db = loader().load_blocking().unwrap().db.unwrap();
    assert_eq!((db.host.as_str(), db.port, db.password.expose_secret()), ("db.example.com", 5432, "test-password-2"));

    bench.vault.set("app-db", r#"{"host": "db.example.com", "port": 5432, "other": "canary-in-a-key"}"#);
    let report = loader().load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("db.password", Code::Missing)]);
    assert!(flat(&report).contains("it has no key `password`"), "{report}");
    bench.vault.set("app-db", "canary, not JSON");
    let report = loader().load_blocking().err().unwrap();
    assert!(report.problems().iter().all(|problem| problem.code() == Code::Invalid), "{report}");
    assert_eq!(leak(&report.to_string(), "canary, not JSON"), None);
    bench.is_in_order();
}

#[test]
fn a_secret_is_rotated_in_the_vault_that_has_it() {
    let bench = Bench::new();
    bench.vault.set("openai-api-key", "sk-test-key");
    assert!(bench.chat().rotate_secret_blocking("openai_api_key", "sk-test-key-2".into()).unwrap().is_none());
    assert_eq!(bench.chat().load_blocking().unwrap().openai_api_key.expose_secret(), "sk-test-key-2");

    bench.azure.inject(KeyVault::forbidden_by_rbac().only(fake_stores::Call::Write));
    let report = bench.chat().rotate_secret_blocking("openai_api_key", "sk-canary-key".into()).unwrap_err();
    assert_eq!(codes(&report), [("openai_api_key", Code::Denied)]);
    assert!(flat(&report).contains("Key Vault Secrets Officer"), "{report}");
    assert_eq!(leak(&report.to_string(), "sk-canary-key"), None);
    assert_eq!(bench.vault.value("openai-api-key").as_deref(), Some("sk-test-key-2"));

    let report = bench.chat().rotate_secret_blocking("openai_api_key", "sk-ant-canary".into()).unwrap_err();
    assert_eq!(codes(&report), [("openai_api_key", Code::Invalid)]);
    assert_eq!(bench.azure.counts().writes, 2, "what the field's rules refuse is not sent");
}

#[test]
fn a_secret_that_no_field_names_is_looked_for_too() {
    let bench = Bench::new();
    bench.vault.set("slack-token", "test-token");
    let loader = || Plain::loader().hermetic().store("azure", bench.store.clone());
    let found = loader().get_secret_blocking("SLACK_TOKEN").unwrap();
    assert_eq!(found.unwrap().expose_secret(), "test-token");
    assert!(loader().get_secret_blocking("NO_SUCH_TOKEN").unwrap().is_none());
}

#[derive(Settings)]
#[settings(env_file = none, source = [env, azure])]
struct Plain {
    #[setting(default = 8080)]
    #[allow(dead_code, reason = "a struct needs a field")]
    port: u16,
}

#[derive(Settings)]
#[settings(env_file = [".env", ".env.production"])]
struct Production {
    #[secret(env = "ANTHROPIC_API_KEY", source = [env, azure], format = anthropic)]
    anthropic_api_key: SecretString,
}

/// The vault that a .env file names, for a key that the same file leaves to it. A developer's own key is not used there.
#[test]
fn the_vault_may_be_named_in_a_env_file() {
    let developer = EnvFile::new("ANTHROPIC_API_KEY=sk-ant-developer-key\n");
    let production = EnvFile::new(
        "ANTHROPIC_API_KEY=  # Empty - fetched from Key Vault\nKEY_VAULT_URI=https://my-keyvault.vault.azure.net/\n",
    );
    let loader = || Production::loader().hermetic().env_file(developer.path()).env_file(production.path());
    let report = loader().load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("anthropic_api_key", Code::Empty)]);
    assert!(
        flat(&report).contains("azure my-keyvault / anthropic-api-key not configured (no credentials:"),
        "{report}"
    );

    let bench = Bench::new();
    bench.vault.set("anthropic-api-key", "sk-ant-test-key");
    let loaded = loader().store("azure", bench.store.clone()).load_blocking().unwrap();
    assert_eq!(loaded.anthropic_api_key.expose_secret(), "sk-ant-test-key");
}

/// The whole way from the variables on: a host that nobody has is asked, after `.invalid` of RFC 2606.
#[test]
fn variables_open_the_vault() {
    let variables = [
        ("KEY_VAULT_URI", "https://my-keyvault.vault.invalid/"),
        ("AZURE_TENANT_ID", "tenant-1"),
        ("AZURE_CLIENT_ID", "client-1"),
        ("AZURE_CLIENT_SECRET", "canary-of-the-client"),
    ];
    let loader =
        |variables: &[(&'static str, &'static str)]| Plain2::loader().hermetic().env(variables.iter().copied());
    let report = loader(&variables).load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("api_key", Code::Unreachable)]);
    assert!(flat(&report).contains("azure my-keyvault / api-key no such host, 3 tries"), "{report}");
    assert_eq!(leak(&report.to_string(), "canary-of-the-client"), None);

    // What is half set up, or no address, is an error even of an optional secret.
    let report = loader(&[variables[0], variables[3]]).load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("api_key", Code::StoreMisconfigured)]);
    // Whoever might ask there.
    for principal in [&variables[1..], &[]] {
        let report = loader(&[&[("KEY_VAULT_URI", "my-keyvault")], principal].concat()).load_blocking().err().unwrap();
        assert_eq!(codes(&report), [("api_key", Code::StoreMisconfigured)]);
        assert!(flat(&report).contains("KEY_VAULT_URI: a vault's address is like https://"), "{report}");
    }
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Plain2 {
    #[secret(source = azure)]
    api_key: Option<SecretString>,
}

#[test]
fn without_any_configuration_nobody_is_asked() {
    let start = Instant::now();
    assert!(Plain2::loader().hermetic().load_blocking().unwrap().api_key.is_none());
    let explanation = Plain2::loader().hermetic().explain_blocking().unwrap();
    let report = Chat::loader().hermetic().load_blocking().err().unwrap();
    assert!(start.elapsed() < Duration::from_millis(1500));
    assert_eq!(explanation.rows()[0].state(), State::Unset);
    assert_eq!(codes(&report), [("openai_api_key", Code::Missing)]);
    assert!(flat(&report).contains("azure openai-api-key not configured (KEY_VAULT_URI is not set)"), "{report}");
}

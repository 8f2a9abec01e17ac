//! New values: compare and swap on the staging labels, so that nobody's value is lost.

use std::collections::BTreeSet;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use settings_core::report::Code;
use settings_core::store::Aws;
use settings_core::{ExposeSecret, Loader, SecretString, Settings};
use settings_tests::fault::{Fault, FaultProxy, When, aws};
use settings_tests::servers::aws::{create, text};
use settings_tests::servers::{AWS_REGION, Server, aws_emulators, moto, unique};

use super::reading::client;
use super::{ask, at, change, codes, line};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[secret(env = "OPENAI_API_KEY", source = aws, format = openai)]
    openai_api_key: Option<SecretString>,
    #[secret(source = aws)]
    gateway_token: Option<SecretString>,
}

const KEYS: &str = r#"{"openai_api_key": "sk-test-old", "GATEWAY_TOKEN": "test-token", "n": 1.50, "o": {"a": [1]}}"#;

fn current(address: &str, name: &str) -> Value {
    serde_json::from_str(&text(address, name, "AWSCURRENT").unwrap()).unwrap()
}

/// Every version with its labels.
fn versions(address: &str, name: &str) -> Vec<(String, BTreeSet<String>)> {
    let described = ask(address, "DescribeSecret", &json!({ "SecretId": name }));
    let versions = described["VersionIdsToStages"].as_object().unwrap();
    let label = |label: &Value| label.as_str().unwrap().to_owned();
    let labels = |labels: &Value| labels.as_array().unwrap().iter().map(label).collect();
    versions.iter().map(|(version, list)| (version.clone(), labels(list))).collect()
}

#[test]
fn one_key_is_new_and_the_others_are_as_they_were() {
    for emulator in aws_emulators() {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, KEYS);
        let proxy = FaultProxy::aws(address, AWS_REGION);
        let warning = at::<Chat>(&proxy.address(), &name).rotate_secret_blocking("openai_api_key", "sk-new".into());
        assert!(warning.unwrap().is_none());
        let expected = json!({ "openai_api_key": "sk-new", "GATEWAY_TOKEN": "test-token", "n": 1.5, "o": {"a": [1]} });
        assert_eq!(current(address, &name), expected);
        let operations: Vec<_> = proxy.seen().iter().map(|seen| seen.operation.clone().unwrap()).collect();
        // One to find out where the value comes from, and three for the write.
        assert_eq!(operations, ["GetSecretValue", "GetSecretValue", "PutSecretValue", "UpdateSecretVersionStage"]);
        assert_eq!(proxy.violations(), [""; 0]);
        let chat: Chat = at(address, &name).load_blocking().unwrap();
        assert_eq!(chat.openai_api_key.unwrap().expose_secret(), "sk-new");
    }
}

#[test]
fn the_value_before_is_the_previous_one() {
    let Some(moto) = moto() else { return };
    let (address, name) = (moto.address(), unique("keys"));
    create(address, &name, KEYS);
    for value in ["sk-second", "sk-third"] {
        at::<Chat>(address, &name).rotate_secret_blocking("openai_api_key", value.into()).unwrap();
    }
    let previous: Value = serde_json::from_str(&text(address, &name, "AWSPREVIOUS").unwrap()).unwrap();
    assert_eq!(previous["openai_api_key"], "sk-second");
    assert_eq!(current(address, &name)["openai_api_key"], "sk-third");
    // However often, one label of our own.
    let labels: BTreeSet<_> = versions(address, &name).into_iter().flat_map(|(_, labels)| labels).collect();
    assert!(labels.iter().eq(["AWSCURRENT", "AWSPREVIOUS", "SETTINGS_PENDING"]), "{labels:?}");
}

#[test]
fn a_key_that_was_not_there_is_added() {
    for emulator in aws_emulators() {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, r#"{"OTHER": "x"}"#);
        at::<Chat>(address, &name).rotate_secret_blocking("gateway_token", "new".into()).unwrap();
        assert_eq!(current(address, &name), json!({ "OTHER": "x", "GATEWAY_TOKEN": "new" }));
    }
}

#[test]
fn a_plain_text_and_bytes_take_a_text_in_their_place() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Plain {
        #[secret(source = aws)]
        gateway_token: SecretString,
    }
    for emulator in aws_emulators() {
        let (address, name, bytes) = (emulator.address(), unique("plain"), unique("bytes"));
        create(address, &name, "old");
        at::<Plain>(address, &name).rotate_secret_blocking("gateway_token", "new".into()).unwrap();
        assert_eq!(text(address, &name, "AWSCURRENT").unwrap(), "new");
        ask(address, "CreateSecret", &json!({ "Name": bytes, "SecretBinary": "b2xk" }));
        at::<Plain>(address, &bytes).rotate_secret_blocking("gateway_token", "new".into()).unwrap();
        let answer = ask(address, "GetSecretValue", &json!({ "SecretId": bytes, "VersionStage": "AWSCURRENT" }));
        assert_eq!((&answer["SecretBinary"], &answer["SecretString"]), (&json!("bmV3"), &Value::Null));
    }
}

#[test]
fn a_value_that_is_there_already_is_not_written_again() {
    for emulator in aws_emulators() {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, KEYS);
        at::<Chat>(address, &name).rotate_secret_blocking("openai_api_key", "sk-test-old".into()).unwrap();
        assert_eq!(versions(address, &name).len(), 1);
    }
}

/// A struct of thirty secrets in one.
macro_rules! thirty {
    ($($field:ident)*) => {
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Thirty {
            $(#[secret(source = aws)]
            $field: SecretString,)*
        }

        const FIELDS: [&str; 30] = [$(stringify!($field)),*];
    };
}

thirty! {
    a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 b0 b1 b2 b3 b4 b5 b6 b7 b8 b9 c0 c1 c2 c3 c4 c5 c6 c7 c8 c9
}

/// Thirty who write at once, each a key of its own, and what becomes of that. How many versions it took.
fn write_thirty(emulator: &Server, loader: impl Fn(&str, &str) -> Loader<Thirty>) -> usize {
    let (address, name) = (emulator.address(), unique("thirty"));
    let keys: Value = FIELDS.iter().map(|field| ((*field).to_owned(), json!("old"))).collect();
    create(address, &name, &keys.to_string());
    let proxy = FaultProxy::aws(address, AWS_REGION);
    thread::scope(|scope| {
        for field in FIELDS {
            let loader = loader(&proxy.address(), &name).timeout(Duration::from_secs(120));
            scope.spawn(move || loader.rotate_secret_blocking(field, format!("new {field}").into()).unwrap());
        }
    });
    let expected: Value = FIELDS.iter().map(|field| ((*field).to_owned(), json!(format!("new {field}")))).collect();
    assert_eq!(current(address, &name), expected, "{}", emulator.name());
    assert_eq!(proxy.violations(), [""; 0]);
    let labels: BTreeSet<_> = versions(address, &name).into_iter().flat_map(|(_, labels)| labels).collect();
    assert!(labels.len() <= 3, "{labels:?}");
    if emulator.name() == "moto" {
        let previous: Value = serde_json::from_str(&text(address, &name, "AWSPREVIOUS").unwrap()).unwrap();
        let old = FIELDS.iter().filter(|field| previous[**field] == "old").count();
        assert_eq!(old, 1, "all but the last one had written before");
    }
    proxy.calls(&When::operation("PutSecretValue"))
}

#[test]
fn thirty_who_write_at_once_all_keep_their_values() {
    for emulator in aws_emulators() {
        assert_eq!(write_thirty(&emulator, at), 30, "within one program they wait for each other");
    }
}

#[test]
fn thirty_who_know_nothing_of_each_other_all_keep_their_values() {
    for emulator in aws_emulators() {
        let versions = write_thirty(&emulator, |address, name| {
            // A store of its own, as another program has.
            let store = Aws::from_client(&client(address)).secret_name(name);
            Thirty::loader().hermetic().store("aws", store)
        });
        println!("{}: {versions} versions", emulator.name());
        assert!(versions > 30, "nobody was in anybody's way");
    }
}

#[test]
fn another_writer_in_between_loses_nothing() {
    for emulator in aws_emulators() {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, KEYS);
        let proxy = FaultProxy::aws(address, AWS_REGION);
        // Between the new version and the label there is time for another writer.
        proxy.inject(When::operation("UpdateSecretVersionStage").first(1), Fault::Delay(Duration::from_millis(600)));
        let other = r#"{"openai_api_key": "sk-test-old", "GATEWAY_TOKEN": "of another"}"#;
        thread::scope(|scope| {
            let write = at::<Chat>(&proxy.address(), &name);
            let write = scope.spawn(|| write.rotate_secret_blocking("openai_api_key", "sk-new".into()).unwrap());
            while proxy.calls(&When::operation("UpdateSecretVersionStage")) == 0 {
                thread::sleep(Duration::from_millis(5));
            }
            change(address, &name, other);
            write.join().unwrap();
        });
        assert_eq!(current(address, &name), json!({ "openai_api_key": "sk-new", "GATEWAY_TOKEN": "of another" }));
        assert_eq!(proxy.calls(&When::operation("PutSecretValue")), 2);
    }
}

#[test]
fn an_answer_that_is_lost_is_looked_for() {
    for emulator in aws_emulators() {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, KEYS);
        let proxy = FaultProxy::aws(address, AWS_REGION);
        proxy.inject(When::operation("UpdateSecretVersionStage"), Fault::Cut);
        at::<Chat>(&proxy.address(), &name).rotate_secret_blocking("openai_api_key", "sk-new".into()).unwrap();
        assert_eq!(current(address, &name)["openai_api_key"], "sk-new");
        assert_eq!(proxy.calls(&When::operation("PutSecretValue")), 1);
    }
}

#[test]
fn where_a_right_is_missing_readers_see_no_change() {
    for emulator in aws_emulators() {
        for (operation, code, words) in [
            (
                "UpdateSecretVersionStage",
                aws::access_denied(),
                "the right secretsmanager:UpdateSecretVersionStage is missing",
            ),
            ("PutSecretValue", aws::access_denied(), "the right secretsmanager:PutSecretValue is missing"),
            ("PutSecretValue", aws::error(400, "EncryptionFailure", "no"), "the right kms:GenerateDataKey is missing"),
            ("PutSecretValue", aws::error(400, "LimitExceededException", "no"), "has no room for another version"),
            ("PutSecretValue", aws::error(400, "InvalidRequestException", "managed"), "another service may manage it"),
        ] {
            let (address, name) = (emulator.address(), unique("keys"));
            create(address, &name, KEYS);
            let proxy = FaultProxy::aws(address, AWS_REGION);
            proxy.inject(When::operation(operation), code);
            let rotation =
                at::<Chat>(&proxy.address(), &name).rotate_secret_blocking("openai_api_key", "sk-new".into());
            let report = rotation.unwrap_err();
            assert_eq!(codes(&report), [("openai_api_key", Code::Denied)]);
            assert!(line(&report).contains(words), "{report}");
            assert!(!format!("{report:?}").contains("sk-new"), "{report}");
            assert_eq!(text(address, &name, "AWSCURRENT").unwrap(), KEYS);
        }
    }
}

#[test]
fn a_service_that_does_not_answer_is_told_and_nothing_is_lost() {
    for emulator in aws_emulators() {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, KEYS);
        for operation in ["PutSecretValue", "UpdateSecretVersionStage"] {
            let proxy = FaultProxy::aws(address, AWS_REGION);
            proxy.inject(When::operation(operation), aws::internal_error());
            let rotation =
                at::<Chat>(&proxy.address(), &name).rotate_secret_blocking("openai_api_key", "sk-new".into());
            assert_eq!(codes(&rotation.unwrap_err()), [("openai_api_key", Code::Unreachable)]);
            assert_eq!(text(address, &name, "AWSCURRENT").unwrap(), KEYS);
            assert!(proxy.calls(&When::operation("PutSecretValue")) <= 2);
        }
    }
}

#[test]
fn what_cannot_be_written_to() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Odd {
        #[secret(source = aws(key = "K", version_stage = "AWSPREVIOUS"))]
        previous: Option<SecretString>,
        #[secret(source = aws("no/such/secret"))]
        nowhere: Option<SecretString>,
        #[secret(source = aws)]
        bytes: Option<SecretString>,
    }
    for emulator in aws_emulators() {
        let (address, name) = (emulator.address(), unique("bytes"));
        ask(address, "CreateSecret", &json!({ "Name": name, "SecretBinary": "/wABgA==" }));
        for (field, code, words) in [
            ("previous", Code::Denied, "a source with a version_stage is only read"),
            ("nowhere", Code::StoreUnavailable, "not found"),
        ] {
            let report = at::<Odd>(address, &name).rotate_secret_blocking(field, "new".into()).unwrap_err();
            assert_eq!(codes(&report), [(field, code)], "{report}");
            assert!(line(&report).contains(words), "{report}");
        }
        let report = at::<Odd>(address, &name).rotate_secret_blocking("bytes", "new".into()).unwrap_err();
        assert_eq!(codes(&report)[0].0, "bytes");
    }
}

#[test]
fn a_secret_without_a_value_takes_its_first_one() {
    // ministack has no secret without a value.
    let Some(moto) = moto() else { return };
    let (address, name) = (moto.address(), unique("empty"));
    ask(address, "CreateSecret", &json!({ "Name": name }));
    at::<Chat>(address, &name).rotate_secret_blocking("gateway_token", "new".into()).unwrap();
    assert_eq!(current(address, &name), json!({ "GATEWAY_TOKEN": "new" }));
}

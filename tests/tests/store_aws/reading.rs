//! What is there: names, ARNs, keys, versions, text and bytes.

use serde_json::json;
use settings_core::report::Code;
use settings_core::store::{Aws, SecretKey};
use settings_core::testing::store_conformance;
use settings_core::{ExposeSecret, SecretSlice, SecretString, Settings};
use settings_tests::fault::{FaultProxy, Nobody, When, aws as answers};
use settings_tests::servers::aws::create;
use settings_tests::servers::{AWS_KEY, AWS_REGION, Server, aws_emulators, unique};

use super::{ask, at, change, codes, line, report};

/// One secret of a service, with a key for each field.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[secret(env = "OPENAI_API_KEY", source = aws, format = openai)]
    openai_api_key: SecretString,
    #[secret(source = aws)]
    gateway_token: Option<SecretString>,
    #[secret(source = aws(key = "pg.password"))]
    db_password: Option<SecretString>,
    #[secret(source = aws(raw))]
    everything: Option<SecretString>,
}

fn each(test: impl Fn(&Server)) {
    for emulator in aws_emulators() {
        test(&emulator);
    }
}

#[test]
fn the_keys_of_one_secret() {
    each(|emulator| {
        let name = unique("eis-dynamics/api-keys");
        let text = r#"{"openai_api_key": "sk-test-key", "GATEWAY_TOKEN": "test-token", "pg.password": "test-word"}"#;
        create(emulator.address(), &name, text);
        let chat: Chat = at(emulator.address(), &name).load_blocking().unwrap();
        assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
        assert_eq!(chat.gateway_token.unwrap().expose_secret(), "test-token");
        assert_eq!(chat.db_password.unwrap().expose_secret(), "test-word");
        assert_eq!(chat.everything.unwrap().expose_secret(), text);
    });
}

/// Secrets of a name of their own, which a profile completes.
#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none, profile_env = "STAGE")]
struct Named {
    #[secret(source = aws("{profile}/gateway-token"))]
    gateway_token: SecretString,
    #[secret(source = aws("{profile}/signing-key"))]
    signing_key: SecretSlice<u8>,
    #[secret(nested, source = aws("{profile}/db"))]
    db: Database,
}

#[derive(Settings)]
struct Database {
    #[secret]
    password: SecretString,
    #[secret]
    replica_password: Option<SecretString>,
}

#[test]
fn secrets_of_their_own_names() {
    each(|emulator| {
        let (address, stage) = (emulator.address(), unique("prod"));
        create(address, &format!("{stage}/gateway-token"), "test-token");
        create(address, &format!("{stage}/db"), r#"{"password": "test-word", "port": 5432}"#);
        let binary = json!({ "Name": format!("{stage}/signing-key"), "SecretBinary": "/wABgA==" });
        ask(address, "CreateSecret", &binary);
        let named: Named = at(address, "").env([("STAGE", &*stage)]).profile(&stage).load_blocking().unwrap();
        assert_eq!(named.gateway_token.expose_secret(), "test-token");
        assert_eq!(named.signing_key.expose_secret(), [0xff, 0, 1, 0x80]);
        assert_eq!(named.db.password.expose_secret(), "test-word");
        assert!(named.db.replica_password.is_none());
    });
}

pub(crate) fn client(address: &str) -> aws_sdk_secretsmanager::Client {
    use aws_sdk_secretsmanager::config::{BehaviorVersion, Builder, Credentials, Region};
    let credentials = Credentials::new(AWS_KEY, AWS_KEY, None, None, "tests");
    let config = Builder::new()
        .behavior_version(BehaviorVersion::v2026_01_12())
        .region(Region::new(AWS_REGION))
        .credentials_provider(credentials)
        .endpoint_url(address);
    aws_sdk_secretsmanager::Client::from_conf(config.build())
}

fn aws(address: &str) -> Aws {
    Aws::from_client(&client(address))
}

fn arn(address: &str, name: &str) -> String {
    let described = ask(address, "DescribeSecret", &json!({ "SecretId": name }));
    described["ARN"].as_str().unwrap().to_owned()
}

#[test]
fn a_secret_by_its_arn() {
    each(|emulator| {
        let (address, name) = (emulator.address(), unique("api-keys"));
        create(address, &name, r#"{"OPENAI_API_KEY": "sk-test-key"}"#);
        let arn = arn(address, &name);
        let chat: Chat = at(address, &arn).load_blocking().unwrap();
        assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
    });
}

#[test]
fn an_arn_leads_to_its_region() {
    for emulator in aws_emulators() {
        let proxy = FaultProxy::http(emulator.address());
        let arn = format!("arn:aws:secretsmanager:eu-north-1:123456789012:secret:{}", unique("keys"));
        let _ = at::<Chat>(&proxy.address(), &arn).load_blocking();
        let seen = proxy.seen();
        assert_eq!(seen.len(), 1);
        assert!(seen[0].header("authorization").unwrap().contains("/eu-north-1/secretsmanager/"));
    }
}

/// A label of a version, beside the current one.
#[derive(Settings)]
#[settings(env_file = none)]
struct Versions {
    #[secret(source = aws(key = "KEY"))]
    current: SecretString,
    #[secret(source = aws(key = "KEY", version_stage = "AWSCURRENT"))]
    labelled: SecretString,
    #[secret(source = aws(key = "KEY", version_stage = "AWSPREVIOUS"))]
    previous: SecretString,
}

#[test]
fn versions_by_their_labels() {
    each(|emulator| {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, r#"{"KEY": "old"}"#);
        change(address, &name, r#"{"KEY": "new"}"#);
        let versions: Versions = at(address, &name).load_blocking().unwrap();
        assert_eq!(versions.current.expose_secret(), "new");
        assert_eq!(versions.labelled.expose_secret(), "new");
        assert_eq!(versions.previous.expose_secret(), "old");
    });
}

#[test]
fn a_label_that_no_version_has() {
    each(|emulator| {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, r#"{"KEY": "only"}"#);
        let report = report(at::<Versions>(address, &name));
        assert_eq!(codes(&report), [("previous", Code::Missing)], "{report}");
        assert!(
            line(&report).contains("(AWSPREVIOUS) not found (there is no version `AWSPREVIOUS` of it)"),
            "{report}"
        );
    });
}

#[test]
fn a_version_is_shown_by_explain() {
    each(|emulator| {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, r#"{"OPENAI_API_KEY": "sk-test-old"}"#);
        let version = change(address, &name, r#"{"OPENAI_API_KEY": "sk-test-key"}"#);
        let explanation = at::<Chat>(address, &name).explain_blocking().unwrap();
        let row = &explanation.rows()[0];
        assert_eq!((row.layer(), row.place()), ("aws", &*format!("{name}#OPENAI_API_KEY")));
        assert_eq!(row.version(), Some(&*version));
        assert!(!explanation.to_string().contains("sk-test"), "{explanation}");
    });
}

#[test]
fn a_secret_of_the_greatest_size() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Big {
        #[secret(source = aws(raw))]
        certificates: SecretString,
    }
    each(|emulator| {
        let (address, name, text) = (emulator.address(), unique("big"), "0123456789abcdef".repeat(4096));
        create(address, &name, &text);
        let big: Big = at(address, &name).load_blocking().unwrap();
        assert!(big.certificates.expose_secret() == text);
    });
}

#[test]
fn what_is_no_json_object_where_several_values_are_wanted() {
    each(|emulator| {
        for text in ["just text", r#"{"OPENAI_API_KEY": "sk-test"#] {
            let (address, name) = (emulator.address(), unique("keys"));
            create(address, &name, text);
            let report = report(at::<Chat>(address, &name));
            let invalid = ["openai_api_key", "gateway_token", "db_password"].map(|path| (path, Code::Invalid));
            assert_eq!(codes(&report), invalid, "{report}");
            assert!(!report.to_string().contains("sk-test"), "{report}");
        }
    });
}

#[test]
fn bytes_where_text_is_wanted() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Text {
        #[secret(source = aws)]
        gateway_token: SecretString,
    }
    each(|emulator| {
        let (address, name) = (emulator.address(), unique("bytes"));
        ask(address, "CreateSecret", &json!({ "Name": name, "SecretBinary": "/wABgA==" }));
        assert_eq!(codes(&report(at::<Text>(address, &name))), [("gateway_token", Code::NotUtf8)]);
        // Where a key is wanted too.
        let report = report(at::<Versions>(address, &name));
        assert!(line(&report).contains("bytes where a JSON object is wanted"), "{report}");
    });
}

#[test]
fn bytes_that_are_json_are_read_as_text_is() {
    each(|emulator| {
        let (address, name) = (emulator.address(), unique("keys"));
        // {"OPENAI_API_KEY": "sk-test-key"}
        let binary = "eyJPUEVOQUlfQVBJX0tFWSI6ICJzay10ZXN0LWtleSJ9";
        ask(address, "CreateSecret", &json!({ "Name": name, "SecretBinary": binary }));
        let chat: Chat = at(address, &name).load_blocking().unwrap();
        assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
    });
}

#[test]
fn a_store_that_code_brings() {
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_sdk_secretsmanager::config::{Credentials, SharedCredentialsProvider};
    each(|emulator| {
        let (address, name) = (emulator.address(), unique("keys"));
        create(address, &name, r#"{"OPENAI_API_KEY": "sk-test-key"}"#);
        let credentials = Credentials::new(AWS_KEY, AWS_KEY, None, None, "tests");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::new(AWS_REGION))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url(address)
            .build();
        for store in [aws(address), Aws::from_config(&config)] {
            let shown = format!("{store:?}");
            assert_eq!(shown, r#"Aws { region: Some("us-east-1"), secret_name: None, .. }"#);
            let loader = Chat::loader().hermetic().store("aws", store.secret_name(&name));
            assert_eq!(loader.load_blocking().unwrap().openai_api_key.expose_secret(), "sk-test-key");
        }
        let report = report(Chat::loader().hermetic().store("aws", aws(address)));
        let told = "not configured (neither the source nor AWS_SECRET_NAME names a secret)";
        assert!(line(&report).contains(told), "{report}");
    });
}

#[test]
fn plain_http_to_another_machine_wants_to_be_allowed() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        #[secret(source = aws("keys"))]
        api_key: SecretString,
    }
    for elsewhere in ["http://10.255.255.1.invalid:4566", "HTTP://aws.invalid", "http://127.0.0.1.invalid"] {
        let load = |store: Aws| report(Keys::loader().hermetic().store("aws", store));
        let refused = load(aws(elsewhere));
        assert_eq!(codes(&refused), [("api_key", Code::StoreMisconfigured)], "{refused}");
        let told = "the endpoint is plain http to another machine: use https, or set AWS_ALLOW_HTTP=1";
        assert!(line(&refused).contains(told), "{refused}");
        // Nobody has such a name, and it was asked for.
        let allowed = load(aws(elsewhere).allow_http());
        assert_eq!(codes(&allowed), [("api_key", Code::Unreachable)], "{allowed}");
    }
    // To this machine it needs no word.
    let nobody = Nobody::new();
    let here = report(Keys::loader().hermetic().store("aws", aws(&nobody.address())));
    assert!(line(&here).contains("connection refused"), "{here}");
}

#[test]
fn what_every_store_has_to_do() {
    each(|emulator| {
        let address = emulator.address();
        let (keys, plain, other) = (unique("keys"), unique("plain"), unique("other"));
        create(address, &keys, r#"{"A": "value-of-a", "b": "value-of-b", "N": null, "E": ""}"#);
        create(address, &plain, "a plain text");
        create(address, &other, r#"{"A": "value-of-other"}"#);
        let denying = FaultProxy::aws(address, AWS_REGION);
        denying.inject(When::any(), answers::access_denied());
        let nobody = Nobody::new();
        let key = |name: &str| SecretKey::new(name);
        store_conformance(aws(address).secret_name(&keys))
            .holds(key("A"), "value-of-a")
            .holds(key("B"), "value-of-b")
            .holds(key("A").named(&arn(address, &keys)), "value-of-a")
            .holds(key("A").named(&keys).with("version_stage", "AWSCURRENT"), "value-of-a")
            .holds(key("C").named(&plain), "a plain text")
            .holds(key("A").named(&other), "value-of-other")
            .lacks(key("C"))
            .lacks(key("N"))
            .lacks(key("E"))
            .lacks(key("A").named(&unique("none")))
            .lacks(key("A").named("no such name: ever"))
            .lacks(key("A").with("version_stage", "NONE"))
            .misfits(key("C").named(&plain).with("key", "C"))
            .refuses(aws(&denying.address()), key("A").named(&keys))
            .does_not_answer(aws(&nobody.address()), key("A").named(&keys))
            .writes(key("B"), "new \"value\" of b")
            .writes(key("C"), "value-of-c")
            .writes(key("C").named(&plain), "another text")
            .run();
    });
}

//! What a program that listens to everything hears of AWS: no secret, and no credential. A binary of its own, because the
//! listener is that of the whole process: stores are asked on another thread than the test's.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use settings_core::{Loader, SecretString, Settings};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When, aws};
use settings_tests::{EnvFile, leak};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

#[derive(Settings)]
#[settings(env_file = none)]
struct Keys {
    #[secret(source = aws("a"), min_len = 5)]
    one_key: SecretString,
    #[secret(source = aws("b"))]
    other_key: SecretString,
    #[secret(source = aws("c", version_stage = "AWSPREVIOUS"))]
    old_key: Option<SecretString>,
}

/// Writes down everything.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<String>>);

impl Subscriber for Listener {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Line(self));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Line(self));
    }

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Line(self));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line<'l>(&'l Listener);

impl Visit for Line<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        writeln!(self.0.0.lock().unwrap(), "{field}={value:?}").unwrap();
    }
}

/// What stands in secrets and in credentials.
const SECRETS: [&str; 5] = ["qz7xw0kvj2mm", "uq3zx9wkp5yy", "wz9Q/x+7kjvB3", "kx2vqz8wj4nn", "jq6wzx3kv9ff"];
/// What the service says of its errors. The SDK logs that, and AWS puts no secret there.
const TOLD: &str = "vx4qj8zkw6hh";

fn loader(address: &str) -> Loader<Keys> {
    Keys::loader().env([
        ("AWS_ENDPOINT_URL", address),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDTEST"),
        ("AWS_SECRET_ACCESS_KEY", "wz9Q/x+7kjvB3"),
        ("AWS_SESSION_TOKEN", "kx2vqz8wj4nn"),
    ])
}

fn secret(name: &str) -> Value {
    json!({ "Name": name, "VersionId": "v1", "SecretString": format!("qz7xw0kvj2mm {name}") })
}

#[test]
fn nothing_that_is_logged_holds_a_secret() {
    let listener = Listener::default();
    tracing::subscriber::set_global_default(listener.clone()).unwrap();

    let nobody = Nobody::new();
    let proxy = FaultProxy::http(&nobody.address());
    let answers = || {
        let both = json!({ "SecretValues": [secret("a"), secret("b")], "Errors": [] });
        proxy.inject(When::operation("BatchGetSecretValue"), Fault::json(200, &both));
        proxy.inject(When::operation("GetSecretValue"), Fault::json(200, &secret("c")));
        proxy.inject(When::operation("PutSecretValue"), Fault::json(200, &json!({ "VersionId": "v2" })));
        proxy.inject(When::operation("UpdateSecretVersionStage"), Fault::json(200, &json!({})));
    };
    answers();
    let mut shown = String::new();
    loader(&proxy.address()).load_blocking().unwrap();
    loader(&proxy.address()).rotate_secret_blocking("one_key", "uq3zx9wkp5yy".into()).unwrap();
    for fault in [
        aws::error(400, "AccessDeniedException", "vx4qj8zkw6hh"),
        aws::error(500, "InternalServiceError", "vx4qj8zkw6hh"),
        aws::error(400, "SomethingNew", "vx4qj8zkw6hh"),
        Fault::answer(502, "text/html", "vx4qj8zkw6hh"),
        Fault::answer(200, "text/html", "vx4qj8zkw6hh"),
        Fault::json(200, &json!({ "SecretString": ["vx4qj8zkw6hh"], "SecretBinary": "vx4qj8zkw6hh" })),
        Fault::answer(200, "application/x-amz-json-1.1", "{\"SecretString\": \"qz7xw0kvj2mm"),
    ] {
        proxy.clear_faults();
        proxy.inject(When::any(), fault);
        let report = loader(&proxy.address()).load_blocking().err().unwrap();
        write!(shown, "{report} {report:?} {}", report.to_json()).unwrap();
        let rotation = loader(&proxy.address()).rotate_secret_blocking("one_key", "uq3zx9wkp5yy".into());
        write!(shown, "{:?}", rotation.unwrap_err()).unwrap();
    }
    // Credentials of other kinds: of a container, of a profile, of a role by a web identity, of an instance, and none.
    proxy.clear_faults();
    answers();
    let key = json!({
        "AccessKeyId": "AKIDTASK", "SecretAccessKey": "wz9Q/x+7kjvB3", "Token": "kx2vqz8wj4nn", "Code": "Success",
        "Expiration": "2099-01-01T00:00:00Z",
    });
    proxy.inject(When::request("GET", "/credentials"), Fault::json(200, &key));
    proxy.inject(When::request("GET", "/latest/meta-data/iam/security-credentials/role"), Fault::json(200, &key));
    proxy.inject(When::request("GET", "/latest/meta-data/"), Fault::answer(200, "text/plain", "role"));
    // The SDK logs this one. It is good for asking this instance, by this instance.
    let token =
        Fault::answer(200, "text/plain", "metadata-token").with_header("x-aws-ec2-metadata-token-ttl-seconds", "60");
    proxy.inject(When::request("PUT", "/latest/api/token"), token);
    let role = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>\
        <SecretAccessKey>wz9Q/x+7kjvB3</SecretAccessKey><SessionToken>kx2vqz8wj4nn</SessionToken>\
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
        </AssumeRoleWithWebIdentityResponse>";
    proxy.inject(When::request("POST", "/sts"), Fault::answer(200, "text/xml", role));
    let profile = EnvFile::new(
        "[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = wz9Q/x+7kjvB3\naws_session_token = kx2vqz8wj4nn\n",
    );
    let token = EnvFile::new("jq6wzx3kv9ff");
    let (address, uri, sts) =
        (proxy.address(), format!("{}/credentials", proxy.address()), format!("{}/sts", proxy.address()));
    let container = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*uri);
    for (variables, signer) in [
        (&[container][..], Some("AKIDTASK")),
        (&[container, ("AWS_CONFIG_FILE", profile.path().to_str().unwrap())], Some("AKIDFILE")),
        (
            &[
                container,
                ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/chat"),
                ("AWS_WEB_IDENTITY_TOKEN_FILE", token.path().to_str().unwrap()),
                ("AWS_ENDPOINT_URL_STS", &*sts),
            ],
            Some("AKIDROLE"),
        ),
        (&[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*address)], Some("AKIDTASK")),
        (&[("AWS_EC2_METADATA_DISABLED", "true")], None),
    ] {
        proxy.forget_calls();
        let always = [
            ("AWS_ENDPOINT_URL", &*address),
            ("AWS_REGION", "us-east-1"),
            ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "jq6wzx3kv9ff"),
        ];
        let loaded = Keys::loader().env(always).env(variables.iter().copied()).load_blocking();
        assert_eq!(loaded.is_ok(), signer.is_some(), "{variables:?}");
        let seen = proxy.seen();
        assert_eq!(seen.last().and_then(|seen| seen.access_key()), signer, "{variables:?}");
    }

    let heard = listener.0.lock().unwrap().clone();
    assert!(heard.len() > 100_000 && heard.contains("secretsmanager"), "the SDK is heard: {}", heard.len());
    let holds = |text: &str, canary: &str| {
        text.lines().find(|line| leak(line, canary).is_some()).map(|line| line.chars().take(600).collect::<String>())
    };
    for secret in SECRETS {
        assert_eq!(holds(&heard, secret), None, "{secret} stands in a log");
        assert_eq!(holds(&shown, secret), None, "{secret} stands in a report");
    }
    assert_eq!(holds(&shown, TOLD), None);
    assert!(holds(&heard, TOLD).is_some(), "what is in an answer could be heard");
}

//! What is not there, or does not answer, and what the report makes of it. No server is needed: the faults are the answers.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use settings_core::report::Code;
use settings_core::{ExposeSecret, SecretString, Settings};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When, aws};
use settings_tests::servers::AWS_REGION;

use super::{at, codes, line, report};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Chat {
    #[secret(env = "OPENAI_API_KEY", source = aws("chat/api-keys"), format = openai)]
    openai_api_key: SecretString,
}

#[derive(Settings)]
#[settings(env_prefix = "CHAT_", env_file = none)]
struct Optional {
    #[secret(source = aws("chat/gateway-token"))]
    gateway_token: Option<SecretString>,
}

/// In front of nothing: every request that is not met by a fault is dropped.
fn proxy() -> (FaultProxy, Nobody) {
    let nobody = Nobody::new();
    (FaultProxy::aws(&nobody.address(), AWS_REGION), nobody)
}

/// Answers with a secret, or with anything else that the service says with success.
fn answer(body: &Value) -> Fault {
    Fault::answer(200, "application/x-amz-json-1.1", &body.to_string())
}

fn secret(text: &str) -> Fault {
    answer(&json!({ "Name": "chat/api-keys", "VersionId": "v1", "SecretString": text }))
}

/// The code, how often the service is asked, and some words of the report, for each fault that does not go away.
fn cases() -> Vec<(&'static str, Fault, Code, usize, &'static str)> {
    let error = aws::error;
    let binary = answer(&json!({ "Name": "chat/api-keys", "SecretBinary": "/wABgA==" }));
    let access = "<AccessDeniedException><Message>canary-word</Message></AccessDeniedException>";
    vec![
        ("no such secret", aws::not_found(), Code::Missing, 1, "not found"),
        (
            "deleted",
            error(400, "InvalidRequestException", "You can't perform this operation: marked for deletion. canary-word"),
            Code::Missing,
            1,
            "not found (it is marked for deletion)",
        ),
        (
            "no valid name",
            error(400, "InvalidParameterException", "canary-word"),
            Code::Missing,
            1,
            "takes no such name",
        ),
        ("nothing in it", answer(&json!({ "Name": "chat/api-keys" })), Code::Missing, 1, "not found (it has no value)"),
        ("empty text", secret(""), Code::Missing, 1, "not found (it is empty)"),
        ("no such key", secret(r#"{"OTHER": "canary-word"}"#), Code::Missing, 1, "it has no key `OPENAI_API_KEY`"),
        ("null", secret(r#"{"OPENAI_API_KEY": null}"#), Code::Missing, 1, "its key `OPENAI_API_KEY` is null"),
        ("empty key", secret(r#"{"OPENAI_API_KEY": ""}"#), Code::Missing, 1, "its key `OPENAI_API_KEY` is empty"),
        ("broken object", secret(r#"{"OPENAI_API_KEY": "canary-word"#), Code::Invalid, 1, "is no JSON object"),
        ("another provider's key", secret("canary-word"), Code::Invalid, 1, "begins with sk-"),
        ("bytes", binary, Code::NotUtf8, 1, ""),
        (
            "denied",
            aws::access_denied(),
            Code::Denied,
            1,
            "access denied (the right secretsmanager:GetSecretValue is missing)",
        ),
        (
            "denied in another protocol",
            Fault::answer(403, "text/xml", access),
            Code::Denied,
            1,
            "the right secretsmanager:GetSecretValue is missing",
        ),
        (
            "denied by KMS",
            error(400, "AccessDeniedException", "Access to KMS is not allowed. canary-word"),
            Code::Denied,
            1,
            "the right kms:Decrypt is missing",
        ),
        ("not decrypted", aws::decryption_failure(), Code::Denied, 1, "the right kms:Decrypt is missing"),
        ("token of yesterday", aws::expired_token(), Code::Denied, 1, "the session token has expired"),
        (
            "wrong signature",
            error(403, "InvalidSignatureException", "The request signature we calculated: canary-word"),
            Code::Denied,
            1,
            "AWS_SECRET_ACCESS_KEY is wrong",
        ),
        (
            "unknown key",
            error(400, "UnrecognizedClientException", "The security token is invalid. canary-word"),
            Code::Denied,
            1,
            "AWS does not know the access key",
        ),
        ("throttled", aws::throttling(), Code::Unreachable, 3, "throttled, 3 tries"),
        ("throttled by status", Fault::answer(429, "text/html", "slow"), Code::Unreachable, 3, "throttled, 3 tries"),
        ("broken service", aws::internal_error(), Code::Unreachable, 3, "HTTP 500, 3 tries"),
        ("no service behind", Fault::bad_gateway(), Code::Unreachable, 3, "HTTP 502, 3 tries"),
        ("dropped", Fault::Drop, Code::Unreachable, 3, "connection dropped, 3 tries"),
        ("garbage", Fault::garbage(), Code::Invalid, 1, "the answer is not the JSON of Secrets Manager"),
        (
            "a page",
            Fault::answer(200, "text/html", "<html>canary-word</html>"),
            Code::Invalid,
            1,
            "the answer is not the JSON of Secrets Manager",
        ),
    ]
}

#[test]
fn each_failure_is_told_for_what_it_is() {
    for (name, fault, code, calls, words) in cases() {
        let (proxy, _nobody) = proxy();
        proxy.inject(When::any(), fault);
        let report = report(at::<Chat>(&proxy.address(), ""));
        assert_eq!(codes(&report), [("openai_api_key", code)], "{name}: {report}");
        assert!(line(&report).contains(words), "{name}: {report}");
        assert_eq!(proxy.calls(&When::operation("GetSecretValue")), calls, "{name}");
        assert_eq!(proxy.seen().len(), calls, "{name}");
        assert_eq!(proxy.violations(), [""; 0]);
        assert!(!format!("{report:?}{}", report.to_json()).contains("canary"), "{name}: {report}");
    }
}

#[test]
fn an_optional_secret_is_none_only_where_it_is_known_that_there_is_none() {
    for (name, fault, code, ..) in cases() {
        let (proxy, _nobody) = proxy();
        proxy.inject(When::any(), fault);
        let loaded = at::<Optional>(&proxy.address(), "").load_blocking();
        match (loaded, code) {
            // The format that these break is not asked for here.
            (Ok(chat), _) if name == "another provider's key" => assert!(chat.gateway_token.is_some()),
            (Ok(chat), Code::Missing) => assert!(chat.gateway_token.is_none(), "{name}"),
            (Err(report), code) => assert_eq!(codes(&report), [("gateway_token", code)], "{name}"),
            (Ok(_), _) => panic!("{name} is no error"),
        }
    }
}

#[test]
fn a_failure_that_goes_away_is_not_noticed() {
    let faults = [aws::throttling(), aws::internal_error(), Fault::bad_gateway(), Fault::Drop];
    for fault in faults {
        let (proxy, _nobody) = proxy();
        proxy.inject(When::any().first(2), fault.clone());
        proxy.inject(When::any(), secret("sk-test-key"));
        let chat: Chat = at(&proxy.address(), "").load_blocking().unwrap();
        assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
        assert_eq!(proxy.seen().len(), 3, "{fault:?}");
    }
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let (upstream, _nobody) = proxy();
    upstream.inject(When::any(), secret("sk-test-key"));
    let proxy = FaultProxy::aws(&upstream.address(), AWS_REGION);
    proxy.inject(When::any().first(1), Fault::Cut);
    let chat: Chat = at(&proxy.address(), "").load_blocking().unwrap();
    assert_eq!(chat.openai_api_key.expose_secret(), "sk-test-key");
    assert_eq!(proxy.seen().len(), 2);
}

#[test]
fn a_wish_to_wait_is_granted() {
    let (proxy, _nobody) = proxy();
    proxy.inject(When::any().first(1), aws::throttling().with_header("retry-after", "1"));
    proxy.inject(When::any(), secret("sk-test-key"));
    let start = Instant::now();
    at::<Chat>(&proxy.address(), "").load_blocking().unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
}

#[test]
fn a_load_ends_at_its_deadline() {
    let (proxy, _nobody) = proxy();
    proxy.inject(When::any(), Fault::Delay(Duration::from_secs(20)));
    let start = Instant::now();
    let report = report(at::<Chat>(&proxy.address(), "").timeout(Duration::from_millis(1500)));
    let took = start.elapsed();
    assert!((1500..1650).contains(&took.as_millis()), "{took:?}");
    assert_eq!(codes(&report), [("openai_api_key", Code::Unreachable)]);
    assert!(line(&report).contains("timed out after 1s 500ms"), "{report}");
    assert_eq!(report.exit_code(), 75);
}

#[test]
fn nobody_there_is_said_within_a_second() {
    let nobody = Nobody::new();
    let start = Instant::now();
    let report = report(at::<Chat>(&nobody.address(), ""));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(codes(&report), [("openai_api_key", Code::Unreachable)]);
    assert!(line(&report).contains("connection refused, 3 tries"), "{report}");
}

#[test]
fn what_is_not_configured_is_missing_and_nobody_is_asked() {
    let start = Instant::now();
    assert!(Optional::loader().env([("A", "")]).load_blocking().unwrap().gateway_token.is_none());
    let report = report(Chat::loader().env([("A", "")]));
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    assert_eq!(codes(&report), [("openai_api_key", Code::Missing)]);
    assert!(line(&report).contains("aws chat/api-keys not configured (AWS_REGION is not set)"), "{report}");
}

#[test]
fn a_change_that_breaks_one_key_and_drops_another_is_told_at_once() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        #[secret(source = aws, prefix = "sk-ant-")]
        anthropic_api_key: SecretString,
        #[secret(source = aws)]
        openai_api_key: SecretString,
    }
    let (proxy, _nobody) = proxy();
    proxy.inject(When::any(), secret(r#"{"ANTHROPIC_API_KEY": "new-key"}"#));
    let report = report(at::<Keys>(&proxy.address(), "eis-dynamics/api-keys"));
    assert_eq!(codes(&report), [("anthropic_api_key", Code::Invalid), ("openai_api_key", Code::Missing)]);
    assert!(!format!("{report:?}{}", report.to_json()).contains("new-key"), "{report}");
}

#[test]
fn a_plain_text_of_64_kilobytes_in_a_broken_object() {
    let (proxy, _nobody) = proxy();
    proxy.inject(When::any(), secret(&format!("{{{}", "canary-word ".repeat(5461))));
    let report = report(at::<Chat>(&proxy.address(), ""));
    assert_eq!(codes(&report), [("openai_api_key", Code::Invalid)]);
    assert!(format!("{report:?}").len() < 2000);
}

//! The faults that tests of stores put in front of servers are what they say, and all else is forwarded as it came.
#![cfg(feature = "servers")]

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When, aws as fault, vault};
use settings_tests::servers::{self, AWS_REGION, aws, client};

/// A server that says that every secret is `sk-test-key`.
fn stub() -> FaultProxy {
    let stub = FaultProxy::http("http://127.0.0.1:1");
    stub.inject(When::any(), Fault::json(200, &json!({ "SecretString": "sk-test-key" })).with_header("x-from", "stub"));
    stub
}

#[expect(clippy::unwrap_used, reason = "a test without its answer has failed")]
fn get(address: &str, secret: &str) -> (u16, Value) {
    let answer = aws::call(address, "GetSecretValue", &json!({ "SecretId": secret })).unwrap();
    (answer.status, answer.body)
}

fn found() -> (u16, Value) {
    (200, json!({ "SecretString": "sk-test-key" }))
}

#[test]
fn requests_and_answers_are_forwarded_as_they_are() {
    let stub = stub();
    let proxy = FaultProxy::http(&stub.address());
    let to = format!("{}/v1/secret/data/a%2Fb?version=2", proxy.address());
    let call =
        client().put(to).header("X-Vault-Token", "root").header("X-Other", "1").header("Keep-Alive", "timeout=5");
    let mut answer = call.send(r#"{"a": [1]}"#).unwrap();

    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-from"], "stub");
    assert_eq!(answer.body_mut().read_to_string().unwrap(), r#"{"SecretString":"sk-test-key"}"#);
    for place in [&stub, &proxy] {
        let seen = &place.seen()[..];
        assert_eq!(seen.len(), 1);
        assert_eq!((seen[0].method.as_str(), seen[0].path.as_str()), ("PUT", "/v1/secret/data/a%2Fb?version=2"));
        assert_eq!((seen[0].header("x-vault-token"), seen[0].header("x-other")), (Some("root"), Some("1")));
        assert_eq!(seen[0].header("host"), proxy.address().strip_prefix("http://"), "what a client signed");
        assert_eq!(seen[0].body, json!({ "a": [1] }));
    }
    assert_eq!(proxy.seen()[0].header("keep-alive"), Some("timeout=5"));
    assert_eq!(stub.seen()[0].header("keep-alive"), None, "it is about the connection to the proxy");
    assert_eq!(proxy.violations(), [""; 0]);
}

#[test]
fn a_request_is_shown_without_what_may_be_secret() {
    let stub = stub();
    aws::create(&stub.address(), "chat/key", "sk-test-key");
    assert_eq!(format!("{:?}", stub.seen()), "[POST / CreateSecret]");
    assert_eq!(stub.seen()[0].access_key(), Some("testing"));
}

#[test]
fn a_server_that_is_gone_is_a_dropped_connection_and_a_violation() {
    let nobody = Nobody::new();
    let proxy = FaultProxy::aws(&nobody.address(), AWS_REGION);
    assert!(aws::call(&proxy.address(), "GetSecretValue", &json!({ "SecretId": "a" })).is_err());
    assert_eq!(proxy.violations().len(), 1);
    assert!(proxy.violations()[0].starts_with("POST / could not be forwarded: "), "{:?}", proxy.violations());
}

#[test]
fn calls_and_connections_are_counted() {
    let stub = stub();
    let proxy = FaultProxy::http(&stub.address());
    let client = client();
    for operation in ["GetSecretValue", "GetSecretValue", "PutSecretValue"] {
        let call = client.post(proxy.address()).header("X-Amz-Target", format!("secretsmanager.{operation}"));
        call.send("{}").unwrap().body_mut().read_to_string().unwrap();
    }
    assert_eq!(proxy.calls(&When::operation("GetSecretValue")), 2);
    assert_eq!(proxy.calls(&When::operation("PutSecretValue")), 1);
    assert_eq!(proxy.calls(&When::operation("DescribeSecret")), 0);
    assert_eq!(proxy.calls(&When::any()), 3);
    assert_eq!(proxy.connections(), 1, "the client keeps its connection");
    assert_eq!(proxy.most_at_once(), 1);

    proxy.forget_calls();
    assert_eq!((proxy.calls(&When::any()), proxy.connections(), proxy.most_at_once()), (0, 0, 0));
    get(&proxy.address(), "a");
    assert_eq!((proxy.calls(&When::any()), proxy.connections(), proxy.most_at_once()), (1, 1, 1));
}

#[test]
fn requests_that_overlap_are_seen_to() {
    let stub = stub();
    let proxy = FaultProxy::http(&stub.address());
    proxy.inject(When::any(), Fault::Delay(Duration::from_millis(300)));
    let start = Instant::now();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| assert_eq!(get(&proxy.address(), "a"), found()));
        }
    });
    assert_eq!((proxy.most_at_once(), proxy.connections()), (8, 8));
    assert!(start.elapsed() < Duration::from_millis(8 * 300), "one does not wait for the other");
}

#[test]
fn errors_of_aws_have_their_code_and_status() {
    let stub = stub();
    for (fault, status, code) in [
        (fault::access_denied(), 400, "AccessDeniedException"),
        (fault::throttling(), 400, "ThrottlingException"),
        (fault::expired_token(), 400, "ExpiredTokenException"),
        (fault::internal_error(), 500, "InternalServiceError"),
        (fault::decryption_failure(), 400, "DecryptionFailure"),
        (fault::not_found(), 400, "ResourceNotFoundException"),
    ] {
        let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
        proxy.inject(When::any(), fault);
        let (found, body) = get(&proxy.address(), "a");
        assert_eq!((found, body["__type"].as_str()), (status, Some(code)));
        assert!(body["message"].as_str().is_some_and(|message| !message.is_empty()));
        assert_eq!(proxy.violations(), [""; 0]);
    }
    assert_eq!(stub.calls(&When::any()), 0);
}

#[test]
fn errors_of_vault_have_their_status_and_headers() {
    let stub = stub();
    for (fault, status, wait, message) in [
        (vault::sealed(), 503, None, "Vault is sealed"),
        (vault::permission_denied(), 403, None, "permission denied"),
        (vault::too_many_requests(Some("7")), 429, Some("7"), "rate limit quota exceeded"),
        (vault::too_many_requests(None), 429, None, "rate limit quota exceeded"),
    ] {
        let proxy = FaultProxy::http(&stub.address());
        proxy.inject(When::request("GET", "/v1/secret/data/"), fault);
        let mut answer = client().get(format!("{}/v1/secret/data/chat", proxy.address())).call().unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers().get("retry-after").and_then(|value| value.to_str().ok()), wait);
        let body: Value = serde_json::from_str(&answer.body_mut().read_to_string().unwrap()).unwrap();
        assert!(body["errors"][0].as_str().is_some_and(|error| error.ends_with(message)), "{body}");

        let other = client().get(format!("{}/v1/sys/health", proxy.address())).call().unwrap();
        assert_eq!(other.status(), 200, "another path is forwarded");
    }
}

#[test]
fn a_gateway_and_garbage_answer_what_no_store_would() {
    let stub = stub();
    let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
    proxy.inject(When::any().first(1), Fault::bad_gateway());
    proxy.inject(When::any(), Fault::garbage());
    let mut page = client().post(proxy.address()).send("{}").unwrap();
    assert_eq!(page.status(), 400, "an unsigned request");

    assert_eq!(get(&proxy.address(), "a"), (502, Value::Null));
    assert_eq!(get(&proxy.address(), "a"), (200, Value::Null));
    page = client().post(stub.address()).send("{}").unwrap();
    assert_eq!(page.status(), 200);
}

#[test]
fn a_dropped_connection_has_no_answer() {
    let stub = stub();
    let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
    proxy.inject(When::any().first(1), Fault::Drop);
    assert!(aws::call(&proxy.address(), "GetSecretValue", &json!({ "SecretId": "a" })).is_err());
    assert_eq!(stub.calls(&When::any()), 0);
    assert_eq!(proxy.calls(&When::any()), 1);
    assert_eq!(get(&proxy.address(), "a"), found());
}

#[test]
fn an_answer_that_is_cut_begins_and_does_not_end() {
    let stub = stub();
    let proxy = FaultProxy::http(&stub.address());
    proxy.inject(When::any(), Fault::Cut);
    let mut answer = client().post(proxy.address()).send("{}").unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-length"], "30");
    let mut begin = Vec::new();
    let end = std::io::Read::read_to_end(&mut answer.body_mut().as_reader(), &mut begin);
    assert!(end.is_err());
    assert_eq!(String::from_utf8(begin).unwrap(), r#"{"SecretString""#);
    assert_eq!(stub.calls(&When::any()), 1);
}

#[test]
fn delays_come_before_other_faults() {
    let stub = stub();
    let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
    proxy.inject(When::any().first(1), fault::throttling());
    proxy.inject(When::any(), Fault::Delay(Duration::from_millis(30)));
    proxy.inject(When::any(), Fault::Delay(Duration::from_millis(20)));
    for expected in [400, 200] {
        let start = Instant::now();
        assert_eq!(get(&proxy.address(), "a").0, expected);
        assert!(start.elapsed() >= Duration::from_millis(50));
    }
}

#[test]
fn a_fault_can_end_after_some_calls() {
    let stub = stub();
    let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
    proxy.inject(When::operation("GetSecretValue").first(2), fault::throttling());
    proxy.inject(When::operation("GetSecretValue").first(1), fault::internal_error());
    let statuses: Vec<u16> = (0..4).map(|_| get(&proxy.address(), "a").0).collect();
    assert_eq!(statuses, [400, 400, 500, 200], "a fault that another one hides is not used up");
    proxy.inject(When::any(), fault::throttling());
    assert_eq!(get(&proxy.address(), "a").0, 400);
    proxy.clear_faults();
    assert_eq!(get(&proxy.address(), "a"), found());
}

#[test]
fn one_operation_or_one_secret_can_be_denied() {
    let stub = stub();
    let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
    let status = |operation, input| aws::call(&proxy.address(), operation, &input).unwrap().status;
    proxy.inject(When::operation("BatchGetSecretValue"), fault::access_denied());
    assert_eq!(status("BatchGetSecretValue", json!({ "SecretIdList": ["a"] })), 400);
    assert_eq!(status("GetSecretValue", json!({ "SecretId": "a" })), 200);

    proxy.clear_faults();
    proxy.inject(When::any().about("b"), fault::not_found());
    assert_eq!(status("GetSecretValue", json!({ "SecretId": "a" })), 200);
    assert_eq!(status("GetSecretValue", json!({ "SecretId": "b" })), 400);
    assert_eq!(status("BatchGetSecretValue", json!({ "SecretIdList": ["a", "c"] })), 200);
    assert_eq!(status("BatchGetSecretValue", json!({ "SecretIdList": ["a", "b"] })), 400);
    assert_eq!(proxy.violations(), [""; 0]);
}

#[test]
fn a_proxy_that_is_dropped_is_gone() {
    let stub = stub();
    let address = FaultProxy::http(&stub.address()).address();
    assert!(client().get(address).call().is_err());
}

#[test]
fn nobody_refuses_at_once() {
    let nobody = Nobody::new();
    let start = Instant::now();
    assert!(client().get(nobody.address()).call().is_err());
    assert!(start.elapsed() < Duration::from_millis(500));
}

mod what_aws_accepts {
    use super::*;

    const VERSION: &str = "11111111-2222-4333-8444-555555555555";

    /// The status of a request, and the violation that was remembered.
    #[expect(clippy::unwrap_used, reason = "a test without its answer has failed")]
    fn judge(operation: &str, input: &Value) -> (u16, Option<String>) {
        let stub = stub();
        let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
        let answer = aws::call(&proxy.address(), operation, input).unwrap();
        assert_eq!(stub.calls(&When::any()), usize::from(answer.status == 200), "what is refused is not forwarded");
        (answer.status, proxy.violations().pop())
    }

    #[test]
    fn right_input() {
        for (operation, input) in [
            ("GetSecretValue", json!({ "SecretId": "a", "VersionStage": "AWSPREVIOUS" })),
            ("GetSecretValue", json!({ "SecretId": "a", "VersionId": VERSION })),
            ("BatchGetSecretValue", json!({ "SecretIdList": vec!["a"; 20] })),
            ("BatchGetSecretValue", json!({ "Filters": [{ "Key": "name", "Values": ["a"] }], "MaxResults": 20 })),
            ("PutSecretValue", json!({ "SecretId": "a", "SecretString": "b", "ClientRequestToken": VERSION })),
            ("PutSecretValue", json!({ "SecretId": "a", "SecretBinary": "Yg==", "VersionStages": ["PENDING"] })),
            (
                "UpdateSecretVersionStage",
                json!({ "SecretId": "a", "VersionStage": "AWSCURRENT", "MoveToVersionId": VERSION,
                        "RemoveFromVersionId": VERSION }),
            ),
            (
                "UpdateSecretVersionStage",
                json!({ "SecretId": "a", "VersionStage": "PENDING", "RemoveFromVersionId": VERSION }),
            ),
            ("DescribeSecret", json!({ "SecretId": "a" })),
            ("ListSecretVersionIds", json!({ "SecretId": "a", "IncludeDeprecated": true })),
            ("DeleteSecret", json!({ "SecretId": "a", "ForceDeleteWithoutRecovery": true })),
        ] {
            assert_eq!(judge(operation, &input), (200, None), "{operation} {input}");
        }
    }

    #[test]
    fn wrong_input() {
        let long = "x".repeat(65_537);
        for (operation, input, violation) in [
            ("GetSecret", json!({ "SecretId": "a" }), "X-Amz-Target: `secretsmanager.GetSecret`"),
            ("GetSecretValue", json!(["a"]), "GetSecretValue: the body is no JSON object"),
            ("GetSecretValue", json!({}), "GetSecretValue: SecretId is required"),
            ("GetSecretValue", json!({ "SecretId": "" }), "GetSecretValue: SecretId has to be 1 to 2048 characters"),
            ("GetSecretValue", json!({ "SecretId": 7 }), "GetSecretValue: SecretId has to be 1 to 2048 characters"),
            ("GetSecretValue", json!({ "SecretId": "a", "Stage": "b" }), "GetSecretValue: there is no member Stage"),
            (
                "BatchGetSecretValue",
                json!({ "SecretIdList": vec!["a"; 21] }),
                "BatchGetSecretValue: SecretIdList has to be 1 to 20 texts",
            ),
            ("BatchGetSecretValue", json!({}), "BatchGetSecretValue: either SecretIdList or Filters"),
            (
                "PutSecretValue",
                json!({ "SecretId": "a", "SecretString": "b", "ClientRequestToken": "short" }),
                "PutSecretValue: ClientRequestToken has to be 32 to 64 characters",
            ),
            (
                "PutSecretValue",
                json!({ "SecretId": "a", "SecretString": long }),
                "PutSecretValue: SecretString has to be 1 to 65536 characters",
            ),
            (
                "PutSecretValue",
                json!({ "SecretId": "a", "SecretString": "b", "SecretBinary": "Yg==" }),
                "PutSecretValue: either SecretString or SecretBinary",
            ),
            ("PutSecretValue", json!({ "SecretId": "a" }), "PutSecretValue: neither SecretString nor SecretBinary"),
            (
                "UpdateSecretVersionStage",
                json!({ "SecretId": "a", "VersionStage": "AWSCURRENT", "MoveToVersionId": VERSION }),
                "UpdateSecretVersionStage: AWSCURRENT needs both RemoveFromVersionId and MoveToVersionId",
            ),
            (
                "ListSecretVersionIds",
                json!({ "SecretId": "a", "MaxResults": 101 }),
                "ListSecretVersionIds: MaxResults has to be a number, 1 to 100",
            ),
            (
                "DeleteSecret",
                json!({ "SecretId": "a", "ForceDeleteWithoutRecovery": "yes" }),
                "DeleteSecret: ForceDeleteWithoutRecovery has to be true or false",
            ),
        ] {
            assert_eq!(judge(operation, &input), (400, Some(violation.to_owned())), "{operation}");
        }
    }

    #[test]
    fn wrong_headers() {
        const SCOPE: &str = "AWS4-HMAC-SHA256 Credential=testing/20260101/us-east-1/secretsmanager/aws4_request";
        let signature = "0".repeat(64);
        let authorization = |scope: &str, names: &str| format!("{scope}, SignedHeaders={names}, Signature={signature}");
        let right = authorization(SCOPE, "host;x-amz-date;x-amz-target");
        let region = SCOPE.replace("us-east-1", "eu-west-1");
        let service = SCOPE.replace("secretsmanager", "ssm");
        for (name, value, violation) in [
            ("authorization", "", "Authorization: not of the form of AWS4-HMAC-SHA256"),
            ("authorization", "Bearer x", "Authorization: not of the form of AWS4-HMAC-SHA256"),
            ("authorization", SCOPE, "Authorization: not of the form of AWS4-HMAC-SHA256"),
            (
                "authorization",
                &authorization(&region, "host;x-amz-date;x-amz-target"),
                "Authorization: region eu-west-1 where it is us-east-1",
            ),
            (
                "authorization",
                &authorization(&service, "host;x-amz-date;x-amz-target"),
                "Authorization: the credential is not for secretsmanager",
            ),
            (
                "authorization",
                &authorization(SCOPE, "host;x-amz-date"),
                "Authorization: x-amz-target is sent and not signed",
            ),
            (
                "authorization",
                &authorization(SCOPE, "x-amz-date;x-amz-target"),
                "Authorization: host is sent and not signed",
            ),
            (
                "authorization",
                &authorization(SCOPE, "host;x-amz-date;x-amz-security-token;x-amz-target"),
                "Authorization: x-amz-security-token is signed and not sent",
            ),
            (
                "authorization",
                &authorization(SCOPE, "x-amz-target;x-amz-date;host"),
                "Authorization: SignedHeaders are not sorted and in lower case",
            ),
            (
                "authorization",
                &right.replace(&signature, "00"),
                "Authorization: the signature is not 64 hexadecimal digits in lower case",
            ),
            ("x-amz-date", "20260102T000000Z", "Authorization: X-Amz-Date is not a time of the credential's day"),
            (
                "content-type",
                "application/json",
                "content-type `application/json` where it is application/x-amz-json-1.1",
            ),
        ] {
            let headers = [
                ("authorization", right.as_str()),
                ("content-type", "application/x-amz-json-1.1"),
                ("x-amz-date", "20260101T000000Z"),
                ("x-amz-target", "secretsmanager.GetSecretValue"),
            ];
            let stub = stub();
            let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
            let call = headers.iter().fold(client().post(proxy.address()), |call, (known, usual)| {
                call.header(*known, if *known == name { value } else { *usual })
            });
            assert_eq!(call.send(r#"{"SecretId": "a"}"#).unwrap().status(), 400);
            assert_eq!(proxy.violations(), [violation]);
            assert_eq!(stub.calls(&When::any()), 0);
        }
    }

    #[test]
    fn wrong_method_or_path() {
        let stub = stub();
        let proxy = FaultProxy::aws(&stub.address(), AWS_REGION);
        assert_eq!(client().get(proxy.address()).call().unwrap().status(), 400);
        assert_eq!(client().post(format!("{}/x", proxy.address())).send("{}").unwrap().status(), 400);
        let expected = ["GET / where POST / is the only request", "POST /x where POST / is the only request"];
        assert_eq!(proxy.violations(), expected);
    }

    #[test]
    fn a_violation_does_not_tell_a_value() {
        let (_, violation) = judge("PutSecretValue", &json!({ "SecretString": "sk-test-key" }));
        assert_eq!(violation.as_deref(), Some("PutSecretValue: SecretId is required"));
        let (_, violation) = judge("GetSecretValue", &json!("sk-test-key"));
        assert_eq!(violation.as_deref(), Some("GetSecretValue: the body is no JSON object"));
    }
}

mod in_front_of_servers {
    use super::*;

    #[test]
    fn aws() {
        for server in servers::aws_emulators() {
            let proxy = FaultProxy::aws(server.address(), AWS_REGION);
            let name = servers::unique("chat/key");
            aws::create(&proxy.address(), &name, "sk-test-key");
            assert_eq!(aws::text(&proxy.address(), &name, "AWSCURRENT").as_deref(), Some("sk-test-key"));
            assert_eq!(aws::text(&proxy.address(), &name, "AWSPREVIOUS"), None);
            let (status, body) = get(&proxy.address(), &servers::unique("absent"));
            assert_eq!(body["__type"], "ResourceNotFoundException", "{}: {status}", server.name());

            proxy.inject(When::operation("GetSecretValue").first(1), fault::throttling());
            assert_eq!(get(&proxy.address(), &name).1["__type"], "ThrottlingException");
            assert_eq!(get(&proxy.address(), &name).1["Name"], name);
            assert_eq!(proxy.violations(), [""; 0], "{}", server.name());
        }
    }

    #[test]
    fn openbao() {
        let Some(openbao) = servers::openbao() else { return };
        let proxy = FaultProxy::http(openbao.address());
        let path = format!("/v1/secret/data/{}", servers::unique("chat"));
        let read = || {
            let call =
                client().get(format!("{}{path}", proxy.address())).header("X-Vault-Token", servers::OPENBAO_TOKEN);
            let mut answer = call.call().unwrap();
            let body = answer.body_mut().read_to_string().unwrap();
            (answer.status().as_u16(), serde_json::from_str::<Value>(&body).unwrap())
        };
        let call = client().post(format!("{}{path}", proxy.address())).header("X-Vault-Token", servers::OPENBAO_TOKEN);
        assert_eq!(call.send(r#"{"data": {"KEY": "sk-test-key"}}"#).unwrap().status(), 200);
        assert_eq!(read().1["data"]["data"], json!({ "KEY": "sk-test-key" }));

        proxy.inject(When::request("GET", "/v1/secret/data/").first(1), vault::sealed());
        assert_eq!(read(), (503, json!({ "errors": ["Vault is sealed"] })));
        assert_eq!(read().0, 200);
        assert_eq!(proxy.violations(), [""; 0]);
    }
}

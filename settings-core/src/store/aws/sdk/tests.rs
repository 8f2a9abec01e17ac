//! What variables make of the store, seen by those that it asks: Secrets Manager, and whoever gives out credentials.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::super::super::kind::Config;
use super::super::super::{Secret, SecretKey, SecretStore, StoreError, StoreErrorKind};
use super::super::configured;
use super::{KIND, is_private};

/// A server of one's own that answers every request by its head, and keeps the heads.
struct Server {
    address: String,
    heads: Arc<Mutex<Vec<String>>>,
}

/// What the service of instance metadata says of its tokens.
const TTL: &str = "x-aws-ec2-metadata-token-ttl-seconds: 21600\r\n";

type Answer = fn(&str) -> (u16, &'static str);

impl Server {
    fn new(answer: Answer) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let heads = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(stream, answer, &kept));
            }
        });
        Self { address, heads }
    }

    /// Secrets Manager with one secret.
    fn secrets() -> Self {
        Self::new(|_| (200, r#"{"Name": "keys", "VersionId": "v1", "SecretString": "{\"API_KEY\": \"sk-test-key\"}"}"#))
    }

    /// Accepts, and never answers.
    fn silent() -> Self {
        Self::new(|_| {
            loop {
                thread::park();
            }
        })
    }

    /// Nobody listens there.
    fn nobody() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    }

    fn head(&self) -> String {
        self.heads.lock().unwrap().last().cloned().unwrap_or_default()
    }

    fn count(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

fn serve(stream: TcpStream, answer: Answer, heads: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if reader.read_line(&mut head).unwrap_or(0) == 0 {
                return;
            }
        }
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
        reader.read_exact(&mut vec![0; length.unwrap_or(0)]).unwrap();
        heads.lock().unwrap().push(head.clone());
        let (status, body) = answer(&head);
        let answer = format!("HTTP/1.1 {status} Said\r\n{TTL}content-length: {}\r\n\r\n{body}", body.len());
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
    }
}

fn config<T>(variables: &[(&str, &str)], isolated: bool, ask: impl FnOnce(&Config<'_>) -> T) -> T {
    let read = |name: &str| {
        let value = variables.iter().rev().find(|(known, _)| *known == name)?.1;
        (!value.is_empty()).then(|| Zeroizing::new(value.to_owned()))
    };
    ask(&Config { read: &read, isolated })
}

/// What a load gets for `aws("keys")` of these variables, and where it is said to be.
fn fetch(variables: &[(&str, &str)]) -> Result<Secret, StoreError> {
    let open = KIND.open.unwrap();
    let store = config(variables, true, open)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let keys = [SecretKey::new("API_KEY").named("keys")];
    runtime.block_on(store.fetch(&keys)).pop().unwrap()
}

fn kind(result: &Result<Secret, StoreError>) -> (StoreErrorKind, &str) {
    let error = result.as_ref().unwrap_err();
    (error.kind(), error.note())
}

const REGION: (&str, &str) = ("AWS_REGION", "eu-west-1");
const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "AKIDTEST"), ("AWS_SECRET_ACCESS_KEY", "test-secret")];

struct File(PathBuf);

impl File {
    fn new(content: &str) -> Self {
        let name = format!("settings-core-{}-{:?}", std::process::id(), thread::current().id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, content).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn variables_reach_the_service() {
    let server = Server::secrets();
    let endpoint = ("AWS_ENDPOINT_URL", &*server.address);
    let secret = fetch(&[REGION, KEYS[0], KEYS[1], ("AWS_SESSION_TOKEN", "test-token"), endpoint]).unwrap();
    assert_eq!(secret.version.as_deref(), Some("v1"));
    let head = server.head();
    assert!(head.contains("Credential=AKIDTEST/") && head.contains("/eu-west-1/secretsmanager/"), "{head}");
    assert!(head.contains("x-amz-security-token: test-token"), "{head}");
    assert!(head.contains("secretsmanager.GetSecretValue"), "{head}");
}

#[test]
fn the_address_of_the_service_wins_over_that_of_all_services() {
    let server = Server::secrets();
    let endpoints =
        [("AWS_ENDPOINT_URL", "https://127.0.0.1:1"), ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &*server.address)];
    fetch(&[REGION, KEYS[0], KEYS[1], endpoints[0], endpoints[1]]).unwrap();
    assert_eq!(server.count(), 1);
}

#[test]
fn without_credentials_it_is_not_configured_soon() {
    let metadata = Server::silent();
    let start = Instant::now();
    let result = fetch(&[REGION, ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.address)]);
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    let note = "no credentials: no access key is set, and no profile, role or instance gives any";
    assert_eq!(kind(&result), (StoreErrorKind::NotConfigured, note));
    assert_eq!(metadata.count(), 1);
}

#[test]
fn metadata_is_left_alone_where_it_is_off() {
    let metadata = Server::silent();
    let off = ("AWS_EC2_METADATA_DISABLED", "true");
    let start = Instant::now();
    let result = fetch(&[REGION, off, ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.address)]);
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    assert_eq!(kind(&result).0, StoreErrorKind::NotConfigured);
    assert_eq!(metadata.count(), 0);
}

#[test]
fn many_secrets_wait_once_for_credentials_that_do_not_come() {
    let metadata = Server::silent();
    let variables = [REGION, ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*metadata.address)];
    let store = config(&variables, true, KIND.open.unwrap()).unwrap();
    let key = |stage: u32| SecretKey::new("API_KEY").named("keys").with("version_stage", &stage.to_string());
    let keys: Vec<_> = (0..10).map(key).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let start = Instant::now();
    let answers = runtime.block_on(store.fetch(&keys));
    assert!(start.elapsed() < Duration::from_millis(1500), "{:?}", start.elapsed());
    assert!(answers.iter().all(|answer| kind(answer).0 == StoreErrorKind::NotConfigured));
}

#[test]
fn whether_it_is_configured_is_found_out_without_metadata() {
    let metadata = Server::silent();
    let endpoint = ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &*metadata.address);
    let key = SecretKey::new("API_KEY").named("keys");
    let start = Instant::now();
    assert_eq!(config(&[endpoint], true, |config| configured(&key, config)).unwrap_err(), "AWS_REGION is not set");
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
    assert_eq!(metadata.count(), 0);
}

#[test]
fn an_instance_gives_credentials() {
    let server = Server::secrets();
    let metadata = Server::new(|head| match head {
        _ if head.starts_with("PUT /latest/api/token") => (200, "metadata-token"),
        _ if head.contains("/security-credentials/ ") => (200, "role"),
        _ => (
            200,
            r#"{"Code": "Success", "AccessKeyId": "AKIDROLE", "SecretAccessKey": "test-secret", "Token": "test-token",
                "Expiration": "2099-01-01T00:00:00Z"}"#,
        ),
    });
    let endpoint = ("AWS_ENDPOINT_URL", &*server.address);
    fetch(&[REGION, endpoint, ("AWS_EC2_METADATA_SERVICE_ENDPOINT", &metadata.address)]).unwrap();
    assert!(server.head().contains("Credential=AKIDROLE/"));
}

#[test]
fn a_container_gives_credentials() {
    let server = Server::secrets();
    let container = Server::new(|head| match head {
        _ if head.contains("uthorization: test-token") => (
            200,
            r#"{"AccessKeyId": "AKIDTASK", "SecretAccessKey": "test-secret", "Token": "t",
                "Expiration": "2099-01-01T00:00:00Z"}"#,
        ),
        _ => (401, ""),
    });
    let uri = format!("{}/credentials", container.address);
    let variables = [
        REGION,
        ("AWS_ENDPOINT_URL", &*server.address),
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &*uri),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "test-token"),
    ];
    fetch(&variables).unwrap();
    assert!(server.head().contains("Credential=AKIDTASK/"));
}

#[test]
fn a_web_identity_gives_credentials() {
    const ANSWER: &str = "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
        <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDWEB</AccessKeyId>\
        <SecretAccessKey>test-secret</SecretAccessKey><SessionToken>t</SessionToken>\
        <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
        </AssumeRoleWithWebIdentityResponse>";
    let server = Server::secrets();
    let sts = Server::new(|_| (200, ANSWER));
    let token = File::new("web-token");
    let variables = [
        REGION,
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &*server.address),
        ("AWS_ENDPOINT_URL_STS", &*sts.address),
        ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/chat"),
        ("AWS_WEB_IDENTITY_TOKEN_FILE", token.path()),
    ];
    fetch(&variables).unwrap();
    assert!(server.head().contains("Credential=AKIDWEB/"));
}

#[test]
fn what_gives_out_credentials_may_refuse_or_be_down() {
    let server = Server::secrets();
    let refusing = Server::new(|_| {
        (403, "<ErrorResponse><Error><Code>AccessDenied</Code><Message>sk-canary</Message></Error></ErrorResponse>")
    });
    let token = File::new("web-token");
    let with = |sts: &str, token: &str| {
        fetch(&[
            REGION,
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &*server.address),
            ("AWS_ENDPOINT_URL_STS", sts),
            ("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/chat"),
            ("AWS_WEB_IDENTITY_TOKEN_FILE", token),
        ])
    };
    let refused = (StoreErrorKind::Denied, "the profile, role or instance gives no credentials");
    assert_eq!(kind(&with(&refusing.address, token.path())), refused);
    assert_eq!(kind(&with(&refusing.address, "/nonexistent/token")), refused);
    let down = (StoreErrorKind::Unreachable, "what gives out credentials does not answer");
    assert_eq!(kind(&with(&Server::nobody(), token.path())), down);
    assert_eq!(server.count(), 0);
}

#[test]
fn a_profile_has_region_and_credentials() {
    let server = Server::secrets();
    let file = File::new(
        "[profile chat]\nregion = eu-central-1\naws_access_key_id = AKIDPROFILE\naws_secret_access_key = test-secret\n",
    );
    let variables = [("AWS_ENDPOINT_URL", &*server.address), ("AWS_CONFIG_FILE", file.path()), ("AWS_PROFILE", "chat")];
    fetch(&variables).unwrap();
    assert!(server.head().contains("/eu-central-1/secretsmanager/"));
    assert!(server.head().contains("Credential=AKIDPROFILE/"));

    let key = SecretKey::new("API_KEY").named("keys");
    let missing = |profile: &str| {
        let variables = [variables[0], variables[1], ("AWS_PROFILE", profile)];
        config(&variables, true, |config| configured(&key, config))
    };
    assert_eq!(missing("chat"), Ok(()));
    assert_eq!(missing("other").unwrap_err(), "AWS_REGION is not set, and the profile `other` has no region");
}

#[test]
fn a_profile_may_want_a_feature() {
    let server = Server::secrets();
    for (lines, needed) in [
        ("credential_process = /bin/false", "aws-credential-process"),
        ("login_session = arn:aws:iam::111122223333:user/chat", "aws-login"),
        (
            "sso_start_url = https://example.com\nsso_region = eu-west-1\nsso_account_id = 1\nsso_role_name = chat",
            "aws-sso",
        ),
    ] {
        let file = File::new(&format!("[default]\n{lines}\n"));
        let result = fetch(&[REGION, ("AWS_ENDPOINT_URL", &server.address), ("AWS_CONFIG_FILE", file.path())]);
        let (kind, note) = kind(&result);
        let is_built_in = match needed {
            "aws-login" => cfg!(feature = "aws-login"),
            "aws-sso" => cfg!(feature = "aws-sso"),
            _ => cfg!(feature = "aws-credential-process"),
        };
        assert_eq!(note.contains(needed), !is_built_in, "{needed}: {note}");
        assert!(is_built_in || kind == StoreErrorKind::Misconfigured, "{needed}");
    }
    assert_eq!(server.count(), 0);
}

#[test]
fn plain_http_does_not_leave_this_machine() {
    for variable in ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_SECRETS_MANAGER", "AWS_ENDPOINT_URL_STS"] {
        let result = fetch(&[REGION, KEYS[0], KEYS[1], (variable, "http://settings.invalid:4566")]);
        let note = format!("{variable} is plain http to another machine: use https, or set AWS_ALLOW_HTTP=1");
        assert_eq!(kind(&result), (StoreErrorKind::Misconfigured, &*note));
    }
    let file = File::new("[default]\nendpoint_url = http://settings.invalid:4566\n");
    let by_profile = [REGION, KEYS[0], KEYS[1], ("AWS_CONFIG_FILE", file.path())];
    let note = "the endpoint is plain http to another machine: use https, or set AWS_ALLOW_HTTP=1";
    assert_eq!(kind(&fetch(&by_profile)), (StoreErrorKind::Misconfigured, note));
    let allowed = [&by_profile[..], &[("AWS_ALLOW_HTTP", "1")]].concat();
    assert_eq!(kind(&fetch(&allowed)), (StoreErrorKind::Unreachable, "the host name does not resolve"));
}

#[test]
fn nobody_there_is_said_at_once() {
    let start = Instant::now();
    let result = fetch(&[REGION, KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL", &Server::nobody())]);
    assert_eq!(kind(&result), (StoreErrorKind::Unreachable, "connection refused"));
    assert!(start.elapsed() < Duration::from_millis(500), "{:?}", start.elapsed());
}

#[test]
fn nothing_shows_the_credentials() {
    let server = Server::secrets();
    let variables = [REGION, KEYS[0], KEYS[1], ("AWS_ENDPOINT_URL", &*server.address)];
    let store = config(&variables, true, KIND.open.unwrap()).unwrap();
    let shown = format!("{store:?} {}", store.describe());
    assert_eq!(shown, r#"Aws { region: Some("eu-west-1"), secret_name: None, .. } AWS Secrets Manager in eu-west-1"#);
}

#[test]
fn plain_http_is_for_this_machine() {
    for url in [
        "https://secretsmanager.eu-west-1.amazonaws.com",
        "HTTPS://example.com",
        "http://127.0.0.1:5000",
        "http://127.1.2.3",
        "http://localhost:4566/",
        "http://LOCALHOST",
        "http://[::1]:4566/x",
        "http://user:pass@127.0.0.1:5000/",
    ] {
        assert!(is_private(url), "{url}");
    }
    for url in [
        "http://example.com",
        "HTTP://10.0.0.1:4566",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://localhost:x@example.com:80",
        "http://example.com\\@127.0.0.1",
        "http://example.com#@127.0.0.1",
        "http://[2001:db8::1]:80",
        "http://",
    ] {
        assert!(!is_private(url), "{url}");
    }
}

use std::ffi::OsStr;
use std::io;
use std::process::{ExitStatus, Output};
use std::sync::Mutex as SyncMutex;

use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request, Transport};
use azure_identity::{DeveloperToolsCredentialOptions, Executor};

use super::*;

const SCOPE: &str = "https://vault.azure.net/.default";
const SERVICE_PRINCIPAL: [(&str, &str); 3] =
    [(TENANT, "tenant-1"), (CLIENT, "client-1"), (CLIENT_SECRET, "canary-of-the-client")];
const TOKEN: &str = r#"{"token_type": "Bearer", "expires_in": 3600, "access_token": "canary-token"}"#;

/// The other end of the wire: notes what is asked, and answers from a list.
#[derive(Debug, Default)]
struct Wire {
    asked: SyncMutex<Vec<String>>,
    answers: SyncMutex<Vec<Answer>>,
}

/// Status, body, and the seconds in `Retry-After`; no answer is a connection that is refused.
type Answer = Option<(u16, &'static str, Option<u32>)>;

impl Wire {
    fn new(answers: impl IntoIterator<Item = Answer>) -> Arc<Self> {
        let mut answers: Vec<Answer> = answers.into_iter().collect();
        answers.reverse();
        Arc::new(Self { answers: SyncMutex::new(answers), ..Default::default() })
    }

    fn http(self: &Arc<Self>) -> Http {
        let transport = Some(Transport::new(self.clone()));
        Http::given(&ClientOptions { transport, ..Default::default() })
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl HttpClient for Wire {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let header = |name: &'static str| request.headers().get_optional_str(&name.into()).unwrap_or("-").to_owned();
        let body = match request.body() {
            Body::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Body::SeekableStream(_) => "a stream".to_owned(),
        };
        let headers = [header("metadata"), header("x-identity-header"), header("secret")].join(" ");
        let asked = format!("{} {} [{headers}] {body}", request.method(), request.url());
        self.asked.lock().unwrap().push(asked);
        let Some(answer) = self.answers.lock().unwrap().pop() else { panic!("one request too many") };
        // Others get a turn, as they would while an answer is on its way.
        tokio::task::yield_now().await;
        let Some((status, body, retry_after)) = answer else {
            let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
            return Err(azure_core::Error::with_error(ErrorKind::Connection, refused, "canary of a message"));
        };
        let mut headers = Headers::new();
        if let Some(seconds) = retry_after {
            headers.insert("retry-after", seconds.to_string());
        }
        Ok(AsyncRawResponse::from_bytes(status.into(), headers, body))
    }
}

fn ok(body: &'static str) -> Answer {
    Some((200, body, None))
}

fn configured(variables: &[(&str, &str)], wire: &Arc<Wire>) -> Result<SignIn, StoreError> {
    let read = |name: &str| {
        let variable = variables.iter().find(|(known, _)| *known == name);
        variable.map(|(_, value)| Zeroizing::new((*value).to_owned()))
    };
    SignIn::configured(&Config { read: &read, isolated: true }, &wire.http())
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

async fn token_in(sign_in: &SignIn, attempt: &Attempt) -> Result<String, StoreError> {
    let options = TokenRequestOptions { method_options: attempt.options() };
    match sign_in.get_token(&[SCOPE], Some(options)).await {
        Ok(token) => Ok(token.token.secret().to_owned()),
        Err(error) => Err(failure::of_vault(&error, failure::Call::Read)),
    }
}

/// What comes of a first go at a token.
fn signed_in(variables: &[(&str, &str)], wire: &Arc<Wire>) -> Result<String, StoreError> {
    let sign_in = configured(variables, wire)?;
    run(token_in(&sign_in, &Attempt::default()))
}

#[test]
fn a_service_principal_signs_in_with_its_secret() {
    let wire = Wire::new([ok(TOKEN)]);
    assert_eq!(signed_in(&SERVICE_PRINCIPAL, &wire).unwrap(), "canary-token");
    let scope = "https%3A%2F%2Fvault.azure.net%2F.default";
    assert_eq!(
        wire.asked(),
        [format!(
            "POST https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token [- - -] client_id=client-1&\
             client_secret=canary-of-the-client&grant_type=client_credentials&scope={scope}"
        )]
    );
}

#[test]
fn sovereign_clouds_sign_in_elsewhere() {
    let wire = Wire::new([ok(TOKEN)]);
    let [tenant, client, secret] = SERVICE_PRINCIPAL;
    signed_in(&[tenant, client, secret, (AUTHORITY, "https://login.chinacloudapi.cn/")], &wire).unwrap();
    assert!(wire.asked()[0].starts_with("POST https://login.chinacloudapi.cn/tenant-1/oauth2/v2.0/token "));

    let wire = Wire::new([]);
    let error = signed_in(&[tenant, client, secret, (AUTHORITY, "http://login.example.com")], &wire).unwrap_err();
    assert_eq!(error.to_string(), "wrongly configured (AZURE_TENANT_ID or AZURE_AUTHORITY_HOST is misspelt)");
}

#[test]
fn a_workload_signs_in_with_the_token_of_its_file() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "canary-of-kubernetes").unwrap();
    let path = file.path().to_str().unwrap();
    let wire = Wire::new([ok(TOKEN)]);
    signed_in(&[(TENANT, "tenant-1"), (CLIENT, "client-1"), (TOKEN_FILE, path)], &wire).unwrap();
    let asked = &wire.asked()[0];
    assert!(asked.starts_with("POST https://login.microsoftonline.com/tenant-1/oauth2/v2.0/token "), "{asked}");
    assert!(asked.contains("client_assertion=canary-of-kubernetes&"), "{asked}");
    assert!(asked.contains("&client_id=client-1&"), "{asked}");

    for path in ["/no/such/file", "/"] {
        let error = signed_in(&[(TENANT, "t"), (CLIENT, "c"), (TOKEN_FILE, path)], &Wire::new([])).unwrap_err();
        assert_eq!(error.to_string(), "wrongly configured (the file of AZURE_FEDERATED_TOKEN_FILE cannot be read)");
    }
}

#[test]
fn the_identity_of_an_app_is_asked_where_the_platform_says() {
    let answer = r#"{"access_token": "canary-token", "expires_on": "4102444800"}"#;
    let app = [(IDENTITY_ENDPOINT, "http://localhost:42356/msi/token"), (super::super::IDENTITY_HEADER, "canary")];
    let wire = Wire::new([ok(answer)]);
    assert_eq!(signed_in(&app, &wire).unwrap(), "canary-token");
    let address = "GET http://localhost:42356/msi/token?api-version=2019-08-01";
    let resource = "resource=https%3A%2F%2Fvault.azure.net";
    assert_eq!(wire.asked(), [format!("{address}&{resource} [- canary -] ")]);

    let wire = Wire::new([ok(answer)]);
    signed_in(&[app[0], app[1], (CLIENT, "client-1")], &wire).unwrap();
    assert_eq!(wire.asked(), [format!("{address}&client_id=client-1&{resource} [- canary -] ")]);

    let wire = Wire::new([ok(answer)]);
    let studio = [(MSI_ENDPOINT, "http://10.0.0.4:8081/msi/token"), (super::super::MSI_SECRET, "canary")];
    signed_in(&[studio[0], studio[1], (CLIENT, "client-1")], &wire).unwrap();
    let address = "GET http://10.0.0.4:8081/msi/token?api-version=2017-09-01&clientid=client-1";
    assert_eq!(wire.asked(), [format!("{address}&{resource} [- - canary] ")]);
}

#[test]
fn an_app_without_that_identity_is_denied_and_one_that_is_busy_is_asked_again() {
    let app = [(IDENTITY_ENDPOINT, "http://localhost:42356/msi/token"), (super::super::IDENTITY_HEADER, "canary")];
    for (answer, told) in [
        (Some((400, "canary", None)), "access denied (the managed identity gives no token: is AZURE_CLIENT_ID right?)"),
        (ok("canary"), "access denied (the managed identity gives no token: is AZURE_CLIENT_ID right?)"),
        (Some((429, "canary", Some(7))), "unreachable (signing in: throttled)"),
        (Some((500, "canary", None)), "unreachable (signing in: HTTP 500)"),
        (None, "unreachable (signing in: connection refused)"),
    ] {
        let error = signed_in(&app, &Wire::new([answer])).unwrap_err();
        assert_eq!(error.to_string(), told);
        let pause =
            answer.and_then(|(.., seconds)| seconds).map(|seconds| std::time::Duration::from_secs(seconds.into()));
        assert_eq!(error.pause(), pause);
    }
    let nowhere = [(IDENTITY_ENDPOINT, "localhost"), (super::super::IDENTITY_HEADER, "canary")];
    let error = signed_in(&nowhere, &Wire::new([])).unwrap_err();
    assert_eq!(error.to_string(), "wrongly configured (IDENTITY_ENDPOINT is no address)");
}

#[test]
fn the_first_that_is_set_up_is_asked() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "canary").unwrap();
    let [tenant, client, secret] = SERVICE_PRINCIPAL;
    let token_file = (TOKEN_FILE, file.path().to_str().unwrap());
    let app = [(IDENTITY_ENDPOINT, "http://localhost:1/msi"), (super::super::IDENTITY_HEADER, "canary")];
    let asked = |variables: &[(&str, &str)]| {
        let wire = Wire::new([Some((500, "", None))]);
        signed_in(variables, &wire).unwrap_err();
        wire.asked().remove(0)
    };
    assert!(asked(&[app[0], app[1], tenant, client, token_file, secret]).contains("client_secret="));
    assert!(asked(&[app[0], app[1], tenant, client, token_file]).contains("client_assertion="));
    assert!(asked(&[app[0], app[1], tenant, client]).starts_with("GET http://localhost:1/msi?"));
    let machine =
        "GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&client_id=client-1&";
    let wire = Wire::new([Some((500, "", None))]);
    signed_in(&[tenant, client], &wire).unwrap_err();
    assert!(wire.asked()[0].starts_with(machine), "{:?}", wire.asked());
}

#[test]
fn without_anybody_to_ask_the_store_is_not_configured() {
    let wire = Wire::new([]);
    let error = signed_in(&[(TENANT, "tenant-1")], &wire).unwrap_err();
    let told = "not configured (no credentials: AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET are not set)";
    assert_eq!(error.to_string(), told);
}

#[test]
fn an_environment_of_a_loaders_own_has_no_tools() {
    let sign_in = configured(&[(CLIENT, "client-1")], &Wire::new([Some((404, "", None))])).unwrap();
    assert!(matches!(&sign_in.source, Source::Machine { tools: None, .. }), "{sign_in:?}");
    let error = run(token_in(&sign_in, &Attempt::default())).unwrap_err();
    assert_eq!(error, StoreError::not_configured().because(NONE));
}

#[test]
fn what_is_half_set_up_is_told() {
    let [tenant, client, secret] = SERVICE_PRINCIPAL;
    for (variables, told) in [
        (vec![secret], "AZURE_CLIENT_SECRET is set and AZURE_TENANT_ID is not"),
        (vec![secret, tenant], "AZURE_CLIENT_SECRET is set and AZURE_CLIENT_ID is not"),
        (vec![(TOKEN_FILE, "/"), client], "AZURE_FEDERATED_TOKEN_FILE is set and AZURE_TENANT_ID is not"),
    ] {
        let error = signed_in(&variables, &Wire::new([])).unwrap_err();
        assert_eq!(error, StoreError::misconfigured().because(told));
    }
}

#[test]
fn what_the_sign_in_service_refuses_is_told_by_its_number() {
    for (status, body, told) in [
        (401, r#"{"error_codes": [7000215], "error_description": "canary"}"#, "AZURE_CLIENT_SECRET is wrong"),
        (401, r#"{"error_codes": [7000222], "error_description": "canary"}"#, "AZURE_CLIENT_SECRET has expired"),
        (400, r#"{"error_codes": [700016]}"#, "the tenant has no application of AZURE_CLIENT_ID"),
        (400, r#"{"error_codes": [90002]}"#, "there is no tenant of AZURE_TENANT_ID"),
        (400, r#"{"error_codes": [70011, 1]}"#, "the sign-in is refused, AADSTS70011"),
        (403, r#"{"error_description": "canary"}"#, "the sign-in is refused"),
    ] {
        let error = signed_in(&SERVICE_PRINCIPAL, &Wire::new([Some((status, body, None))])).unwrap_err();
        assert_eq!(error, StoreError::denied().because(told));
    }
    for (answer, told) in [
        (Some((503, "{}", None)), "signing in: HTTP 503"),
        (None, "signing in: connection refused"),
        (ok("<html>canary</html>"), "the sign-in service's answer is no token"),
        (Some((502, "<html>canary</html>", None)), "the sign-in service's answer is no token"),
    ] {
        let error = signed_in(&SERVICE_PRINCIPAL, &Wire::new([answer])).unwrap_err();
        assert_eq!(error, StoreError::unreachable().because(told));
    }
}

#[test]
fn however_many_wait_one_signs_in() {
    let wire = Wire::new([ok(TOKEN)]);
    let sign_in = Arc::new(configured(&SERVICE_PRINCIPAL, &wire).unwrap());
    assert_eq!(fifty(&sign_in), vec![Ok("canary-token".to_owned()); 50]);
    assert_eq!(fifty(&sign_in), vec![Ok("canary-token".to_owned()); 50], "the token is kept");
    assert_eq!(wire.asked().len(), 1);
}

#[test]
fn a_failure_is_for_all_of_an_attempt_and_for_no_other() {
    let wire = Wire::new([None, None, ok(TOKEN)]);
    let sign_in = Arc::new(configured(&SERVICE_PRINCIPAL, &wire).unwrap());
    let refused = StoreError::unreachable().because("signing in: connection refused");
    assert_eq!(fifty(&sign_in), vec![Err(refused.clone()); 50]);
    assert_eq!(wire.asked().len(), 1);
    assert_eq!(fifty(&sign_in), vec![Err(refused); 50]);
    assert_eq!(wire.asked().len(), 2);
    assert_eq!(fifty(&sign_in), vec![Ok("canary-token".to_owned()); 50]);
}

/// What fifty reads of one attempt get that want a token at one moment.
fn fifty(sign_in: &Arc<SignIn>) -> Vec<Result<String, StoreError>> {
    run(async {
        let attempt = Attempt::default();
        let ask = || {
            let (sign_in, attempt) = (Arc::clone(sign_in), attempt.clone());
            tokio::spawn(async move { token_in(&sign_in, &attempt).await })
        };
        let mut tokens = Vec::new();
        for asked in std::iter::repeat_with(ask).take(50).collect::<Vec<_>>() {
            tokens.push(asked.await.unwrap());
        }
        tokens
    })
}

#[test]
fn a_token_that_expires_soon_is_replaced_and_does_until_then() {
    let soon = r#"{"token_type": "Bearer", "expires_in": 200, "access_token": "canary-old"}"#;
    let wire = Wire::new([ok(soon), None, ok(TOKEN)]);
    let sign_in = Arc::new(configured(&SERVICE_PRINCIPAL, &wire).unwrap());
    assert_eq!(fifty(&sign_in), vec![Ok("canary-old".to_owned()); 50], "the second asks for a new one and is refused");
    assert_eq!(wire.asked().len(), 2);
    assert_eq!(fifty(&sign_in), vec![Ok("canary-token".to_owned()); 50]);

    let expired = r#"{"token_type": "Bearer", "expires_in": -1, "access_token": "canary-old"}"#;
    let wire = Wire::new([ok(expired), None]);
    let sign_in = Arc::new(configured(&SERVICE_PRINCIPAL, &wire).unwrap());
    let tokens = fifty(&sign_in);
    assert_eq!(tokens[0].as_deref(), Ok("canary-old"), "whether it is good for anything says the vault");
    assert!(tokens[1..].iter().all(Result::is_err));
    assert_eq!(wire.asked().len(), 2);
}

/// Stands for the shell that runs `az` and `azd`.
#[derive(Debug)]
struct Tools {
    ran: SyncMutex<Vec<String>>,
    signed_in: Option<&'static str>,
}

#[async_trait]
impl Executor for Tools {
    async fn run(&self, _: &OsStr, args: &[&OsStr]) -> io::Result<Output> {
        let command = args[1].to_string_lossy().into_owned();
        let known = self.signed_in.filter(|tool| command.contains(&format!(" {tool} ")));
        self.ran.lock().unwrap().push(command);
        let stdout = match known {
            Some("az") => r#"{"accessToken": "canary-of-az", "expires_on": 4102444800, "tokenType": "Bearer"}"#,
            Some(_) => r#"{"token": "canary-of-azd", "expiresOn": "2100-01-01T00:00:00Z"}"#,
            None => "",
        };
        let status = if known.is_some() { ExitStatus::default() } else { failed() };
        Ok(Output { status, stdout: stdout.into(), stderr: b"canary: run az login".to_vec() })
    }
}

#[cfg(unix)]
fn failed() -> ExitStatus {
    std::os::unix::process::ExitStatusExt::from_raw(256)
}

#[cfg(windows)]
fn failed() -> ExitStatus {
    std::os::windows::process::ExitStatusExt::from_raw(1)
}

fn machine(wire: &Arc<Wire>, signed_in: Option<&'static str>) -> (SignIn, Arc<Tools>) {
    let executor = Arc::new(Tools { ran: SyncMutex::default(), signed_in });
    let options = DeveloperToolsCredentialOptions { executor: Some(executor.clone()) };
    let tools = Some(DeveloperToolsCredential::new(Some(options)).unwrap());
    let identity = Identity::of_machine(None, &wire.http()).unwrap();
    (SignIn::new(Source::Machine { identity, tools, is_identity: OnceLock::new() }), executor)
}

#[test]
fn a_machine_is_asked_before_the_tools_on_it() {
    let wire = Wire::new([ok(r#"{"access_token": "canary-of-machine", "expires_on": 0}"#), Some((404, "", None))]);
    let (sign_in, tools) = machine(&wire, Some("az"));
    assert_eq!(run(token_in(&sign_in, &Attempt::default())).unwrap(), "canary-of-machine");
    let address = "GET http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01";
    assert_eq!(wire.asked(), [format!("{address}&resource=https%3A%2F%2Fvault.azure.net [true - -] ")]);
    // That token has expired. Who asked once as the machine does not become somebody else.
    let error = run(token_in(&sign_in, &Attempt::default())).unwrap_err();
    assert_eq!(error, StoreError::unreachable().because("signing in: this machine gives no token any more"));
    assert!(tools.ran.lock().unwrap().is_empty());
}

#[test]
fn where_no_machine_answers_the_tools_are_asked() {
    let nothing = r#"{"error": "invalid_request", "error_description": "Identity not found"}"#;
    for answer in [None, Some((404, "<html>canary</html>", None)), Some((400, nothing, None)), ok("canary")] {
        for (tool, token) in [("az", "canary-of-az"), ("azd", "canary-of-azd")] {
            let wire = Wire::new([answer]);
            let (sign_in, tools) = machine(&wire, Some(tool));
            assert_eq!(run(token_in(&sign_in, &Attempt::default())).unwrap(), token);
            assert_eq!(fifty(&Arc::new(sign_in)), vec![Ok(token.to_owned()); 50]);
            assert_eq!(tools.ran.lock().unwrap().len(), if tool == "az" { 1 } else { 2 });
        }
    }
}

#[test]
fn a_machine_that_is_busy_is_asked_again() {
    let (sign_in, tools) = machine(&Wire::new([Some((503, "canary", None))]), Some("az"));
    let error = run(token_in(&sign_in, &Attempt::default())).unwrap_err();
    assert_eq!(error, StoreError::unreachable().because("signing in: HTTP 503"));
    assert!(tools.ran.lock().unwrap().is_empty());
}

#[test]
fn who_is_signed_in_nowhere_is_told_what_to_do() {
    let (sign_in, tools) = machine(&Wire::new([None]), None);
    let error = run(token_in(&sign_in, &Attempt::default())).unwrap_err();
    assert_eq!(error, StoreError::not_configured().because(NONE));
    assert_eq!(tools.ran.lock().unwrap().len(), 2);
}

#[test]
fn nothing_of_it_is_shown() {
    let [tenant, client, secret] = SERVICE_PRINCIPAL;
    let wire = Wire::new([ok(TOKEN)]);
    let sign_in = configured(&[tenant, client, secret], &wire).unwrap();
    run(token_in(&sign_in, &Attempt::default())).unwrap();
    assert!(!format!("{sign_in:?}").contains("canary"), "{sign_in:?}");
    let app = [(IDENTITY_ENDPOINT, "http://localhost/msi"), (super::super::IDENTITY_HEADER, "canary")];
    let sign_in = configured(&app, &wire).unwrap();
    assert!(!format!("{sign_in:?}").contains("canary"), "{sign_in:?}");
}

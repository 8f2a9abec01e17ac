//! The vault, asked by the SDK for Azure.
#![cfg(feature = "azure")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use azure_core::credentials::TokenCredential;
use azure_core::error::ErrorKind;
use azure_core::http::{ClientOptions, FixedRetryOptions, Pager, RequestContent, RetryOptions, StatusCode};
use azure_core::{Error, Result, time};
use azure_security_keyvault_secrets::models::{
    Secret, SecretClientGetSecretOptions, SecretClientListSecretPropertiesOptions, SetSecretParameters,
};
use azure_security_keyvault_secrets::{ResourceExt, SecretClient, SecretClientOptions};
use fake_stores::{Call, Fault, KeyVault, Vault};
use futures_util::TryStreamExt;
use futures_util::future::join_all;

/// A client that does not try again.
fn client(azure: &KeyVault, vault: &Vault) -> SecretClient {
    client_with(azure, vault, RetryOptions::none(), azure.credential(), SecretClientOptions::default())
}

fn client_with(
    azure: &KeyVault,
    vault: &Vault,
    retry: RetryOptions,
    credential: Arc<dyn TokenCredential>,
    options: SecretClientOptions,
) -> SecretClient {
    let client_options = ClientOptions { transport: Some(azure.transport()), retry, ..Default::default() };
    SecretClient::new(&vault.url(), credential, Some(SecretClientOptions { client_options, ..options })).unwrap()
}

async fn get(client: &SecretClient, name: &str) -> Result<Secret> {
    client.get_secret(name, None).await?.into_model()
}

async fn value(client: &SecretClient, name: &str) -> Option<String> {
    get(client, name).await.unwrap().value
}

async fn set(client: &SecretClient, name: &str, value: &str) -> Result<Secret> {
    let parameters = SetSecretParameters { value: Some(value.to_owned()), ..Default::default() };
    client.set_secret(name, parameters.try_into()?, None).await?.into_model()
}

/// Status, code, and the code of the inner error where there is one. They are read from the body: the SDK's own
/// `error_code` is the status when the message has an escape in it, as that of `ForbiddenByRbac` has.
fn refused(error: &Error) -> (u16, String, String) {
    let ErrorKind::HttpResponse { status, raw_response, .. } = error.kind() else { panic!("{error:?}") };
    let body = raw_response.as_ref().unwrap().body().to_vec();
    let body: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let text = |code: &serde_json::Value| code.as_str().unwrap_or_default().to_owned();
    (u16::from(*status), text(&body["error"]["code"]), text(&body["error"]["innererror"]["code"]))
}

fn is(status: u16, code: &str, inner: &str) -> (u16, String, String) {
    (status, code.to_owned(), inner.to_owned())
}

#[tokio::test]
async fn the_first_call_is_challenged_and_the_token_serves_the_others() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("openai-api-key", "sk-test-key");
    let credential = azure.credential();
    let client = client_with(&azure, &vault, RetryOptions::none(), credential.clone(), Default::default());
    assert_eq!(value(&client, "openai-api-key").await.as_deref(), Some("sk-test-key"));
    assert_eq!(value(&client, "openai-api-key").await.as_deref(), Some("sk-test-key"));

    let counts = azure.counts();
    assert_eq!((counts.challenges, counts.reads, counts.connections, credential.calls()), (1, 2, 1, 1));
    assert_eq!(azure.violations(), []);
}

#[tokio::test]
async fn versions_are_read_by_their_ids_and_the_latest_without() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    let first = vault.set("key", "one");
    vault.set("key", "two");
    vault.backdate("key", Duration::from_hours(24 * 100));
    let client = client(&azure, &vault);

    let latest = get(&client, "key").await.unwrap();
    assert_eq!(latest.value.as_deref(), Some("two"));
    let created = latest.attributes.as_ref().unwrap().created.unwrap();
    assert_eq!((time::OffsetDateTime::now_utc() - created).whole_days(), 100);
    let id = latest.resource_id().unwrap();
    assert_eq!((id.vault_url.as_str(), id.name.as_str()), ("https://myvault.vault.azure.net", "key"));

    let options = SecretClientGetSecretOptions { secret_version: Some(first), ..Default::default() };
    let old = client.get_secret("key", Some(options)).await.unwrap().into_model().unwrap();
    assert_eq!(old.value.as_deref(), Some("one"));
    for unknown in ["0", "f"] {
        let options = SecretClientGetSecretOptions { secret_version: Some(unknown.repeat(32)), ..Default::default() };
        let error = client.get_secret("key", Some(options)).await.unwrap_err();
        assert_eq!(refused(&error), is(404, "SecretNotFound", ""));
    }
    assert_eq!(azure.violations(), []);
}

#[tokio::test]
async fn names_differ_by_more_than_their_case() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("OpenAI-Key", "one");
    let client = client(&azure, &vault);
    assert_eq!(value(&client, "Openai-KEY").await.as_deref(), Some("one"));
    set(&client, "OPENAI-KEY", "two").await.unwrap();
    assert_eq!(vault.value("openai-key").as_deref(), Some("two"));
    let list: Pager<_> = client.list_secret_properties(None).unwrap();
    let found: Vec<_> = list.try_collect().await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].resource_id().unwrap().name, "OpenAI-Key");
}

#[tokio::test]
async fn a_write_makes_a_version_also_when_it_comes_first() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    let client = client(&azure, &vault);
    let made = set(&client, "key", "one").await.unwrap();
    assert_eq!((azure.counts().challenges, azure.counts().writes), (1, 1), "the challenged one came without its body");
    assert_eq!(vault.value("key").as_deref(), Some("one"));
    let again = set(&client, "key", "").await.unwrap();
    assert_ne!(made.resource_id().unwrap().version, again.resource_id().unwrap().version);
    assert_eq!(value(&client, "key").await.as_deref(), Some(""), "an empty value is one");

    let parameters = SetSecretParameters {
        value: Some("three".to_owned()),
        content_type: Some("text/plain".to_owned()),
        tags: Some([("team".to_owned(), "chat".to_owned())].into()),
        ..Default::default()
    };
    client.set_secret("key", parameters.try_into().unwrap(), None).await.unwrap();
    let read = get(&client, "key").await.unwrap();
    assert_eq!(read.content_type.as_deref(), Some("text/plain"));
    assert_eq!(read.tags.unwrap()["team"], "chat");
    assert_eq!(azure.violations(), []);
}

#[tokio::test]
async fn what_is_not_there_disabled_or_deleted_is_told_apart() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    for name in ["disabled", "deleted"] {
        vault.set(name, "value");
    }
    vault.disable("disabled");
    vault.delete("deleted");
    let client = client(&azure, &vault);
    let missing = get(&client, "missing").await.unwrap_err();
    assert_eq!(refused(&missing), is(404, "SecretNotFound", ""));
    assert_eq!(refused(&get(&client, "deleted").await.unwrap_err()), is(404, "SecretNotFound", ""));
    let disabled = get(&client, "disabled").await.unwrap_err();
    assert_eq!(refused(&disabled), is(403, "Forbidden", "SecretDisabled"));

    let conflict = set(&client, "deleted", "new").await.unwrap_err();
    assert_eq!(refused(&conflict), is(409, "Conflict", "ObjectIsDeletedButRecoverable"));
    vault.set("deleted", "again");
    assert_eq!(value(&client, "deleted").await.as_deref(), Some("again"));
    set(&client, "disabled", "new").await.unwrap();
    assert_eq!(value(&client, "disabled").await.as_deref(), Some("new"), "a new version is enabled");
    assert_eq!(azure.violations(), []);
}

#[tokio::test]
async fn a_list_has_names_without_values_page_by_page() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    let expected: Vec<String> = (0..60).map(|number| format!("key-{number:02}")).collect();
    expected.iter().for_each(|name| drop(vault.set(name, "sk-test-key")));
    vault.set("gone", "value");
    vault.delete("gone");
    let client = client(&azure, &vault);

    let names = async |options| {
        let list: Pager<_> = client.list_secret_properties(options).unwrap();
        let found: Vec<_> = list.try_collect().await.unwrap();
        found.iter().map(|secret| secret.resource_id().unwrap().name).collect::<Vec<_>>()
    };
    assert_eq!(names(None).await, expected);
    assert_eq!(azure.counts().lists, 3);
    let ten = SecretClientListSecretPropertiesOptions { maxresults: Some(10), ..Default::default() };
    assert_eq!(names(Some(ten)).await, expected);
    assert_eq!((azure.counts().lists, azure.counts().reads), (9, 0));
    assert_eq!(azure.violations(), []);
    let many = SecretClientListSecretPropertiesOptions { maxresults: Some(26), ..Default::default() };
    let mut list = client.list_secret_properties(Some(many)).unwrap();
    assert_eq!(refused(&list.try_next().await.unwrap_err()).0, 400);
}

#[tokio::test]
async fn vaults_are_apart_and_an_unknown_one_has_no_address() {
    let azure = KeyVault::started();
    let (one, two) = (azure.vault("one"), azure.vault("two"));
    one.set("key", "of one");
    two.set("key", "of two");
    assert_eq!(value(&client(&azure, &one), "key").await.as_deref(), Some("of one"));
    assert_eq!(value(&client(&azure, &two), "key").await.as_deref(), Some("of two"));

    let china = azure.vault("myvault.vault.azure.cn");
    china.set("key", "of china");
    assert_eq!(value(&client(&azure, &china), "key").await.as_deref(), Some("of china"));
    assert_eq!(azure.reads_of("key"), 3);
    assert_eq!(azure.violations(), []);

    let elsewhere = KeyVault::started().vault("three");
    let error = get(&client(&azure, &elsewhere), "key").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connection), "{error:?}");
    assert!(error.to_string().contains("three.vault.azure.net"), "{error}");
}

#[tokio::test]
async fn faults_are_seen_by_the_sdk_as_in_real_life() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("key", "value");
    let client = client(&azure, &vault);
    for (fault, expected) in [
        (KeyVault::forbidden_by_rbac(), is(403, "Forbidden", "ForbiddenByRbac")),
        (KeyVault::forbidden_by_connection(), is(403, "Forbidden", "ForbiddenByConnection")),
        (KeyVault::throttled(0), is(429, "Throttled", "")),
        (KeyVault::unavailable(), is(503, "ServiceUnavailable", "")),
        (KeyVault::internal_error(), is(500, "InternalServerError", "")),
        (Fault::bad_gateway(), is(502, "", "")),
    ] {
        azure.inject(fault.on("key").times(1));
        assert_eq!(refused(&get(&client, "key").await.unwrap_err()), expected);
        assert_eq!(value(&client, "key").await.as_deref(), Some("value"), "once only");
    }
    azure.inject(Fault::garbage().times(1));
    let error = get(&client, "key").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DataConversion), "{error:?}");
    azure.inject(Fault::dropped().times(1));
    let error = get(&client, "key").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io), "{error:?}");
    azure.inject(Fault::delay(Duration::from_millis(50)).times(1));
    let start = Instant::now();
    assert_eq!(value(&client, "key").await.as_deref(), Some("value"));
    assert!(start.elapsed() >= Duration::from_millis(50));
    assert_eq!(azure.violations(), []);
}

#[tokio::test]
async fn a_write_that_is_forbidden_changes_nothing() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("key", "old");
    azure.inject(KeyVault::forbidden_by_rbac().only(Call::Write));
    let client = client(&azure, &vault);
    assert_eq!(refused(&set(&client, "key", "new").await.unwrap_err()).0, 403);
    assert_eq!(value(&client, "key").await.as_deref(), Some("old"));
}

#[tokio::test]
async fn the_sdk_waits_as_long_as_it_is_told() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("key", "value");
    azure.inject(KeyVault::throttled(1).times(1));
    let retry = RetryOptions::fixed(FixedRetryOptions { delay: time::Duration::ZERO, ..Default::default() });
    let client = client_with(&azure, &vault, retry, azure.credential(), Default::default());
    let start = Instant::now();
    assert_eq!(value(&client, "key").await.as_deref(), Some("value"));
    assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(azure.counts().reads, 2);
}

#[tokio::test]
async fn reads_overlap() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    let names: Vec<String> = (0..50).map(|number| format!("key-{number}")).collect();
    names.iter().for_each(|name| drop(vault.set(name, name)));
    azure.inject(Fault::together(50));
    let client = client(&azure, &vault);
    let values = join_all(names.iter().map(|name| value(&client, name))).await;
    assert!(values.iter().flatten().eq(names.iter()));
    assert_eq!((azure.counts().reads, azure.counts().most_reads_at_once), (50, 50));
}

#[tokio::test]
async fn tokens_expire_and_the_sdk_asks_for_another() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("key", "value");
    let credential = azure.credential();
    let client = client_with(&azure, &vault, RetryOptions::none(), credential.clone(), Default::default());
    value(&client, "key").await;
    azure.expire_tokens();
    assert_eq!(value(&client, "key").await.as_deref(), Some("value"));
    assert_eq!((credential.calls(), azure.counts().challenges, azure.counts().reads), (2, 2, 2));
    assert_eq!(azure.violations(), []);

    azure.expire_tokens();
    credential.set_failing(true);
    let error = get(&client, "key").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Credential), "{error:?}");
}

#[tokio::test]
async fn a_token_from_elsewhere_or_for_something_else_is_refused() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("key", "value");
    let foreign = KeyVault::started().credential();
    let client = client_with(&azure, &vault, RetryOptions::none(), foreign, Default::default());
    assert_eq!(refused(&get(&client, "key").await.unwrap_err()), is(401, "Unauthorized", ""));
    assert_eq!(azure.violations()[0].to_string(), "GET /secrets/key/: AKV10032: Invalid issuer.");

    #[derive(Debug)]
    struct Other(Arc<fake_stores::Credential>, &'static [&'static str]);
    #[async_trait::async_trait]
    impl TokenCredential for Other {
        async fn get_token(
            &self,
            _: &[&str],
            options: Option<azure_core::credentials::TokenRequestOptions<'_>>,
        ) -> Result<azure_core::credentials::AccessToken> {
            self.0.get_token(self.1, options).await
        }
    }
    let management = Arc::new(Other(azure.credential(), &["https://management.azure.com/.default"]));
    let client = client_with(&azure, &vault, RetryOptions::none(), management, Default::default());
    assert_eq!(refused(&get(&client, "key").await.unwrap_err()), is(401, "Unauthorized", ""));
    assert_eq!(azure.violations()[1].to_string(), "GET /secrets/key/: AKV10022: Invalid audience.");

    let no_scope = Arc::new(Other(azure.credential(), &["https://vault.azure.net"]));
    let client = client_with(&azure, &vault, RetryOptions::none(), no_scope, Default::default());
    let error = get(&client, "key").await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Credential), "{error:?}");
    assert!(azure.violations()[2].to_string().contains("no single scope"));
    assert_eq!(azure.counts().reads, 0);
}

#[tokio::test]
async fn requests_that_are_not_in_order_are_refused_and_remembered() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    let client = client(&azure, &vault);
    let status = |error: Error| refused(&error).0;
    assert_eq!(status(get(&client, "not_a_name").await.unwrap_err()), 400);
    assert_eq!(status(get(&client, &"a".repeat(128)).await.unwrap_err()), 400);
    assert_eq!(status(set(&client, "long", &"x".repeat(25_601)).await.unwrap_err()), 400);
    for body in [&b"{"[..], b"[]", b"{}", br#"{"value": 1}"#, br#"{"value": "v", "name": "n"}"#] {
        let error = client.set_secret("key", RequestContent::from(body.to_vec()), None).await.unwrap_err();
        assert_eq!(status(error), 400);
    }
    assert_eq!(status(client.delete_secret("key", None).await.unwrap_err()), 400);
    let old = SecretClientOptions { api_version: "7.4".to_owned(), ..Default::default() };
    let old = client_with(&azure, &vault, RetryOptions::none(), azure.credential(), old);
    assert_eq!(status(get(&old, "key").await.unwrap_err()), 400);

    let why: Vec<String> = azure.violations().into_iter().map(|violation| violation.why).collect();
    let expected = [
        "invalid name: not_a_name",
        "invalid name: aaaa",
        "more than 25600 characters",
        "no JSON object",
        "no JSON object",
        "no text `value`",
        "no text `value`",
        "the unknown property `name`",
        "no operation of this fake: DELETE /secrets/key",
        "the api-version is `7.4`",
    ];
    assert_eq!(why.len(), expected.len(), "{why:#?}");
    why.iter().zip(expected).for_each(|(why, expected)| assert!(why.contains(expected), "{why}"));
    assert_eq!((azure.counts().reads, azure.counts().writes, vault.value("key")), (0, 0, None));
}

#[tokio::test]
async fn a_request_without_the_transport_or_over_plain_http_is_refused() {
    let azure = KeyVault::started();
    azure.vault("myvault");
    let direct = format!("{}/secrets/key?api-version=2025-07-01", azure.url());
    assert_eq!(reqwest::Client::builder().no_proxy().build().unwrap().get(direct).send().await.unwrap().status(), 404);
    let http = ClientOptions { transport: Some(azure.transport()), retry: RetryOptions::none(), ..Default::default() };
    let request = azure_core::http::Request::new(
        "http://myvault.vault.azure.net/".parse().unwrap(),
        azure_core::http::Method::Get,
    );
    assert!(http.transport.unwrap().send(&Default::default(), &mut request.clone()).await.is_err());
    let why: Vec<String> = azure.violations().into_iter().map(|violation| violation.why).collect();
    assert!(why[0].starts_with("no vault has the host `127.0.0.1:"), "{why:?}");
    assert_eq!(why[1], "it goes over plain http");
}

#[tokio::test]
async fn a_challenge_may_fail_too() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("key", "value");
    azure.inject(Fault::answer(503, "text/plain", "").only(Call::Challenge).times(1));
    let client = client(&azure, &vault);
    let error = get(&client, "key").await.unwrap_err();
    assert_eq!(error.http_status(), Some(StatusCode::ServiceUnavailable));
    assert_eq!(value(&client, "key").await.as_deref(), Some("value"));
}

#[tokio::test]
async fn no_output_holds_a_secret_or_a_token() {
    let azure = KeyVault::started();
    let vault = azure.vault("myvault");
    vault.set("key", "sk-test-key");
    let credential = azure.credential();
    let token = credential.get_token(&["https://vault.azure.net/.default"], None).await.unwrap();
    let client = client_with(&azure, &vault, RetryOptions::none(), credential.clone(), Default::default());
    value(&client, "key").await;
    let shown = format!("{azure:?} {vault:?} {credential:?} {:?} {:?}", azure.transport(), azure.violations());
    assert!(shown.contains("myvault") && shown.contains("reads: 1"), "{shown}");
    assert!(!shown.contains("sk-test") && !shown.contains(token.token.secret()), "{shown}");
}

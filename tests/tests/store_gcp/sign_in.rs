//! Who asks, as a configuration says.

use fake_stores::SecretManager;
use settings_core::report::Code;
use settings_core::{ExposeSecret, Loader, Report, SecretString, Settings};
use settings_tests::EnvFile;

use crate::loads::{codes, flat};
use crate::server::Server;
use crate::{Bench, store};

#[derive(Settings)]
#[settings(env_file = none)]
pub(crate) struct One {
    #[secret(source = gcp)]
    pub(crate) api_key: Option<SecretString>,
}

/// A file with the credentials of somebody who signs in there.
pub(crate) fn account(tokens: &Server) -> String {
    format!(
        r#"{{"type": "authorized_user", "client_id": "id", "client_secret": "canary-1", "refresh_token": "canary-2",
             "token_uri": "{}"}}"#,
        tokens.url()
    )
}

/// With an environment of its own, in which these variables are set, and nothing of the process.
fn loader(endpoint: &str, variables: &[(&str, &str)]) -> Loader<One> {
    let own = [("GOOGLE_CLOUD_PROJECT", "agentds"), ("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", endpoint)];
    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    One::loader().hermetic().env(own.into_iter().chain(variables.iter().copied()).map(owned))
}

fn report(endpoint: &str, variables: &[(&str, &str)]) -> Report {
    loader(endpoint, variables).load_blocking().err().unwrap()
}

#[test]
fn the_token_goes_to_the_service_and_nowhere_else() {
    let tokens = Server::of_token("test-token");
    let elsewhere = Server::new(200, "{}");
    let file = EnvFile::new(account(&tokens));
    let google = Server::with_head(307, &format!("location: {}/elsewhere", elsewhere.url()), "");
    let variables =
        [("GOOGLE_APPLICATION_CREDENTIALS", file.path().to_str().unwrap()), ("GOOGLE_CLOUD_QUOTA_PROJECT", "payer")];
    let report = report(&google.url(), &variables);
    let heard = google.heard().remove(0);
    assert!(heard.starts_with("GET /v1/projects/agentds/secrets/api-key/versions/latest:access"), "{heard}");
    assert!(heard.contains("\r\nauthorization: Bearer test-token\r\n"), "{heard}");
    assert!(heard.contains("\r\nx-goog-user-project: payer\r\n"), "{heard}");
    assert!(tokens.heard()[0].contains("canary-2"));
    assert!(!elsewhere.heard().is_empty(), "the SDK follows redirects");
    assert!(elsewhere.heard().iter().all(|heard| !heard.to_ascii_lowercase().contains("authorization")));
    assert_eq!(codes(&report), [("api_key", Code::Invalid)]);
}

#[test]
fn a_token_that_is_refused_is_replaced_once() {
    let bench = Bench::new();
    bench.project.set("api-key", "test-value");
    let tokens = Server::of_token("test-token");
    let file = EnvFile::new(account(&tokens));
    let variables = [("GOOGLE_APPLICATION_CREDENTIALS", file.path().to_str().unwrap())];
    let loader = || loader(&bench.google.url(), &variables);
    assert!(loader().load_blocking().is_ok());
    bench.google.inject(SecretManager::unauthenticated().times(1));
    assert_eq!(loader().load_blocking().unwrap().api_key.unwrap().expose_secret(), "test-value");
    assert_eq!(tokens.heard().len(), 2);

    bench.google.inject(SecretManager::unauthenticated());
    let report = loader().load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("api_key", Code::Denied)]);
    assert!(flat(&report).contains("the service does not take the credentials"), "{report}");
    assert_eq!(bench.google.counts().reads, 5);
    bench.google.heal();
    loader().rotate_secret_blocking("api_key", "test-2".into()).unwrap();
    assert_eq!(bench.value("api-key"), "test-2");
}

#[test]
fn who_cannot_sign_in_is_told_why() {
    let bench = Bench::new();
    bench.project.set("api-key", "test-value");
    for (status, answer, code, told) in [
        (
            400,
            r#"{"error": "invalid_grant"}"#,
            Code::Denied,
            "the credentials give no token: are they revoked or expired?",
        ),
        (200, "<html>canary</html>", Code::Denied, "the credentials give no token: are they revoked or expired?"),
        (503, "canary", Code::Unreachable, "no token: the sign-in does not work now, 3 tries"),
    ] {
        let tokens = Server::new(status, answer);
        let file = EnvFile::new(account(&tokens));
        let variables = [("GOOGLE_APPLICATION_CREDENTIALS", file.path().to_str().unwrap())];
        let report = report(&bench.google.url(), &variables);
        assert_eq!(codes(&report), [("api_key", code)]);
        assert!(flat(&report).contains(told), "{report}");
        // A failure to sign in is not for ever.
        std::fs::write(file.path(), account(&Server::of_token("test-token"))).unwrap();
        assert!(loader(&bench.google.url(), &variables).load_blocking().is_ok());
    }
    let file = EnvFile::new(
        r#"{"type": "authorized_user", "client_id": "id", "client_secret": "s", "refresh_token": "r", "token_uri": "http://127.0.0.1:9"}"#,
    );
    let report = report(&bench.google.url(), &[("GOOGLE_APPLICATION_CREDENTIALS", file.path().to_str().unwrap())]);
    assert_eq!(codes(&report), [("api_key", Code::Unreachable)]);
    assert!(flat(&report).contains("no token: connection refused, 3 tries"), "{report}");
}

#[test]
fn a_file_that_is_no_good_is_told() {
    let bench = Bench::new();
    for (content, told, code) in [
        (None, "is not there", Code::StoreMisconfigured),
        (Some("canary"), "is no JSON", Code::StoreMisconfigured),
        (Some("{}"), "holds no credentials of a known type", Code::StoreMisconfigured),
        (Some(r#"{"type": "canary"}"#), "holds no credentials of a known type", Code::StoreMisconfigured),
        (
            Some(r#"{"type": "authorized_user"}"#),
            "lacks something, or holds a key that is none",
            Code::StoreMisconfigured,
        ),
        (
            Some(
                r#"{"type": "service_account", "client_email": "a@example.com", "private_key_id": "1", "private_key": "canary", "project_id": "p"}"#,
            ),
            "the credentials give no token: are they revoked or expired?",
            Code::Denied,
        ),
        (
            Some(r#"{"type": "external_account", "credential_source": {"environment_id": "aws1"}}"#),
            "wants the process environment, which this loader does not read",
            Code::StoreMisconfigured,
        ),
    ] {
        let file = EnvFile::new(content.unwrap_or_default());
        let path = file.path().to_str().unwrap().to_owned();
        if content.is_none() {
            drop(file);
        }
        let report = report(&bench.google.url(), &[("GOOGLE_APPLICATION_CREDENTIALS", &path)]);
        assert_eq!(codes(&report), [("api_key", code)]);
        assert!(flat(&report).contains(told), "{told}: {report}");
        assert!(!report.to_string().contains("canary"), "{report}");
        assert_eq!(bench.google.counts().connections, 0);
    }
}

#[test]
fn the_metadata_server_of_the_configuration_gives_tokens() {
    let bench = Bench::new();
    bench.project.set("api-key", "test-value");
    let tokens = Server::of_token("test-token");
    let one = loader(&bench.google.url(), &[("GCE_METADATA_HOST", tokens.address())]).load_blocking().unwrap();
    assert_eq!(one.api_key.unwrap().expose_secret(), "test-value");
    let heard = tokens.heard();
    assert!(heard[0].starts_with("GET /computeMetadata/v1/instance/service-accounts/default/token"), "{heard:?}");
    assert_eq!(heard.len(), 1);
}

#[test]
fn gclouds_own_folder_may_be_named() {
    let bench = Bench::new();
    bench.project.set("api-key", "test-value");
    let tokens = Server::of_token("test-token");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("application_default_credentials.json"), account(&tokens)).unwrap();
    let variables = [("CLOUDSDK_CONFIG", folder.path().to_str().unwrap())];
    let one = loader(&bench.google.url(), &variables).load_blocking().unwrap();
    assert_eq!(one.api_key.unwrap().expose_secret(), "test-value");
}

#[test]
fn without_credentials_it_is_not_configured() {
    let bench = Bench::new();
    assert!(loader(&bench.google.url(), &[]).load_blocking().unwrap().api_key.is_none());
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Wanted {
        #[secret(source = gcp)]
        #[allow(dead_code, reason = "it does not load")]
        api_key: SecretString,
    }
    let report = Wanted::loader().hermetic().env([("GOOGLE_CLOUD_PROJECT", "agentds")]).load_blocking().unwrap_err();
    assert_eq!(codes(&report), [("api_key", Code::Missing)]);
    let told = "gcp agentds / api-key not configured (no credentials: GOOGLE_APPLICATION_CREDENTIALS is not set)";
    assert!(flat(&report).contains(told), "{report}");
    assert_eq!(bench.google.counts().connections, 0);
}

#[test]
fn an_endpoint_that_is_none_names_its_variable() {
    let report = report("http://10.0.0.7", &[]);
    assert_eq!(codes(&report), [("api_key", Code::StoreMisconfigured)]);
    assert!(flat(&report).contains("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER: plain http"), "{report}");
}

#[test]
fn credentials_given_in_code_are_the_programs_own() {
    let bench = Bench::new();
    bench.google.inject(SecretManager::unauthenticated());
    let gcp = store(&bench.google);
    let report = One::loader().hermetic().store("gcp", gcp).load_blocking().err().unwrap();
    assert_eq!(codes(&report), [("api_key", Code::Denied)]);
    assert_eq!(bench.google.counts().reads, 1, "there are no others");
}

//! What of the process and its user the store sees: all of it in a plain load, nothing in one with an environment of its
//! own. A child process has the environment.

use std::process::Command;

use serde_json::json;
use settings_core::store::Aws;
use settings_core::{ExposeSecret, Loader, SecretString, Settings};
use settings_tests::fault::{Fault, FaultProxy, Nobody, When};
use settings_tests::{EnvFile, Secrets};

use super::line;

#[derive(Settings)]
#[settings(env_file = none)]
struct Keys {
    #[secret(source = aws)]
    anthropic_api_key: SecretString,
    #[secret(source = aws)]
    openai_api_key: SecretString,
}

/// What the child is told: how to load.
const HOW: &str = "SETTINGS_TEST_HOW";
/// What the child is told: the variables of its loader, as `A=1` with spaces between, or a .env file.
const WHAT: &str = "SETTINGS_TEST_WHAT";

#[test]
#[ignore = "loads in the environment of whoever starts it: run by the tests below"]
fn child() {
    let (how, what) = (std::env::var(HOW).unwrap(), std::env::var(WHAT).unwrap());
    let loader: Loader<Keys> = match &*how {
        "isolated" => Keys::loader().env(what.split(' ').map(|pair| pair.split_once('=').unwrap())),
        "env_file" => Keys::loader().env_file(what),
        // A hermetic loader has no environment: what is found there was found by the store.
        "new" => Keys::loader().hermetic().store("aws", Aws::new()),
        "named" => Keys::loader().hermetic().store("aws", Aws::new().secret_name(what)),
        _ => Keys::loader(),
    };
    match loader.load_blocking() {
        Ok(keys) => {
            println!("LOADED {} {}", keys.anthropic_api_key.expose_secret(), keys.openai_api_key.expose_secret())
        }
        Err(report) => println!("FAILED {}", line(&report)),
    }
}

/// What the child says.
fn load(how: &str, what: &str, variables: &[(&str, &str)]) -> String {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["isolation::child", "--exact", "--ignored", "--nocapture"])
        .env_clear()
        .envs(variables.iter().copied())
        .env(HOW, how)
        .env(WHAT, what)
        .output()
        .unwrap();
    let output = String::from_utf8(child.stdout).unwrap();
    let said = output.lines().find(|line| line.starts_with("LOADED ") || line.starts_with("FAILED "));
    let said = said.ok_or_else(|| format!("{output}{}", String::from_utf8_lossy(&child.stderr)));
    said.unwrap().to_owned()
}

const LOADED: &str = "LOADED sk-ant-test-key sk-test-key";

/// A service with the keys, in front of nothing.
fn service() -> (FaultProxy, Nobody) {
    let nobody = Nobody::new();
    let proxy = FaultProxy::http(&nobody.address());
    let text = json!({ "ANTHROPIC_API_KEY": "sk-ant-test-key", "openai_api_key": "sk-test-key" }).to_string();
    let secret = json!({ "Name": "eis-dynamics/api-keys", "VersionId": "v1", "SecretString": text });
    proxy.inject(When::operation("GetSecretValue"), Fault::json(200, &secret));
    (proxy, nobody)
}

/// Who signed the last request, and for which region: `AKID/20260101/eu-west-1`.
fn signer(proxy: &FaultProxy) -> (String, String) {
    let seen = proxy.seen();
    let last = seen.last().unwrap();
    let scope = last.header("authorization").unwrap().split_once("Credential=").unwrap().1;
    (last.access_key().unwrap().to_owned(), scope.split('/').nth(2).unwrap().to_owned())
}

/// A home directory with a profile that is the default one, and another one.
fn home() -> Secrets {
    let home = Secrets::empty();
    std::fs::create_dir(home.join(".aws")).unwrap();
    home.write(".aws/config", "[default]\nregion = eu-west-1\n[profile chat]\nregion = eu-central-1\n");
    let keys =
        |name: &str, id: &str| format!("[{name}]\naws_access_key_id = {id}\naws_secret_access_key = test-secret\n");
    home.write(".aws/credentials", keys("default", "AKIDDEFAULT") + &keys("chat", "AKIDCHAT"));
    home
}

#[test]
fn variables_of_the_process() {
    let (service, _nobody) = service();
    let variables = [
        ("AWS_ENDPOINT_URL", &*service.address()),
        ("AWS_REGION", "eu-north-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDPROCESS"),
        ("AWS_SECRET_ACCESS_KEY", "test-secret"),
        ("AWS_SECRET_NAME", "eis-dynamics/api-keys"),
    ];
    assert_eq!(load("plain", "", &variables), LOADED);
    assert_eq!(signer(&service), ("AKIDPROCESS".into(), "eu-north-1".into()));
    assert_eq!(service.seen()[0].body["SecretId"], "eis-dynamics/api-keys");
}

#[test]
fn profiles_of_the_user() {
    let (service, _nobody) = service();
    let home = home();
    let (address, path) = (service.address(), home.path().to_str().unwrap());
    let variables = [("AWS_ENDPOINT_URL", &*address), ("HOME", path), ("AWS_SECRET_NAME", "keys")];
    assert_eq!(load("plain", "", &variables), LOADED);
    assert_eq!(signer(&service), ("AKIDDEFAULT".into(), "eu-west-1".into()));
    let variables = [&variables[..], &[("AWS_PROFILE", "chat")]].concat();
    assert_eq!(load("plain", "", &variables), LOADED);
    assert_eq!(signer(&service), ("AKIDCHAT".into(), "eu-central-1".into()));
}

#[test]
fn a_store_that_code_makes_without_a_word_finds_what_the_sdk_finds() {
    let (service, _nobody) = service();
    let home = home();
    let (address, path) = (service.address(), home.path().to_str().unwrap());
    let asked = || service.seen().last().unwrap().body["SecretId"].clone();
    // Region and credentials of the user's profile, and the secret of the variable or of the code.
    let variables = [("AWS_ENDPOINT_URL", &*address), ("HOME", path), ("AWS_SECRET_NAME", "of-the-variable")];
    assert_eq!(load("new", "", &variables), LOADED);
    assert_eq!((signer(&service), asked()), (("AKIDDEFAULT".into(), "eu-west-1".into()), "of-the-variable".into()));
    assert_eq!(load("named", "of-the-code", &variables), LOADED);
    assert_eq!(asked(), "of-the-code");
    // What the process has stands above it.
    let keys = [("AWS_ACCESS_KEY_ID", "AKIDPROCESS"), ("AWS_SECRET_ACCESS_KEY", "test-secret")];
    let variables = [&variables[..], &keys, &[("AWS_REGION", "eu-north-1")]].concat();
    assert_eq!(load("new", "", &variables), LOADED);
    assert_eq!(signer(&service), ("AKIDPROCESS".into(), "eu-north-1".into()));

    let seen = service.seen().len();
    let failed =
        load("new", "", &[("AWS_ENDPOINT_URL", &address), ("AWS_EC2_METADATA_DISABLED", "true"), keys[0], keys[1]]);
    assert!(failed.contains("not configured (no region: AWS_REGION is not set, and no profile has one)"), "{failed}");
    let failed = load("new", "", &[("AWS_ENDPOINT_URL", &address), ("AWS_REGION", "eu-north-1"), keys[0], keys[1]]);
    assert!(failed.contains("not configured (neither the source nor AWS_SECRET_NAME names a secret)"), "{failed}");
    let nobody = [("AWS_REGION", "eu-north-1"), ("AWS_EC2_METADATA_DISABLED", "true")];
    let failed = load("named", "keys", &[&nobody[..], &[("AWS_ENDPOINT_URL", &*address)]].concat());
    assert!(failed.contains("not configured (no credentials"), "{failed}");
    assert_eq!(service.seen().len(), seen);
}

#[test]
fn a_dotenv_file_says_where_the_secrets_are() {
    let (service, _nobody) = service();
    let home = home();
    let (address, path) = (service.address(), home.path().to_str().unwrap());
    let lines = "AWS_REGION=us-east-1\nAWS_SECRET_NAME=eis-dynamics/api-keys\n";
    let with_keys = EnvFile::new(format!(
        "{lines}AWS_ACCESS_KEY_ID=AKIDFILE\nAWS_SECRET_ACCESS_KEY=test-secret\nAWS_ENDPOINT_URL={address}\n"
    ));
    assert_eq!(load("env_file", with_keys.path().to_str().unwrap(), &[]), LOADED);
    assert_eq!(signer(&service), ("AKIDFILE".into(), "us-east-1".into()));
    // The process wins over the file, and what neither has is in the profile that the file names.
    let with_profile = EnvFile::new(format!("{lines}AWS_PROFILE=chat\nAWS_ENDPOINT_URL={address}\n"));
    let variables = [("HOME", path), ("AWS_REGION", "eu-north-1")];
    assert_eq!(load("env_file", with_profile.path().to_str().unwrap(), &variables), LOADED);
    assert_eq!(signer(&service), ("AKIDCHAT".into(), "eu-north-1".into()));
}

#[test]
fn an_environment_of_its_own_is_all_that_there_is() {
    let (service, _nobody) = service();
    let (elsewhere, _other) = self::service();
    let home = home();
    let nobody = Nobody::new();
    let process = [
        ("AWS_ENDPOINT_URL", &*elsewhere.address()),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", &*elsewhere.address()),
        ("AWS_REGION", "eu-north-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDPROCESS"),
        ("AWS_SECRET_ACCESS_KEY", "test-secret"),
        ("AWS_SESSION_TOKEN", "test-token"),
        ("AWS_SECRET_NAME", "other"),
        ("AWS_PROFILE", "chat"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("HOME", home.path().to_str().unwrap()),
        // Whoever asks this one for the way gets no answer.
        ("HTTP_PROXY", &*nobody.address()),
        ("HTTPS_PROXY", &*nobody.address()),
        ("ALL_PROXY", &*nobody.address()),
    ];
    let own = format!("AWS_ENDPOINT_URL={} AWS_REGION=us-east-1 AWS_SECRET_NAME=keys", service.address());
    let keys = "AWS_ACCESS_KEY_ID=AKIDOWN AWS_SECRET_ACCESS_KEY=test-secret";
    assert_eq!(load("isolated", &format!("{own} {keys}"), &process), LOADED);
    assert_eq!(signer(&service), ("AKIDOWN".into(), "us-east-1".into()));
    assert_eq!(service.seen()[0].header("x-amz-security-token"), None);

    // Without credentials of its own it has none.
    let failed = load("isolated", &format!("{own} AWS_EC2_METADATA_DISABLED=true"), &process);
    assert!(failed.contains("not configured (no credentials"), "{failed}");
    let failed = load("isolated", "AWS_SECRET_NAME=keys", &process);
    assert!(failed.contains("not configured (AWS_REGION is not set)"), "{failed}");
    let failed = load("isolated", "AWS_REGION=us-east-1", &process);
    assert!(failed.contains("not configured (AWS_SECRET_NAME is not set)"), "{failed}");
    assert_eq!((service.seen().len(), elsewhere.seen().len()), (1, 0));
}

//! What a load that succeeds still has to say. What is said of a single key or file is tested beside that.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "shown by Debug alone")]

use settings_core::{Loader, SecretString, Settings};
use settings_tests::{EnvFile, Secrets, leak};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_")]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
    api_key: Option<SecretString>,
    #[secret(source = [docker, env])]
    token: Option<SecretString>,
}

const CANARIES: [&str; 2] = ["Zq7Wk3Xv9Bn5Tm1Jh8Pd", "Gf2Lr6Yc4Ds0Ue5Va7Wi"];

fn warnings<S: settings_core::Blueprint>(loader: Loader<S>) -> Vec<String> {
    let (_, warnings) = loader.load_with_warnings_blocking().map_err(|report| report.to_string()).unwrap();
    warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_secret_that_hides_another_is_told_with_both_places() {
    let file = EnvFile::new("CHAT_API_KEY=sk-test-file\nCHAT_TOKEN=file\nCHAT_PORT=2\n");
    let secrets = Secrets::new([("api_key", "sk-test-mount"), ("token", "mount")]);
    let loader = |env: &[(&str, &str)]| {
        Chat::loader().hermetic().env(env.iter().copied()).env_file(file.path()).secrets_dir(secrets.path())
    };
    let (file_at, key_at) = (file.path().display(), secrets.join("api_key").display().to_string());
    let token_at = secrets.join("token").display().to_string();
    assert_eq!(
        warnings(loader(&[("CHAT_API_KEY", "sk-test-env"), ("CHAT_PORT", "1")])),
        [
            format!("CHAT_API_KEY: hides the secret that .env has too, {file_at}:1:14"),
            format!("CHAT_API_KEY: hides the secret that docker has too, {key_at}"),
            format!("CHAT_TOKEN, {token_at}: hides the secret that .env has too, {file_at}:2:12"),
        ],
        "a plain field says nothing: to override one is what layers are for"
    );
    let of_file = format!("CHAT_API_KEY, {file_at}:1:14: hides the secret that docker has too, {key_at}");
    assert_eq!(warnings(loader(&[]))[0], of_file);
}

#[test]
fn what_counts_as_unset_is_not_hidden() {
    let file = EnvFile::new("CHAT_API_KEY=changeme\nCHAT_TOKEN=\n");
    let env = [("CHAT_API_KEY", "sk-test-env"), ("CHAT_TOKEN", "env")];
    assert_eq!(warnings(Chat::loader().hermetic().env(env).env_file(file.path())), [""; 0]);
}

#[test]
fn a_report_tells_the_warnings_too() {
    let file = EnvFile::new("CHAT_API_KEY=sk-test-file\nCHAT_PORT=x\n");
    let loader = Chat::loader().hermetic().env([("CHAT_API_KEY", "sk-test-env")]).env_file(file.path());
    let report = loader.load_blocking().unwrap_err();
    assert_eq!((report.problems().len(), report.warnings().len()), (1, 1));
    assert!(report.warnings()[0].text().starts_with("hides the secret that .env has too"));
}

#[test]
fn what_cannot_be_read_is_no_warning_beside_the_problem() {
    // A link to itself, which root cannot read either.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(".env");
    std::os::unix::fs::symlink(".env", &path).unwrap();
    let report = Chat::loader().hermetic().env_file(&path).load_blocking().map(drop).unwrap_err();
    assert_eq!((report.problems().len(), report.warnings()), (1, [].as_slice()), "{report}");
}

#[test]
fn a_log_of_what_stores_answer_is_told() {
    let variable = |text: &str| Chat::loader().hermetic().env([("LOG_SENSITIVE_BODIES", text)]);
    for text in ["true", "TRUE"] {
        let told = warnings(variable(text));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].starts_with("LOG_SENSITIVE_BODIES: makes the AWS SDK write"), "{told:?}");
    }
    for text in ["false", "", "1"] {
        assert_eq!(warnings(variable(text)), [""; 0], "the SDK takes nothing else for true: {text}");
    }
    #[derive(Settings)]
    struct Plain {
        port: Option<u16>,
    }
    let plain = Plain::loader().hermetic().env([("LOG_SENSITIVE_BODIES", "true")]);
    assert_eq!(warnings(plain), [""; 0], "without secrets there are none to be logged");
}

#[test]
fn no_warning_depends_on_a_secret() {
    let [one, other] = CANARIES.map(|canary| {
        let file = EnvFile::new(format!("CHAT_API_KEY={canary}-file\nCHAT_TOKEN={canary}\n"));
        let secrets = Secrets::new([("api_key", canary), ("token", canary)]);
        // Once the same secret everywhere, and once three of them.
        let env = if canary == CANARIES[0] { canary.to_owned() } else { format!("{canary}-env") };
        let loader = Chat::loader().hermetic().env([("CHAT_API_KEY", env)]);
        let told = warnings(loader.env_file(file.path()).secrets_dir(secrets.path())).join("\n");
        assert_eq!(leak(&told, canary), None, "{told}");
        file.hide_path(&told).replace(&secrets.path().display().to_string(), "DIR")
    });
    assert_eq!(one, other);
    assert_eq!(one.lines().count(), 3);
}

//! A plain value of a .env file may refer to others, and a plain value is shown: so it must not refer to a secret, and
//! what it refers to is not shown either.
#![allow(dead_code, reason = "shown by Debug alone")]

use settings_core::{ExposeSecret, SecretString, Settings};
use settings_tests::{EnvFile, leak};

const CANARY: &str = "Zq7Wk3Xv9Bn5Tm1Jh8Pd";

#[derive(Settings)]
struct Service {
    #[secret(env = "PEM")]
    certificate: Option<SecretString>,
    #[secret(expand)]
    address: Option<SecretString>,
    #[secret(source = env("ELSEWHERE"))]
    other: Option<SecretString>,
    url: Option<String>,
    port: Option<u16>,
    #[setting(nested)]
    gate: Option<Gate>,
    #[setting(nested, default)]
    gates: Vec<Gate>,
}

#[derive(Settings)]
struct Gate {
    licence: Option<SecretString>,
}

fn load(variables: &[(&str, &str)], file: &str) -> Result<Service, settings_core::Report> {
    let file = EnvFile::new(file);
    Service::loader().hermetic().env(variables.iter().copied()).env_file(file.path()).load_blocking()
}

#[test]
fn a_plain_field_must_not_refer_to_a_secret() {
    for (what, variables, file) in [
        ("of the file", vec![], format!("PEM={CANARY}\nURL=http://${{PEM}}/x\n")),
        ("of the environment", vec![("PEM", CANARY)], "PORT=${PEM}\n".to_owned()),
        ("over two references", vec![], format!("PEM={CANARY}\nB=${{PEM}}\nURL=${{B}}\n")),
        ("in another case", vec![], format!("pem={CANARY}\nURL=http://${{pem}}/x\n")),
        ("of its source", vec![("ELSEWHERE", CANARY)], "URL=${ELSEWHERE}\n".to_owned()),
        ("within a struct", vec![], format!("GATE={{\"licence\":\"{CANARY}\"}}\nURL=${{GATE}}\n")),
        ("within a list", vec![], format!("GATES=[{{\"licence\":\"{CANARY}\"}}]\nURL=${{GATES}}\n")),
        ("named like one", vec![("GIT_TOKEN", CANARY)], "URL=http://${GIT_TOKEN}@x\n".to_owned()),
    ] {
        let report = load(&variables, &file).expect_err(what).to_string();
        assert_eq!(leak(&report, CANARY), None, "{what}");
        assert!(report.contains("is a secret or named like one"), "{what}: {report}");
    }
}

#[test]
fn a_secret_may() {
    let service = load(&[("GIT_TOKEN", CANARY)], "ADDRESS=http://${GIT_TOKEN}@x\n").unwrap();
    assert_eq!(service.address.unwrap().expose_secret(), format!("http://{CANARY}@x"));
}

#[test]
fn a_value_is_shown_as_it_was_written() {
    let file = EnvFile::new("PORT=${BASE}0\n");
    let loader = || Service::loader().hermetic().env([("BASE", CANARY)]).env_file(file.path());
    let report = loader().load_blocking().unwrap_err();
    assert_eq!(report.problems()[0].found(), Some("`${BASE}0`"));
    let explanation = loader().explain_blocking().unwrap();
    assert_eq!(explanation.rows()[4].value(), "${BASE}0");
}

#[test]
fn other_references_are_expanded() {
    assert_eq!(load(&[("BASE", "80")], "PORT=${BASE}80\n").unwrap().port, Some(8080));
}

#[test]
fn a_name_that_no_field_has_may_be_a_value() {
    for name in [format!("sk-proj-{CANARY}"), format!("redis://:{CANARY}@host"), format!("{CANARY} {CANARY}")] {
        let report = Service::loader().hermetic().set(name, 1).load_blocking().unwrap_err();
        assert_eq!(leak(&report.to_string(), CANARY), None);
        assert_eq!(leak(&report.to_json(), CANARY), None);
    }
    let swapped = Service::mock().set(CANARY, "certificate").build().unwrap_err().to_string();
    assert_eq!(leak(&swapped, CANARY), None);
    assert!(swapped.contains("seem to be swapped"), "{swapped}");
}

#[test]
fn a_blank_secret_is_empty_and_one_among_blanks_is_warned_of() {
    assert!(load(&[("PEM", " \n")], "").unwrap().certificate.is_none());
    let loader = Service::loader().hermetic().env([("PEM", "sk-test-key\n")]);
    let (service, warnings) = loader.load_with_warnings_blocking().unwrap();
    assert_eq!(service.certificate.unwrap().expose_secret(), "sk-test-key\n");
    assert!(warnings[0].text().contains("white space"), "{warnings:?}");
}

#[test]
fn a_mock_says_what_helps_a_mock() {
    #[derive(Settings)]
    struct Worker {
        host: String,
    }
    let report = Worker::mock().build().unwrap_err();
    assert_eq!(report.problems()[0].fixes()[0], r#".set("host", ..) on the mock"#);
}

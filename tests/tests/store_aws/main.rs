//! AWS Secrets Manager, seen from loads: against both emulators, and against faults in front of one.
#![cfg(feature = "aws")]
#![allow(clippy::unwrap_used, reason = "these are tests")]
#![allow(dead_code, reason = "not every field is looked at")]

mod calls;
mod failures;
mod isolation;
mod reading;
mod writing;

use serde_json::{Value, json};
use settings_core::report::Code;
use settings_core::{Loader, Report, Settings};
use settings_tests::servers::aws::call;
use settings_tests::servers::{AWS_KEY, AWS_REGION};

/// A loader that finds the service at this address, and this secret for sources that name none.
fn at<S: Settings>(address: &str, secret: &str) -> Loader<S> {
    S::loader().env([
        ("AWS_ENDPOINT_URL", address),
        ("AWS_REGION", AWS_REGION),
        ("AWS_ACCESS_KEY_ID", AWS_KEY),
        ("AWS_SECRET_ACCESS_KEY", AWS_KEY),
        ("AWS_SECRET_NAME", secret),
    ])
}

/// Calls the emulator, and fails where it does.
fn ask(address: &str, operation: &str, input: &Value) -> Value {
    let answer = call(address, operation, input).unwrap();
    assert_eq!(answer.status, 200, "{operation}: {}", answer.body["__type"]);
    answer.body
}

/// A new version, which becomes the current one.
fn change(address: &str, name: &str, text: &str) -> String {
    let answer = ask(address, "PutSecretValue", &json!({ "SecretId": name, "SecretString": text }));
    answer["VersionId"].as_str().unwrap().to_owned()
}

fn report<S: Settings>(loader: Loader<S>) -> Report {
    loader.load_blocking().err().unwrap()
}

fn codes(report: &Report) -> Vec<(&str, Code)> {
    report.problems().iter().map(|problem| (problem.path(), problem.code())).collect()
}

/// The report as one line, with a single space where it is wrapped.
fn line(report: &Report) -> String {
    report.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

//! What a program needs to take an emulator for AWS, and the one call that fills it.

use serde_json::{Value, json};

use crate::{Result, http};

const REGION: &str = "us-east-1";

/// Variables for a program; what has no value is to be unset, as it would lead away from the emulator.
pub(crate) fn variables(address: String) -> [(&'static str, Option<String>); 8] {
    let set = |value: &str| Some(value.to_owned());
    [
        ("AWS_ENDPOINT_URL", Some(address)),
        ("AWS_REGION", set(REGION)),
        ("AWS_ACCESS_KEY_ID", set("testing")),
        ("AWS_SECRET_ACCESS_KEY", set("testing")),
        ("AWS_EC2_METADATA_DISABLED", set("true")),
        ("AWS_SESSION_TOKEN", None),
        ("AWS_PROFILE", None),
        ("AWS_ENDPOINT_URL_SECRETS_MANAGER", None),
    ]
}

/// Creates a secret in the emulator on this port.
pub(crate) fn create_secret(port: u16, name: &str, value: &str) -> Result<()> {
    // Emulators take any signature.
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential=testing/20260101/{REGION}/secretsmanager/aws4_request, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature={:064}",
        0
    );
    let headers = [
        ("Authorization", authorization.as_str()),
        ("Content-Type", "application/x-amz-json-1.1"),
        ("X-Amz-Date", "20260101T000000Z"),
        ("X-Amz-Target", "secretsmanager.CreateSecret"),
    ];
    let body = json!({ "Name": name, "SecretString": value }).to_string();
    let answer = http::post(port, "/", &headers, &body)?;
    if answer.status == 200 {
        return Ok(());
    }
    // The rest of the answer may quote the value.
    let answered: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = answered["__type"].as_str().unwrap_or("no error code");
    Err(format!("the secret {name} was not created: {} {code}", answer.status).into())
}

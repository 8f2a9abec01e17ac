//! Fills an AWS emulator, and asks what it holds, without the client under test.

use serde_json::{Value, json};

use super::{AWS_KEY, AWS_REGION, client};

/// What AWS answered.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body, `null` when it is no JSON.
    pub body: Value,
}

/// Calls an operation of Secrets Manager, such as `GetSecretValue`, at an emulator or at what stands in front of one.
///
/// # Errors
///
/// When the connection breaks.
pub fn call(address: &str, operation: &str, input: &Value) -> Result<Answer, ureq::Error> {
    let mut answer = client()
        .post(address)
        .header("Authorization", authorization())
        .header("Content-Type", "application/x-amz-json-1.1")
        .header("X-Amz-Date", "20260101T000000Z")
        .header("X-Amz-Target", format!("secretsmanager.{operation}"))
        .send(input.to_string())?;
    let text = answer.body_mut().read_to_string()?;
    Ok(Answer { status: answer.status().as_u16(), body: serde_json::from_str(&text).unwrap_or_default() })
}

/// Creates a secret with this text.
///
/// # Panics
///
/// When the emulator does not create it.
#[expect(clippy::panic, reason = "a test without its secret has failed")]
pub fn create(address: &str, name: &str, text: &str) {
    match call(address, "CreateSecret", &json!({ "Name": name, "SecretString": text })) {
        Ok(answer) if answer.status == 200 => {}
        Ok(answer) => panic!("{name} was not created: {} {}", answer.status, answer.body["__type"]),
        Err(error) => panic!("{name} was not created: {error}"),
    }
}

/// The text of a version, `AWSCURRENT` or another. `None` when there is no such version or secret, or it is no text.
///
/// # Panics
///
/// When the connection breaks.
#[expect(clippy::unwrap_used, reason = "a test without its emulator has failed")]
pub fn text(address: &str, name: &str, stage: &str) -> Option<String> {
    let answer = call(address, "GetSecretValue", &json!({ "SecretId": name, "VersionStage": stage })).unwrap();
    answer.body["SecretString"].as_str().map(str::to_owned)
}

/// In the form that AWS wants. Emulators do not check signatures.
fn authorization() -> String {
    let scope = format!("{AWS_KEY}/20260101/{AWS_REGION}/secretsmanager/aws4_request");
    let signature = "0".repeat(64);
    format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}")
}

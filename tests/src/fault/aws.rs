//! What AWS Secrets Manager answers when something is wrong, and which requests it accepts.

mod input;
mod signature;

use bytes::Bytes;
use hyper::{Method, Request};
use serde_json::json;

use super::{Fault, Refusal};

const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// An error as AWS words it.
pub fn error(status: u16, code: &str, message: &str) -> Fault {
    let body = json!({ "__type": code, "message": message }).to_string();
    Fault::answer(status, CONTENT_TYPE, &body).with_header("x-amzn-requestid", "00000000-0000-4000-8000-000000000000")
}

/// No policy allows it.
pub fn access_denied() -> Fault {
    let message = "User: arn:aws:iam::123456789012:user/settings is not authorized to perform this action because no \
                   identity-based policy allows it";
    error(400, "AccessDeniedException", message)
}

/// Too many calls a second.
pub fn throttling() -> Fault {
    error(400, "ThrottlingException", "Rate exceeded")
}

/// Credentials that were good once.
pub fn expired_token() -> Fault {
    error(400, "ExpiredTokenException", "The security token included in the request is expired")
}

/// A fault at AWS.
pub fn internal_error() -> Fault {
    error(500, "InternalServiceError", "An error occurred on the server side.")
}

/// The key that encrypts the secret cannot be used.
pub fn decryption_failure() -> Fault {
    let message = "Secrets Manager can't decrypt the protected secret text using the provided KMS key.";
    error(400, "DecryptionFailure", message)
}

/// There is no such secret.
pub fn not_found() -> Fault {
    error(400, "ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
}

/// Whether AWS would accept the request, were it signed with the right key.
pub(super) fn check(request: &Request<Bytes>, region: &str) -> Result<(), Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if request.method() != Method::POST || request.uri().path_and_query().is_none_or(|path| path != "/") {
        let violation = format!("{} {} where POST / is the only request", request.method(), request.uri());
        return Err(refusal("UnknownOperationException", violation));
    }
    signature::check(request.headers(), region)?;
    if header("content-type") != CONTENT_TYPE {
        let violation = format!("content-type `{}` where it is {CONTENT_TYPE}", header("content-type"));
        return Err(refusal("UnknownOperationException", violation));
    }
    input::check(header("x-amz-target"), request.body())
}

fn refusal(code: &str, violation: String) -> Refusal {
    Refusal { answer: error(400, code, &violation), violation }
}

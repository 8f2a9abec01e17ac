//! What Vault and OpenBao answer when something is wrong; the texts are those of OpenBao 2.7.2.

use serde_json::json;

use super::Fault;

/// An answer as Vault words it.
pub fn error(status: u16, message: &str) -> Fault {
    Fault::json(status, &json!({ "errors": [message] }))
}

/// A quota is used up. `Retry-After` is in seconds, and is only sent where an operator asked for it.
pub fn too_many_requests(retry_after: Option<&str>) -> Fault {
    let fault = error(429, "request path \"secret/data/settings\": rate limit quota exceeded");
    match retry_after {
        Some(seconds) => fault.with_header("retry-after", seconds),
        None => fault,
    }
}

/// Nobody has unsealed it since it was started.
pub fn sealed() -> Fault {
    error(503, "Vault is sealed")
}

/// The token is missing, wrong or expired.
pub fn permission_denied() -> Fault {
    error(403, "permission denied")
}

//! What errors of the SDK mean. Their texts are dropped: they hold bodies, headers and addresses.

use std::error::Error;
use std::io;
use std::time::Duration;

use google_cloud_auth::errors::CredentialsError;
use google_cloud_gax::error::Error as SdkError;
use google_cloud_gax::error::rpc::{Code, StatusDetails};

use crate::store::StoreError;

/// What was asked of the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Access,
    Add,
}

/// Why the service did not do as it was asked.
#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) error: StoreError,
    /// Whether whoever asked could not sign in, or is not taken for who they say.
    pub(super) is_of_sign_in: bool,
    /// Whether the service refuses a token, so that another one may help.
    pub(super) is_of_token: bool,
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self { error, is_of_sign_in: false, is_of_token: false }
    }
}

impl Failure {
    pub(super) fn new(call: Call, error: &SdkError) -> Self {
        let is_of_token = error.http_status_code() == Some(401);
        let is_of_sign_in = is_of_token || error.is_authentication();
        Self { error: meaning(call, error), is_of_sign_in, is_of_token }
    }
}

fn meaning(call: Call, error: &SdkError) -> StoreError {
    if let Some(status) = error.http_status_code() {
        return of_status(call, status, error);
    }
    if let Some(error) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
        return of_sign_in(error);
    }
    if error.is_deserialization() {
        return StoreError::malformed().because("the answer is none of Secret Manager");
    }
    if error.is_serialization() || error.is_binding() {
        return StoreError::malformed().because("its name or value cannot be sent");
    }
    if error.is_timeout() {
        return StoreError::unreachable().because("no answer in time");
    }
    unreachable(error)
}

fn of_status(call: Call, status: u16, error: &SdkError) -> StoreError {
    // Absent where it is not the service that answers, but something before it.
    let told = error.status();
    let code = told.map(|status| status.code);
    match status {
        429 => later(StoreError::unreachable().because("throttled"), error),
        408 | 500..=599 => later(StoreError::unreachable().noted(format!("HTTP {status}")), error),
        400 if code == Some(Code::FailedPrecondition) => match call {
            Call::Access => StoreError::not_found().because("its version is disabled or destroyed"),
            Call::Add => StoreError::denied().because("the secret is in no state to take a new version"),
        },
        400 | 413 if code.is_some() => StoreError::malformed().because(match call {
            Call::Access => "the service does not take the name or version",
            Call::Add => "the service does not take the value",
        }),
        401 => StoreError::denied().because("the service does not take the credentials"),
        403 => StoreError::denied().because(why_denied(call, error)),
        404 if code.is_some() => match call {
            Call::Access => StoreError::not_found(),
            Call::Add => StoreError::not_found().because("a secret has to be created before it gets a value"),
        },
        409 => StoreError::unreachable().because("others write to it at this moment"),
        status => StoreError::unreachable().noted(format!("HTTP {status}, not from Secret Manager")),
    }
}

/// Google does not tell what is denied from what is absent.
fn why_denied(call: Call, error: &SdkError) -> &'static str {
    let details = error.status().map(|status| status.details.as_slice()).unwrap_or_default();
    let reason = details.iter().find_map(|detail| match detail {
        StatusDetails::ErrorInfo(info) => Some(info.reason.as_str()),
        _ => None,
    });
    match (reason, call) {
        (Some("SERVICE_DISABLED"), _) => "the project has no Secret Manager: enable secretmanager.googleapis.com",
        (Some("BILLING_DISABLED"), _) => "the project has no billing account",
        (Some("CONSUMER_INVALID"), _) => "no right to the project, or it may not exist",
        (_, Call::Access) => "the role Secret Manager Secret Accessor is missing, or it may not exist",
        (_, Call::Add) => "the role Secret Manager Secret Version Adder is missing, or it may not exist",
    }
}

/// The error with how long the service asks not to be asked again.
fn later(unreachable: StoreError, error: &SdkError) -> StoreError {
    let header = error.http_headers().and_then(|headers| headers.get("retry-after"));
    let seconds = header.and_then(|pause| pause.to_str().ok()?.trim().parse().ok());
    match seconds {
        Some(seconds) => unreachable.retry_after(Duration::from_secs(seconds)),
        None => unreachable,
    }
}

/// Why there is no token.
pub(super) fn of_sign_in(error: &CredentialsError) -> StoreError {
    if !error.is_transient() {
        return StoreError::denied().because("the credentials give no token: are they revoked or expired?");
    }
    let how = unreachable(error);
    StoreError::unreachable().noted(match how.note() {
        // It answered, with an error.
        DROPPED => "no token: the sign-in does not work now".to_owned(),
        how => format!("no token: {how}"),
    })
}

const DROPPED: &str = "the connection was dropped";

/// How a connection failed.
fn unreachable(error: &(dyn Error + 'static)) -> StoreError {
    let unreachable = StoreError::unreachable();
    // The type of this error is private to the HTTP client.
    if causes(error).any(|cause| cause.to_string().starts_with("dns error")) {
        return unreachable.because("no such host");
    }
    let is_connect = causes(error).filter_map(|cause| cause.downcast_ref()).any(SdkError::is_connect);
    match causes(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => unreachable.because("connection refused"),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => unreachable.because("no route"),
        Some(io::ErrorKind::TimedOut) => unreachable.because("no connection in time"),
        Some(io::ErrorKind::InvalidData) => unreachable.because("no TLS connection that can be trusted"),
        _ if is_connect => unreachable.because("no connection"),
        _ => unreachable.because(DROPPED),
    }
}

/// The error and what it stems from.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

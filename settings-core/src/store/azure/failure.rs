//! What errors of the SDK mean. Their texts are dropped: they hold bodies and headers.

use std::error::Error;
use std::io;
use std::time::Duration;

use azure_core::error::{ErrorKind, ErrorResponse, InnerError};
use azure_core::http::headers::{Headers, RETRY_AFTER, RETRY_AFTER_MS, X_MS_RETRY_AFTER_MS};
use azure_core::http::policies::get_retry_after;
use azure_core::http::{RawResponse, StatusCode};
use azure_core::time::OffsetDateTime;

use crate::store::StoreError;

/// What was asked of a vault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Read,
    Write,
}

/// Why a vault did not do as it was asked.
pub(super) fn of_vault(error: &azure_core::Error, call: Call) -> StoreError {
    // The credential says itself what went wrong with it.
    if let Some(known) = chain(error).find_map(|cause| cause.downcast_ref::<StoreError>()) {
        return known.clone();
    }
    match error.kind() {
        ErrorKind::HttpResponse { status, raw_response, .. } => of_status(*status, raw_response.as_deref(), call),
        ErrorKind::Connection | ErrorKind::Io => unreachable(error),
        // The SDK compares the vault's domain with the one that its challenge wants a token for.
        ErrorKind::Other => {
            StoreError::misconfigured().because("it asks for a token of another domain: is this a key vault?")
        }
        ErrorKind::DataConversion => StoreError::unreachable().because("its challenge for a token makes no sense"),
        ErrorKind::Credential => StoreError::unreachable().because("the client has lost its token"),
    }
}

/// Whether the vault wants another token than it was given.
pub(super) fn is_refused_token(error: Option<&azure_core::Error>) -> bool {
    error.and_then(azure_core::Error::http_status) == Some(StatusCode::Unauthorized)
}

/// Whether the SDK has dropped the token that it was about to send. It forgets what it keeps each time that a vault asks for
/// a token, which many first calls are asked at one time, on several threads. What the credential says has a cause.
pub(super) fn is_lost_token(error: Option<&azure_core::Error>) -> bool {
    let is_ours = |error| chain(error).any(|cause| cause.is::<StoreError>());
    error.is_some_and(|error| matches!(error.kind(), ErrorKind::Credential) && !is_ours(error))
}

fn of_status(status: StatusCode, response: Option<&RawResponse>, call: Call) -> StoreError {
    if let Some(error) = unavailable(status, response.map(RawResponse::headers)) {
        return error;
    }
    let codes = response.and_then(Codes::read);
    let has = |code: &str| codes.as_ref().is_some_and(|codes| codes.0.iter().any(|known| known == code));
    match u16::from(status) {
        400 | 413 if call == Call::Write => StoreError::malformed().because("the vault does not take the value"),
        400 => StoreError::malformed().because("the vault does not take the name or version"),
        401 => StoreError::denied().because("the vault does not take the token: is it of the vault's tenant?"),
        403 if has("SecretDisabled") => StoreError::not_found().because("it is disabled"),
        403 if has("ForbiddenByConnection") || has("ForbiddenByFirewall") => {
            StoreError::denied().because("the vault's firewall does not let this network in")
        }
        403 if has("ForbiddenByRbac") => StoreError::denied().because(match call {
            Call::Read => "the role Key Vault Secrets User is missing",
            Call::Write => "the role Key Vault Secrets Officer is missing",
        }),
        403 => StoreError::denied().because(match call {
            Call::Read => "the right to get secrets is missing",
            Call::Write => "the right to set secrets is missing",
        }),
        404 if codes.is_some() => StoreError::not_found(),
        409 if call == Call::Write => StoreError::denied().because("it is deleted, and may be recovered or purged"),
        code => StoreError::unreachable().noted(format!("HTTP {code}, not from a key vault")),
    }
}

/// The error of a service that may answer later.
pub(super) fn unavailable(status: StatusCode, headers: Option<&Headers>) -> Option<StoreError> {
    let code = u16::from(status);
    let error = match code {
        429 => StoreError::unreachable().because("throttled"),
        408 | 500..=599 => StoreError::unreachable().noted(format!("HTTP {code}")),
        _ => return None,
    };
    let names = [X_MS_RETRY_AFTER_MS, RETRY_AFTER_MS, RETRY_AFTER];
    let pause = headers.and_then(|headers| get_retry_after(headers, OffsetDateTime::now_utc, &names));
    Some(match pause.and_then(|pause| Duration::try_from(pause).ok()) {
        Some(pause) => error.retry_after(pause),
        None => error,
    })
}

/// The codes in an error of Key Vault, from the outer to the innermost.
struct Codes(Vec<String>);

impl Codes {
    fn read(response: &RawResponse) -> Option<Self> {
        let error = serde_json::from_slice::<ErrorResponse>(response.body()).ok()?.error?;
        let mut codes: Vec<String> = error.code.into_iter().collect();
        let mut inner: Option<&InnerError> = error.inner_error.as_ref();
        while let Some(error) = inner {
            codes.extend(error.code.clone());
            inner = error.inner_error.as_deref();
        }
        Some(Self(codes))
    }
}

/// How a connection failed.
pub(super) fn unreachable(error: &azure_core::Error) -> StoreError {
    let unreachable = StoreError::unreachable();
    let timed_out = |cause: &(dyn Error + 'static)| cause.downcast_ref().is_some_and(reqwest::Error::is_timeout);
    if chain(error).any(timed_out) {
        return unreachable.because("no connection in time");
    }
    // The type of this error is private to the HTTP client.
    if chain(error).any(|cause| cause.to_string().starts_with("dns error")) {
        return unreachable.because("no such host");
    }
    match chain(error).find_map(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => unreachable.because("connection refused"),
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => unreachable.because("no route"),
        Some(io::ErrorKind::TimedOut) => unreachable.because("no connection in time"),
        Some(io::ErrorKind::InvalidData) => unreachable.because("no TLS connection that can be trusted"),
        _ if *error.kind() == ErrorKind::Connection => unreachable.because("no connection"),
        _ => unreachable.because("the connection was dropped"),
    }
}

/// Why there is no token.
pub(super) fn of_sign_in(error: &azure_core::Error) -> StoreError {
    let mut causes = chain(error).filter_map(|cause| cause.downcast_ref::<azure_core::Error>());
    let cause = causes.find(|cause| !matches!(cause.kind(), ErrorKind::Credential)).unwrap_or(error);
    match cause.kind() {
        ErrorKind::HttpResponse { status, error_code, raw_response } => {
            let headers = raw_response.as_deref().map(RawResponse::headers);
            let later = unavailable(*status, headers).map(|error| at_sign_in(&error));
            later.unwrap_or_else(|| refused(error_code.as_deref().unwrap_or_default()))
        }
        ErrorKind::Connection | ErrorKind::Io => at_sign_in(&unreachable(cause)),
        ErrorKind::DataConversion => StoreError::unreachable().because("the sign-in service's answer is no token"),
        ErrorKind::Credential | ErrorKind::Other => StoreError::denied().because("the credential gives no token"),
    }
}

/// The same where a token was asked for.
pub(super) fn at_sign_in(error: &StoreError) -> StoreError {
    let told = StoreError::unreachable().noted(format!("signing in: {}", error.note()));
    match error.pause() {
        Some(pause) => told.retry_after(pause),
        None => told,
    }
}

/// What the sign-in service refuses, by the number of its error:
/// <https://learn.microsoft.com/entra/identity-platform/reference-error-codes>.
fn refused(codes: &str) -> StoreError {
    let denied = StoreError::denied();
    let mut numbers = codes.split(',').filter_map(|code| code.parse::<u32>().ok());
    let Some(number) = numbers.next() else {
        return denied.because("the sign-in is refused");
    };
    match number {
        7_000_215 => denied.because("AZURE_CLIENT_SECRET is wrong"),
        7_000_222 => denied.because("AZURE_CLIENT_SECRET has expired"),
        700_016 => denied.because("the tenant has no application of AZURE_CLIENT_ID"),
        90_002 | 900_023 => denied.because("there is no tenant of AZURE_TENANT_ID"),
        70_021 | 700_211..=700_213 => denied.because("the identity does not trust the token of the workload"),
        700_024 => denied.because("the token of the workload has expired"),
        number => denied.noted(format!("the sign-in is refused, AADSTS{number}")),
    }
}

/// The error and its causes.
fn chain<'e>(error: &'e azure_core::Error) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    let first: &(dyn Error + 'static) = error;
    std::iter::successors(Some(first), |&error| error.source())
}

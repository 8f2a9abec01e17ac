//! What an error of the SDK means. Its texts are read where nothing else tells, and never passed on.

use std::error::Error;
use std::io;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ConnectorError, ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::types::ApiErrorType;

use super::super::StoreError;
use super::sdk::PlainHttp;

/// A call, and the right that it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Get,
    BatchGet,
    Put,
    MoveLabel,
}

/// An error of the SDK with the code that the service gave it.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) error: StoreError,
    /// Whether the service refused what the request asks for, and not the one who asks, so that another request may fare
    /// better.
    pub(super) is_about_the_request: bool,
    code: Option<String>,
}

impl Failure {
    pub(super) fn new<E>(call: Call, error: &SdkError<E, HttpResponse>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let code = error.code().map(str::to_owned);
        let known = code.as_deref().and_then(|code| of_code(call, code, error.message().unwrap_or_default()));
        let is_about_the_request = known.as_ref().is_none_or(|known| known.is_about_the_request);
        // An answer that breaks off has no bytes.
        let answer = error.raw_response().filter(|response| response.body().bytes().is_some());
        let Some(response) = answer else {
            return Self { error: without_answer(error), is_about_the_request: false, code };
        };
        let status = response.status().as_u16();
        let error = match known {
            Some(known) => known.error,
            None => of_status(call, status),
        };
        let error = match pause(response) {
            Some(pause) => error.retry_after(pause),
            None => error,
        };
        Self { error, is_about_the_request: is_about_the_request && (400..500).contains(&status), code }
    }

    /// An answer that lacks what it must have.
    pub(super) fn of_silence() -> Self {
        Self { error: of_status(Call::Put, 200), is_about_the_request: false, code: None }
    }

    /// Whether the service says that this code is the matter.
    pub(super) fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// The error that a batch tells for one of its secrets.
pub(super) fn of_entry(error: &ApiErrorType) -> StoreError {
    let code = error.error_code().unwrap_or_default();
    match of_code(Call::Get, code, error.message().unwrap_or_default()) {
        Some(known) => known.error,
        None => StoreError::unreachable().because("the service failed on this secret"),
    }
}

struct Known {
    error: StoreError,
    is_about_the_request: bool,
}

/// By the code of the service. Half of these codes belong to AWS as a whole and stand in no model.
fn of_code(call: Call, code: &str, message: &str) -> Option<Known> {
    let of_kms = message.contains("KMS") || message.contains("kms:");
    let request = |error| Some(Known { error, is_about_the_request: true });
    let caller = |error| Some(Known { error, is_about_the_request: false });
    match code {
        "ResourceNotFoundException" => request(StoreError::not_found()),
        "InvalidRequestException" if matches!(call, Call::Get | Call::BatchGet) || message.contains("delet") => {
            request(StoreError::not_found().because("it is marked for deletion"))
        }
        "InvalidRequestException" => {
            request(StoreError::denied().because("its state does not allow it: another service may manage it"))
        }
        "InvalidParameterException" | "ValidationException" => {
            request(StoreError::not_found().because("Secrets Manager takes no such name or staging label"))
        }
        "DecryptionFailure" | "DecryptionFailureException" => request(StoreError::denied().because(NO_DECRYPTION)),
        "EncryptionFailure" | "EncryptionFailureException" => request(StoreError::denied().because(NO_ENCRYPTION)),
        "AccessDeniedException" | "AccessDenied" if of_kms => {
            request(StoreError::denied().because(if call == Call::Put { NO_ENCRYPTION } else { NO_DECRYPTION }))
        }
        "AccessDeniedException" | "AccessDenied" => request(StoreError::denied().because(call.missing_right())),
        "LimitExceededException" => request(
            StoreError::denied()
                .because("the secret has no room for another version or staging label, of which 20 are the most"),
        ),
        "ExpiredTokenException" | "ExpiredToken" | "RequestExpired" | "TokenRefreshRequired" => {
            caller(StoreError::denied().because("the session token has expired: sign in again"))
        }
        "InvalidSignatureException" | "SignatureDoesNotMatch" | "IncompleteSignature" => caller(
            StoreError::denied()
                .because("the signature does not match: AWS_SECRET_ACCESS_KEY is wrong, or the clock of this machine"),
        ),
        "UnrecognizedClientException" | "InvalidClientTokenId" | "InvalidAccessKeyId" => {
            caller(StoreError::denied().because("AWS does not know the access key or its session token"))
        }
        "MissingAuthenticationToken" | "MissingAuthenticationTokenException" => {
            caller(StoreError::denied().because("AWS wants credentials"))
        }
        "OptInRequired" | "NotAuthorized" => {
            caller(StoreError::denied().because("the account may not use the service"))
        }
        "ThrottlingException"
        | "Throttling"
        | "ThrottledException"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "TooManyRequestsException"
        | "RequestLimitExceeded"
        | "SlowDown" => caller(StoreError::unreachable().because("throttled")),
        _ => None,
    }
}

const NO_DECRYPTION: &str = "the right kms:Decrypt is missing for the secret's KMS key, or the key is disabled";
const NO_ENCRYPTION: &str = "the right kms:GenerateDataKey is missing for the secret's KMS key, or the key is disabled";

impl Call {
    fn missing_right(self) -> &'static str {
        match self {
            Self::Get => "the right secretsmanager:GetSecretValue is missing",
            Self::BatchGet => "the right secretsmanager:BatchGetSecretValue is missing",
            Self::Put => "the right secretsmanager:PutSecretValue is missing",
            Self::MoveLabel => {
                "the right secretsmanager:UpdateSecretVersionStage is missing; readers still get the old value"
            }
        }
    }
}

/// By the status of an answer whose code says nothing, such as the page of a proxy.
fn of_status(call: Call, status: u16) -> StoreError {
    match status {
        200..300 => StoreError::malformed().because("the answer is not the JSON of Secrets Manager"),
        401 | 403 => StoreError::denied().because(call.missing_right()),
        429 => StoreError::unreachable().because("throttled"),
        _ => StoreError::unreachable().noted(format!("HTTP {status}")),
    }
}

/// By what kept the request from an answer.
fn without_answer<E: Error + 'static>(error: &SdkError<E, HttpResponse>) -> StoreError {
    if let Some(plain) = causes(error).find_map(|cause| cause.downcast_ref::<PlainHttp>()) {
        return plain.to_store_error();
    }
    if let Some(credentials) = causes(error).find_map(|cause| cause.downcast_ref::<CredentialsError>()) {
        return of_credentials(credentials);
    }
    if matches!(error, SdkError::ConstructionFailure(_)) {
        return StoreError::misconfigured().because("the region or endpoint cannot be used");
    }
    no_connection(error)
}

fn no_connection(error: &(dyn Error + 'static)) -> StoreError {
    let by_io =
        causes(error).filter_map(|cause| cause.downcast_ref::<io::Error>()).find_map(|error| match error.kind() {
            io::ErrorKind::ConnectionRefused => Some("connection refused"),
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Some("connection dropped"),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
                Some("no route")
            }
            io::ErrorKind::TimedOut => Some("timed out"),
            _ => None,
        });
    let connector = causes(error).find_map(|cause| cause.downcast_ref::<ConnectorError>());
    let has_timed_out = connector.is_some_and(ConnectorError::is_timeout)
        || causes(error).any(|cause| cause.to_string().contains("timed out") || cause.to_string().contains("timeout"));
    let mut texts = causes(error).map(|cause| cause.to_string());
    let how = by_io.unwrap_or_else(|| {
        if has_timed_out {
            "timed out"
        } else if texts.any(|text| text.contains("dns error")) {
            "the host name does not resolve"
        } else if causes(error).any(|cause| cause.to_string().contains("certificate")) {
            "the server's certificate is not trusted"
        } else {
            "connection dropped"
        }
    });
    StoreError::unreachable().because(how)
}

fn of_credentials(error: &CredentialsError) -> StoreError {
    let needed = causes(error).find_map(|cause| feature(&cause.to_string()));
    match (error, needed) {
        (_, Some(feature)) => StoreError::misconfigured().because(feature),
        (CredentialsError::CredentialsNotLoaded(_), None) => StoreError::not_configured()
            .because("no credentials: no access key is set, and no profile, role or instance gives any"),
        (CredentialsError::ProviderTimedOut(_), None) => StoreError::unreachable().because("credentials: timed out"),
        (CredentialsError::InvalidConfiguration(_), None) => StoreError::misconfigured()
            .because("the profile or role that credentials should come from is not well configured"),
        (_, None) if causes(error).any(|cause| cause.is::<ConnectorError>()) => {
            StoreError::unreachable().because("what gives out credentials does not answer")
        }
        _ => StoreError::denied().because("the profile, role or instance gives no credentials"),
    }
}

/// The feature of this crate without which the SDK cannot follow a profile.
fn feature(text: &str) -> Option<&'static str> {
    if !text.contains("cargo feature") {
        return None;
    }
    if text.contains("credentials-process") {
        Some("the profile runs a program for its credentials, which needs the feature aws-credential-process")
    } else if text.contains("credentials-login") {
        Some("the profile signs in with `aws login`, which needs the feature aws-login")
    } else {
        Some("the profile signs in by SSO, which needs the feature aws-sso")
    }
}

/// An error and what it stems from.
fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// How long the service asks not to be asked again.
fn pause(response: &HttpResponse) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

//! Google Secret Manager: what its REST API takes, and what it answers.
//!
//! After the API's reference for v1, and what the service answered to others.

mod project;

use std::collections::BTreeMap;
use std::sync::Mutex;

use base64ct::{Base64, Encoding};
use google_cloud_auth::credentials::anonymous;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use hyper::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::fault::Fault;
use crate::message::{Answer, Request};
use crate::record::{Call, Visit, lock};
use crate::server::{Fake, Refusal, Service};

pub use self::project::Project;
use self::project::{Secrets, is_name};

/// The longest payload that can be written, in bytes.
const LONGEST: usize = 65_536;

/// Google Secret Manager, with as many projects as a test asks for.
///
/// It is asked over plain HTTP: the client takes its [`url`](Fake::url) as the endpoint, and anonymous credentials. Any
/// token is accepted. Not served: regional secrets, aliases of versions, and all but access and `addVersion`.
///
/// ```
/// # use fake_stores::{Fault, SecretManager};
/// use google_cloud_auth::credentials::anonymous;
/// use google_cloud_secretmanager_v1::client::SecretManagerService;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let google = SecretManager::started();
/// google.project("agentds").set("agentds-api-keys", r#"{"OPENAI_API_KEY": "sk-test-key"}"#);
/// google.inject(SecretManager::unavailable().times(1));
///
/// let client = SecretManagerService::builder()
///     .with_endpoint(google.url())
///     .with_credentials(anonymous::Builder::new().build())
///     .build()
///     .await?; // the same as `google.client()`
/// let name = "projects/agentds/secrets/agentds-api-keys/versions/latest";
/// let found = client.access_secret_version().set_name(name).send().await?;
/// assert_eq!(found.name, "projects/123456789001/secrets/agentds-api-keys/versions/1");
/// # Ok(())
/// # }
/// ```
pub type SecretManager = Fake<Projects>;

/// All projects of one server by their ids.
#[derive(Default)]
pub struct Projects(Mutex<BTreeMap<String, Secrets>>);

impl Fake<Projects> {
    /// A project by its id. It is empty when it is asked for the first time.
    pub fn project(&self, id: &str) -> Project {
        Project::open(&self.service, id)
    }

    /// A client of the SDK with its default options, which tries again for up to a minute.
    ///
    /// # Errors
    ///
    /// When the SDK makes none.
    pub async fn client(&self) -> Result<SecretManagerService, google_cloud_gax::client_builder::Error> {
        let credentials = anonymous::Builder::new().build();
        SecretManagerService::builder().with_endpoint(self.url()).with_credentials(credentials).build().await
    }

    /// 403: the caller has no role that allows this, or it is not there: the service does not tell which.
    pub fn permission_denied() -> Fault {
        let message = "Permission 'secretmanager.versions.access' denied on resource (or it may not exist).";
        Fault::instead(error(403, "PERMISSION_DENIED", message, Some("IAM_PERMISSION_DENIED")))
    }

    /// 401: the token has expired.
    pub fn unauthenticated() -> Fault {
        let message = "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or \
                       other valid authentication credential.";
        Fault::instead(error(401, "UNAUTHENTICATED", message, Some("ACCESS_TOKEN_EXPIRED")))
    }

    /// 429: too many requests. The service sends no `Retry-After`.
    pub fn throttled() -> Fault {
        let message = "Quota exceeded for quota metric 'Access requests' and limit 'Access requests per minute' of \
                       service 'secretmanager.googleapis.com'.";
        Fault::instead(error(429, "RESOURCE_EXHAUSTED", message, Some("RATE_LIMIT_EXCEEDED")))
    }

    /// 503: the service itself fails.
    pub fn unavailable() -> Fault {
        Fault::instead(error(503, "UNAVAILABLE", "The service is currently unavailable.", None))
    }

    /// 500: the service itself fails.
    pub fn internal_error() -> Fault {
        Fault::instead(error(500, "INTERNAL", "Internal error encountered.", None))
    }
}

/// What a project is asked for.
pub struct Asked {
    project: String,
    secret: String,
    what: What,
}

enum What {
    Access { version: String },
    AddVersion { payload: Vec<u8>, checked: bool },
}

impl Service for Projects {
    type Asked = Asked;

    fn admit(&self, request: &Request) -> Result<(Visit, Asked), Refusal> {
        let (project, secret, call, version) = route(request)?;
        if !is_name(secret) {
            return Err(bad(format!("`{secret}` is no secret id")));
        }
        if let Some((unknown, _)) = request.query().iter().find(|(name, _)| !is_system_parameter(name)) {
            let message = format!("Unknown name \"{unknown}\": Cannot bind query parameter.");
            return Err(bad(format!("Invalid JSON payload received. {message}")));
        }
        let what = match version {
            Some(version) => What::Access { version: version.to_owned() },
            None => payload(request)?,
        };
        let (project, secret) = (project.to_owned(), secret.to_owned());
        Ok((Visit::new(call, Some(&secret)), Asked { project, secret, what }))
    }

    async fn answer(&self, Asked { project, secret, what }: Asked) -> Answer {
        let mut projects = lock(&self.0);
        let found = projects.iter_mut().find(|(id, secrets)| **id == project || secrets.number() == project);
        let Some((_, secrets)) = found else {
            let message = format!("Permission denied on resource project {project}.");
            return error(403, "PERMISSION_DENIED", &message, Some("CONSUMER_INVALID"));
        };
        match what {
            What::Access { version } => secrets.access(&secret, &version),
            What::AddVersion { payload, checked } => secrets.add_version(&secret, payload, checked),
        }
    }
}

/// Project, secret, and the version that is accessed; none for `addVersion`.
fn route(request: &Request) -> Result<(&str, &str, Call, Option<&str>), Refusal> {
    let segments: Vec<&str> = request.path().split('/').skip(1).collect();
    let found = match (&request.method, &segments[..]) {
        (&Method::GET, ["v1", "projects", project, "secrets", secret, "versions", version]) => {
            let version = version.strip_suffix(":access").filter(|version| is_version(version));
            version.map(|version| (*project, *secret, Call::Read, Some(version)))
        }
        (&Method::POST, ["v1", "projects", project, "secrets", secret]) => {
            secret.strip_suffix(":addVersion").map(|secret| (*project, secret, Call::Write, None))
        }
        _ => None,
    };
    found.ok_or_else(|| {
        let page = "<!DOCTYPE html>\n<html lang=en>\n<title>Error 404 (Not Found)!!1</title>\n";
        let answer = Answer::text(StatusCode::NOT_FOUND, "text/html; charset=UTF-8", page);
        Refusal { answer, why: "no method of this fake".to_owned() }
    })
}

fn is_version(version: &str) -> bool {
    version == "latest" || (!version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The parameters that every API of Google takes.
fn is_system_parameter(name: &str) -> bool {
    let known =
        ["alt", "callback", "fields", "key", "oauth_token", "access_token", "prettyPrint", "quotaUser", "xgafv"];
    known.contains(&name.strip_prefix('$').unwrap_or(name))
}

/// What the body of `addVersion` asks for.
fn payload(request: &Request) -> Result<What, Refusal> {
    if !request.is_json() {
        return Err(bad("the content type of a write is not application/json"));
    }
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&request.body) else {
        return Err(bad("Invalid JSON payload received."));
    };
    body.remove("parent"); // it stands in the path too
    let Some(Value::Object(mut payload)) = body.remove("payload") else {
        return Err(bad("Field [payload] is required."));
    };
    let data = payload.remove("data").unwrap_or_else(|| json!(""));
    let checksum = payload.remove("dataCrc32c").or_else(|| payload.remove("data_crc32c"));
    refuse_unknown(&body)?;
    refuse_unknown(&payload)?;

    let decoded = data.as_str().and_then(|data| Base64::decode_vec(data).ok());
    let payload =
        decoded.ok_or_else(|| bad("Invalid value at 'payload.data' (TYPE_BYTES): Base64 decoding failed."))?;
    if payload.is_empty() {
        return Err(bad("Field [payload] is required."));
    }
    if payload.len() > LONGEST {
        return Err(bad(format!("The payload has more than {LONGEST} bytes.")));
    }
    if let Some(checksum) = &checksum {
        // An int64 may be written as a text or as a number.
        let given = checksum.as_str().map_or_else(|| checksum.as_i64(), |text| text.parse().ok());
        if given != Some(i64::from(crc32c::crc32c(&payload))) {
            return Err(bad("The payload's data_crc32c does not match its data."));
        }
    }
    Ok(What::AddVersion { payload, checked: checksum.is_some() })
}

fn refuse_unknown(fields: &Map<String, Value>) -> Result<(), Refusal> {
    match fields.keys().next() {
        None => Ok(()),
        Some(name) => Err(bad(format!("Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."))),
    }
}

fn bad(why: impl Into<String>) -> Refusal {
    let why = why.into();
    Refusal { answer: error(400, "INVALID_ARGUMENT", &why, None), why }
}

#[expect(clippy::expect_used, reason = "the statuses stand in this folder")]
fn error(code: u16, status: &str, message: &str, reason: Option<&str>) -> Answer {
    let mut error = json!({"code": code, "message": message, "status": status});
    if let Some(reason) = reason {
        let info = "type.googleapis.com/google.rpc.ErrorInfo";
        error["details"] = json!([{"@type": info, "reason": reason, "domain": "googleapis.com"}]);
    }
    Answer::json(StatusCode::from_u16(code).expect("a status of HTTP"), &json!({"error": error}))
}

//! The client of the SDK, and what it is asked.

use std::time::Duration;

use bytes::Bytes;
use google_cloud_gax::retry_policy::NeverRetry;
use google_cloud_secretmanager_v1::client::SecretManagerService;
use google_cloud_secretmanager_v1::model::{AccessSecretVersionResponse, SecretPayload};
use zeroize::{Zeroize, Zeroizing};

use super::failure::{Call, Failure};
use super::quiet::quietly;
use super::resource::{Resource, is_one_of_several};
use super::sign_in::SignedIn;
use crate::secret::{ExposeSecret, SecretString};
use crate::store::{Secret, SecretKey, StoreError};

/// How long one call may take. A load has a deadline of its own; this one leaves it time for another try.
const CALL: Duration = Duration::from_secs(5);
/// The longest value that the service takes: <https://cloud.google.com/secret-manager/quotas>.
const LONGEST: usize = 65_536;

/// The client, with its connections and its token.
#[derive(Clone)]
pub(super) struct Sdk(SecretManagerService);

impl Sdk {
    pub(super) async fn new(sign_in: SignedIn, endpoint: Option<&str>) -> Result<Self, StoreError> {
        let builder = SecretManagerService::builder()
            .with_credentials(sign_in.credentials)
            .with_universe_domain(sign_in.universe)
            .with_retry_policy(NeverRetry)
            .with_attempt_timeout(CALL);
        let builder = match endpoint {
            Some(endpoint) => builder.with_endpoint(endpoint),
            None => builder,
        };
        builder.build().await.map(Self).map_err(|error| match error.is_universe_domain_mismatch() {
            true => StoreError::misconfigured()
                .because("the credentials are not of the cloud of GOOGLE_CLOUD_UNIVERSE_DOMAIN"),
            false => StoreError::unreachable().because("this machine has no TLS roots"),
        })
    }

    /// Reads a version of a secret.
    pub(super) async fn access(&self, version: &Resource) -> Result<Held, Failure> {
        let answer = quietly(self.0.access_secret_version().set_name(version.version_name()).send()).await;
        Ok(Held::new(answer.map_err(|error| Failure::new(Call::Access, &error))?)?)
    }

    /// Adds a version to a secret. Tells its number.
    pub(super) async fn add(&self, secret: &Resource, value: &SecretString) -> Result<Option<u64>, Failure> {
        let bytes = value.expose_secret().as_bytes(); // EXPOSE: handed to the SDK, which sends it to the store
        if bytes.is_empty() || bytes.len() > LONGEST {
            return Err(StoreError::malformed().because("the service takes 1 to 65536 bytes").into());
        }
        let payload = SecretPayload::new().set_data(wiped(bytes)).set_data_crc32c(crc32c::crc32c(bytes));
        let request = self.0.add_secret_version().set_parent(secret.secret_name()).set_payload(payload);
        let made = quietly(request.send()).await.map_err(|error| Failure::new(Call::Add, &error))?;
        if !made.client_specified_payload_checksum {
            return Err(StoreError::unreachable().because("the service did not check what it was sent").into());
        }
        Ok(version_in(&made.name).and_then(|version| version.parse().ok()))
    }
}

/// A copy that is wiped when the SDK has written it into its request.
fn wiped(bytes: &[u8]) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes.to_vec()))
}

/// The version that a name ends with.
fn version_in(name: &str) -> Option<&str> {
    name.rsplit_once("/versions/").map(|(_, version)| version)
}

/// A version of a secret as the service holds it. It has no `Debug`, and takes the bytes from what has one.
pub(super) struct Held {
    bytes: Zeroizing<Vec<u8>>,
    version: Option<String>,
}

impl Held {
    fn new(answer: AccessSecretVersionResponse) -> Result<Self, StoreError> {
        let payload =
            answer.payload.ok_or_else(|| StoreError::malformed().because("the answer is none of Secret Manager"))?;
        let bytes = Zeroizing::new(payload.data.to_vec());
        // Nobody else has the SDK's buffer by now.
        if let Ok(mut buffer) = payload.data.try_into_mut() {
            buffer.zeroize();
        }
        if payload.data_crc32c.is_some_and(|sum| sum != i64::from(crc32c::crc32c(&bytes))) {
            return Err(StoreError::unreachable().because("what came does not match its checksum"));
        }
        Ok(Self { bytes, version: version_in(&answer.name).map(str::to_owned) })
    }

    /// The number of the version. They count up by one.
    pub(super) fn number(&self) -> Option<u64> {
        self.version.as_deref()?.parse().ok()
    }

    /// What it holds, where that is a text.
    pub(super) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The value of the key in it.
    pub(super) fn secret(&self, key: &SecretKey) -> Result<Secret, StoreError> {
        let secret = match self.text() {
            Some(text) => Secret::new(key.value_in(text)?),
            None if is_one_of_several(key) => {
                return Err(StoreError::malformed().because("bytes where a JSON object is wanted"));
            }
            None => Secret::bytes(self.bytes.to_vec().into()),
        };
        Ok(match &self.version {
            Some(version) => secret.version(version),
            None => secret,
        })
    }
}

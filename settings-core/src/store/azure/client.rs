//! Reads and writes, over one client for each vault.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azure_core::Bytes;
use azure_core::credentials::TokenCredential;
use azure_core::http::response::ResponseBody;
use azure_core::http::{ClientOptions, Response};
use azure_core::json::from_json;
use azure_security_keyvault_secrets::models::{
    SecretClientGetSecretOptions, SecretClientSetSecretOptions, SecretProperties,
};
use azure_security_keyvault_secrets::{ResourceExt, SecretClient, SecretClientOptions};
use tokio::task::JoinSet;
use zeroize::{Zeroize, Zeroizing};

use super::address::{VaultUrl, is_path_part};
use super::credential::{Attempt, SignIn};
use super::failure::{self, Call};
use super::http::Http;
use super::{VAULT, Variables, place_in};
use crate::secret::{ExposeSecret, SecretString};
use crate::store::kind::Config;
use crate::store::object;
use crate::store::secret::Value;
use crate::store::{BoxFuture, Secret, SecretKey, SecretStore, StoreError, StoreErrorKind};

/// [Azure Key Vault](https://learn.microsoft.com/azure/key-vault/secrets/), as `source = azure` asks it.
///
/// A secret is known by the name in its source, `azure("openai-api-key")`, or by the field's path in kebab-case.
/// `azure("name", version = "..")` takes one version of it, the newest otherwise, and `azure("name", vault = "https://..")`
/// takes it from another vault. What a secret holds is the value as a whole, JSON or not; but a nested struct takes all of
/// its fields from one that is a JSON object: `#[secret(nested, source = azure("db"))]`.
///
/// By itself a load opens the vault of `KEY_VAULT_URI`. Who asks is the first of these that is set up:
///
/// 1. a service principal: `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`;
/// 2. a Kubernetes workload identity: `AZURE_FEDERATED_TOKEN_FILE` with the tenant and client, as Kubernetes sets them;
/// 3. the managed identity of App Service, Functions or Container Apps (`IDENTITY_ENDPOINT` and `IDENTITY_HEADER`) or of
///    Machine Learning (`MSI_ENDPOINT` and `MSI_SECRET`), that of `AZURE_CLIENT_ID` if it is set;
/// 4. the managed identity of a virtual machine;
/// 5. who is signed in with `az login` or `azd auth login`.
///
/// The last two belong to the machine, so a loader that is given an environment of its own does without them; the machine's
/// identity is asked for nevertheless where `AZURE_CLIENT_ID` names it. Sovereign clouds set `AZURE_AUTHORITY_HOST`. All
/// these variables may stand in a .env file.
///
/// This type is for programs that give the vault or the credential in code:
///
/// ```no_run
/// use std::sync::Arc;
///
/// use settings_core::store::Azure;
/// use settings_core::{SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[secret(source = azure)]
///     openai_api_key: SecretString,
/// }
///
/// # fn credential() -> azure_core::Result<Arc<dyn azure_core::credentials::TokenCredential>> { unimplemented!() }
/// // Any credential of the crate azure_identity, such as ManagedIdentityCredential::new(None)?
/// let credential = credential()?;
/// let vault = Azure::new("https://kv-chat.vault.azure.net").credential(credential);
/// let chat = Chat::loader().store("azure", vault).load_blocking()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The right that is needed is the role *Key Vault Secrets User*; to write, *Key Vault Secrets Officer*. Key Vault has no
/// call for several secrets: all of a load are read side by side.
pub struct Azure {
    /// The vault of secrets whose source names none.
    vault: Option<Result<VaultUrl, StoreError>>,
    credential: Option<Arc<dyn TokenCredential>>,
    options: Option<ClientOptions>,
    variables: Variables,
    /// Made when they are first wanted.
    clients: Mutex<Option<Clients>>,
}

impl Azure {
    /// The vault of this address, asked in the name of whoever the process environment says.
    ///
    /// An address that is none of a vault is a problem of each secret that a load wants from it.
    pub fn new(vault_url: &str) -> Self {
        Self::open(Some(VaultUrl::parse(vault_url)), Variables::OfProcess)
    }

    /// The same vault, asked by this credential.
    #[must_use]
    pub fn credential(self, credential: Arc<dyn TokenCredential>) -> Self {
        Self { credential: Some(credential), ..self }
    }

    /// The same vault, asked with these options: another transport, policies or logging. Requests that are tried again are
    /// the load's affair, so `retry` of these options is not used.
    #[must_use]
    pub fn client_options(self, options: ClientOptions) -> Self {
        Self { options: Some(options), ..self }
    }

    /// The vault that is configured by variables. What is wrong with them is told by each secret that is wanted from it.
    pub(super) fn configured(config: &Config<'_>) -> Result<Self, StoreError> {
        // An address that is none is told first: nobody can sign in to it.
        let named = |error: StoreError| StoreError::misconfigured().noted(format!("{VAULT}: {}", error.note()));
        let vault = config.get(VAULT).map(|url| VaultUrl::parse(&url).map_err(named)).transpose()?;
        SignIn::is_configured(config)?;
        Ok(Self::open(vault.map(Ok), Variables::read(config)))
    }

    fn open(vault: Option<Result<VaultUrl, StoreError>>, variables: Variables) -> Self {
        Self { vault, credential: None, options: None, variables, clients: Mutex::default() }
    }

    /// The client of a vault, made when it is first wanted.
    fn client(&self, vault: &VaultUrl) -> Result<Client, StoreError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let clients = match &mut *clients {
            Some(clients) => clients,
            none => none.insert(self.clients()?),
        };
        clients.of(vault)
    }

    fn clients(&self) -> Result<Clients, StoreError> {
        self.variables.with(|config| {
            let http = match &self.options {
                Some(options) => Http::given(options),
                None => Http::new(config.isolated)?,
            };
            let sign_in = match &self.credential {
                Some(credential) => SignIn::given(Arc::clone(credential)),
                None => SignIn::configured(config, &http)?,
            };
            Ok(Clients { sign_in: Arc::new(sign_in), options: http.cloud(), by_vault: HashMap::new() })
        })
    }

    /// The vault that a key is in.
    fn vault_of(&self, key: &SecretKey) -> Result<VaultUrl, StoreError> {
        match (key.text("vault"), &self.vault) {
            (Some(url), _) => VaultUrl::parse(url),
            (None, Some(vault)) => vault.clone(),
            (None, None) => Err(StoreError::not_configured().because("KEY_VAULT_URI is not set")),
        }
    }

    /// What a key asks for.
    fn id(&self, key: &SecretKey) -> Result<Id, StoreError> {
        let vault = self.vault_of(key)?;
        let name = key.to_string();
        if !is_path_part(&name) {
            let rule = "a name in Key Vault is of letters, digits and hyphens, at most 127";
            return Err(StoreError::malformed().because(rule));
        }
        let version = key.text("version").map(str::to_owned);
        if version.as_deref().is_some_and(|version| !is_path_part(version)) {
            return Err(StoreError::malformed().because("a version in Key Vault is of letters and digits"));
        }
        Ok(Id { vault, name, version })
    }
}

/// How often a call may lose its token to the others of the same moment.
const MOST_LOST: u8 = 8;

/// One client for each vault, all with the same credential and connections.
struct Clients {
    sign_in: Arc<SignIn>,
    options: ClientOptions,
    by_vault: HashMap<VaultUrl, Client>,
}

/// The client of one vault, and who asks through it.
#[derive(Clone)]
struct Client {
    client: Arc<SecretClient>,
    sign_in: Arc<SignIn>,
}

impl Clients {
    fn of(&mut self, vault: &VaultUrl) -> Result<Client, StoreError> {
        if let Some(client) = self.by_vault.get(vault) {
            return Ok(client.clone());
        }
        let options = SecretClientOptions { client_options: self.options.clone(), ..Default::default() };
        let client = SecretClient::new(&vault.url(), self.sign_in.clone(), Some(options));
        let client = Arc::new(client.map_err(|error| failure::of_vault(&error, Call::Read))?);
        let client = Client { client, sign_in: Arc::clone(&self.sign_in) };
        self.by_vault.insert(vault.clone(), client.clone());
        Ok(client)
    }
}

/// The goes of one call after its first.
#[derive(Default)]
struct Goes {
    after_refusal: bool,
    after_loss: u8,
}

impl Client {
    /// Whether what a call has ended with was for want of a token, and there is one for another go.
    async fn has_a_token_for(&self, error: Option<&azure_core::Error>, attempt: &Attempt, goes: &mut Goes) -> bool {
        if failure::is_lost_token(error) && goes.after_loss < MOST_LOST {
            goes.after_loss += 1;
            return true;
        }
        if failure::is_refused_token(error) && !goes.after_refusal {
            goes.after_refusal = true;
            self.sign_in.renew(attempt).await;
            return true;
        }
        false
    }
}

/// What is asked for: a secret of a vault, the newest version of it or another.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Id {
    vault: VaultUrl,
    name: String,
    version: Option<String>,
}

impl Id {
    async fn read(self, vault: Client, attempt: Attempt) -> (Self, Result<Secret, StoreError>) {
        let mut answer = self.get(&vault.client, &attempt).await;
        let mut goes = Goes::default();
        while vault.has_a_token_for(answer.as_ref().err(), &attempt, &mut goes).await {
            answer = self.get(&vault.client, &attempt).await;
        }
        let secret = answer.map_err(|error| failure::of_vault(&error, Call::Read)).and_then(secret);
        (self, secret)
    }

    async fn get(&self, client: &SecretClient, attempt: &Attempt) -> azure_core::Result<ResponseBody> {
        let options = SecretClientGetSecretOptions {
            method_options: attempt.options(),
            secret_version: self.version.clone(),
            ..Default::default()
        };
        client.get_secret(&self.name, Some(options)).await.map(Response::into_body)
    }

    async fn write(&self, vault: &Client, attempt: &Attempt, value: &SecretString) -> Result<(), StoreError> {
        let body = parameters(value)?;
        let mut answer = self.set(&vault.client, attempt, body.clone()).await;
        let mut goes = Goes::default();
        while vault.has_a_token_for(answer.as_ref().err(), attempt, &mut goes).await {
            answer = self.set(&vault.client, attempt, body.clone()).await;
        }
        answer.map_err(|error| failure::of_vault(&error, Call::Write))
    }

    async fn set(&self, client: &SecretClient, attempt: &Attempt, body: Bytes) -> azure_core::Result<()> {
        let options = SecretClientSetSecretOptions { method_options: attempt.options() };
        client.set_secret(&self.name, body.into(), Some(options)).await.map(drop)
    }
}

/// The secret that an answer holds.
fn secret(body: ResponseBody) -> Result<Secret, StoreError> {
    let body = Bytes::from(body);
    let secret = parse(&body);
    // Nobody else has the SDK's buffer by now.
    if let Ok(mut body) = body.try_into_mut() {
        body.zeroize();
    }
    secret
}

fn parse(body: &[u8]) -> Result<Secret, StoreError> {
    let no_secret = || StoreError::malformed().because("the answer is none of a key vault");
    let text = std::str::from_utf8(body).map_err(|_| no_secret())?;
    // Everything but the value, which must not pass through buffers that are not wiped.
    let properties: SecretProperties = from_json(text).map_err(|_| no_secret())?;
    let id = properties.resource_id().map_err(|_| no_secret())?;
    let mut secret = Secret::new(object::pick(text, "value").map_err(|error| match error.kind() {
        StoreErrorKind::NotFound => error.because("it is empty"),
        _ => no_secret(),
    })?);
    if let Some(version) = id.version {
        secret = secret.version(version);
    }
    if let Some(created) = properties.attributes.and_then(|attributes| attributes.created) {
        secret = secret.created(created.into());
    }
    Ok(secret)
}

/// The body of a request that sets a secret. It is wiped when the SDK has sent it.
fn parameters(value: &SecretString) -> Result<Bytes, StoreError> {
    let value = value.expose_secret(); // EXPOSE: written into a wiped buffer of sufficient size
    // Escaping makes of one byte six at the most.
    let mut body = Zeroizing::new(Vec::with_capacity(6 * value.len() + 16));
    body.extend_from_slice(br#"{"value":"#);
    serde_json::to_writer(&mut *body, value).map_err(|_| StoreError::malformed())?;
    body.push(b'}');
    Ok(Bytes::from_owner(body))
}

/// Whether the secret is that of a nested struct, which holds the values of all of its fields.
fn is_part(key: &SecretKey) -> bool {
    key.of_struct && key.name().is_some()
}

fn one_of(secret: Secret, key: &SecretKey) -> Result<Secret, StoreError> {
    let Value::Text(text) = &secret.value else { return Ok(secret) };
    let value = key.value_in(text.expose_secret())?; // EXPOSE: the field's part of it goes into a wiped box
    Ok(Secret { value: Value::Text(value), ..secret })
}

impl SecretStore for Azure {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move {
            let ids: Vec<Result<Id, StoreError>> = keys.iter().map(|key| self.id(key)).collect();
            let attempt = Attempt::default();
            let mut found = HashMap::new();
            let mut reads = JoinSet::new();
            for id in ids.iter().flatten().collect::<HashSet<_>>() {
                match self.client(&id.vault) {
                    Ok(client) => drop(reads.spawn(id.clone().read(client, attempt.clone()))),
                    Err(error) => drop(found.insert(id.clone(), Err(error))),
                }
            }
            while let Some(read) = reads.join_next().await {
                // An error is a panic within the client. Its secret is missing below.
                found.extend(read);
            }
            let result = |(key, id): (&SecretKey, Result<Id, StoreError>)| {
                let broken = || Err(StoreError::unreachable().because("the client failed"));
                let secret = found.get(&id?).cloned().unwrap_or_else(broken)?;
                if is_part(key) { one_of(secret, key) } else { Ok(secret) }
            };
            keys.iter().zip(ids).map(result).collect()
        })
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let id = self.id(key)?;
            if id.version.is_some() {
                return Err(StoreError::denied().because("its source names one version, which never changes"));
            }
            let client = self.client(&id.vault)?;
            let attempt = Attempt::default();
            if !is_part(key) {
                return id.write(&client, &attempt, value).await;
            }
            // Key Vault has no compare and swap: who writes last wins.
            let (id, secret) = id.read(client.clone(), attempt.clone()).await;
            let whole = match secret?.value {
                Value::Text(text) => key.replace_in(text.expose_secret(), value)?, // EXPOSE: the rest of it stays as it is
                Value::Bytes(_) => return Err(StoreError::malformed()),
            };
            id.write(&client, &attempt, &whole).await
        })
    }

    fn describe(&self) -> String {
        match &self.vault {
            Some(Ok(vault)) => vault.name().to_owned(),
            _ => "Azure Key Vault".to_owned(),
        }
    }

    fn place(&self, key: &SecretKey) -> String {
        place_in(self.vault_of(key).ok().as_ref(), key)
    }

    fn fix(&self, key: &SecretKey) -> Option<String> {
        let Id { vault, name, version } = self.id(key).ok()?;
        let set = format!("az keyvault secret set --vault-name {} --name {name} --file <path>", vault.name());
        // A version that is not there cannot be made: the source has to name another one.
        version.is_none().then_some(set)
    }
}

impl fmt::Debug for Azure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Azure").field("vault", &self.describe()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn an_answer_tells_version_and_age() {
        let id = "https://kv-chat.vault.azure.net/secrets/openai-api-key";
        let answer = |id: &str, attributes: &str| {
            let answer = format!(r#"{{"value": "sk-test-key", "id": "{id}", "attributes": {attributes}}}"#);
            let secret = secret(ResponseBody::from_bytes(answer)).unwrap();
            (secret.version, secret.created)
        };
        let made = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let all = answer(&format!("{id}/0123abc"), r#"{"enabled": true, "created": 1700000000}"#);
        assert_eq!(all, (Some("0123abc".to_owned()), Some(made)));
        assert_eq!(answer(id, "{}"), (None, None));
    }
}

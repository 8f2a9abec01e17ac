//! A store that lives in the test that made it, with faults to switch on.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::{BoxFuture, Secret, SecretKey, SecretStore, StoreError};
use crate::engine;
use crate::secret::{ExposeSecret, SecretSlice, SecretString};

/// Secrets in memory, for tests: of the code that loads settings, and of how that code bears a store that fails.
///
/// Copies share their secrets, so that a test keeps one and gives the loader another. A secret is found by the name in its
/// `source`, given first or as `name = ".."`, or else by the field's name in kebab-case; where it is a JSON object, the field's key is taken from it. The
/// argument `version`, a number from 1, asks for an older one.
///
/// ```
/// use settings_core::store::{Fault, MemoryStore};
/// use settings_core::{ExposeSecret, SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Chat {
///     #[secret(source = azure)]
///     openai_api_key: SecretString,
///     #[secret(source = azure)]
///     gateway_token: Option<SecretString>,
/// }
///
/// let vault = MemoryStore::new().with("openai-api-key", "sk-test-key");
/// let loader = || Chat::loader().hermetic().store("azure", vault.clone());
/// assert_eq!(loader().load_blocking()?.openai_api_key.expose_secret(), "sk-test-key");
/// assert_eq!(vault.calls(), 1);
///
/// vault.fail(Fault::Drop);
/// let report = loader().load_blocking().unwrap_err();
/// assert_eq!(report.exit_code(), 75); // trying again may help
/// # Ok::<(), settings_core::Report>(())
/// ```
#[derive(Clone)]
pub struct MemoryStore(Arc<Mutex<Inner>>);

#[derive(Default)]
struct Inner {
    name: String,
    secrets: BTreeMap<String, Vec<Version>>,
    faults: Vec<Switched>,
    after_write: Option<Fault>,
    calls: usize,
    reads: usize,
    writes: usize,
}

struct Version {
    bytes: SecretSlice<u8>,
    created: SystemTime,
}

struct Switched {
    fault: Fault,
    /// The secret it is for; `None` for all.
    name: Option<String>,
    /// How many calls it still meets; `None` for all.
    left: Option<usize>,
}

/// What a [`MemoryStore`] does in the place of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// It refuses.
    Deny,
    /// It does not answer.
    Drop,
    /// It asks to be left alone for 20 milliseconds.
    Throttle,
    /// It answers with something that is no secret.
    Garbage,
    /// It waits so long before it answers.
    Delay(Duration),
    /// Its own code panics.
    Panic,
}

impl MemoryStore {
    /// A store without secrets.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Inner { name: "memory".to_owned(), ..Inner::default() })))
    }

    /// The same store by another name, for reports.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        name.clone_into(&mut self.inner().name);
        self
    }

    /// The same store with this secret too.
    #[must_use]
    pub fn with(self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.set(name, value);
        self
    }

    /// Puts a secret there, or a new version of it.
    pub fn set(&self, name: &str, value: impl AsRef<[u8]>) {
        self.set_at(name, value, SystemTime::now());
    }

    /// Puts new versions of two secrets there at once: nobody reads the new one of one and the old one of the other.
    pub fn set_both(&self, first: (&str, &str), second: (&str, &str)) {
        let mut inner = self.inner();
        for (name, value) in [first, second] {
            let version = Version { bytes: SecretSlice::new(value.as_bytes().into()), created: SystemTime::now() };
            inner.secrets.entry(name.to_owned()).or_default().push(version);
        }
    }

    /// The same with the time at which the version was made.
    pub fn set_at(&self, name: &str, value: impl AsRef<[u8]>, created: SystemTime) {
        let version = Version { bytes: SecretSlice::new(value.as_ref().into()), created };
        self.inner().secrets.entry(name.to_owned()).or_default().push(version);
    }

    /// Takes a secret away with all of its versions.
    pub fn remove(&self, name: &str) {
        self.inner().secrets.remove(name);
    }

    /// The value of a secret, whatever faults are switched on.
    pub fn value(&self, name: &str) -> Option<SecretString> {
        let inner = self.inner();
        let bytes = inner.secrets.get(name)?.last()?.bytes.expose_secret(); // EXPOSE: from one wiped box to another
        Some(std::str::from_utf8(bytes).ok()?.into())
    }

    /// Does this in the place of every answer, until [`heal`](Self::heal).
    pub fn fail(&self, fault: Fault) {
        self.switch(fault, None, None);
    }

    /// The same for the secret of this name alone.
    pub fn fail_for(&self, name: &str, fault: Fault) {
        self.switch(fault, Some(name), None);
    }

    /// The same for so many calls alone.
    pub fn fail_times(&self, times: usize, fault: Fault) {
        self.switch(fault, None, Some(times));
    }

    fn switch(&self, fault: Fault, name: Option<&str>, left: Option<usize>) {
        self.inner().faults.push(Switched { fault, name: name.map(str::to_owned), left });
    }

    /// Does this in the place of every answer that comes after the next write.
    pub fn fail_after_write(&self, fault: Fault) {
        self.inner().after_write = Some(fault);
    }

    /// Switches all faults off.
    pub fn heal(&self) {
        self.inner().faults.clear();
    }

    /// How often it was asked, whatever for.
    pub fn calls(&self) -> usize {
        self.inner().calls
    }

    /// How many secrets it was asked for.
    pub fn reads(&self) -> usize {
        self.inner().reads
    }

    /// How many secrets were written.
    pub fn writes(&self) -> usize {
        self.inner().writes
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

/// The name that a key has in this store.
fn name(key: &SecretKey) -> &str {
    key.name().or_else(|| key.text("name")).unwrap_or(key.kebab())
}

impl Inner {
    /// The faults that meet this call. Those that are for so many calls alone have met one more.
    fn met(&mut self, names: &[&str]) -> Vec<(Option<String>, Fault)> {
        let mut met = Vec::new();
        self.faults.retain_mut(|switched| {
            let meets = switched.name.as_deref().is_none_or(|name| names.contains(&name));
            if meets {
                met.push((switched.name.clone(), switched.fault));
                switched.left = switched.left.map(|left| left.saturating_sub(1));
            }
            switched.left != Some(0)
        });
        met
    }

    fn get(&self, key: &SecretKey) -> Result<Secret, StoreError> {
        let versions = self.secrets.get(name(key)).ok_or_else(StoreError::not_found)?;
        let asked = key.number("version").or_else(|| key.text("version")?.parse().ok());
        let number = asked.map_or(Ok(versions.len()), usize::try_from).unwrap_or_default();
        let version = number.checked_sub(1).and_then(|index| versions.get(index));
        let Version { bytes, created } = version.ok_or_else(|| StoreError::not_found().because("no such version"))?;
        let text = std::str::from_utf8(bytes.expose_secret()); // EXPOSE: from one wiped box to another
        let secret = match text {
            Ok(text) => Secret::new(key.value_in(text)?),
            Err(_) => Secret::bytes(bytes.clone()),
        };
        Ok(secret.version(number.to_string()).created(*created))
    }

    fn put(&mut self, key: &SecretKey, value: &SecretString) -> Result<(), StoreError> {
        let versions = self.secrets.entry(name(key).to_owned()).or_default();
        let old = versions.last().map(|version| version.bytes.expose_secret()); // EXPOSE: the other keys of the secret stay
        let old = old.map_or(Ok(""), |bytes| std::str::from_utf8(bytes));
        let new = key.replace_in(old.map_err(|_| StoreError::malformed().because("no text"))?, value)?;
        let bytes = new.expose_secret().as_bytes(); // EXPOSE: from one wiped box to another
        versions.push(Version { bytes: SecretSlice::new(bytes.into()), created: SystemTime::now() });
        self.writes += 1;
        let switch = |fault| Switched { fault, name: None, left: None };
        self.faults.extend(self.after_write.take().map(switch));
        Ok(())
    }
}

impl SecretStore for MemoryStore {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move {
            let names: Vec<&str> = keys.iter().map(name).collect();
            let faults = {
                let mut inner = self.inner();
                inner.calls += 1;
                inner.reads += keys.len();
                inner.met(&names)
            };
            for (_, fault) in &faults {
                wait(*fault).await;
            }
            let inner = self.inner();
            let one = |key: &SecretKey| {
                let fault =
                    faults.iter().find(|(of, fault)| refuses(*fault) && of.as_deref().is_none_or(|of| of == name(key)));
                fault.map_or_else(|| inner.get(key), |(_, fault)| Err(error(*fault)))
            };
            keys.iter().map(one).collect()
        })
    }

    fn put<'a>(&'a self, key: &'a SecretKey, value: &'a SecretString) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let faults = self.inner().met(&[name(key)]);
            for (_, fault) in &faults {
                wait(*fault).await;
            }
            match faults.iter().find(|(_, fault)| refuses(*fault)) {
                Some((_, fault)) => Err(error(*fault)),
                None => self.inner().put(key, value),
            }
        })
    }

    fn describe(&self) -> String {
        self.inner().name.clone()
    }

    fn place(&self, key: &SecretKey) -> String {
        format!("{} / {}", self.inner().name, name(key))
    }
}

#[expect(clippy::panic, reason = "the fault that a test asks for")]
async fn wait(fault: Fault) {
    match fault {
        Fault::Delay(delay) => engine::sleep_until(Instant::now() + delay).await,
        Fault::Panic => panic!("a fault of the memory store"),
        _ => {}
    }
}

fn refuses(fault: Fault) -> bool {
    !matches!(fault, Fault::Delay(_))
}

fn error(fault: Fault) -> StoreError {
    match fault {
        Fault::Deny => StoreError::denied(),
        Fault::Throttle => StoreError::unreachable().because("throttled").retry_after(Duration::from_millis(20)),
        Fault::Garbage => StoreError::malformed().because("the answer is no secret"),
        Fault::Drop | Fault::Delay(_) | Fault::Panic => StoreError::unreachable().because("connection dropped"),
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.inner();
        let names: Vec<_> = inner.secrets.keys().collect();
        f.debug_struct("MemoryStore").field("name", &inner.name).field("secrets", &names).finish_non_exhaustive()
    }
}

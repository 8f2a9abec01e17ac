//! The stores that a `source` can name without more: what each reads to be configured, and how it is opened.

use std::borrow::Cow;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use zeroize::Zeroizing;

use super::{SecretKey, SecretStore, StoreError};

/// A store by the word that stands for it in a `source`.
pub(crate) struct Kind {
    /// That word, which is also the name of the feature that the store is built with.
    pub(crate) name: &'static str,
    /// What people call it.
    pub(crate) title: &'static str,
    /// Every variable that it reads.
    pub(crate) variables: &'static [Variable],
    /// Says what is missing to ask it for this key. Asks nobody but the configuration.
    pub(crate) configured: fn(&SecretKey, &Config<'_>) -> Result<(), Cow<'static, str>>,
    /// The place of the key in reports, where the store could not be opened.
    pub(crate) place: fn(&SecretKey, &Config<'_>) -> String,
    /// Makes the store ready without asking it anything; `None` where it is not built in.
    pub(crate) open: Option<fn(&Config<'_>) -> Result<Arc<dyn SecretStore>, StoreError>>,
}

impl Kind {
    /// The variables that everybody who uses the store sets.
    pub(crate) fn common_variables(&self) -> impl Iterator<Item = &'static Variable> + use<> {
        self.variables.iter().filter(|variable| variable.common)
    }
}

/// A variable that configures a store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    /// What it holds, for documentation.
    pub(crate) docs: &'static str,
    /// Whether a `.env.example` lists it. The others are known to those who need them.
    pub(crate) common: bool,
}

impl Variable {
    /// One that everybody who uses the store sets.
    pub(crate) const fn common(name: &'static str, docs: &'static str) -> Self {
        Self { name, docs, common: true }
    }

    /// One for some.
    pub(crate) const fn rare(name: &'static str, docs: &'static str) -> Self {
        Self { name, docs, common: false }
    }
}

/// What configures stores: the environment, and below it the .env files.
pub(crate) struct Config<'c> {
    /// The value of a variable that is set and not empty.
    pub(crate) read: &'c dyn Fn(&str) -> Option<Zeroizing<String>>,
    /// Whether nothing of the process environment may be read, nor what lies in the user's home.
    pub(crate) isolated: bool,
}

impl Config<'_> {
    /// The value of a variable that is set and not empty.
    pub(crate) fn get(&self, variable: &str) -> Option<Zeroizing<String>> {
        (self.read)(variable)
    }

    /// Whether the variable is set and not empty.
    pub(crate) fn has(&self, variable: &str) -> bool {
        self.get(variable).is_some()
    }
}

impl fmt::Debug for Config<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("isolated", &self.isolated).finish_non_exhaustive()
    }
}

/// The kinds that there are.
pub(crate) const KINDS: &[&Kind] = &[
    &super::aws::KIND,
    &super::azure::KIND,
    &super::dapr::KIND,
    &super::gcp::KIND,
    &super::json_file::KIND,
    &super::vault::KIND,
];

/// The kind of this name.
pub(crate) fn find(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name).copied()
}

/// A store that was opened, by what it was opened with.
struct Opened {
    kind: &'static str,
    configuration: [u64; 2],
    store: Arc<dyn SecretStore>,
}

/// The stores that were opened last, the newest at the end. A store keeps its connections and its token from load to load.
static OPENED: Mutex<Vec<Opened>> = Mutex::new(Vec::new());
/// How many are kept: enough for a program whose structs have configurations of their own.
const KEPT: usize = 16;

/// The store of this kind as it is configured, opened now or by an earlier load.
pub(crate) fn open(kind: &'static Kind, config: &Config<'_>) -> Option<Result<Arc<dyn SecretStore>, StoreError>> {
    let open = kind.open?;
    let configuration = configuration(kind, config);
    let mut opened = OPENED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = opened.iter().position(|known| known.kind == kind.name && known.configuration == configuration);
    if let Some(known) = known {
        let known = opened.remove(known);
        let store = Arc::clone(&known.store);
        opened.push(known);
        return Some(Ok(store));
    }
    let store = match open(config) {
        Ok(store) => store,
        Err(error) => return Some(Err(error)),
    };
    let oldest = (opened.len() >= KEPT).then(|| opened.remove(0));
    opened.push(Opened { kind: kind.name, configuration, store: Arc::clone(&store) });
    drop(opened);
    drop(oldest);
    Some(Ok(store))
}

/// What tells one configuration from another, and keeps nothing of it: there are tokens among the variables.
fn configuration(kind: &Kind, config: &Config<'_>) -> [u64; 2] {
    static KEYS: LazyLock<[RandomState; 2]> = LazyLock::new(|| [RandomState::new(), RandomState::new()]);
    [0, 1].map(|index| {
        let mut hasher = KEYS[index].build_hasher();
        config.isolated.hash(&mut hasher);
        for variable in kind.variables {
            config.get(variable.name).as_deref().hash(&mut hasher);
        }
        hasher.finish()
    })
}

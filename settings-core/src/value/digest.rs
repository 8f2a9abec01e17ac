//! Whether two loads found the same: a keyed hash of each field's text, which tells nothing of the text to whoever sees it.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::LazyLock;

use super::{Found, Slot, Tree, Values};
use crate::secret::ExposeSecret;

/// The key of all digests of this process.
static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// What a load found, a number for each field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Digest(Vec<u64>);

impl Digest {
    /// That of nothing.
    pub(crate) const EMPTY: Self = Self(Vec::new());
}

impl Values {
    /// The digest of everything that was found, before any of it is taken.
    pub(crate) fn digest(&self) -> Digest {
        Digest(self.found.iter().map(|found| KEY.hash_one(&found.slot)).collect())
    }
}

impl Hash for Slot {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Unset | Self::Failed => {}
            Self::Text(text) => text.hash(state),
            Self::Secret(secret) => secret.expose_secret().hash(state), // EXPOSE: hashed with a random key
            Self::Bytes(bytes) => bytes.expose_secret().hash(state),    // EXPOSE: hashed with a random key
            Self::Tree(tree) => tree.hash(state),
            Self::Elements(elements) => {
                for element in elements {
                    element.key.hash(state);
                    element.found.iter().for_each(|Found { slot, .. }| slot.hash(state));
                }
            }
            Self::Group { len, set } => (len, set).hash(state),
        }
    }
}

impl Hash for Tree {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Self::Null => {}
            Self::Bool(value) => value.hash(state),
            Self::Int(value) => value.hash(state),
            Self::Float(value) => value.to_bits().hash(state),
            Self::Text(text) => text.as_str().hash(state),
            Self::List(items) => items.hash(state),
            Self::Map(entries) => entries.hash(state),
        }
    }
}

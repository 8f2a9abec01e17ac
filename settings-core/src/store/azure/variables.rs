//! The variables that say who asks, for when that is first of interest.

use std::collections::HashMap;
use std::fmt;

use zeroize::Zeroizing;

use super::KIND;
use crate::store::kind::Config;

/// Where they are.
pub(super) enum Variables {
    /// In the environment, whenever it is asked.
    OfProcess,
    /// As a load's layers had them.
    Read { values: HashMap<&'static str, Zeroizing<String>>, isolated: bool },
}

impl Variables {
    pub(super) fn read(config: &Config<'_>) -> Self {
        let value = |variable: &super::Variable| Some((variable.name, config.get(variable.name)?));
        Self::Read { values: KIND.variables.iter().filter_map(value).collect(), isolated: config.isolated }
    }

    pub(super) fn with<R>(&self, then: impl FnOnce(&Config<'_>) -> R) -> R {
        let of_process = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty()).map(Zeroizing::new);
        match self {
            Self::OfProcess => then(&Config { read: &of_process, isolated: false }),
            Self::Read { values, isolated } => {
                then(&Config { read: &|name| values.get(name).cloned(), isolated: *isolated })
            }
        }
    }
}

/// Tells nothing of what they hold.
impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables").finish_non_exhaustive()
    }
}

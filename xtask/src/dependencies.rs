//! How many crates a user of the default features gets.

use crate::{Result, metadata};

/// What `cargo tree --package figment --features toml --edges normal` lists for figment 0.10.19: figment, serde,
/// serde_core, uncased, and nine crates for TOML.
const FIGMENT_WITH_TOML: usize = 13;

/// How many more may come.
const BUDGET: usize = 16;

/// Counts the dependencies of settings-core against the budget.
pub(crate) fn check() -> Result<String> {
    let packages = metadata::packages_of_settings_core(&["--edges", "normal"])?;
    let dependencies: Vec<&str> =
        packages.iter().map(String::as_str).filter(|package| !package.starts_with("settings-core ")).collect();
    let most = FIGMENT_WITH_TOML + BUDGET;
    let found = format!("{} crates, at most {most}", dependencies.len());
    if dependencies.len() <= most { Ok(found) } else { Err(format!("{found}: {}", dependencies.join(", ")).into()) }
}

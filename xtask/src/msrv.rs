//! Whether the dependencies compile with the Rust version that the workspace promises. Clippy's `incompatible_msrv`,
//! which is on by default, looks after our own code.

use serde_json::Value;

use crate::{Result, metadata};

/// Checks every crate that a build of the default features compiles, on any platform.
pub(crate) fn check() -> Result<String> {
    let wanted = metadata::packages_of_settings_core(&["--edges", "normal,build", "--target", "all"])?;
    let metadata = metadata::read()?;
    let packages: Vec<&Value> = metadata["packages"].as_array().into_iter().flatten().collect();
    let find = |id: &str| packages.iter().find(|package| name_and_version(package) == id);

    let workspace = packages.iter().find(|package| package["name"] == "settings-core").copied();
    let promised = workspace.and_then(rust_version).ok_or("settings-core declares no rust-version")?;
    let mut too_new = Vec::new();
    for id in &wanted {
        let package = find(id).ok_or_else(|| format!("cargo metadata does not list {id}"))?;
        if let Some(needed) = rust_version(package).filter(|needed| parts(needed) > parts(promised)) {
            too_new.push(format!("{id} needs Rust {needed}"));
        }
    }
    if too_new.is_empty() {
        Ok(format!("Rust {promised} is enough for {} crates", wanted.len()))
    } else {
        Err(format!("Rust {promised} is promised, but {}", too_new.join(", ")).into())
    }
}

fn name_and_version(package: &Value) -> String {
    let text = |key: &str| package[key].as_str().unwrap_or_default();
    format!("{} {}", text("name"), text("version"))
}

fn rust_version(package: &Value) -> Option<&str> {
    package["rust_version"].as_str()
}

/// `1.85` and `1.85.0` are the same version.
fn parts(version: &str) -> [u32; 3] {
    let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_as_numbers() {
        assert_eq!(parts("1.85"), parts("1.85.0"));
        assert!(parts("1.100") > parts("1.85"));
        assert!(parts("1.85.1") > parts("1.85"));
    }
}

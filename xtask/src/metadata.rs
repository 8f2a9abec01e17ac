//! What cargo knows of the workspace.

use serde_json::Value;

use crate::{Result, cargo};

/// The output of `cargo metadata`.
pub(crate) fn read() -> Result<Value> {
    let text = cargo::read(&mut cargo::command(["metadata", "--format-version", "1"]))?;
    Ok(serde_json::from_str(&text)?)
}

/// The packages that `cargo tree` lists for settings-core with its default features, itself among them, each as
/// `name version` and once.
pub(crate) fn packages_of_settings_core(options: &[&str]) -> Result<Vec<String>> {
    let args = ["tree", "--package", "settings-core", "--prefix", "none"];
    let tree = cargo::read(&mut cargo::command(args.iter().chain(options)))?;
    Ok(packages(&tree))
}

/// A line is `name v1.2.3`, and then whether it is a proc-macro, where it is, or `(*)` when it stood before.
fn packages(tree: &str) -> Vec<String> {
    let package = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?.trim_start_matches('v')))
    };
    let mut packages: Vec<String> = tree.lines().filter_map(package).collect();
    packages.sort();
    packages.dedup();
    packages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_of_a_tree_is_listed_once_for_each_version() {
        let tree = "top v0.1.0 (/src/top)\nsyn v2.0.1\nsyn v3.0.9\nquote v1.0.0 (proc-macro)\nsyn v3.0.9 (*)\n";
        assert_eq!(packages(tree), ["quote 1.0.0", "syn 2.0.1", "syn 3.0.9", "top 0.1.0"]);
    }
}

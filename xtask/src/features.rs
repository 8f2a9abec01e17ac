//! Whether every feature of settings-core builds without the others, and whether `full` has all of them.

use serde_json::Value;

use crate::{Result, cargo, metadata};

/// Checks the library with one feature at a time, and names all that fail.
pub(crate) fn check() -> Result<String> {
    let metadata = metadata::read()?;
    let features = features(&metadata, "settings-core")?;
    let mut failed: Vec<String> =
        left_out(&metadata, &features).map(|feature| format!("\n  `full` lacks `{feature}`")).collect();
    for feature in &features {
        let args = ["check", "--package", "settings-core", "--no-default-features", "--features", feature];
        if let Err(error) = cargo::run(&mut cargo::command(args)) {
            failed.push(format!("\n  {error}"));
        }
    }
    if failed.is_empty() { Ok(format!("{} alone", features.join(", "))) } else { Err(failed.concat().into()) }
}

/// The features that `full` does not name. Those for tests are not meant for a program.
fn left_out<'f>(metadata: &Value, features: &'f [String]) -> impl Iterator<Item = &'f String> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let full = packages.filter(|known| known["name"] == "settings-core").map(|package| &package["features"]["full"]);
    let full: Vec<&str> = full.filter_map(Value::as_array).flatten().filter_map(Value::as_str).collect();
    features
        .iter()
        .filter(move |feature| !full.contains(&feature.as_str()) && !matches!(feature.as_str(), "full" | "testing"))
}

fn features(metadata: &Value, package: &str) -> Result<Vec<String>> {
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut packages = packages.filter(|known| known["name"] == package);
    let features = packages.next().and_then(|package| package["features"].as_object());
    let features = features.ok_or_else(|| format!("cargo metadata lists no features of {package}"))?;
    Ok(features.keys().filter(|feature| *feature != "default").cloned().collect())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_features_of_one_package_are_listed() {
        let packages = json!({"packages": [
            {"name": "other", "features": {"x": []}},
            {"name": "ours", "features": {"yaml": ["dep:yaml"], "default": [], "aws": []}},
        ]});
        assert_eq!(features(&packages, "ours").unwrap(), ["aws", "yaml"]);
        assert!(features(&packages, "absent").is_err());
    }

    #[test]
    fn what_full_lacks_is_told() {
        let packages = json!({"packages": [{"name": "settings-core", "features": {"full": ["aws"]}}]});
        let features = ["aws", "full", "testing", "yaml"].map(str::to_owned);
        assert_eq!(left_out(&packages, &features).collect::<Vec<_>>(), ["yaml"]);
    }
}

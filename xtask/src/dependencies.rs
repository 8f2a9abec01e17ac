//! How many crates a user of the default features gets, how many TLS stacks a user of a store, and whose types.

use crate::{Result, metadata, public_api};

/// What `cargo tree --package figment --features toml --edges normal` lists for figment 0.10.19: figment, serde,
/// serde_core, uncased, and nine crates for TOML.
const FIGMENT_WITH_TOML: usize = 13;

/// How many more may come.
const BUDGET: usize = 16;

/// The stores that go over the network.
const STORES: [&str; 5] = ["aws", "azure", "dapr", "gcp", "vault"];

/// What speaks TLS, and what lends it the cryptography. Two versions of one are two.
const TLS: [&str; 7] = ["boring", "mbedtls", "native-tls", "openssl", "rustls", "s2n-tls", "wolfssl"];
const CRYPTOGRAPHY: [&str; 3] = ["aws-lc-rs", "openssl-sys", "ring"];

/// Counts the dependencies of settings-core against the budget, and the TLS stacks of each store; looks whose types are in
/// the public API.
pub(crate) fn check() -> Result<String> {
    let found = [count()?, tls_stacks()?, public_api::check()?];
    Ok(found.join("; "))
}

fn count() -> Result<String> {
    let packages = metadata::packages_of_settings_core(&["--edges", "normal"])?;
    let dependencies: Vec<&str> =
        packages.iter().map(String::as_str).filter(|package| !package.starts_with("settings-core ")).collect();
    let most = FIGMENT_WITH_TOML + BUDGET;
    let found = format!("{} crates, at most {most}", dependencies.len());
    if dependencies.len() <= most { Ok(found) } else { Err(format!("{found}: {}", dependencies.join(", ")).into()) }
}

/// Every store by itself, and all of them together.
fn tls_stacks() -> Result<String> {
    let mut wrong = Vec::new();
    for features in STORES.iter().map(ToString::to_string).chain([STORES.join(",")]) {
        let options = ["--edges", "normal", "--no-default-features", "--features", &features];
        let packages = metadata::packages_of_settings_core(&options)?;
        for of in [&TLS[..], &CRYPTOGRAPHY] {
            let stacks = among(&packages, of);
            if stacks.len() != 1 {
                wrong.push(format!("\n  --features {features}: {}", stacks.join(", ")));
            }
        }
    }
    if wrong.is_empty() {
        Ok("one TLS stack".to_owned())
    } else {
        Err(format!("not one TLS stack:{}", wrong.concat()).into())
    }
}

/// Those of the packages, `name version` each, that have one of these names.
fn among<'p>(packages: &'p [String], names: &[&str]) -> Vec<&'p str> {
    let is_one = |package: &&str| package.split(' ').next().is_some_and(|name| names.contains(&name));
    packages.iter().map(String::as_str).filter(is_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_of_a_stack_is_one() {
        let packages =
            ["openssl-probe 0.2.0", "ring 0.17.14", "rustls 0.21.12", "rustls 0.23.46", "rustls-webpki 0.103.0"];
        let packages = packages.map(str::to_owned);
        assert_eq!(among(&packages, &TLS), ["rustls 0.21.12", "rustls 0.23.46"]);
        assert_eq!(among(&packages, &CRYPTOGRAPHY), ["ring 0.17.14"]);
    }
}

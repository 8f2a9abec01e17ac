//! The crates that are built: one workspace, so that all see the same versions.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::{Result, cargo};

/// The sizes of the structs.
pub(super) const FIELDS: [usize; 2] = [100, 200];

/// What the structs derive, in the order of the table.
pub(super) const DERIVES: [Derive; 3] = [Derive::Nothing, Derive::Serde, Derive::Settings];

/// The crates of the clean builds.
pub(super) const PEERS: &str = "clean-figment";
pub(super) const OURS: &str = "clean-settings-core";

#[derive(Clone, Copy)]
pub(super) enum Derive {
    Nothing,
    Serde,
    Settings,
}

/// The name of the crate with a struct of so many fields.
pub(super) fn leaf(derive: Derive, fields: usize) -> String {
    let name = match derive {
        Derive::Nothing => "plain",
        Derive::Serde => "serde",
        Derive::Settings => "settings",
    };
    format!("leaf-{name}-{fields}")
}

/// Writes the workspace. It starts from the project's own lock file, and so from the same versions.
pub(super) fn write(root: &Path) -> Result<()> {
    fs::create_dir_all(root)?;
    fs::write(root.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n")?;
    fs::copy(Path::new(cargo::ROOT).join("Cargo.lock"), root.join("Cargo.lock"))?;

    let serde = "serde = { version = \"1.0\", features = [\"derive\"] }\n";
    let ours = format!("settings-core.path = {:?}\n", Path::new(cargo::ROOT).join("settings-core"));
    for fields in FIELDS {
        for derive in DERIVES {
            let dependencies = match derive {
                Derive::Nothing => String::new(),
                Derive::Serde => format!("{serde}serde_json = \"1.0\"\n"),
                Derive::Settings => ours.clone(),
            };
            write_crate(root, &leaf(derive, fields), &dependencies, &source(derive, fields))?;
        }
    }
    let figment = "figment = { version = \"0.10.19\", features = [\"toml\"] }\n";
    write_crate(root, PEERS, &format!("{figment}{serde}"), "")?;
    write_crate(root, OURS, &ours, "")
}

/// Makes the crate look changed.
pub(super) fn touch(root: &Path, name: &str) -> Result<()> {
    let file = root.join("crates").join(name).join("src/lib.rs");
    Ok(fs::write(&file, fs::read(&file)?)?)
}

fn write_crate(root: &Path, name: &str, dependencies: &str, source: &str) -> Result<()> {
    let directory = root.join("crates").join(name);
    fs::create_dir_all(directory.join("src"))?;
    let package = format!("[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n");
    fs::write(directory.join("Cargo.toml"), format!("{package}\n[dependencies]\n{dependencies}"))?;
    Ok(fs::write(directory.join("src/lib.rs"), source)?)
}

/// A struct, and one use of what it derives, which is where generic code gets compiled.
fn source(derive: Derive, fields: usize) -> String {
    let (attribute, default, usage) = match derive {
        Derive::Nothing => ("", "", ""),
        Derive::Serde => (
            "#[derive(serde::Deserialize)]\n",
            "    #[serde(default)]\n",
            "pub fn load(text: &str) -> Result<Sample, serde_json::Error> { serde_json::from_str(text) }\n",
        ),
        Derive::Settings => (
            "#[derive(settings_core::Settings)]\n#[settings(env_prefix = \"SAMPLE_\")]\n",
            "    #[setting(default)]\n",
            "pub fn load() -> Result<Sample, settings_core::Report> {\n    \
             <Sample as settings_core::Settings>::load_blocking()\n}\n",
        ),
    };
    let mut text = format!("{attribute}pub struct Sample {{\n");
    for (index, ty) in TYPES.iter().cycle().take(fields).enumerate() {
        let default = if index % 4 == 3 && !ty.starts_with("Option") && !ty.ends_with("IpAddr") { default } else { "" };
        // Writing to a String does not fail.
        let _ = write!(text, "    /// The value number {index}.\n{default}    pub field_{index}: {ty},\n");
    }
    format!("{text}}}\n\n{usage}")
}

const TYPES: [&str; 10] = [
    "String",
    "u16",
    "u64",
    "bool",
    "f64",
    "Option<String>",
    "std::path::PathBuf",
    "std::net::IpAddr",
    "std::time::Duration",
    "Vec<String>",
];

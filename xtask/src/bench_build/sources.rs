//! The crates that are built: one workspace, so that all see the same versions.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use crate::{Result, cargo};

/// The sizes of the structs.
pub(super) const FIELDS: [usize; 2] = [100, 200];

/// The kinds of crates with such a struct, in the order of the table.
pub(super) const SAMPLES: [Sample; 4] = [Sample::Plain, Sample::Serde, Sample::SerdeJson, Sample::Settings];

/// The crates of the clean builds.
pub(super) const PEERS: &str = "clean-figment";
pub(super) const OURS: &str = "clean-settings-core";

/// What a struct derives, and whether it is used.
#[derive(Clone, Copy)]
pub(super) enum Sample {
    Plain,
    Serde,
    SerdeJson,
    Settings,
}

impl Sample {
    /// The name of the crate with a struct of so many fields.
    pub(super) fn name(self, fields: usize) -> String {
        let name = match self {
            Self::Plain => "plain",
            Self::Serde => "serde",
            Self::SerdeJson => "serde-json",
            Self::Settings => "settings",
        };
        format!("leaf-{name}-{fields}")
    }

    fn source(self, fields: usize) -> String {
        let (derive, default) = match self {
            Self::Plain => ("", ""),
            Self::Serde | Self::SerdeJson => ("#[derive(serde::Deserialize)]\n", "    #[serde(default)]\n"),
            Self::Settings => (
                "#[derive(settings_core::Settings)]\n#[settings(env_prefix = \"SAMPLE_\")]\n",
                "    #[setting(default)]\n",
            ),
        };
        let usage = match self {
            Self::Plain | Self::Serde => "",
            Self::SerdeJson => {
                "pub fn load(text: &str) -> Result<Sample, serde_json::Error> { serde_json::from_str(text) }\n"
            }
            Self::Settings => {
                "use settings_core::Settings as _;\n\
                 pub fn load() -> Result<Sample, settings_core::Report> { Sample::load_blocking() }\n"
            }
        };
        let mut text = format!("{derive}pub struct Sample {{\n");
        for (index, ty) in TYPES.iter().cycle().take(fields).enumerate() {
            let default = if HAVE_DEFAULTS.contains(ty) { default } else { "" };
            // Writing to a String does not fail.
            let _ = write!(text, "    /// The value number {index}.\n{default}    pub field_{index}: {ty},\n");
        }
        format!("{text}}}\n\n{usage}")
    }
}

/// Writes the workspace. It starts from the project's own lock file, and so from the same versions.
pub(super) fn write(root: &Path) -> Result<()> {
    fs::create_dir_all(root)?;
    fs::write(root.join("Cargo.toml"), "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n")?;
    fs::copy(Path::new(cargo::ROOT).join("Cargo.lock"), root.join("Cargo.lock"))?;

    let serde = "serde = { version = \"1.0\", features = [\"derive\"] }\n";
    let ours = format!("settings-core.path = {:?}\n", Path::new(cargo::ROOT).join("settings-core"));
    for fields in FIELDS {
        for sample in SAMPLES {
            let dependencies = match sample {
                Sample::Plain => String::new(),
                Sample::Serde | Sample::SerdeJson => format!("{serde}serde_json = \"1.0\"\n"),
                Sample::Settings => ours.clone(),
            };
            write_crate(root, &sample.name(fields), &dependencies, &sample.source(fields))?;
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

const HAVE_DEFAULTS: [&str; 2] = ["u64", "bool"];

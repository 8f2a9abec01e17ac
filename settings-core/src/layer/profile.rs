//! Which profile is in force, and which of its files there are. A profile without files is as good as any, so a mistyped name
//! shows here alone.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Layers, paths, show};
use crate::secret::mask;

/// A profile, and whether each file that it would have stands there.
#[derive(Debug, Clone)]
pub(crate) struct InForce {
    name: String,
    files: Vec<(String, bool)>,
}

impl Layers<'_> {
    /// The profile that the files are looked for by.
    pub(crate) fn profile_in_force(&self) -> Option<InForce> {
        let profile = self.profile()?;
        // It may be a key that stands in the wrong variable.
        let name = mask(profile);
        let of_env = self.plain_env_files().into_iter().map(|path| paths::dotenv_twin(&path, profile));
        let of_config = self.plain_config_files().into_iter().map(|file| paths::config_twin(&file.path, profile));
        let files = of_env.chain(of_config).map(|path: PathBuf| {
            let path = self.found(path);
            (show(&path).replace(profile, &name), path.exists())
        });
        let files = files.collect();
        Some(InForce { name, files })
    }
}

impl InForce {
    /// `profile staging: ./.env.staging, no file ./chat.staging.toml`.
    pub(crate) fn sentence(&self) -> String {
        let told = self.files.iter().map(|(file, found)| if *found { file.clone() } else { format!("no file {file}") });
        let told = told.collect::<Vec<_>>().join(", ");
        format!("profile {}: {}", self.name, if told.is_empty() { "no files are looked for" } else { &told })
    }

    pub(crate) fn json(&self) -> Value {
        let files = self.files.iter().map(|(file, found)| json!({ "file": file, "found": found }));
        json!({ "name": self.name, "files": files.collect::<Vec<_>>() })
    }
}

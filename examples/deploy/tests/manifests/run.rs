//! How a manifest runs a program, whatever kind of manifest it is.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::docker::Image;
use crate::program::{program, write_secret};

/// A program as a manifest runs it.
pub(crate) struct Run {
    pub(crate) manifest: String,
    pub(crate) program: String,
    /// Its variables, those of the image too.
    pub(crate) env: BTreeMap<String, String>,
    /// The variables that are made of a secret.
    pub(crate) secret_env: BTreeSet<String>,
    /// The files in `/run/secrets`.
    pub(crate) secret_files: BTreeSet<String>,
    /// Where volumes are mounted.
    pub(crate) volumes: BTreeSet<String>,
    /// Every port of the program that the manifest names.
    pub(crate) ports: BTreeSet<u16>,
}

impl Run {
    pub(crate) fn new(manifest: &str, program: &str) -> Self {
        Self {
            manifest: manifest.to_owned(),
            program: program.to_owned(),
            env: Image::of(program).env,
            secret_env: BTreeSet::new(),
            secret_files: BTreeSet::new(),
            volumes: BTreeSet::new(),
            ports: BTreeSet::new(),
        }
    }

    /// Whether the program would find all that it is given, and is told nothing that it does not know.
    pub(crate) fn assert_fits(&self) {
        let program = program(&self.program);
        for name in self.env.keys().chain(&self.secret_env) {
            assert!(program.reads(name), "{self}: {} has no setting {name}", program.name);
        }
        for name in self.env.keys() {
            assert!(!program.is_secret(name), "{self}: the secret {name} stands in the manifest");
        }
        for name in &self.secret_env {
            assert!(program.is_secret(name), "{self}: {name} is no secret of {}", program.name);
        }
        self.assert_finds_its_secrets();
        let wanted: BTreeSet<u16> = program.port().into_iter().collect();
        assert!(self.ports.is_subset(&wanted), "{self}: the ports are {:?}, not {wanted:?}", self.ports);
        let image = Image::of(program.name);
        assert_eq!(self.volumes, image.volumes, "{self}: the volumes are those of the image");
    }

    /// Loads the settings with the files that are mounted there: each has to be where a secret is looked for.
    fn assert_finds_its_secrets(&self) {
        let program = program(&self.program);
        let directory = tempfile::tempdir().unwrap();
        let secret_of = |file: &str| {
            let (path, name) = (format!("/run/secrets/{file}"), file.to_ascii_uppercase());
            let pointed_at = |variable: &str| self.env.get(&format!("{variable}_FILE")) == Some(&path);
            program.secrets.iter().find(|secret| secret.variable == name || pointed_at(&secret.variable))
        };
        for file in &self.secret_files {
            let secret = secret_of(file).unwrap_or_else(|| panic!("{self}: nobody looks for the secret file {file}"));
            write_secret(directory.path(), file, secret.stand_in());
        }
        let found = program.load(self, directory.path());
        for file in &self.secret_files {
            let secret = secret_of(file).map(|secret| &found[&secret.variable]).unwrap();
            assert_eq!(secret.layer, "docker", "{self}: {file} is not read");
            assert!(secret.place.ends_with(&format!("/{file}")), "{self}: {} is read for {file}", secret.place);
        }
        for name in &self.secret_env {
            assert_eq!(found[name].layer, "env", "{self}: {name} is not read");
        }
        for (name, path) in &self.env {
            let Some(file) = path.strip_prefix("/run/secrets/") else { continue };
            assert!(self.secret_files.contains(file), "{self}: {name} points at {path}, which is not mounted");
        }
        if let Some(port) = found.get("PORT") {
            assert_eq!(port.value.parse().ok(), program.port(), "{self}: the manifest does not move the port");
            assert_eq!(found["BIND_ADDRESS"].value, "0.0.0.0", "{self}: it is reached from outside its container");
        }
    }
}

/// Whether the programs of one manifest find each other.
pub(crate) fn assert_find_each_other(runs: &[Run]) {
    let memory = program("memory-service");
    for run in runs {
        if let Some(url) = run.env.get("MEMORY_SERVICE_URL") {
            assert_eq!(*url, format!("http://{}:{}", memory.name, memory.port().unwrap()), "{run}");
            assert!(runs.iter().any(|run| run.program == memory.name), "{run}: there is no {}", memory.name);
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.manifest, self.program)
    }
}

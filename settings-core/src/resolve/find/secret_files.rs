//! The files of a secret: the one that `NAME_FILE` names, those of the secrets directories, and `file("..")`.

use std::env::VarError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::{Search, Step};
use crate::layer::read::ReadError;
use crate::layer::secret_files::{self, Contents};
use crate::layer::show;
use crate::report::Outcome;
use crate::resolve::take::{self, Unfit};
use crate::resolve::walk::Leaf;
use crate::schema::Source;
use crate::value::Fault;

impl Search<'_, '_> {
    /// The files that variables name, then the secrets directories.
    pub(super) fn in_secret_files(&mut self, layer: &'static str) -> Step {
        let leaf = self.leaf;
        variables(leaf).try_for_each(|name| self.in_file_of(&format!("{name}_FILE"), layer))?;
        let directories = self.layers.secret_files().directories();
        if directories.is_empty() {
            return Step::Continue(());
        }
        let mut names = vec![leaf.path().replace('.', "_")];
        names.extend(variables(leaf).map(str::to_owned));
        names.retain(|name| !name.is_empty());
        directories.iter().try_for_each(|directory| {
            let (path, contents) = directory.read(&names);
            self.take_file(contents, layer, &path, show(&path))
        })
    }

    /// `file("..")`, which a loader without the struct's own places leaves out.
    pub(super) fn in_named_file(&mut self, source: &'static Source) -> Step {
        let path = Path::new(source.name.unwrap_or_default());
        if self.layers.hermetic() {
            return Step::Continue(());
        }
        self.take_file(self.layers.secret_files().read(path), source.kind, path, show(path))
    }

    /// The file whose path is in this variable, which is looked for in the environment and then in the .env files.
    fn in_file_of(&mut self, variable: &str, layer: &'static str) -> Step {
        let path = match self.path_in(variable) {
            Ok(Some(path)) => path,
            Ok(None) => return Step::Continue(()),
            Err(fault) => return self.refuse(fault),
        };
        let contents = self.layers.secret_files().read(&path);
        let missing = matches!(contents, Err(ReadError::Missing));
        let shown = if is_path(&path) { show(&path) } else { variable.to_owned() };
        if missing && self.trail.is_written() {
            self.trail.warnings.push((variable.to_owned(), "names a file that does not exist"));
        }
        self.take_file(contents, layer, &path, shown)
    }

    fn path_in(&self, variable: &str) -> Result<Option<PathBuf>, Fault> {
        let path = match self.layers.env.get(variable) {
            Ok(path) => path.into(),
            Err(VarError::NotUnicode(path)) => path,
            Err(VarError::NotPresent) => OsString::new(),
        };
        if !path.is_empty() {
            return Ok(Some(path.into()));
        }
        if !self.layers.has_dotenv() {
            return Ok(None);
        }
        let files = self.layers.dotenv();
        let Some(hit) = files.lookup(variable) else { return Ok(None) };
        let path = files.expanded(hit, &|name| self.layers.env.text(name));
        let path = path.map_err(|error| Fault::Expansion(error.kind.to_string()))?;
        Ok((!path.is_empty()).then(|| PathBuf::from(&*path)))
    }

    fn take_file(&mut self, contents: Contents, layer: &'static str, path: &Path, shown: String) -> Step {
        match contents {
            Ok(bytes) => {
                let taken = take::file(&bytes, self.leaf.field, self.layers.unchecked());
                self.trail.note(layer, &shown, take::outcome(&taken));
                if taken.is_ok() && self.trail.is_written() {
                    let warnings = secret_files::warnings(path).into_iter();
                    self.trail.warnings.extend(warnings.map(|text| (shown.clone(), text)));
                }
                match taken {
                    Ok(slot) => self.end(slot),
                    Err(Unfit::NotUtf8) => self.refuse(Fault::NotUtf8),
                    Err(Unfit::Empty | Unfit::Placeholder) => Step::Continue(()),
                }
            }
            Err(error) => {
                let outcome = Outcome::from(error);
                let refused = matches!(outcome, Outcome::Refused(_));
                self.unknown |= matches!(outcome, Outcome::Unreadable(_));
                self.trail.note(layer, &shown, outcome);
                if refused { self.refuse(Fault::File) } else { Step::Continue(()) }
            }
        }
    }
}

/// The variables that the secret may stand in.
fn variables<'l>(leaf: &'l Leaf<'_>) -> impl Iterator<Item = &'l str> {
    let in_sources = leaf.sources().filter(|source| source.kind == "env").filter_map(|source| source.name);
    leaf.names().chain(in_sources)
}

/// Whether reports may show it. Who puts the secret itself into `NAME_FILE` must not read it there.
fn is_path(path: &Path) -> bool {
    path.symlink_metadata().is_ok() || path.parent().is_some_and(|dir| dir != Path::new("/") && dir.is_dir())
}

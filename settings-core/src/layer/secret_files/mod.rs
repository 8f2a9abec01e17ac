//! The layer of secret files: one file holds one secret, as Docker and Kubernetes mount them.
//!
//! A [`Directory`] is listed once, and its files are found by the names in the list. A [`Volume`] is a directory that
//! Kubernetes fills: it is read as a whole, so that two secrets of one load are never of two generations. [`lint`] says
//! what is not as it should be with a file that was used.

mod directory;
mod lint;
mod volume;

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use zeroize::Zeroizing;

use super::read::{ReadError, read};
pub(crate) use directory::Directory;
pub(crate) use lint::warnings;
use volume::Volume;

/// The bytes of a secret file, with the newline that may end them.
pub(crate) type Contents = Result<Rc<Zeroizing<Vec<u8>>>, ReadError>;

/// The secret files of one load.
pub(crate) struct SecretFiles {
    paths: Vec<PathBuf>,
    directories: OnceCell<Vec<Directory>>,
    volumes: Volumes,
}

impl SecretFiles {
    /// Files in these directories, of which the later wins. Nothing is opened yet.
    pub(crate) fn new(paths: Vec<PathBuf>) -> Self {
        Self { paths, directories: OnceCell::new(), volumes: Volumes::default() }
    }

    /// The directories, the highest first; listed when first asked for.
    pub(crate) fn directories(&self) -> &[Directory] {
        self.directories.get_or_init(|| {
            let paths = self.paths.iter().rev();
            paths.map(|path| Directory::open(path, &self.volumes)).collect()
        })
    }

    /// The file at a path that was given as such. Links are followed wherever they lead.
    pub(crate) fn read(&self, path: &Path) -> Contents {
        if let (Some(dir), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) {
            let dir = if dir.ends_with(volume::POINTER) { dir.parent().unwrap_or(dir) } else { dir };
            let volume = fs::canonicalize(Path::new(".").join(dir)).ok().and_then(|dir| self.volumes.at(&dir));
            if let Some(contents) = volume.and_then(|volume| volume.file(name)) {
                return contents;
            }
        }
        read(path).map(Rc::new)
    }
}

/// The volumes that were read, by their directory.
#[derive(Default)]
struct Volumes(RefCell<HashMap<PathBuf, Option<Rc<Volume>>>>);

impl Volumes {
    /// The volume in the directory, if it is one. The path has no links.
    fn at(&self, dir: &Path) -> Option<Rc<Volume>> {
        let mut volumes = self.0.borrow_mut();
        volumes.entry(dir.to_owned()).or_insert_with(|| Volume::read(dir).map(Rc::new)).clone()
    }
}

/// What `path` leads to, unless that is outside of `dir`, which has no links.
fn inside(dir: &Path, path: &Path) -> Result<PathBuf, ReadError> {
    let target = fs::canonicalize(path)?;
    if target.starts_with(dir) { Ok(target) } else { Err(ReadError::LinkOut) }
}

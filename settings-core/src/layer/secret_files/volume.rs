//! A volume that Kubernetes fills.
//!
//! Each generation of its files has a directory of its own, `..data` is a link to the current one, and what the user
//! sees are links through it: `key -> ..data/key`. Kubernetes replaces all files at once, by moving `..data`, and then
//! deletes the old directory. Who reads file by file through the links gets a user's name of one generation with the
//! password of the next.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::rc::Rc;

use super::{Contents, inside};
use crate::layer::read::{ReadError, read};

/// The link to the current generation.
pub(super) const POINTER: &str = "..data";

/// How often a generation may be replaced while it is read. Kubernetes takes seconds from one to the next.
const TRIES: usize = 100;

/// All files of one generation. They are few and small: Kubernetes limits a secret to 1 MiB.
pub(super) struct Volume {
    files: Vec<(String, Contents)>,
    /// Whether no generation stayed long enough to be read.
    restless: bool,
}

impl Volume {
    /// Reads the volume in a directory, if there is one. The path has no links.
    pub(super) fn read(dir: &Path) -> Option<Self> {
        let pointer = dir.join(POINTER);
        for _ in 0..TRIES {
            let current = fs::read_link(&pointer).ok()?;
            let files = inside(dir, &dir.join(&current)).map(|generation| files_of(&generation, dir));
            // What was the current generation all the time was whole all the time.
            if fs::read_link(&pointer).is_ok_and(|now| now == current) {
                return files.ok().map(|files| Self { files, restless: false });
            }
        }
        Some(Self { files: Vec::new(), restless: true })
    }

    /// The file of that name, if the volume has it.
    pub(super) fn file(&self, name: &str) -> Option<Contents> {
        if self.restless {
            return Some(Err(ReadError::Unreadable(ErrorKind::ResourceBusy)));
        }
        self.files.iter().find(|(own, _)| own == name).map(|(_, contents)| contents.clone())
    }
}

fn files_of(generation: &Path, dir: &Path) -> Vec<(String, Contents)> {
    let entries = fs::read_dir(generation).into_iter().flatten().flatten();
    let files = entries.filter(|entry| !entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let files = files.filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry)));
    files
        .map(|(name, entry)| {
            let path = entry.path();
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            let path = if is_link { inside(dir, &path) } else { Ok(path) };
            (name, path.and_then(|path| read(&path)).map(Rc::new))
        })
        .collect()
}

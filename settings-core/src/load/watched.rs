//! The files whose change may change what a load gives.

use std::path::PathBuf;

use crate::layer::{Layers, Places};
use crate::resolve::walk::{Step, walk};
use crate::schema::Schema;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Watched {
    /// Files of which each may be there or not.
    pub(crate) files: Vec<PathBuf>,
    /// Directories of which every file counts.
    pub(crate) directories: Vec<PathBuf>,
}

/// The files that a load from these places reads or would read.
pub(crate) fn watched(places: &Places, schema: &'static Schema) -> Watched {
    let layers = Layers::new(places, schema, None);
    let mut files = layers.dotenv_paths();
    files.extend(layers.config_paths().into_iter().map(|wanted| wanted.path));
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        if leaf.field.secret().is_none() {
            return;
        }
        let named = leaf.names().filter_map(|name| layers.variable(&format!("{name}_FILE")));
        files.extend(named.map(|path| PathBuf::from(path.as_str())));
        if !layers.hermetic() {
            let of_sources = leaf.sources().filter(|source| matches!(source.kind, "file" | "json"));
            files.extend(of_sources.filter_map(|source| source.name).map(PathBuf::from));
        }
    });
    files.sort();
    files.dedup();
    Watched { files, directories: layers.secrets_dirs() }
}

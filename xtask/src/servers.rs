//! The servers that stand for stores in tests: an installation in the target folder, started on free ports of this
//! machine and stopped when dropped.

mod install;
mod kinds;
mod process;

use std::path::PathBuf;

pub(crate) use kinds::{KINDS, Kind, Speaks};
pub(crate) use process::Server;

use crate::{Result, metadata};

/// Starts these, side by side; each answers when this returns.
pub(crate) fn start(kinds: impl IntoIterator<Item = &'static Kind>) -> Result<Vec<Server>> {
    let directory = directory()?;
    let python = install::python(&directory)?;
    let start = |kind| Server::start(kind, &python, &directory);
    let mut servers = kinds.into_iter().map(start).collect::<Result<Vec<Server>>>()?;
    for server in &mut servers {
        server.wait_until_ready()?;
    }
    Ok(servers)
}

/// Where tests find these servers.
pub(crate) fn test_variables(servers: &[Server]) -> Vec<(&'static str, String)> {
    servers.iter().map(|server| (server.kind().test_variable, server.address())).collect()
}

fn directory() -> Result<PathBuf> {
    let target = metadata::read()?["target_directory"].as_str().map(PathBuf::from);
    Ok(target.ok_or("cargo metadata names no target directory")?.join("servers"))
}

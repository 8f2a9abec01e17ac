//! Tells when files change, by watching the directories that they are in: an editor, a deployment or Kubernetes puts a new
//! file in the place of the old one, and who watches the file itself goes on watching what is gone.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{Config, Event, EventKind, PollWatcher, RecursiveMode};

use super::mailbox::Mailbox;
use crate::load::watched::Watched;

/// How often directories are looked at where the system cannot tell.
const LOOK: Duration = Duration::from_secs(2);

pub(super) struct Watcher {
    watcher: Option<Box<dyn notify::Watcher + Send>>,
    followed: BTreeSet<PathBuf>,
    interest: Arc<Mutex<Interest>>,
}

/// What changes are of interest.
#[derive(Default)]
struct Interest {
    /// Directories of which every file counts.
    directories: BTreeSet<PathBuf>,
    /// Files by their directory and name.
    files: BTreeSet<(PathBuf, OsString)>,
}

impl Interest {
    fn meets(&self, path: &Path) -> bool {
        let Some(directory) = path.parent() else { return false };
        let name = path.file_name().unwrap_or_default().to_owned();
        self.directories.contains(directory) || self.files.contains(&(directory.to_owned(), name))
    }
}

impl Watcher {
    pub(super) fn new(mailbox: &Arc<Mailbox>) -> Self {
        let interest = Arc::new(Mutex::new(Interest::default()));
        let handler = |mailbox: Arc<Mailbox>, interest: Arc<Mutex<Interest>>| {
            move |event: notify::Result<Event>| {
                let interest = interest.lock().unwrap_or_else(PoisonError::into_inner);
                let told = match &event {
                    // Reading a file is an event too, and a load reads them all.
                    Ok(Event { kind: EventKind::Access(_), .. }) => false,
                    // An event without a path says that some were lost.
                    Ok(event) => event.paths.is_empty() || event.paths.iter().any(|path| interest.meets(path)),
                    Err(_) => true,
                };
                if told {
                    mailbox.tell_files();
                }
            }
        };
        let boxed = |watcher| -> Box<dyn notify::Watcher + Send> { watcher };
        let native = notify::recommended_watcher(handler(Arc::clone(mailbox), Arc::clone(&interest)));
        // The system may have no watches left to give.
        let polling = || {
            let config = Config::default().with_poll_interval(LOOK).with_compare_contents(true);
            PollWatcher::new(handler(Arc::clone(mailbox), Arc::clone(&interest)), config)
                .ok()
                .map(|it| boxed(Box::new(it)))
        };
        let watcher = native.ok().map(|it| boxed(Box::new(it))).or_else(polling);
        Self { watcher, followed: BTreeSet::new(), interest }
    }

    /// Watches these files, and no others.
    pub(super) fn follow(&mut self, Watched { files, directories }: &Watched) {
        let Some(watcher) = &mut self.watcher else { return };
        let mut interest = Interest::default();
        interest.directories.extend(directories.iter().filter_map(|directory| std::path::absolute(directory).ok()));
        for file in files {
            // What a link leads to may change as well as the link.
            let target = std::fs::canonicalize(file).ok();
            for path in [std::path::absolute(file).ok(), target].into_iter().flatten() {
                if let (Some(directory), Some(name)) = (path.parent(), path.file_name()) {
                    interest.files.insert((directory.to_owned(), name.to_owned()));
                }
            }
        }
        let of_files = interest.files.iter().map(|(directory, _)| directory);
        let wanted: BTreeSet<PathBuf> = interest.directories.iter().chain(of_files).cloned().collect();
        *self.interest.lock().unwrap_or_else(PoisonError::into_inner) = interest;
        for gone in self.followed.difference(&wanted) {
            let _ = watcher.unwatch(gone);
        }
        // A directory that is not there yet is tried again after the next load.
        self.followed.retain(|directory| wanted.contains(directory));
        for new in wanted {
            if !self.followed.contains(&new) && watcher.watch(&new, RecursiveMode::NonRecursive).is_ok() {
                self.followed.insert(new);
            }
        }
    }
}

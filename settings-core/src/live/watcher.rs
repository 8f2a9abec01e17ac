//! Tells when files change, by watching the directories that they are in: an editor, a deployment or Kubernetes puts a new
//! file in the place of the old one, and who watches the file itself goes on watching what is gone. The same goes for a
//! directory, so the one above it is watched too.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::ModifyKind;
use notify::{Config, Event, EventKind, PollWatcher, RecursiveMode};

use super::mailbox::Mailbox;
use crate::load::watched::Watched;

/// How often directories are looked at where the system cannot tell.
const LOOK: Duration = Duration::from_secs(2);

pub(super) struct Watcher {
    watcher: Option<Box<dyn notify::Watcher + Send>>,
    /// Whether it looks by itself, each time along the whole path and into every file.
    polls: bool,
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
    /// Every directory that one of them is in, up to the root.
    above: BTreeSet<PathBuf>,
    /// Those of them that were made, removed or renamed: who watches one of these, or one below, watches what is gone.
    replaced: BTreeSet<PathBuf>,
}

impl Interest {
    fn meets(&mut self, kind: EventKind, path: &Path) -> bool {
        let inside = matches!(kind, EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Metadata(_)));
        if !inside && self.above.contains(path) {
            self.replaced.insert(path.to_owned());
            return true;
        }
        let Some(directory) = path.parent() else { return false };
        let name = path.file_name().unwrap_or_default().to_owned();
        self.directories.contains(directory) || self.files.contains(&(directory.to_owned(), name))
    }
}

impl Watcher {
    pub(super) fn new(mailbox: &Arc<Mailbox>) -> Self {
        Self::native(mailbox).unwrap_or_else(|| Self::polling(mailbox, LOOK))
    }

    /// As the system tells of changes, unless it has no watches left to give.
    fn native(mailbox: &Arc<Mailbox>) -> Option<Self> {
        let interest = Arc::default();
        let watcher = notify::recommended_watcher(handler(mailbox, &interest, true)).ok()?;
        Some(Self { watcher: Some(Box::new(watcher)), polls: false, followed: BTreeSet::new(), interest })
    }

    /// Looks by itself, so often.
    fn polling(mailbox: &Arc<Mailbox>, interval: Duration) -> Self {
        let interest = Arc::default();
        let config = Config::default().with_poll_interval(interval).with_compare_contents(true);
        let watcher = PollWatcher::new(handler(mailbox, &interest, false), config).ok();
        let watcher = watcher.map(|it| -> Box<dyn notify::Watcher + Send> { Box::new(it) });
        Self { watcher, polls: true, followed: BTreeSet::new(), interest }
    }

    /// Watches these files, and no others. Tells whether a directory is among them that was not watched until now, so that
    /// what changed in it before this may have been missed.
    pub(super) fn follow(&mut self, Watched { files, directories }: &Watched) -> bool {
        let Some(watcher) = &mut self.watcher else { return false };
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
        let mut wanted: BTreeSet<PathBuf> = interest.directories.iter().chain(of_files).cloned().collect();
        interest.above = wanted.iter().flat_map(|directory| directory.ancestors()).map(Path::to_owned).collect();
        if !self.polls {
            let nearest = |directory: &PathBuf| Some(directory.ancestors().skip(1).find(|it| it.is_dir())?.to_owned());
            let nearest: Vec<PathBuf> = wanted.iter().filter_map(nearest).collect();
            wanted.extend(nearest);
        }
        let replaced = {
            let mut current = self.interest.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *current, interest).replaced
        };
        let (kept, gone): (BTreeSet<_>, BTreeSet<_>) =
            std::mem::take(&mut self.followed).into_iter().partition(|known| {
                wanted.contains(known) && (self.polls || !known.ancestors().any(|above| replaced.contains(above)))
            });
        self.followed = kept;
        for gone in gone {
            let _ = watcher.unwatch(&gone);
        }
        // A directory that is not there yet is tried again after the next load.
        let mut is_new = false;
        for new in wanted.difference(&self.followed.clone()) {
            if watcher.watch(new, RecursiveMode::NonRecursive).is_ok() {
                is_new = true;
                self.followed.insert(new.clone());
            }
        }
        is_new
    }
}

/// Tells of what is of interest. An error of the system's is that something may have been missed; whoever looks by himself
/// gives one each time that a directory is not there.
fn handler(
    mailbox: &Arc<Mailbox>,
    interest: &Arc<Mutex<Interest>>,
    tells_errors: bool,
) -> impl FnMut(notify::Result<Event>) + use<> {
    let (mailbox, interest) = (Arc::clone(mailbox), Arc::clone(interest));
    move |event| {
        let mut interest = interest.lock().unwrap_or_else(PoisonError::into_inner);
        let told = match &event {
            // Reading a file is an event too, and a load reads them all.
            Ok(Event { kind: EventKind::Access(_), .. }) => false,
            // An event without a path says that some were lost.
            Ok(event) if event.paths.is_empty() => true,
            Ok(event) => event.paths.iter().filter(|path| interest.meets(event.kind, path)).count() > 0,
            Err(_) => tells_errors,
        };
        if told {
            mailbox.tell_files();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use super::super::mailbox::{Sleeper, Wake};
    use super::*;
    use crate::clock::Clock;

    /// Why the one who waits for changes is woken, within ten seconds.
    fn wake(mailbox: &Mailbox) -> Wake {
        mailbox.wait(Some(Instant::now() + Duration::from_secs(10)), &Sleeper::new(&Clock::real()))
    }

    #[test]
    fn where_the_system_cannot_tell_changes_are_looked_for() {
        let root = tempfile::tempdir().unwrap();
        let (file, other) = (root.path().join("app/.env"), root.path().join("app/other"));
        fs::create_dir(root.path().join("app")).unwrap();
        fs::write(&file, "PORT=1\n").unwrap();
        let mailbox = Arc::new(Mailbox::new(&Clock::real()));
        let mut watcher = Watcher::polling(&mailbox, Duration::from_millis(200));
        let watched = Watched { files: vec![file.clone()], directories: Vec::new() };
        assert!(watcher.follow(&watched), "it is new");
        assert!(!watcher.follow(&watched), "and then it is not");

        fs::write(&other, "x").unwrap();
        let soon = Some(Instant::now() + Duration::from_millis(600));
        assert_eq!(mailbox.wait(soon, &Sleeper::new(&Clock::real())), Wake::Due, "another file is none of ours");
        // By its content alone: a file may be written within the second that its time is told in.
        fs::write(&file, "PORT=2\n").unwrap();
        assert_eq!(wake(&mailbox), Wake::Files);

        fs::remove_dir_all(root.path().join("app")).unwrap();
        assert_eq!(wake(&mailbox), Wake::Files);
        watcher.follow(&watched);
        fs::create_dir(root.path().join("app")).unwrap();
        fs::write(&file, "PORT=3\n").unwrap();
        watcher.follow(&watched);
        assert_eq!(wake(&mailbox), Wake::Files);
    }
}

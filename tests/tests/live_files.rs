//! Settings that follow files. Every test has a struct of its own, for there is one cache for each.
#![cfg(feature = "watch")]
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use settings_core::{Cached, ExposeSecret, Live, SecretString, Settings};
use settings_tests::Secrets;
use tokio::sync::watch::Receiver;

/// How soon a change is followed.
const SOON: Duration = Duration::from_secs(2);
/// Longer than files are given to come to rest, and a load after that.
const WHILE: Duration = Duration::from_millis(600);

/// Settings that are followed, and somebody who waits for changes.
struct Followed<S: Cached> {
    live: Live<S>,
    changes: Receiver<Arc<S>>,
}

impl<S: Settings + Cached> Followed<S> {
    fn new(live: Live<S>) -> Self {
        Self { changes: live.watch(), live }
    }

    /// What was done is followed in time, and told once, whatever else it looks like on the way.
    #[track_caller]
    fn once(&mut self, act: impl FnOnce(), done: impl Fn(&S) -> bool) {
        let before = self.live.status().generation();
        act();
        let start = Instant::now();
        while !done(&S::get()) {
            assert!(start.elapsed() < SOON, "it was not followed: {:?}", self.live.status());
            sleep(Duration::from_millis(5));
        }
        assert!(self.changes.has_changed().unwrap());
        assert!(done(&self.changes.borrow_and_update()));
        sleep(WHILE);
        assert!(!self.changes.has_changed().unwrap(), "it was told again");
        assert_eq!(self.live.status().generation(), before + 1, "it was told more than once");
        assert!(self.live.status().failing().is_none());
    }

    /// The settings stay as they were, and the status says why. Nobody is told.
    #[track_caller]
    fn fails(&mut self, act: impl FnOnce(), part: &str) {
        let before = self.live.status().generation();
        act();
        let start = Instant::now();
        while self.live.status().failing().is_none() {
            assert!(start.elapsed() < SOON, "it was not noticed");
            sleep(Duration::from_millis(5));
        }
        let status = self.live.status();
        let report = status.failing().unwrap().report().to_string();
        assert!(report.contains(part), "{report}");
        assert!(!self.changes.has_changed().unwrap());
        assert_eq!(status.generation(), before);
    }
}

/// A file as an editor saves it: another one is written, and takes its name.
fn save_by_rename(path: &Path, content: &str) {
    let other = path.with_extension("swp");
    fs::write(&other, content).unwrap();
    fs::rename(other, path).unwrap();
}

/// Settings that come from a .env file, and the directory that it is in.
macro_rules! dotenv {
    ($followed:ident, $directory:ident, $file:ident) => {
        #[derive(Settings)]
        struct Dotenv {
            port: u16,
        }
        let $directory = tempfile::tempdir().unwrap();
        let $file = $directory.path().join(".env");
        fs::write(&$file, "PORT=1\n").unwrap();
        let loader = Dotenv::loader().env([("PATH", "")]).env_file(&$file);
        let mut $followed = Followed::new(loader.start_blocking().unwrap());
    };
}

#[test]
fn a_file_that_an_editor_saves_by_rename() {
    dotenv!(followed, directory, file);
    followed.once(|| save_by_rename(&file, "PORT=2\n"), |dotenv| dotenv.port == 2);
    // As those do that keep what was there before.
    let kept = directory.path().join(".env~");
    let save = || {
        fs::rename(&file, kept).unwrap();
        fs::write(&file, "PORT=3\n").unwrap();
    };
    followed.once(save, |dotenv| dotenv.port == 3);
    followed.once(|| save_by_rename(&file, "PORT=4\n"), |dotenv| dotenv.port == 4);
}

#[test]
fn a_file_that_is_truncated_and_then_written() {
    dotenv!(followed, directory, file);
    for (pause, port) in [(0, 2), (20, 3), (400, 4)] {
        let write = || {
            fs::write(&file, "").unwrap();
            sleep(Duration::from_millis(pause));
            fs::write(&file, format!("PORT={port}\n")).unwrap();
        };
        followed.once(write, |dotenv| dotenv.port == port);
    }
    drop(directory);
}

#[test]
fn a_file_that_is_written_piece_by_piece() {
    dotenv!(followed, directory, file);
    let write = || {
        use std::io::Write;
        let mut file = fs::File::create(&file).unwrap();
        for piece in ["# settings\n", "PO", "RT=", "2", "3\n"] {
            file.write_all(piece.as_bytes()).unwrap();
            sleep(Duration::from_millis(50));
        }
    };
    followed.once(write, |dotenv| dotenv.port == 23);
    drop(directory);
}

#[test]
fn a_file_with_the_same_in_it_is_no_change() {
    dotenv!(followed, directory, file);
    fs::write(directory.path().join("other"), "x").unwrap();
    fs::write(&file, "PORT=1\n# a comment\n").unwrap();
    sleep(WHILE);
    assert!(!followed.changes.has_changed().unwrap());
    followed.once(|| fs::write(&file, "PORT=2\n").unwrap(), |dotenv| dotenv.port == 2);
}

#[test]
fn a_broken_file_leaves_the_last_good_settings() {
    dotenv!(followed, directory, file);
    followed.fails(|| fs::write(&file, "PORT=http\n").unwrap(), "expected a whole number");
    assert_eq!(Dotenv::get().port, 1);
    followed.fails(|| fs::write(&file, "PORT='2\n").unwrap(), "PORT");
    assert_eq!(Dotenv::get().port, 1);
    followed.once(|| fs::write(&file, "PORT=3\n").unwrap(), |dotenv| dotenv.port == 3);
    followed.fails(|| fs::remove_file(&file).unwrap(), "missing");
    assert_eq!(Dotenv::get().port, 3);
    followed.once(|| fs::write(&file, "PORT=4\n").unwrap(), |dotenv| dotenv.port == 4);
    drop(directory);
}

#[test]
fn a_directory_that_is_deleted_and_made_again() {
    #[derive(Settings)]
    struct Deployed {
        port: u16,
    }
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("app/config");
    let file = directory.join(".env");
    let make = |port: u16| {
        fs::create_dir_all(&directory).unwrap();
        fs::write(&file, format!("PORT={port}\n")).unwrap();
    };
    make(1);
    let loader = Deployed::loader().env([("PATH", "")]).env_file(&file);
    let mut followed = Followed::new(loader.start_blocking().unwrap());
    let replace = |what: &str, port: u16| {
        fs::remove_dir_all(root.path().join(what)).unwrap();
        make(port);
    };
    // At once, and after its loss was noticed; the one above it too.
    followed.once(|| replace("app/config", 2), |deployed| deployed.port == 2);
    followed.once(|| make(3), |deployed| deployed.port == 3);
    for (what, port) in [("app/config", 4), ("app", 6)] {
        followed.fails(|| fs::remove_dir_all(root.path().join(what)).unwrap(), "missing");
        assert_eq!(Deployed::get().port, port - 1);
        followed.once(|| make(port), |deployed| deployed.port == port);
        followed.once(|| make(port + 1), |deployed| deployed.port == port + 1);
    }
    // One that another is put in the place of.
    let swap = || {
        let next = root.path().join("next");
        fs::create_dir(&next).unwrap();
        fs::write(next.join(".env"), "PORT=8\n").unwrap();
        fs::rename(&directory, root.path().join("old")).unwrap();
        fs::rename(&next, &directory).unwrap();
    };
    followed.once(swap, |deployed| deployed.port == 8);
    followed.once(|| make(9), |deployed| deployed.port == 9);
}

#[test]
fn a_directory_of_secrets_that_is_deleted_and_made_again() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Mounted {
        api_key: SecretString,
    }
    let root = Secrets::empty();
    let make = |value: &str| {
        fs::create_dir(root.join("secrets")).unwrap();
        root.write("secrets/api_key", value);
    };
    make("first");
    let loader = Mounted::loader().env([("PATH", "")]).secrets_dir(root.join("secrets"));
    let mut followed = Followed::new(loader.start_blocking().unwrap());
    followed.fails(|| fs::remove_dir_all(root.join("secrets")).unwrap(), "no such");
    followed.once(|| make("second"), |mounted| mounted.api_key.expose_secret() == "second");
    let rename = || {
        root.write("secrets/other", "third");
        fs::rename(root.join("secrets/other"), root.join("secrets/api_key")).unwrap();
    };
    followed.once(rename, |mounted| mounted.api_key.expose_secret() == "third");
}

#[test]
fn a_directory_that_is_not_there_yet() {
    #[derive(Settings)]
    struct Later {
        #[setting(default = 1)]
        port: u16,
    }
    let root = tempfile::tempdir().unwrap();
    let file = root.path().join("app/config/.env");
    let loader = Later::loader().env([("PATH", "")]).env_file(&file);
    let mut followed = Followed::new(loader.start_blocking().unwrap());
    let make = || {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, "PORT=2\n").unwrap();
    };
    followed.once(make, |later| later.port == 2);
}

#[test]
fn a_kubernetes_volume_that_is_swapped() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Volume {
        api_key: SecretString,
        other_key: SecretString,
    }
    let secrets = Secrets::empty();
    let generation = |number: u8| {
        let name = format!("..{number}");
        fs::create_dir(secrets.join(&name)).unwrap();
        secrets.write(&format!("{name}/api_key"), format!("key-{number}"));
        secrets.write(&format!("{name}/other_key"), format!("other-{number}"));
        symlink(name, secrets.join("..data_tmp")).unwrap();
        fs::rename(secrets.join("..data_tmp"), secrets.join("..data")).unwrap();
        if number > 1 {
            fs::remove_dir_all(secrets.join(&format!("..{}", number - 1))).unwrap();
        }
    };
    generation(1);
    symlink("..data/api_key", secrets.join("api_key")).unwrap();
    symlink("..data/other_key", secrets.join("other_key")).unwrap();
    let loader = Volume::loader().env([("PATH", "")]).secrets_dir(secrets.path());
    let mut followed = Followed::new(loader.start_blocking().unwrap());
    assert_eq!(Volume::get().other_key.expose_secret(), "other-1");
    for number in 2..5 {
        followed.once(|| generation(number), |volume| volume.api_key.expose_secret() == format!("key-{number}"));
        assert_eq!(Volume::get().other_key.expose_secret(), format!("other-{number}"));
    }
}

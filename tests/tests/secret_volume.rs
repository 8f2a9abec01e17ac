//! A volume that Kubernetes fills, while it fills it anew.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use settings_core::{ExposeSecret, Loader, SecretString, Settings};

#[derive(Settings)]
#[settings(env_file = none)]
struct Credentials {
    user: SecretString,
    password: SecretString,
}

/// Puts a generation in the place of the one before, as Kubernetes does it: a directory of its own, then one move of the
/// link to it, then away with the old directory.
fn publish(volume: &Path, generation: usize) {
    let directory = format!("..{generation}");
    fs::create_dir(volume.join(&directory)).unwrap();
    for name in ["user", "password"] {
        fs::write(volume.join(&directory).join(name), generation.to_string()).unwrap();
    }
    symlink(&directory, volume.join("..data_tmp")).unwrap();
    let old = fs::read_link(volume.join("..data"));
    fs::rename(volume.join("..data_tmp"), volume.join("..data")).unwrap();
    if let Ok(old) = old {
        fs::remove_dir_all(volume.join(old)).unwrap();
    }
}

/// Loads while another thread swaps the volume, and counts the loads that failed or gave a pair of two generations.
fn torn_pairs(loads: usize, load: impl Fn(&Path) -> Loader<Credentials>) -> usize {
    let volume = tempfile::tempdir().unwrap();
    let volume = volume.path();
    publish(volume, 0);
    for name in ["user", "password"] {
        symlink(format!("..data/{name}"), volume.join(name)).unwrap();
    }
    let is_whole = |pair: Credentials| pair.user.expose_secret() == pair.password.expose_secret();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| (1..).take_while(|_| !done.load(Ordering::Relaxed)).for_each(|number| publish(volume, number)));
        let torn = (0..loads).filter(|_| !load(volume).load_blocking().is_ok_and(is_whole)).count();
        done.store(true, Ordering::Relaxed);
        torn
    })
}

#[test]
fn two_keys_are_of_one_generation() {
    assert_eq!(torn_pairs(20_000, |volume| Credentials::loader().hermetic().secrets_dir(volume)), 0);
}

#[test]
fn two_keys_that_variables_name_are_of_one_generation() {
    let by_variables = |volume: &Path, below: &str| {
        let path = |name: &str| volume.join(below).join(name).display().to_string();
        Credentials::loader().hermetic().env([("USER_FILE", path("user")), ("PASSWORD_FILE", path("password"))])
    };
    assert_eq!(torn_pairs(5_000, |volume| by_variables(volume, "")), 0);
    assert_eq!(torn_pairs(5_000, |volume| by_variables(volume, "..data")), 0);
}

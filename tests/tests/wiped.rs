//! Whether a secret that is no longer held is still in memory. A child process loads one, lets it go, and looks for it in
//! all the memory that it may write to. Its parent writes the files, so that the child has the secret from them alone.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "these are tests")]

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;

use settings_core::store::JsonFile;
use settings_core::{ExposeSecret, SecretSlice, SecretString, Settings};
use settings_tests::Secrets;

/// How long a secret is.
const LENGTH: usize = 96;
/// How much of it is looked for: no more than this may be left of a block that was freed unwiped, because the allocator
/// writes to the beginning of such a block.
const PIECE: usize = 8;
/// What is looked through at a time.
const PAGE: usize = 4096;
const ZEROS: [u8; PAGE] = [0; PAGE];
/// What the letters of a secret are mixed with where this process writes them down by itself.
const MASK: u8 = 0x80;

/// One of two secrets, letter by letter, each mixed with the mask.
fn masked(which: u8) -> [u8; LENGTH] {
    let mut state = 0x9e37_79b9_u32 ^ (u32::from(which) << 7);
    std::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (b'a' + (state % 26) as u8) ^ MASK
    })
}

/// The secret itself. Only a parent asks for it.
fn secret(which: u8) -> String {
    masked(which).iter().map(|letter| char::from(letter ^ MASK)).collect()
}

/// Whether a text is that secret.
fn is(text: &str, which: u8) -> bool {
    text.len() == LENGTH && text.bytes().zip(masked(which)).all(|(letter, masked)| letter ^ MASK == masked)
}

/// How many pieces of a secret are in the memory of this process.
fn pieces_in_memory(which: u8) -> usize {
    let masked = masked(which);
    let mut begins = [false; 256];
    masked.windows(PIECE).for_each(|piece| begins[usize::from(piece[0] ^ MASK)] = true);
    let is_piece = |bytes: &[u8]| {
        let same = |piece: &[u8]| piece.iter().zip(bytes).all(|(masked, byte)| masked ^ MASK == *byte);
        masked.windows(PIECE).any(same)
    };

    let mut memory = File::open("/proc/self/mem").unwrap();
    // What is copied here from elsewhere would be found here again. So it has a place of its own, which is left out.
    let mut copy = vec![0; 1 << 20];
    let own = copy.as_ptr() as u64..copy.as_ptr() as u64 + copy.len() as u64;
    let mut found = 0;
    for line in fs::read_to_string("/proc/self/maps").unwrap().lines() {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next().unwrap(), words.next().unwrap());
        if !rights.starts_with("rw") {
            continue;
        }
        let (start, end) = range.split_once('-').unwrap();
        let (mut at, end) = (u64::from_str_radix(start, 16).unwrap(), u64::from_str_radix(end, 16).unwrap());
        while at < end {
            if own.contains(&at) {
                at = own.end;
                continue;
            }
            let stop = if at < own.start { end.min(own.start) } else { end };
            let length = usize::try_from(stop - at).unwrap().min(copy.len());
            memory.seek(SeekFrom::Start(at)).unwrap();
            // Some mappings, such as that of the clock, cannot be read this way.
            if memory.read_exact(&mut copy[..length]).is_err() {
                break;
            }
            let here = &copy[..length];
            for page in (0..length).step_by(PAGE) {
                // Most of it was never written to.
                if here[page..length.min(page + PAGE)] != ZEROS[..PAGE.min(length - page)] {
                    let here = &here[page..length.min(page + PAGE + PIECE - 1)];
                    found += here.windows(PIECE).filter(|it| begins[usize::from(it[0])] && is_piece(it)).count();
                }
            }
            if stop - at <= length as u64 {
                at = stop;
            } else {
                at += (length - PIECE + 1) as u64;
            }
        }
    }
    found
}

/// Everything that is here is here, and is found.
fn assert_held(which: u8) {
    assert!(pieces_in_memory(which) > LENGTH - PIECE, "the search does not find what is there");
}

fn assert_gone(which: u8) {
    assert_eq!(pieces_in_memory(which), 0, "pieces of the secret are left in memory");
}

/// The files that a child loads: for the first and the second secret.
struct Files(Secrets);

impl Files {
    fn new() -> Self {
        let files = Secrets::empty();
        for which in [1, 2] {
            let secret = secret(which);
            let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
            files.write(&format!("{which}.env"), format!("# a file\nOTHER=x\nAPI_KEY='{secret}'\n"));
            files.write(&format!("{which}.toml"), format!("api_key = '{secret}'\n"));
            files.write(&format!("{which}.hex.env"), format!("API_KEY={hex}\n"));
            files.write(
                &format!("{which}.expanded.env"),
                format!("PART={}\nAPI_KEY=\"${{PART}}{}\"\n", &secret[..40], &secret[40..]),
            );
            files.write(
                &format!("{which}.json"),
                format!(r#"{{"other": 1, "api-key": "{secret}", "db": {{"API_KEY": "{secret}"}}}}"#),
            );
            fs::create_dir(files.join(&format!("{which}.dir"))).unwrap();
            files.write(&format!("{which}.dir/api_key"), format!("{secret}\n"));
        }
        Self(files)
    }

    /// Runs an ignored test of this file in a process of its own. Tells whether it passed, and what it said.
    fn child(&self, test: &str) -> (bool, String) {
        self.child_with(test, None)
    }

    /// The same with the first secret in its environment too.
    fn child_with(&self, test: &str, api_key: Option<String>) -> (bool, String) {
        let child = Command::new(std::env::current_exe().unwrap())
            .args([&format!("child::{test}"), "--exact", "--ignored", "--nocapture", "--test-threads=1"])
            .env_clear()
            .env("FILES", self.0.path())
            .envs(api_key.map(|key| ("API_KEY", key)))
            .output()
            .unwrap();
        let said = [child.stdout, child.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(said.contains("running 1 test"), "{said}");
        (child.status.success(), said)
    }
}

#[track_caller]
fn passes(test: &str) {
    let (passed, said) = Files::new().child(test);
    assert!(passed, "{said}");
}

#[track_caller]
fn fails(test: &str) {
    let (passed, said) = Files::new().child(test);
    assert!(!passed && said.contains("pieces of the secret are left in memory"), "{said}");
}

#[test]
fn a_copy_that_is_not_wiped_is_found() {
    fails("control_text");
    fails("control_bytes");
    fails("control_held");
}

#[test]
fn a_secret_of_a_dotenv_file_is_wiped() {
    passes("dotenv");
    passes("expanded");
    passes("decoded");
}

#[test]
fn a_secret_file_is_wiped() {
    passes("secret_file");
}

#[test]
fn a_secret_of_a_json_file_is_wiped() {
    passes("json");
    passes("nested_json");
}

#[test]
fn a_secret_that_is_refused_is_wiped() {
    passes("refused");
}

#[test]
#[cfg(feature = "live")]
fn an_old_secret_is_wiped_with_the_last_guard() {
    passes("reloaded");
    passes("reloaded_often");
}

/// The README tells these counts.
#[test]
fn what_cannot_be_wiped_is_counted() {
    let (passed, said) = Files::new().child_with("environment", Some(secret(1)));
    assert!(passed, "{said}");
    passes("config_file");
}

/// What children do.
mod child {
    use super::*;

    fn file(name: &str) -> PathBuf {
        Path::new(&std::env::var_os("FILES").unwrap()).join(name)
    }

    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        api_key: SecretString,
    }

    /// What all have in common: while it is held it is found, and then it is not.
    fn is_wiped(load: impl Fn() -> SecretString) {
        for _ in 0..3 {
            let secret = load();
            assert!(is(secret.expose_secret(), 1));
            assert_held(1);
            drop(secret);
            assert_gone(1);
        }
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn control_text() {
        is_wiped(|| {
            drop(fs::read_to_string(file("1.env")).unwrap());
            Keys::loader().hermetic().env_file(file("1.env")).load_blocking().unwrap().api_key
        });
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn control_bytes() {
        is_wiped(|| {
            let keys = Keys::loader().hermetic().env_file(file("1.env")).load_blocking().unwrap();
            drop(keys.api_key.expose_secret().as_bytes().to_vec());
            keys.api_key
        });
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn control_held() {
        let keys = Keys::loader().hermetic().env_file(file("1.env")).load_blocking().unwrap();
        assert_gone(1);
        drop(keys);
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn dotenv() {
        is_wiped(|| Keys::loader().hermetic().env_file(file("1.env")).load_blocking().unwrap().api_key);
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn expanded() {
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Expanded {
            #[secret(expand)]
            api_key: SecretString,
        }
        is_wiped(|| Expanded::loader().hermetic().env_file(file("1.expanded.env")).load_blocking().unwrap().api_key);
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn decoded() {
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Decoded {
            #[secret(encoding = "hex")]
            api_key: SecretSlice<u8>,
        }
        for _ in 0..3 {
            let decoded = Decoded::loader().hermetic().env_file(file("1.hex.env")).load_blocking().unwrap();
            assert!(is(std::str::from_utf8(decoded.api_key.expose_secret()).unwrap(), 1));
            assert_held(1);
            drop(decoded);
            assert_gone(1);
        }
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn secret_file() {
        is_wiped(|| Keys::loader().hermetic().secrets_dir(file("1.dir")).load_blocking().unwrap().api_key);
        is_wiped(|| {
            let path = file("1.dir").join("api_key").into_os_string().into_string().unwrap();
            Keys::loader().env([("API_KEY_FILE", path)]).load_blocking().unwrap().api_key
        });
    }

    #[derive(Settings)]
    #[settings(env_file = none)]
    struct FromJson {
        #[secret(source = json("x"))]
        api_key: SecretString,
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn json() {
        is_wiped(|| {
            let store = JsonFile::new(file("1.json"));
            FromJson::loader().hermetic().store("json", store).load_blocking().unwrap().api_key
        });
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn nested_json() {
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Outer {
            #[secret(nested, source = json("x", secret = "db", multi_valued))]
            db: Keys,
        }
        is_wiped(|| {
            let store = JsonFile::new(file("1.json"));
            Outer::loader().hermetic().store("json", store).load_blocking().unwrap().db.api_key
        });
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn refused() {
        #[derive(Settings)]
        #[settings(env_file = none)]
        #[allow(dead_code, reason = "it does not load")]
        struct Refused {
            #[secret(source = [env, docker, json("x")], prefix = "no-such-")]
            api_key: SecretString,
        }
        let loader = || Refused::loader().hermetic();
        for _ in 0..3 {
            loader().env_file(file("1.env")).load_blocking().unwrap_err();
            loader().secrets_dir(file("1.dir")).load_blocking().unwrap_err();
            loader().store("json", JsonFile::new(file("1.json"))).load_blocking().unwrap_err();
            loader().env_file(file("1.env")).explain_blocking().unwrap();
            assert_gone(1);
        }
    }

    /// The file that is loaded.
    #[cfg(feature = "live")]
    const LIVE: &str = "live.json";

    /// Puts a secret's file there, in one step.
    #[cfg(feature = "live")]
    fn put(which: u8) {
        fs::copy(file(&format!("{which}.json")), file("next")).unwrap();
        fs::rename(file("next"), file(LIVE)).unwrap();
    }

    #[test]
    #[ignore = "run by the tests above"]
    #[cfg(feature = "live")]
    fn reloaded() {
        put(1);
        let loader = FromJson::loader().hermetic().store("json", JsonFile::new(file(LIVE)));
        let live = loader.start_blocking().unwrap();
        let changes = live.watch();
        let (guard, other) = (FromJson::get(), live.get().into_arc());
        put(2);
        live.reload_blocking().unwrap();
        assert!(is(live.get().api_key.expose_secret(), 2));
        assert_held(2);
        assert_held(1);
        drop(other);
        assert!(is(guard.api_key.expose_secret(), 1));
        assert_held(1);
        drop(guard);
        assert_gone(1);
        assert!(is(changes.borrow().api_key.expose_secret(), 2));
        assert_held(2);
    }

    #[test]
    #[ignore = "run by the tests above"]
    #[cfg(feature = "live")]
    fn reloaded_often() {
        use std::sync::atomic::{AtomicBool, Ordering};
        put(1);
        let loader = FromJson::loader().hermetic().store("json", JsonFile::new(file(LIVE)));
        let live = loader.start_blocking().unwrap();
        let done = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while !done.load(Ordering::Acquire) {
                        let keys = FromJson::get();
                        assert!(is(keys.api_key.expose_secret(), 1) || is(keys.api_key.expose_secret(), 2));
                    }
                });
            }
            for round in 0..200_u8 {
                put(1 + (round + 1) % 2);
                live.reload_blocking().unwrap();
            }
            done.store(true, Ordering::Release);
        });
        // The last that was put there is the first secret's file again.
        assert!(is(FromJson::get().api_key.expose_secret(), 1));
        assert_held(1);
        assert_gone(2);
    }

    /// Whole copies of the first secret, and what is left of others.
    fn copies() -> (usize, usize) {
        let pieces = pieces_in_memory(1);
        (pieces / (LENGTH - PIECE + 1), pieces % (LENGTH - PIECE + 1))
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn environment() {
        assert_eq!(copies(), (1, 0), "the environment of the process");
        for _ in 0..3 {
            drop(Keys::load_blocking().unwrap());
            assert_eq!(copies(), (1, 0), "nothing is added to it");
        }
    }

    #[test]
    #[ignore = "run by the tests above"]
    fn config_file() {
        #[derive(Settings)]
        #[settings(env_file = none)]
        struct Filed {
            #[secret(in_config_file)]
            api_key: SecretString,
        }
        for _ in 0..3 {
            let filed = Filed::loader().hermetic().file(file("1.toml")).load_blocking().unwrap();
            assert!(is(filed.api_key.expose_secret(), 1));
            drop(filed);
            assert!(matches!(copies(), (1..=4, _)), "{:?}", copies());
        }
    }
}

//! The servers that tests of stores run against: `cargo xtask test` starts them all, and
//! `cargo xtask serve moto -- cargo test ..` those that it names.
//!
//! A test asks for its server, and returns when there is none:
//!
//! ```
//! # fn test() -> Option<()> {
//! let moto = settings_tests::servers::moto()?;
//! let name = settings_tests::servers::unique("chat/api-keys");
//! # Some(())
//! # }
//! ```
//!
//! Many tests share one server, so each takes names of its own with [`unique`].

#[cfg(feature = "servers")]
pub mod aws;

use std::env;
use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{SystemTime, UNIX_EPOCH};

/// The region that every test of AWS names.
pub const AWS_REGION: &str = "us-east-1";

/// The access key, and its secret, that every test of AWS gives.
pub const AWS_KEY: &str = "testing";

/// The token that may do everything in [`openbao`].
pub const OPENBAO_TOKEN: &str = "root";

/// A server that answers.
#[derive(Clone, Debug)]
pub struct Server {
    name: &'static str,
    address: String,
}

impl Server {
    /// `moto`, `ministack` or `openbao`: the two for AWS differ in places.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// `http://127.0.0.1:PORT`
    pub fn address(&self) -> &str {
        &self.address
    }
}

/// The AWS emulator moto, unless it was not started.
///
/// # Panics
///
/// When it was not started and `SETTINGS_TEST_REQUIRE_SERVERS` is set. All of these functions do.
pub fn moto() -> Option<Server> {
    server("moto", "SETTINGS_TEST_MOTO")
}

/// The AWS emulator ministack, unless it was not started.
pub fn ministack() -> Option<Server> {
    server("ministack", "SETTINGS_TEST_MINISTACK")
}

/// Both emulators of AWS, as far as they were started. Each is wrong where the other is right.
pub fn aws_emulators() -> Vec<Server> {
    [moto(), ministack()].into_iter().flatten().collect()
}

/// OpenBao, which speaks the protocol of Vault, unless it was not started.
pub fn openbao() -> Option<Server> {
    server("openbao", "SETTINGS_TEST_OPENBAO")
}

/// A name that no other test uses, nor another run on the same server: `chat/key` becomes `t6a1f..-3-chat/key`. What is
/// put before it are letters, digits and hyphens, which every store allows in names.
pub fn unique(name: &str) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    format!("t{now:x}-{:x}-{:x}-{name}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

/// An HTTP client for these servers. An answer of any status is an answer, and no proxy of the environment is asked.
#[cfg(feature = "servers")]
pub fn client() -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build().new_agent()
}

fn server(name: &'static str, variable: &str) -> Option<Server> {
    let server = env::var(variable).ok().and_then(|address| at(name, address));
    if server.is_none() {
        let told = skipped(name, thread::current().name());
        assert!(env::var_os("SETTINGS_TEST_REQUIRE_SERVERS").is_none(), "required, yet {told}");
        // Past the capture of a test's output: a test that did not run should be seen.
        let _ = writeln!(std::io::stderr(), "{told}");
    }
    server
}

/// An empty variable is like none.
fn at(name: &'static str, address: String) -> Option<Server> {
    (!address.is_empty()).then_some(Server { name, address })
}

/// A test runs on a thread of its name, or on the main one when there is only one.
fn skipped(name: &str, thread: Option<&str>) -> String {
    match thread {
        None | Some("main") => format!("skipped: {name}: start servers with cargo xtask test"),
        Some(test) => format!("skipped: {test}, {name}: start servers with cargo xtask test"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_server_is_where_its_variable_says() {
        let server = at("moto", "http://127.0.0.1:5000".to_owned()).unwrap();
        assert_eq!((server.name(), server.address()), ("moto", "http://127.0.0.1:5000"));
        assert!(at("moto", String::new()).is_none());
    }

    #[test]
    fn a_skipped_test_says_what_starts_its_server() {
        let expected = "skipped: rotation::both_keep_their_keys, moto: start servers with cargo xtask test";
        assert_eq!(skipped("moto", Some("rotation::both_keep_their_keys")), expected);
        assert_eq!(skipped("moto", Some("main")), "skipped: moto: start servers with cargo xtask test");
    }

    #[test]
    fn unique_names_differ_and_say_what_they_are_for() {
        let names: HashSet<String> = (0..100).map(|_| unique("chat/key")).collect();
        assert_eq!(names.len(), 100);
        assert!(names.iter().all(|name| name.ends_with("-chat/key")));
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        assert!(unique("key").starts_with(|c: char| c.is_ascii_alphabetic()));
        assert!(unique("key").chars().all(plain) && unique("key").len() < 60);
    }
}

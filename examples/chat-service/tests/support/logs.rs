//! What is logged in the test's own process: by the memory service, by the fakes, and by the clients of both; and its panics.

use std::io::{self, Write};
use std::panic;
use std::sync::{Mutex, Once};

use tracing_subscriber::filter::LevelFilter;

use super::process::CANARY;

static LOGS: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Logs;

impl Write for Logs {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        LOGS.lock().unwrap().extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Keeps all that is logged from now on, at every level.
pub(crate) fn listen() {
    static LISTENING: Once = Once::new();
    LISTENING.call_once(|| {
        tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_ansi(false).with_writer(|| Logs).init();
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panicked| {
            let _ = writeln!(Logs, "{panicked}");
            usual(panicked);
        }));
    });
}

pub(crate) fn hold_no_secret() {
    let logs = String::from_utf8_lossy(&LOGS.lock().unwrap()).into_owned();
    for logged in ["TRACE", "tower_http"] {
        assert!(logs.contains(logged), "nothing is logged of {logged}");
    }
    // Only whether it is there: what is printed must not hold it either.
    assert!(!logs.contains(CANARY), "a secret in the log of the memory service");
}

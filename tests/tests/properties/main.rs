//! What holds for any input. A failure prints the smallest input that was found for it.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod dotenv;
mod layers;
mod round_trips;

use proptest::test_runner::Config;

/// Nothing is written beside the sources.
fn cases(cases: u32) -> Config {
    Config { cases, failure_persistence: None, ..Config::default() }
}

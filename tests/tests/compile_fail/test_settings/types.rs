use settings_core::test_settings;

struct Plain;

#[test_settings(Plain)]
fn no_settings() {}

fn main() {}

use std::collections::BTreeMap;

use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    #[setting(nested)]
    plain: Vec<Plain>,
    #[setting(nested)]
    numbered: BTreeMap<u8, Database>,
}

struct Plain;

#[derive(Settings)]
struct Database {
    host: String,
}

fn main() {}

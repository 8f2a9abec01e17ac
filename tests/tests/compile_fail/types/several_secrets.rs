use std::collections::BTreeMap;

use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    keys: Vec<SecretString>,
    #[secret]
    perhaps: Option<Vec<SecretString>>,
    #[secret(prefix = "sk-")]
    by_name: BTreeMap<String, SecretString>,
    pair: (SecretString, SecretString),
    shared: std::sync::Arc<SecretString>,
    #[setting(separator = ";")]
    separated: Vec<SecretString>,
}

fn main() {}

use std::collections::{BTreeMap, HashMap};

use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[setting(nested, env_prefix = "DB_", range = 1..2, example = "x", allow_empty)]
    first: Vec<Database>,
    #[secret(nested, source = aws("db"))]
    second: HashMap<String, Database>,
    #[setting(nested, default = "[]")]
    third: Option<Vec<Database>>,
    #[setting(nested)]
    texts: Vec<String>,
    #[setting(nested)]
    secrets: BTreeMap<String, SecretString>,
    #[setting(nested)]
    twice: HashMap<String, Vec<Database>>,
    #[setting(nested)]
    own: Vec<Chat>,
    #[setting(nested, default, env = "APP_FINE", rename = "it-is-fine", min_len = 0)]
    fine: Vec<Database>,
}

#[derive(Settings)]
struct Database {
    host: String,
}

fn main() {}

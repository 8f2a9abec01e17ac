use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[setting(nested, default, range = 1..2, env = "DB", allow_empty)]
    first: Database,
    #[secret(nested)]
    second: Database,
    #[secret(nested, source = aws("db"), prefix = "sk-")]
    third: Database,
    #[setting(nested)]
    list: Vec<u16>,
    #[setting(nested)]
    map: Option<std::collections::HashSet<String>>,
    #[setting(nested)]
    text: String,
    #[setting(nested)]
    openai: SecretString,
    #[setting(env_prefix = "HOST_")]
    host: String,
}

#[derive(Settings)]
struct Database {
    host: String,
}

fn main() {}

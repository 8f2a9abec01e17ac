use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_")]
struct Chat {
    port: u16,
    #[setting(env = "CHAT_PORT")]
    other_port: u16,
    #[setting(alias = "CHAT_PORT")]
    third_port: u16,

    openai: SecretString,
    openai_file: String,

    #[setting(nested)]
    db: Database,
    #[setting(env = "CHAT_DB")]
    db_json: String,
    #[setting(nested, env_prefix = "DB_")]
    other_db: Database,

    #[setting(env = "HOST", alias = "HOST", alias = "A", alias = "A")]
    host: String,

    #[setting(env = "SHARED")]
    first: String,
    #[setting(env = "SHARED")]
    fine: String,
    #[setting(skip)]
    port_: u16,
}

#[derive(Settings)]
struct Database {
    host: String,
}

fn main() {}

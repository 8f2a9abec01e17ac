use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[setting(separator = ";", parse_with = hosts)]
    hosts: Vec<String>,
    #[secret(separator = ";")]
    openai: SecretString,
    #[setting(in_config_file)]
    port: u16,
    #[setting(nested, deprecated_alias = "OLD", separator = ";", parse_with = hosts, pattern = "x")]
    db: Database,
    #[setting(skip, rename = "x")]
    state: u8,
}

fn hosts(_: &str) -> Result<Vec<String>, &'static str> {
    Ok(Vec::new())
}

#[derive(Settings)]
struct Database {
    host: String,
}

fn main() {}

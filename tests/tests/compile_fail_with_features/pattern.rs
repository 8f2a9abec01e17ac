use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[setting(pattern = "^[0-9]+$")]
    port: u16,
    #[setting(pattern = "^[a-z]+$")]
    hosts: Vec<String>,
    #[secret(pattern = "^[a-z]+$")]
    openai: SecretString,
}

fn main() {}

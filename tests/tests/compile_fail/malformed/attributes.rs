use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[setting(env_prefix = "CHAT_")]
#[secret]
struct Chat {
    #[settings(env = "PORT")]
    port: u16,
    #[setting = "HOST"]
    host: String,
    #[setting("USER")]
    user: String,
    #[secret(env = "OPENAI" format = openai, prefix "sk-")]
    openai: SecretString,
    #[setting(, env = "PATH",)]
    path: String,
}

fn main() {}

use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefix = "A_", env_prefix = "B_")]
#[settings(debug = false, debug = false)]
struct Chat {
    #[setting(default = 1, env = "PORT", default = 2)]
    port: u16,
    #[setting(env = "OPENAI")]
    #[secret(prefix = "sk-", env = "OPENAI_KEY", prefix = "sk-")]
    openai: SecretString,
    #[setting(skip, skip)]
    state: u8,
}

fn main() {}

use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(env_prefix = "CHAT_")]
struct Chat {
    token: SecretString,
    #[secret(env = "TOKEN")]
    github: SecretString,

    #[secret(env = "Npm")]
    npm: SecretString,
    #[secret(alias = "NPM")]
    registry: SecretString,

    #[secret(env = "SHARED")]
    first: SecretString,
    #[secret(env = "SHARED")]
    second: SecretString,

    #[secret(source = [env])]
    key: SecretString,
    #[secret(env = "KEY")]
    other: SecretString,
}

fn main() {}

use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(default = 3, prefix = "sk-", skip)]
struct Chat {
    #[setting(nested_delimiter = "__", prefix = "sk-", source = env)]
    port: u16,
    #[secret(skip, not_secret, case_insensitive)]
    openai: SecretString,
}

fn main() {}

use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(dotenv_dialect = "dotenvy")]
struct Chat {
    #[setting(pattern = "^[a-z]+$")]
    host: String,
    #[secret(pattern = "^[a-z]+$")]
    openai: SecretString,
}

fn main() {}

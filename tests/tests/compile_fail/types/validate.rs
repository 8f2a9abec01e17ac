use settings_core::{ExposeSecret, SecretString, Settings};

#[derive(Settings)]
#[settings(validate = Self::check)]
struct Chat {
    #[setting(validate = positive)]
    port: u16,
    #[setting(validate = missing)]
    host: u16,
    #[secret(validate = quotes)]
    openai: SecretString,
}

impl Chat {
    fn check(&self) -> Result<(), String> {
        Err(self.openai.expose_secret().to_owned())
    }
}

fn positive(number: i64) -> bool {
    number > 0
}

fn quotes(secret: &SecretString) -> Result<(), String> {
    Err(secret.expose_secret().to_owned())
}

fn main() {}

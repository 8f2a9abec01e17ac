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
    #[setting(nested, validate = quotes_password)]
    db: Database,
}

#[derive(Settings)]
struct Database {
    password: SecretString,
}

fn quotes_password(database: &Database) -> Result<(), String> {
    Err(database.password.expose_secret().to_owned())
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

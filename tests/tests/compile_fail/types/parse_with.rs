use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[setting(parse_with = number)]
    host: String,
    #[setting(parse_with = takes_a_number)]
    port: u16,
    #[secret(parse_with = quotes)]
    openai: SecretString,
}

fn number(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "no number")
}

fn takes_a_number(number: u16) -> Result<u16, &'static str> {
    Ok(number)
}

fn quotes(text: &str) -> Result<SecretString, String> {
    Err(format!("{text} is wrong"))
}

fn main() {}

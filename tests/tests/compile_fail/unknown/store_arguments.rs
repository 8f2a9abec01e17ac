use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[secret(source = json("secrets.json", multi_value, separator = "."))]
    first: SecretString,
    #[secret(source = dapr("db", component = "secretstore", keys = "password"))]
    second: SecretString,
    #[secret(source = vault("db", namespace = "team", field = "password"))]
    third: SecretString,
}

fn main() {}

use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[secret(source = json("secrets.json", multi_valued = true, nested_separator = ':', secret, key = 3))]
    first: SecretString,
    #[secret(source = dapr("db", key, store = secretstore))]
    second: SecretString,
    #[secret(source = [vault("db", key = "password", version = latest), vault("db", mount)])]
    third: SecretString,
}

fn main() {}

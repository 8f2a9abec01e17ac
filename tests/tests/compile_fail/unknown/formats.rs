use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[secret(format = open_ai)]
    first: SecretString,
    #[secret(format = homegrown)]
    second: SecretString,
}

fn main() {}

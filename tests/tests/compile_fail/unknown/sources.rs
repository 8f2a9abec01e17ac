use settings_core::{SecretString, Settings};

#[derive(Settings)]
#[settings(source = [evn, docker, azur("name")])]
struct Chat {
    #[secret(source = bitwarden)]
    first: SecretString,
    #[secret(source = [azure("a", versoin = "3"), aws("b", kye = "K"), vault("c", colour = "blue")])]
    second: SecretString,
    #[secret(source = env("A", raw))]
    third: SecretString,
}

fn main() {}

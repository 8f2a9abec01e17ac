use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[secret(source = [env, docker, env])]
    first: SecretString,
    #[secret(source = [aws("a", key = "K", key = "L"), aws("b"), aws("b")])]
    second: SecretString,
    #[secret(source = [aws("a", key = "K"), aws("a", key = "L"), aws("a")])]
    fine: SecretString,
}

fn main() {}

use settings_core::{SecretString, Settings};

#[derive(Debug)]
struct Mine;

#[derive(Settings)]
struct Chat {
    mine: Mine,
    secrets: Vec<SecretString>,
}

fn main() {}

use settings_core::{SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[setting(skip, default = 3, env = "STATE")]
    state: u8,
    #[setting(skip, nested)]
    inner: Inner,
    #[setting(skip)]
    #[secret]
    openai: SecretString,
}

#[derive(Default)]
struct Inner;

fn main() {}

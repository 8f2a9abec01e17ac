use settings_core::{SecretSlice, SecretString, Settings};

#[derive(Settings)]
struct Chat {
    #[secret(encoding = "base64")]
    text: SecretString,
    #[secret(encoding = "hex", env = "PERHAPS")]
    perhaps: Option<SecretString>,
    #[setting(encoding = "hex")]
    plain: String,
    #[secret(encoding = "hex")]
    bytes: SecretSlice<u8>,
}

fn main() {}

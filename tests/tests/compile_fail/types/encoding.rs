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
    #[secret(encoding = "hex", parse_with = parse)]
    parsed: SecretSlice<u8>,
}

fn parse(text: &str) -> Result<SecretSlice<u8>, &'static str> {
    Ok(SecretSlice::from(text.as_bytes().to_vec()))
}

fn main() {}

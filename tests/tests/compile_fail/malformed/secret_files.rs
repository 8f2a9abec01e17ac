use settings_core::{SecretSlice, Settings};

#[derive(Settings)]
#[settings(secrets_dir = ["/run/secrets", ""])]
struct Chat {
    #[secret(encoding = "base46", keep_newline = true)]
    first: SecretSlice<u8>,
    #[secret(encoding = hex, keep_newlines)]
    second: SecretSlice<u8>,
    #[secret(encoding, source = docker("a"))]
    third: SecretSlice<u8>,
    #[secret(encoding = "rot13", source = file)]
    fourth: SecretSlice<u8>,
}

#[derive(Settings)]
#[settings(secrets_dir = nowhere, keep_newline)]
struct Other {
    port: u16,
}

fn main() {}

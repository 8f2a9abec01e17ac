use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    #[secret]
    text: String,
    #[secret(env = "B")]
    boxed: Option<Box<str>>,
    #[secret]
    number: u64,
    #[secret]
    flag: bool,
    #[secret]
    bytes: Vec<u8>,
    #[secret]
    array: [u8; 32],
    #[secret]
    slice: Option<Box<[u8]>>,
    #[secret]
    borrowed: &'static str,
}

fn main() {}

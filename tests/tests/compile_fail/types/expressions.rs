use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    #[setting(default = true)]
    port: u16,
    #[setting(default = Some(8080))]
    other_port: Option<u16>,
    #[setting(default = [true])]
    ports: Vec<u16>,
    #[setting(range = "a".."b")]
    level: u8,
    #[setting(one_of = ["a", "b"])]
    number: u32,
    #[setting(min_len = 3)]
    count: u64,
}

fn main() {}

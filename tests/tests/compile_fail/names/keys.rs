use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    port: u16,
    #[setting(rename = "port")]
    other: u16,
    #[setting(rename = "level")]
    first: u16,
    #[setting(rename = "level")]
    second: u16,
    #[setting(skip)]
    level: u16,
}

fn main() {}

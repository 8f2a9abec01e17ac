use settings_core::Settings;

#[derive(Debug, PartialEq, PartialOrd)]
struct Level(u8);

impl Level {
    const LOW: Self = Self(1);
}

#[derive(Settings)]
struct Chat {
    #[setting(default = true)]
    port: u16,
    #[setting(default = Some(8080))]
    other_port: Option<u16>,
    #[setting(range = Level::LOW..)]
    level: Option<u16>,
    #[setting(one_of = [3, Level::LOW])]
    other_level: u16,
    #[setting(min_len = 3)]
    count: u64,
}

fn main() {}

use settings_core::Settings;

#[derive(Settings)]
struct Pair(u16, #[setting(env = "B")] String);

#[derive(Settings)]
struct Unit;

fn main() {}

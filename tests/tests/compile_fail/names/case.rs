use settings_core::Settings;

#[derive(Settings)]
struct Exact {
    port: u16,
    #[setting(env = "port")]
    fine: u16,
}

#[derive(Settings)]
#[settings(case_insensitive)]
struct AnyCase {
    port: u16,
    #[setting(env = "port")]
    other: u16,
}

fn main() {}

use settings_core::Settings;

#[derive(Debug, Settings)]
struct Chat {
    port: u16,
}

fn main() {}

use settings_core::{Settings, test_settings};

#[derive(Settings)]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
}

#[test_settings(Chta, port = 9000)]
fn no_such_struct() {}

fn main() {}

use settings_core::{Settings, test_settings};

#[derive(Settings)]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
}

struct Port(u16);

#[test_settings(Chat, port = Port(9000))]
fn no_value() {}

#[test_settings(Chat, port = prot)]
async fn unknown(port: u16) {}

#[test_settings(Chat, port = 9000)]
async fn wrong_body() -> u16 {
    "9000"
}

fn main() {}

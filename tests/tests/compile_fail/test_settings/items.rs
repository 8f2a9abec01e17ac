use settings_core::{Settings, test_settings};

#[test_settings(Chat, port = 9000)]
#[derive(Settings)]
pub struct Chat {
    #[setting(default = 8080)]
    port: u16,
}

#[test_settings(Chat, port = 9000)]
mod tests {}

trait Tests {
    #[test_settings(Chat, port = 9000)]
    fn test();
}

#[test_settings(Chat, port: 9000)]
const PORT: u16 = 9000;

fn main() {}

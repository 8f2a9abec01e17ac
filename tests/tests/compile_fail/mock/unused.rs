#![deny(unused_must_use)]

use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
}

fn main() {
    Chat::mock().set("port", 9000);
    Chat::mock().install();
    Chat::mock().scope(async {});
}

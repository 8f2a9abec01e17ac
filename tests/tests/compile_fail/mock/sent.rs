use settings_core::Settings;

#[derive(Settings)]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
}

fn elsewhere<T: Send>(_: T) {}

fn main() {
    elsewhere(Chat::mock().install());
}

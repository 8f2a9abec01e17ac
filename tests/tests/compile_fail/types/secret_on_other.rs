use settings_core::Settings;

struct Mine;

#[derive(Settings)]
struct Chat {
    #[secret]
    mine: Mine,
    #[secret]
    perhaps: Option<Mine>,
}

fn main() {}

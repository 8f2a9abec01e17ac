use settings_core::Settings;

struct Database {
    host: String,
}

#[derive(Settings)]
struct Chat {
    #[setting(nested)]
    db: Database,
}

fn main() {}

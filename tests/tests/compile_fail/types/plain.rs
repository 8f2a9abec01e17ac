use settings_core::Settings;

#[derive(Debug)]
struct Mine;

#[derive(Settings)]
struct Chat {
    mine: Mine,
}

fn main() {}

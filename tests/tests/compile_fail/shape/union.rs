use settings_core::Settings;

#[derive(Settings)]
union Number {
    whole: u32,
    real: f32,
}

fn main() {}

use settings_core::Settings;

#[derive(Settings)]
struct Chat<T> {
    port: T,
}

fn main() {
    let _ = Chat::<u16>::load_blocking();
    let _ = Chat::<u16>::get();
}

use settings_core::{Settings, test_settings};

#[derive(Settings)]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
    #[setting(default)]
    hosts: Vec<String>,
}

#[derive(Settings)]
struct Other {
    #[setting(default = 1)]
    size: u32,
}

#[test_settings(Chat, port: 9000, port => 9000, port, port =, hosts(1, 2), = 9000)]
fn not_assigned() {}

#[test_settings(Chat, Other, size = 2)]
fn two_structs() {}

#[test_settings(Chat, port = 9000, "port" = 9001, db.host = f(1, 2), "db.host" = "a")]
fn twice() {}

#[test_settings(Chat, "" = 1, db. = 2, 9000, "port", db.0.host = 3, port = 9000 9001)]
fn misnamed() {}

#[test_settings(Chat, crate = settings_core, crate = "settings_core", crate = "settings_core")]
fn the_crate() {}

fn main() {}

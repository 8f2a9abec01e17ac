use settings_core::{Settings, test_settings};

#[derive(Settings)]
struct Chat {
    #[setting(default = 8080)]
    port: u16,
}

#[test_settings]
fn nothing() {}

#[test_settings()]
fn nothing_in_brackets() {}

#[test_settings(port = 9000, prot)]
fn no_struct() {}

#[test_settings("port" = 9000)]
fn no_struct_either() {}

#[test_settings(Chat port = 9000)]
fn no_comma() {}

#[test_settings(Chat, port = 9000)]
#[test]
#[test_settings(Chat, port = 9001)]
fn twice() {}

fn main() {}

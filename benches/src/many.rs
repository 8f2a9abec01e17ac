//! Two hundred fields: ten times the same twenty.

use settings_core::Settings;

/// The fields of [`Many`], as their variables name them.
pub const GROUPS: [&str; 10] = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
/// How many fields each of them has.
pub const FIELDS: usize = 20;

#[derive(Settings)]
#[settings(env_prefix = "MANY_", env_file = none)]
pub struct Many {
    #[setting(nested)]
    pub a: Group,
    #[setting(nested)]
    pub b: Group,
    #[setting(nested)]
    pub c: Group,
    #[setting(nested)]
    pub d: Group,
    #[setting(nested)]
    pub e: Group,
    #[setting(nested)]
    pub f: Group,
    #[setting(nested)]
    pub g: Group,
    #[setting(nested)]
    pub h: Group,
    #[setting(nested)]
    pub i: Group,
    #[setting(nested)]
    pub j: Group,
}

#[derive(Settings)]
pub struct Group {
    pub f00: u32,
    pub f01: String,
    pub f02: u32,
    pub f03: String,
    pub f04: u32,
    pub f05: String,
    pub f06: u32,
    pub f07: String,
    pub f08: u32,
    pub f09: String,
    pub f10: u32,
    pub f11: String,
    pub f12: u32,
    pub f13: String,
    pub f14: u32,
    pub f15: String,
    pub f16: u32,
    pub f17: String,
    pub f18: u32,
    pub f19: String,
}

//! What is loaded: as many secrets as the name says, each in a secret of its own or all in one.
#![allow(dead_code, reason = "what was loaded is not looked at")]

use settings_core::{SecretString, Settings};

/// Makes a struct whose fields each come from a secret of their own, or from one key of such a secret, or all from the
/// secret `keys`.
macro_rules! secrets {
    ($name:ident, own, $store:ident, $($field:ident $secret:literal)*) => {
        #[derive(Settings)]
        #[settings(env_file = none)]
        pub(crate) struct $name {
            $(#[secret(source = $store($secret))]
            $field: SecretString,)*
        }
    };
    ($name:ident, key, $store:ident, $($field:ident $secret:literal)*) => {
        #[derive(Settings)]
        #[settings(env_file = none)]
        pub(crate) struct $name {
            $(#[secret(source = $store($secret, key = "value"))]
            $field: SecretString,)*
        }
    };
    ($name:ident, common, $store:ident, $($field:ident $secret:literal)*) => {
        #[derive(Settings)]
        #[settings(env_file = none)]
        pub(crate) struct $name {
            $(#[secret(source = $store("keys", key = $secret))]
            $field: SecretString,)*
        }
    };
}

macro_rules! one {
    ($name:ident, $how:ident, $store:ident) => {
        secrets! { $name, $how, $store, f00 "f-00" }
    };
}

macro_rules! twenty {
    ($name:ident, $how:ident, $store:ident) => {
        secrets! { $name, $how, $store,
            f00 "f-00" f01 "f-01" f02 "f-02" f03 "f-03" f04 "f-04" f05 "f-05" f06 "f-06" f07 "f-07" f08 "f-08"
            f09 "f-09" f10 "f-10" f11 "f-11" f12 "f-12" f13 "f-13" f14 "f-14" f15 "f-15" f16 "f-16" f17 "f-17"
            f18 "f-18" f19 "f-19"
        }
    };
}

macro_rules! fifty {
    ($name:ident, $how:ident, $store:ident) => {
        secrets! { $name, $how, $store,
            f00 "f-00" f01 "f-01" f02 "f-02" f03 "f-03" f04 "f-04" f05 "f-05" f06 "f-06" f07 "f-07" f08 "f-08"
            f09 "f-09" f10 "f-10" f11 "f-11" f12 "f-12" f13 "f-13" f14 "f-14" f15 "f-15" f16 "f-16" f17 "f-17"
            f18 "f-18" f19 "f-19" f20 "f-20" f21 "f-21" f22 "f-22" f23 "f-23" f24 "f-24" f25 "f-25" f26 "f-26"
            f27 "f-27" f28 "f-28" f29 "f-29" f30 "f-30" f31 "f-31" f32 "f-32" f33 "f-33" f34 "f-34" f35 "f-35"
            f36 "f-36" f37 "f-37" f38 "f-38" f39 "f-39" f40 "f-40" f41 "f-41" f42 "f-42" f43 "f-43" f44 "f-44"
            f45 "f-45" f46 "f-46" f47 "f-47" f48 "f-48" f49 "f-49"
        }
    };
}

one!(AwsOne, common, aws);
fifty!(AwsFifty, common, aws);
twenty!(AwsTwenty, own, aws);
one!(AzureOne, own, azure);
fifty!(AzureFifty, own, azure);
one!(GcpOne, own, gcp);
fifty!(GcpFifty, own, gcp);
one!(VaultOne, common, vault);
fifty!(VaultFifty, common, vault);
fifty!(VaultFiftyPaths, key, vault);
one!(DaprOne, own, dapr);
fifty!(DaprFifty, own, dapr);

/// One secret in each of three stores.
#[derive(Settings)]
#[settings(env_file = none)]
pub(crate) struct Three {
    #[secret(source = aws("keys", key = "f-00"))]
    first: SecretString,
    #[secret(source = azure("f-00"))]
    second: SecretString,
    #[secret(source = gcp("f-00"))]
    third: SecretString,
}

/// The names of the fifty secrets.
pub(crate) fn names() -> impl Iterator<Item = String> {
    (0..50).map(|number| format!("f-{number:02}"))
}

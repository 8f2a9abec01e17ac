//! The derive where names do not mean what they usually do.
#![no_implicit_prelude]

use ::std::prelude::v1::test;

/// A user's own types of the prelude's names, and modules of the crates' names.
#[expect(dead_code, reason = "they are there to be in the way")]
mod in_the_way {
    pub(crate) struct Option;
    pub(crate) struct Some;
    pub(crate) struct None;
    pub(crate) struct Result;
    pub(crate) struct Ok;
    pub(crate) struct Err;
    pub(crate) struct String;
    pub(crate) struct Vec;
    pub(crate) struct Default;
    pub(crate) struct From;
    pub(crate) struct Schema;
    pub(crate) struct Field;
    pub(crate) struct Values;
    pub(crate) struct Secret;
    pub(crate) struct Debug;
    pub(crate) mod core {}
    pub(crate) mod std {}
    pub(crate) mod settings_core {}
    pub(crate) mod secret {}
}

#[expect(unused_imports, reason = "the generated code uses none of them")]
use self::in_the_way::*;

fn at_least_one(number: &u16) -> ::std::result::Result<(), &'static str> {
    if *number == 0 { ::std::result::Result::Err("zero") } else { ::std::result::Result::Ok(()) }
}

fn fine(_: &Chat) -> ::std::result::Result<(), &'static str> {
    ::std::result::Result::Ok(())
}

fn public(_: &::settings_core::SecretString) -> ::std::result::Result<(), &'static str> {
    ::std::result::Result::Ok(())
}

#[derive(::settings_core::Settings)]
#[settings(env_prefix = "CHAT_", source = [env, docker], validate = fine)]
struct Chat {
    #[setting(default = 8080, range = 1..=9000, one_of = [8080, 9000], validate = at_least_one)]
    port: u16,
    #[setting(default = "a", min_len = 1)]
    text: ::std::string::String,
    #[setting(default = [1, 2])]
    list: ::std::vec::Vec<u8>,
    #[setting(default)]
    flag: bool,
    maybe: ::std::option::Option<u8>,
    #[setting(nested)]
    inner: Inner,
    #[setting(nested, env_prefix = "OTHER_")]
    other: ::std::option::Option<Other>,
    #[setting(skip)]
    state: u8,
    r#type: ::std::option::Option<u8>,
}

#[derive(::settings_core::Settings)]
struct Inner {
    #[secret(alias = "OLD", validate = public, rotate_every = "90d", placeholders = ["x"])]
    openai: ::settings_core::SecretString,
    anthropic: ::std::option::Option<::settings_core::SecretString>,
}

#[derive(::settings_core::Settings)]
struct Other {
    number: u8,
}

#[test]
fn names_of_the_user_do_not_get_in_the_way() {
    let loader = <Chat as ::settings_core::Settings>::loader().hermetic();
    let loader = loader.env([("CHAT_PORT", "9000"), ("CHAT_INNER_OPENAI", "sk-test-key"), ("CHAT_TYPE", "3")]);
    let chat = loader.load_blocking().unwrap();
    ::std::assert_eq!((chat.port, chat.r#type), (9000, ::std::option::Option::Some(3)));
    ::std::assert!(
        chat.maybe.is_none()
            && chat.other.as_ref().is_none_or(|other| other.number == 0)
            && !chat.flag
            && chat.state == 0
    );
    ::std::assert_eq!((chat.text.as_str(), chat.list.as_slice()), ("a", &[1, 2][..]));
    ::std::assert!(!::std::format!("{chat:?}").contains("sk-test-key"));
    let _ = (chat.inner.openai, chat.inner.anthropic);
}

/// The crate under another name, in another place.
mod renamed {
    pub(super) mod facade {
        pub(crate) use ::settings_core as settings;
    }

    #[derive(facade::settings::Settings)]
    #[settings(crate = "self::facade::settings")]
    pub(super) struct Chat {
        pub(super) port: u16,
    }
}

#[test]
fn the_crate_may_have_another_name() {
    use self::renamed::facade::settings::Settings;
    let chat = renamed::Chat::loader().hermetic().env([("PORT", "9000")]).load_blocking().unwrap();
    ::std::assert_eq!(chat.port, 9000);
}

/// Constants named as a generated name might be: in a pattern they would be compared with.
#[expect(non_upper_case_globals, dead_code, reason = "they are there to be in the way")]
mod locals {
    pub(crate) const values: u8 = 2;
    pub(crate) const v: u8 = 3;
    pub(crate) const f0: u8 = 4;
    pub(crate) const x: u8 = 5;
    pub(crate) const f: u8 = 6;
    pub(crate) const path: u8 = 7;
    pub(crate) const value: u8 = 8;
    pub(crate) const field: u8 = 9;
}
use self::locals::*;

#[derive(::settings_core::Settings)]
struct Locals {
    #[setting(default = values + 1, range = ..=x)]
    a: u8,
    #[setting(default = v, one_of = [v, f0])]
    b: u8,
    #[setting(default = f0)]
    c: u8,
    #[setting(default = x)]
    d: u8,
}

#[test]
fn expressions_do_not_see_generated_names() {
    let locals = <Locals as ::settings_core::Settings>::loader().hermetic().load_blocking().unwrap();
    ::std::assert_eq!((locals.a, locals.b, locals.c, locals.d), (3, 3, 4, 5));
}

/// What `macro_rules` gives comes in invisible groups.
macro_rules! settings {
    ($name:ident, $ty:ty, $text:literal, $default:expr, $range:expr, $list:expr) => {
        #[derive(::settings_core::Settings)]
        struct $name {
            #[setting(env = $text, default = $default, range = $range)]
            number: $ty,
            #[setting(default = $list)]
            list: ::std::vec::Vec<::std::string::String>,
        }
    };
}

settings!(FromMacro, u16, "NUMBER", 1 + 1, 0..=3, ["a", "b"]);

#[test]
fn fragments_of_macros_are_understood() {
    let loader = <FromMacro as ::settings_core::Settings>::loader().hermetic();
    let settings = loader.load_blocking().unwrap();
    ::std::assert_eq!((settings.number, settings.list.len()), (2, 2));
}

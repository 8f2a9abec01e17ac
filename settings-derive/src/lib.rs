//! The macros of `settings-core`, which documents and re-exports them.
//!
//! A struct goes through four stages: its attributes are read as text (`attr`), made into a model of what is to be
//! loaded (`model`), checked (`check`), and written out as code (`expand`). Every stage adds its errors to one `Ctxt`, so
//! that all mistakes of a struct are shown at once.

mod attr;
mod check;
mod ctxt;
mod entries;
mod entry;
mod expand;
mod model;
mod names;
mod source;
mod source_text;
mod suggest;
mod test_settings;
mod types;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

use crate::ctxt::Ctxt;
use crate::model::Model;

#[doc = include_str!("derive.md")]
#[proc_macro_derive(Settings, attributes(settings, setting, secret))]
pub fn derive_settings(input: TokenStream) -> TokenStream {
    derive(&parse_macro_input!(input as DeriveInput)).into()
}

#[doc = include_str!("test_settings.md")]
#[proc_macro_attribute]
pub fn test_settings(args: TokenStream, item: TokenStream) -> TokenStream {
    test_settings::expand(args.into(), item.into()).into()
}

fn derive(input: &DeriveInput) -> proc_macro2::TokenStream {
    let ctxt = Ctxt::default();
    let model = Model::read(&ctxt, input);
    check::check(&ctxt, &model);
    match ctxt.into_error() {
        None => expand::implementation(&model),
        Some(error) => {
            let mut tokens = expand::fallback(&model);
            tokens.extend(error.into_compile_error());
            tokens
        }
    }
}

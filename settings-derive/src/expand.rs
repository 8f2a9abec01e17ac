//! The checked model as code: a const schema, and thin calls into `settings_core`.
//!
//! The crate is imported once, as `__settings`, and everything is named by a path from there, so that no type of the
//! user's can stand in the way. Local names are hygienic (`mixed_site`); the user's own tokens keep their spans, so that
//! the compiler reports a wrong type where it is written.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, parse_quote};

use crate::model::{Kind, Model};
use crate::types;

mod build;
mod schema;
mod view;

/// Everything that the derive gives the struct.
pub(crate) fn implementation(model: &Model<'_>) -> TokenStream {
    let blueprint = Blueprint {
        generics: with_build_bounds(model),
        schema: schema::of(model),
        build: build::body(model),
        secret_text: view::secret_text(model),
    };
    let ident = &model.input.ident;
    let cell = quote! {
        static CELL: __settings::cache::Cell<#ident> = __settings::cache::Cell::new();
        &CELL
    };
    items(model, &[blueprint.implementation(model), cached(model, &cell), view::debug(model)])
}

/// The same traits without any content, beside the errors: what uses the struct then gives no errors of its own. Nor
/// does a struct of endless size, which a static of it would.
pub(crate) fn fallback(model: &Model<'_>) -> TokenStream {
    let name = &model.name;
    let none = quote!(__settings::__private::None);
    let blueprint = Blueprint {
        generics: with_parameter_bounds(&model.input.generics),
        schema: quote!(__settings::schema::Schema { name: #name, ..__settings::schema::Schema::EMPTY }),
        build: none.clone(),
        secret_text: none,
    };
    items(model, &[blueprint.implementation(model), cached(model, &quote!(loop {})), view::debug_name(model)])
}

fn items(model: &Model<'_>, items: &[TokenStream]) -> TokenStream {
    let krate = match model.attrs.krate.get() {
        Some(path) => path.to_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> ::settings_core),
    };
    quote! {
        #[doc(hidden)]
        #[allow(deprecated, unused_qualifications, unused_variables, clippy::absolute_paths)]
        const _: () = {
            use #krate as __settings;
            #(#items)*
        };
    }
}

/// The parts of an implementation of `Blueprint`.
struct Blueprint {
    generics: Generics,
    schema: TokenStream,
    build: TokenStream,
    secret_text: TokenStream,
}

impl Blueprint {
    fn implementation(&self, model: &Model<'_>) -> TokenStream {
        let Self { generics, schema, build, secret_text } = self;
        let ident = &model.input.ident;
        let (_, arguments, _) = model.input.generics.split_for_impl();
        let (parameters, _, bounds) = generics.split_for_impl();
        let (values, path) = (values(), local("path"));
        quote! {
            #[automatically_derived]
            impl #parameters __settings::Blueprint for #ident #arguments #bounds {
                const SCHEMA: &'static __settings::schema::Schema = &#schema;

                fn build(#values: &mut __settings::value::Values) -> __settings::__private::Option<Self> {
                    #build
                }

                fn secret_text(&self, #path: &str) -> __settings::__private::Option<&__settings::SecretString> {
                    #secret_text
                }
            }
        }
    }
}

/// Only a type without parameters has one place to be cached at.
fn cached(model: &Model<'_>, cell: &TokenStream) -> TokenStream {
    if !model.input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let ident = &model.input.ident;
    quote! {
        #[automatically_derived]
        impl __settings::Cached for #ident {
            fn cell() -> &'static __settings::cache::Cell<Self> {
                #cell
            }
        }
    }
}

fn parameters(generics: &Generics) -> Vec<&Ident> {
    generics.type_params().map(|param| &param.ident).collect()
}

/// What a blueprint is: `Send + Sync + 'static`, and so are its parameters.
fn with_parameter_bounds(generics: &Generics) -> Generics {
    let mut bounded = generics.clone();
    for param in &generics.params {
        let bound = match param {
            GenericParam::Type(param) => {
                let ident = &param.ident;
                parse_quote!(#ident: ::core::marker::Send + ::core::marker::Sync + 'static)
            }
            GenericParam::Lifetime(param) => {
                let lifetime = &param.lifetime;
                parse_quote!(#lifetime: 'static)
            }
            GenericParam::Const(_) => continue,
        };
        bounded.make_where_clause().predicates.push(bound);
    }
    bounded
}

/// And what the types of the fields must be able to, where they depend on a parameter.
fn with_build_bounds(model: &Model<'_>) -> Generics {
    let params = parameters(&model.input.generics);
    let mut generics = with_parameter_bounds(&model.input.generics);
    for field in model.fields.iter().filter(|field| types::mentions(field.ty, &params)) {
        let (ty, inner) = (field.ty, field.inner);
        let bound = match field.kind {
            Kind::Plain if field.attrs.parse_with.is_set() => continue,
            Kind::Plain => parse_quote!(#inner: __settings::__private::Plain),
            Kind::Secret => parse_quote!(#inner: __settings::__private::SecretType),
            Kind::Nested => parse_quote!(#inner: __settings::Blueprint),
            Kind::Collection => parse_quote!(#inner: __settings::__private::Collection),
            Kind::Skipped => parse_quote!(#ty: __settings::__private::Default),
        };
        generics.make_where_clause().predicates.push(bound);
    }
    generics
}

fn values() -> Ident {
    local("values")
}

/// A name that the user's expressions cannot see. As a pattern it would still mean a constant of the user's of that name,
/// so it is none that a user gives.
fn local(name: &str) -> Ident {
    local_at(name, Span::mixed_site())
}

fn local_at(name: &str, span: Span) -> Ident {
    format_ident!("__{name}", span = span)
}

/// Where the tokens stand, for errors, with the hygiene of generated code.
fn user_span(tokens: &impl Spanned) -> Span {
    Span::mixed_site().located_at(tokens.span())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ctxt::Ctxt;

    #[test]
    fn a_renamed_crate_is_named_nowhere_else() {
        let input = syn::parse_quote! {
            #[settings(crate = "renamed", validate = check)]
            struct Chat<T> {
                #[setting(default = 1, range = 1..2, one_of = [1], validate = check)]
                port: T,
                #[setting(default = ["a"], min_len = 1)]
                list: Vec<String>,
                #[setting(default = [1])]
                numbers: Vec<u8>,
                #[setting(nested)]
                db: Option<Database>,
                #[secret(source = [env, aws("a", raw)], alias = "A", rotate_every = "1d", validate = check)]
                openai: Option<SecretString>,
                #[setting(skip)]
                state: u8,
            }
        };
        let ctxt = Ctxt::default();
        let model = Model::read(&ctxt, &input);
        assert_eq!(ctxt.count(), 0);
        for code in [implementation(&model), fallback(&model)] {
            assert!(code.to_string().contains("use renamed as __settings"));
            assert!(!code.to_string().contains("settings_core"));
        }
    }
}

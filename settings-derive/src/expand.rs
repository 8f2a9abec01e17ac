//! The checked model as code: a const schema, and thin calls into `settings_core`.
//!
//! The crate is imported once, as `__settings`, and everything is named by a path from there, so that no type of the
//! user's can stand in the way. Local names are hygienic (`mixed_site`); the user's own tokens keep their spans, so that
//! the compiler reports a wrong type where it is written.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{GenericParam, Generics, parse_quote};

use crate::model::{Default, Field, Kind, Model};
use crate::types;

mod schema;

/// Everything that the derive gives the struct.
pub(crate) fn implementation(model: &Model<'_>) -> TokenStream {
    let schema = schema::of(model);
    let body = body(model);
    let blueprint = blueprint(model, with_build_bounds(model), &schema, &body);
    let debug = debug_unless_refused(model, || debug(model));
    items(model, &[blueprint, cached(model), debug])
}

/// The same traits without any content, beside the errors: what uses the struct then gives no errors of its own.
pub(crate) fn fallback(model: &Model<'_>) -> TokenStream {
    let name = &model.name;
    let schema = quote!(__settings::schema::Schema { name: #name, ..__settings::schema::Schema::EMPTY });
    let body = quote!(__settings::__private::None);
    let blueprint = blueprint(model, with_parameter_bounds(&model.input.generics), &schema, &body);
    let debug =
        debug_unless_refused(model, || debug_impl(model, model.input.generics.clone(), &quote!(f.write_str(#name))));
    items(model, &[blueprint, cached(model), debug])
}

fn items(model: &Model<'_>, items: &[TokenStream]) -> TokenStream {
    let krate = match model.attrs.krate.get() {
        Some(path) => path.to_token_stream(),
        None => quote_spanned!(Span::mixed_site()=> ::settings_core),
    };
    quote! {
        #[doc(hidden)]
        #[allow(deprecated, unused_qualifications, clippy::all, clippy::pedantic, clippy::absolute_paths)]
        const _: () = {
            use #krate as __settings;
            #(#items)*
        };
    }
}

fn blueprint(model: &Model<'_>, generics: Generics, schema: &TokenStream, body: &TokenStream) -> TokenStream {
    let ident = &model.input.ident;
    let (_, arguments, _) = model.input.generics.split_for_impl();
    let (parameters, _, bounds) = generics.split_for_impl();
    let values = values();
    quote! {
        #[automatically_derived]
        impl #parameters __settings::Blueprint for #ident #arguments #bounds {
            const SCHEMA: &'static __settings::schema::Schema = &#schema;

            #[allow(unused_variables)]
            fn build(#values: &mut __settings::value::Values) -> __settings::__private::Option<Self> {
                #body
            }
        }
    }
}

/// Only a type without parameters has one place to be cached at.
fn cached(model: &Model<'_>) -> TokenStream {
    if !model.input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let ident = &model.input.ident;
    quote! {
        #[automatically_derived]
        impl __settings::Cached for #ident {
            fn cell() -> &'static __settings::cache::Cell<Self> {
                static CELL: __settings::cache::Cell<#ident> = __settings::cache::Cell::new();
                &CELL
            }
        }
    }
}

/// Reads every field, and then builds the struct when all of them are there: a `?` for each field would make a
/// build of hundreds of fields slow.
fn body(model: &Model<'_>) -> TokenStream {
    let locals: Vec<_> = (0..model.fields.len()).map(|index| local(&format!("f{index}"))).collect();
    let reads = model.fields.iter().map(read);
    let members = model.fields.iter().map(|field| field.ident);
    let built = whole(model, &quote!(Self { #(#members: #locals,)* }));
    if locals.is_empty() {
        return built;
    }
    quote! {
        #(let #locals = #reads;)*
        match (#(#locals,)*) {
            (#(__settings::__private::Some(#locals),)*) => #built,
            _ => __settings::__private::None,
        }
    }
}

fn whole(model: &Model<'_>, built: &TokenStream) -> TokenStream {
    let Some(check) = model.attrs.validate.get() else {
        return quote!(__settings::__private::Some(#built));
    };
    let values = values();
    let method = format_ident!("{}", if model.has_secrets() { "whole_secret" } else { "whole" });
    let call = call(check);
    quote!(#values.#method(#built, #call))
}

/// An expression that reads one field into an `Option` of its type.
fn read(field: &Field<'_>) -> TokenStream {
    let (values, v) = (values(), local("v"));
    let inner = field.inner;
    let method = match field.kind {
        Kind::Skipped => return quote!(__settings::__private::Some(__settings::__private::Default::default())),
        Kind::Plain => "plain",
        Kind::Secret => "secret",
        Kind::Nested if field.optional => "nested_optional",
        Kind::Nested => "nested",
    };
    let method = format_ident!("{method}");
    let default = match field.default() {
        Default::None | Default::Text(_) => TokenStream::new(),
        Default::Trait => quote!(.or(|| __settings::__private::Default::default())),
        Default::Expr(expr) => quote!(.or(|| #expr)),
        Default::List(list) => quote_spanned!(user_span(list)=> .or(|| __settings::__private::From::from(#list))),
    };
    let checks = checks(field);
    let end = if field.optional { quote!(#v.optional()) } else { quote!(#values.required(#v)) };
    quote!({ let #v = #values.#method::<#inner>() #default; #checks #end })
}

/// The checks that depend on the type. Those of a secret are run from its schema.
fn checks(field: &Field<'_>) -> TokenStream {
    let (values, v, x) = (values(), local("v"), local("x"));
    let attrs = &field.attrs;
    let mut checks = TokenStream::new();
    if let Some(range) = attrs.range.get() {
        checks.extend(quote!(#values.range(&#v, |#x| __settings::__private::within(#x, &(#range)));));
    }
    if let Some(elements) = attrs.one_of.get() {
        checks.extend(quote!(#values.one_of(&#v, |#x| __settings::__private::one_of(#x, &[#(#elements),*]));));
    }
    if let (Some(least), Kind::Plain) = (attrs.min_len.get(), field.kind) {
        let min_len = quote_spanned!(user_span(field.inner)=> __settings::__private::min_len(#x, #least));
        checks.extend(quote!(#values.min_len(&#v, |#x| #min_len);));
    }
    if let Some(path) = attrs.validate.get() {
        let method = format_ident!("{}", if field.kind == Kind::Secret { "validate_secret" } else { "validate" });
        let call = call(path);
        checks.extend(quote!(#values.#method(&#v, #call);));
    }
    checks
}

/// A closure that calls the user's function, so that a reference to the value may be coerced on the way.
fn call(path: &syn::ExprPath) -> TokenStream {
    let x = local("x");
    let call = quote_spanned!(user_span(path)=> #path(#x));
    quote!(|#x| #call)
}

fn debug_unless_refused(model: &Model<'_>, debug: impl FnOnce() -> TokenStream) -> TokenStream {
    if model.attrs.debug.get() == Some(&false) { TokenStream::new() } else { debug() }
}

fn debug(model: &Model<'_>) -> TokenStream {
    let name = &model.name;
    let params = parameters(&model.input.generics);
    let mut generics = model.input.generics.clone();
    let mut fields = TokenStream::new();
    for field in &model.fields {
        let (name, ident, ty) = (&field.name, field.ident, field.ty);
        let secret = types::is_secret(field.inner) || field.kind == Kind::Secret;
        let value = quote!(self.#ident);
        let shown = match field.kind {
            _ if secret && field.optional => quote!(&__settings::__private::redacted(&#value)),
            _ if secret => quote!(&__settings::__private::REDACTED),
            Kind::Nested => quote_spanned!(user_span(ty)=> &#value),
            _ => quote_spanned!(user_span(ty)=> &__settings::__private::Shown(&#value)),
        };
        fields.extend(quote!(.field(#name, #shown)));
        if !secret && types::mentions(ty, &params) {
            generics.make_where_clause().predicates.push(parse_quote!(#ty: ::core::fmt::Debug));
        }
    }
    debug_impl(model, generics, &quote!(f.debug_struct(#name)#fields.finish()))
}

fn debug_impl(model: &Model<'_>, generics: Generics, body: &TokenStream) -> TokenStream {
    let ident = &model.input.ident;
    let (_, arguments, _) = model.input.generics.split_for_impl();
    let (parameters, _, bounds) = generics.split_for_impl();
    quote! {
        #[automatically_derived]
        impl #parameters ::core::fmt::Debug for #ident #arguments #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #body
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
            Kind::Plain => parse_quote!(#inner: __settings::__private::Plain),
            Kind::Secret => parse_quote!(#inner: __settings::__private::SecretType),
            Kind::Nested => parse_quote!(#inner: __settings::Blueprint),
            Kind::Skipped => parse_quote!(#ty: __settings::__private::Default),
        };
        generics.make_where_clause().predicates.push(bound);
    }
    generics
}

fn values() -> Ident {
    local("values")
}

/// A name that the user's expressions cannot see.
fn local(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// Where the tokens stand, for errors, with the hygiene of generated code.
fn user_span(tokens: &impl Spanned) -> Span {
    Span::mixed_site().located_at(tokens.span())
}

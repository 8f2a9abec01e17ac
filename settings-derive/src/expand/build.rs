//! The body of `build`: reads every field, then builds the struct when all of them are there.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned;

use super::{local, local_at, user_span, values};
use crate::model::{Default, Field, Kind, Model};
use crate::types;

/// One `match` in the end, as a `?` for each field would make a build of hundreds of fields slow.
pub(super) fn body(model: &Model<'_>) -> TokenStream {
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
    let (method, call) =
        if model.has_secrets() { ("whole_secret", call_on_secret(check)) } else { ("whole", call(check)) };
    let method = format_ident!("{method}");
    quote!(#values.#method(#built, #call))
}

/// An expression that reads one field into an `Option` of its type.
fn read(field: &Field<'_>) -> TokenStream {
    let (values, v) = (values(), local("v"));
    let value = match (field.kind, field.attrs.parse_with.get()) {
        (Kind::Skipped, _) => return quote!(__settings::__private::Some(__settings::__private::Default::default())),
        (_, None) => value(field),
        (Kind::Secret, Some(path)) => {
            let (inner, parse) = (field.inner, call_on_secret(path));
            quote!(#values.parsed_secret::<#inner>(#parse))
        }
        (_, Some(path)) => {
            let (inner, parse) = (field.inner, call(path));
            quote!(#values.parsed::<#inner, _>(#parse))
        }
    };
    let default = match field.default() {
        Default::None | Default::Text(_) => TokenStream::new(),
        Default::Trait => quote!(.or(|| __settings::__private::Default::default())),
        Default::Expr(expr) => quote!(.or(|| #expr)),
        Default::List(list) => quote_spanned!(user_span(list)=> .or(|| __settings::__private::From::from(#list))),
    };
    let checks = checks(field);
    let end = if field.optional { quote!(#v.optional()) } else { quote!(#values.required(#v)) };
    quote!({ let #v = #value #default; #checks #end })
}

/// An expression that reads the field by what its type can do. The type is named as in the schema: of two errors that are
/// wholly alike the compiler shows one.
fn value(field: &Field<'_>) -> TokenStream {
    let (values, given, inner) = (values(), local("given"), field.inner);
    let span = user_span(inner);
    match field.kind {
        Kind::Secret if types::is_secret_text(inner) => quote!(#values.secret::<#inner>()),
        Kind::Secret => {
            let secret = quote_spanned!(span=> <#inner as __settings::__private::SecretType>);
            quote!(#values.secret_by(|#given| #secret::from_text(#given), |#given| #secret::from_bytes(#given)))
        }
        Kind::Collection => {
            let collection = quote_spanned!(span=> <#inner as __settings::__private::Collection>);
            quote!(#collection::read(#values))
        }
        Kind::Nested => {
            let method = format_ident!("{}", if field.optional { "nested_optional" } else { "nested" });
            quote!(#values.#method(|#given| <#inner as __settings::Blueprint>::build(#given)))
        }
        Kind::Plain | Kind::Skipped => quote!(#values.plain::<#inner>()),
    }
}

/// The checks that depend on the type. Those of a secret are run from its schema.
fn checks(field: &Field<'_>) -> TokenStream {
    let (values, v) = (values(), local("v"));
    let attrs = &field.attrs;
    let mut checks = TokenStream::new();
    let mut check = |method: &str, closure: TokenStream| {
        let method = format_ident!("{method}");
        checks.extend(quote!(#values.#method(&#v, #closure);));
    };
    if let Some(range) = attrs.range.get() {
        check("range", closure(range, |span, x| quote_spanned!(span=> __settings::__private::within(#x, &(#range)))));
    }
    if let Some(allowed) = attrs.one_of.get() {
        check(
            "one_of",
            closure(allowed, |span, x| quote_spanned!(span=> __settings::__private::one_of(#x, &#allowed))),
        );
    }
    if let (Some(least), Kind::Plain | Kind::Collection) = (attrs.min_len.get(), field.kind) {
        let at = field.inner;
        check("min_len", closure(at, |span, x| quote_spanned!(span=> __settings::__private::min_len(#x, #least))));
    }
    if let Some(path) = attrs.validate.get() {
        // Nested structs may hold secrets, which an error must not quote.
        match field.kind {
            Kind::Plain => check("validate", call(path)),
            _ => check("validate_secret", call_on_secret(path)),
        }
    }
    if let Some(pattern) = attrs.pattern.get() {
        let text = |of| closure(&of, |span, x| quote_spanned!(span=> __settings::__private::patterned(#x)));
        checks.extend(match field.kind {
            Kind::Plain => {
                let text = text(field.inner.span());
                quote!(#values.pattern(&#v, #text, #pattern);)
            }
            // That of a secret is looked at before it is read; here only whether patterns can be.
            _ => quote_spanned!(user_span(pattern)=> __settings::__private::patterned("");),
        });
    }
    checks
}

/// A closure that calls the user's function, so that a reference to the value may be coerced on the way.
fn call(path: &syn::ExprPath) -> TokenStream {
    closure(path, |span, x| quote_spanned!(span=> #path(#x)))
}

/// The same where the value is or holds a secret, which the error must not quote.
fn call_on_secret(path: &syn::ExprPath) -> TokenStream {
    closure(path, |span, x| quote_spanned!(span=> __settings::__private::unquoted(#path(#x))))
}

/// A closure over a value, whose errors show at the given tokens of the user's.
fn closure(at: &impl Spanned, body: impl FnOnce(Span, &Ident) -> TokenStream) -> TokenStream {
    let span = user_span(at);
    let x = local_at("x", span);
    let body = body(span, &x);
    quote_spanned!(span=> |#x| #body)
}

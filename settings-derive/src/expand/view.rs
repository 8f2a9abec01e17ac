//! What looks at a built struct: `Debug`, and the way to one of its secrets.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Generics, Type, parse_quote};

use super::{local, parameters, user_span};
use crate::model::{Field, Kind, Model};
use crate::types;

impl Field<'_> {
    /// Whether nothing of it may be shown, be it loaded or not.
    fn is_hidden(&self) -> bool {
        self.kind == Kind::Secret || types::is_secret(self.inner)
    }
}

/// A `Debug` that shows no secret.
pub(super) fn debug(model: &Model<'_>) -> TokenStream {
    let name = &model.name;
    let params = parameters(&model.input.generics);
    let mut generics = model.input.generics.clone();
    let mut fields = TokenStream::new();
    for field in &model.fields {
        let (name, ident, ty) = (&field.name, field.ident, field.ty);
        let value = quote!(self.#ident);
        let shown = match field.kind {
            _ if field.is_hidden() && field.optional => quote!(&__settings::__private::redacted(&#value)),
            _ if field.is_hidden() => quote!(&__settings::__private::REDACTED),
            Kind::Nested | Kind::Collection => quote_spanned!(user_span(ty)=> &#value),
            _ => quote_spanned!(user_span(ty)=> &__settings::__private::Shown(&#value)),
        };
        fields.extend(quote!(.field(#name, #shown)));
        if !field.is_hidden() && types::mentions(ty, &params) {
            generics.make_where_clause().predicates.push(parse_quote!(#ty: ::core::fmt::Debug));
        }
    }
    debug_impl(model, &generics, |f| quote!(#f.debug_struct(#name)#fields.finish()))
}

/// A `Debug` that shows the name alone.
pub(super) fn debug_name(model: &Model<'_>) -> TokenStream {
    let name = &model.name;
    debug_impl(model, &model.input.generics, |f| quote!(#f.write_str(#name)))
}

fn debug_impl(model: &Model<'_>, generics: &Generics, body: impl FnOnce(&Ident) -> TokenStream) -> TokenStream {
    if model.attrs.debug.get() == Some(&false) {
        return TokenStream::new();
    }
    let ident = &model.input.ident;
    let (_, arguments, _) = model.input.generics.split_for_impl();
    let (parameters, _, bounds) = generics.split_for_impl();
    let f = local("f");
    let body = body(&f);
    quote! {
        #[automatically_derived]
        impl #parameters ::core::fmt::Debug for #ident #arguments #bounds {
            fn fmt(&self, #f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                #body
            }
        }
    }
}

/// The body of `secret_text`: the secret at a path such as `db.password`, if it is a text. That it is one is asked of
/// the value, as the type's name may be the user's own.
pub(super) fn secret_text(model: &Model<'_>) -> TokenStream {
    let none = quote!(__settings::__private::None);
    let (path, field) = (local("path"), local("field"));
    let secrets = arms(
        model,
        Kind::Secret,
        |_, secret| quote!((#secret as &dyn ::core::any::Any).downcast_ref::<__settings::SecretString>()),
    );
    // Written as in the schema: of two errors that are wholly alike the compiler shows one.
    let nested =
        arms(model, Kind::Nested, |ty, inner| quote!(<#ty as __settings::Blueprint>::secret_text(#inner, #path)));
    let below = if nested.is_empty() {
        none.clone()
    } else {
        quote! {
            match #path.split_once('.') {
                __settings::__private::Some((#field, #path)) => match #field { #nested _ => #none },
                __settings::__private::None => #none,
            }
        }
    };
    if secrets.is_empty() { below } else { quote!(match #path { #secrets _ => #below }) }
}

/// An arm for each field of the kind, which looks into its value if it has one.
fn arms(model: &Model<'_>, kind: Kind, look: impl Fn(&Type, TokenStream) -> TokenStream) -> TokenStream {
    let arms = model.fields.iter().filter(|field| field.kind == kind).map(|field| {
        let (name, ident) = (&field.name, field.ident);
        if field.optional {
            let value = local("value");
            let found = look(field.inner, quote!(#value));
            quote!(#name => self.#ident.as_ref().and_then(|#value| #found),)
        } else {
            let found = look(field.inner, quote!(&self.#ident));
            quote!(#name => #found,)
        }
    });
    arms.collect()
}

//! The const schema. A property is written only where it differs from that of `EMPTY`.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::user_span;
use crate::attr::{Alias, File};
use crate::entry::{Encoding, ungrouped};
use crate::model::{Default, Field, Kind, Model};
use crate::source::{Source, Value};
use crate::source_text;
use crate::types;

/// A `Schema` literal.
pub(super) fn of(model: &Model<'_>) -> TokenStream {
    let attrs = &model.attrs;
    let mut properties = Properties::default();
    properties.text("name", Some(&model.name));
    properties.text("docs", Some(&model.docs));
    properties.text("env_prefix", attrs.env_prefix.get().map(syn::LitStr::value).as_deref());
    properties.set("nested_delimiter", attrs.nested_delimiter.get());
    properties.set("env_files", attrs.env_file.get().map(|files| quote!(&[#(#files),*])));
    properties.set(
        "dotenv_dialect",
        attrs.dotenv_dialect.get().map(|dialect| {
            let by_dotenvy = quote_spanned!(user_span(dialect)=> __settings::__private::ByDotenvy);
            quote!(<#by_dotenvy as __settings::__private::BuiltInDialect>::DIALECT)
        }),
    );
    properties.set("secrets_dirs", attrs.secrets_dir.get().map(|dirs| quote!(&[#(#dirs),*])));
    properties.list(
        "files",
        &attrs.files,
        |File { path, required }| quote!(__settings::schema::File { path: #path, required: #required }),
    );
    properties.set("profile_env", attrs.profile_env.get().map(|name| quote!(__settings::__private::Some(#name))));
    properties.flag("search_parents", attrs.search_parents.is_set());
    properties.flag("allow_unknown", attrs.allow_unknown.is_set());
    properties.set("source", attrs.source.get().map(|list| sources(list)));
    properties.flag("case_insensitive", attrs.case_insensitive.is_set());
    let fields = model.fields.iter().map(field);
    properties.set("fields", Some(quote!(&[#(#fields),*])));
    properties.of("Schema")
}

fn field(field: &Field<'_>) -> TokenStream {
    let attrs = &field.attrs;
    let mut properties = Properties::default();
    properties.text("name", Some(&field.name));
    properties.set("rename", attrs.rename.get().map(|key| quote!(__settings::__private::Some(#key))));
    properties.text("docs", Some(&field.docs));
    properties.text("ty", Some(&source_text::of_type(field.ty)));
    properties.text("variable", Some(&field.variable));
    properties.flag("absolute", attrs.env.is_set());
    properties.list(
        "aliases",
        &attrs.aliases,
        |Alias { name, deprecated }| quote!(__settings::schema::Alias { name: #name, deprecated: #deprecated }),
    );
    properties.set("kind", kind(field));
    properties.flag("optional", field.optional);
    properties.set("default", default(field));
    properties.flag("allow_empty", attrs.allow_empty.is_set());
    properties.set("separator", attrs.separator.get().map(|text| quote!(__settings::__private::Some(#text))));
    properties.set("example", attrs.example.get().map(|text| quote!(__settings::__private::Some(#text))));
    properties.set("rules", rules(field));
    properties.of("Field")
}

fn kind(field: &Field<'_>) -> Option<TokenStream> {
    match field.kind {
        Kind::Plain => None,
        Kind::Skipped => Some(quote!(__settings::schema::Kind::Skipped)),
        Kind::Nested => {
            let inner = field.inner;
            let prefix = option(field.nested_prefix());
            let source = option(field.attrs.source.get().map(|list| sources_alone(list)));
            Some(quote! {
                __settings::schema::Kind::Nested(__settings::schema::Nested {
                    schema: <#inner as __settings::Blueprint>::SCHEMA,
                    prefix: #prefix,
                    source: #source,
                })
            })
        }
        Kind::Collection => {
            let inner = field.inner;
            let of = quote_spanned!(user_span(inner)=> <#inner as __settings::__private::Collection>);
            Some(quote! {
                __settings::schema::Kind::Collection(__settings::schema::Collection {
                    schema: #of::SCHEMA,
                    keyed: #of::KEYED,
                })
            })
        }
        Kind::Secret => {
            let secret = secret(field);
            Some(quote!(__settings::schema::Kind::Secret(#secret)))
        }
    }
}

fn secret(field: &Field<'_>) -> TokenStream {
    let attrs = &field.attrs;
    let mut properties = Properties::default();
    // Of any other type only the compiler knows what it holds. A function of the user's is given the text.
    if !types::is_secret_text(field.inner) && !attrs.parse_with.is_set() {
        let ty = field.inner;
        let span = user_span(ty);
        properties.set("shape", Some(quote_spanned!(span=> <#ty as __settings::__private::SecretType>::SHAPE)));
    }
    properties.set("source", attrs.source.get().map(|list| sources(list)));
    properties.set("prefix", attrs.prefix.get().map(|prefix| quote!(__settings::__private::Some(#prefix))));
    properties.set("format", attrs.format.get().map(|format| quote!(__settings::__private::Some(#format))));
    properties.list("placeholders", attrs.placeholders.get().map_or(&[], Vec::as_slice), |text| quote!(#text));
    let encoding = attrs.encoding.get().map(|encoding| match encoding {
        Encoding::Base64 => quote!(Base64),
        Encoding::Hex => quote!(Hex),
    });
    properties.set(
        "encoding",
        encoding.map(|encoding| quote!(__settings::__private::Some(__settings::schema::Encoding::#encoding))),
    );
    properties.flag("keep_newline", attrs.keep_newline.is_set());
    properties.flag("expand", attrs.expand.is_set());
    properties.flag("in_config_file", attrs.in_config_file.is_set());
    let rotate_every = attrs.rotate_every.get().map(|every| {
        let seconds = every.as_secs();
        quote!(__settings::__private::Some(::core::time::Duration::from_secs(#seconds)))
    });
    properties.set("rotate_every", rotate_every);
    properties.of("Secret")
}

fn default(field: &Field<'_>) -> Option<TokenStream> {
    Some(match field.default() {
        Default::None => return None,
        Default::Trait => quote!(__settings::schema::DefaultValue::Trait),
        Default::Text(text) => quote!(__settings::schema::DefaultValue::Text(#text)),
        Default::Expr(expr) | Default::List(expr) => {
            let text = source_text::of_expr(expr);
            quote!(__settings::schema::DefaultValue::Code(#text))
        }
    })
}

fn rules(field: &Field<'_>) -> Option<TokenStream> {
    let attrs = &field.attrs;
    if !attrs.range.is_set() && !attrs.one_of.is_set() && !attrs.min_len.is_set() && !attrs.pattern.is_set() {
        return None;
    }
    let mut properties = Properties::default();
    let range = attrs.range.get().map(source_text::of_range);
    properties.set("range", range.map(|range| quote!(__settings::__private::Some(#range))));
    let one_of: Vec<_> = attrs.one_of.get().into_iter().flat_map(|array| &array.elems).map(element_text).collect();
    properties.list("one_of", &one_of, |text| quote!(#text));
    properties.set("min_len", attrs.min_len.get().map(|least| quote!(__settings::__private::Some(#least))));
    properties.set("pattern", attrs.pattern.get().map(|pattern| quote!(__settings::__private::Some(#pattern))));
    Some(properties.of("Rules"))
}

/// An element as it is written; a string literal without its quotes.
fn element_text(element: &syn::Expr) -> String {
    match ungrouped(element) {
        syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => text.value(),
        other => source_text::of_expr(other),
    }
}

fn sources(list: &[Source]) -> TokenStream {
    let list = sources_alone(list);
    quote!(__settings::__private::Some(#list))
}

fn sources_alone(list: &[Source]) -> TokenStream {
    let list = list.iter().map(source);
    quote!(&[#(#list),*])
}

fn source(source: &Source) -> TokenStream {
    let kind = source.kind;
    let name = option(source.name.as_ref());
    let args = source.args.iter().map(|(name, value)| {
        let name = name.to_string();
        let value = match value {
            Value::Text(text) => quote!(Text(#text)),
            Value::Number(number) => quote!(Number(#number)),
            Value::Flag => quote!(Flag),
        };
        quote!(__settings::schema::Argument { name: #name, value: __settings::schema::ArgumentValue::#value })
    });
    quote!(__settings::schema::Source { kind: #kind, name: #name, args: &[#(#args),*] })
}

fn option(value: Option<impl quote::ToTokens>) -> TokenStream {
    match value {
        Some(value) => quote!(__settings::__private::Some(#value)),
        None => quote!(__settings::__private::None),
    }
}

/// The properties of a schema type's literal.
#[derive(std::default::Default)]
struct Properties(TokenStream);

impl Properties {
    fn set(&mut self, name: &str, value: Option<impl quote::ToTokens>) {
        if let Some(value) = value {
            let name = quote::format_ident!("{name}");
            self.0.extend(quote!(#name: #value,));
        }
    }

    fn text(&mut self, name: &str, text: Option<&str>) {
        self.set(name, text.filter(|text| !text.is_empty()));
    }

    fn flag(&mut self, name: &str, set: bool) {
        self.set(name, set.then(|| quote!(true)));
    }

    fn list<T>(&mut self, name: &str, list: &[T], element: impl FnMut(&T) -> TokenStream) {
        let elements = list.iter().map(element);
        self.set(name, (!list.is_empty()).then(|| quote!(&[#(#elements),*])));
    }

    fn of(self, ty: &str) -> TokenStream {
        let (properties, ty) = (self.0, quote::format_ident!("{ty}"));
        quote!(__settings::schema::#ty { #properties ..__settings::schema::#ty::EMPTY })
    }
}

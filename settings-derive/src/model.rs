//! What is to be loaded: the struct and its fields, with their kinds, names and defaults worked out.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Expr, ExprArray, Fields, Lit, LitStr, Meta, Type};

use crate::attr::{self, Attr, ContainerAttrs, FieldAttrs};
use crate::ctxt::Ctxt;
use crate::entry::ungrouped;
use crate::types;

/// A struct of settings.
pub(crate) struct Model<'a> {
    pub(crate) input: &'a DeriveInput,
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) attrs: ContainerAttrs,
    pub(crate) fields: Vec<Field<'a>>,
}

/// One of its fields.
pub(crate) struct Field<'a> {
    pub(crate) ident: &'a Ident,
    /// The identifier without `r#`.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) ty: &'a Type,
    /// The type of a value: inside the `Option`, if it is one.
    pub(crate) inner: &'a Type,
    pub(crate) optional: bool,
    pub(crate) kind: Kind,
    /// The variable it is read from; empty for a nested field without a prefix, which has none of its own.
    pub(crate) variable: String,
    pub(crate) attrs: FieldAttrs,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    Secret,
    Nested,
    /// A list or map of structs.
    Collection,
    Skipped,
}

/// What stands in for a value that nothing gives.
pub(crate) enum Default<'a> {
    None,
    /// The type's own.
    Trait,
    /// Text, read as text from a variable is.
    Text(String),
    Expr(&'a Expr),
    /// A list, which becomes whatever collection the field is.
    List(&'a Expr),
}

impl<'a> Model<'a> {
    /// Reads the struct. What is not a struct with named fields has no fields here, and an error in the context.
    pub(crate) fn read(ctxt: &Ctxt, input: &'a DeriveInput) -> Self {
        let attrs = attr::container(ctxt, &input.attrs);
        let fields = named_fields(ctxt, input).map(|field| Field::read(ctxt, field, &attrs)).collect();
        Self { input, name: input.ident.unraw().to_string(), docs: docs(&input.attrs), attrs, fields }
    }

    /// Whether anything secret can be in the struct.
    pub(crate) fn has_secrets(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.kind, Kind::Secret | Kind::Nested | Kind::Collection))
    }
}

impl ContainerAttrs {
    pub(crate) fn prefix(&self) -> String {
        text(&self.env_prefix)
    }

    pub(crate) fn delimiter(&self) -> String {
        self.nested_delimiter.get().map_or_else(|| "_".to_owned(), LitStr::value)
    }
}

impl<'a> Field<'a> {
    fn read(ctxt: &Ctxt, (ident, field): (&'a Ident, &'a syn::Field), container: &ContainerAttrs) -> Self {
        let attrs = attr::field(ctxt, &field.attrs);
        let name = ident.unraw().to_string();
        let inner = types::in_option(&field.ty);
        let mut read = Self {
            ident,
            name,
            docs: docs(&field.attrs),
            ty: &field.ty,
            inner: inner.unwrap_or(&field.ty),
            optional: inner.is_some(),
            kind: Kind::Plain,
            variable: String::new(),
            attrs,
        };
        read.kind = read.kind();
        read.variable = read.variable(container);
        read
    }

    fn kind(&self) -> Kind {
        if self.attrs.skip.is_set() {
            Kind::Skipped
        } else if self.attrs.nested.is_set() {
            if types::elements(self.inner).is_some() { Kind::Collection } else { Kind::Nested }
        } else if self.attrs.secret.is_some() || types::is_secret(self.inner) {
            Kind::Secret
        } else {
            Kind::Plain
        }
    }

    fn variable(&self, container: &ContainerAttrs) -> String {
        let outer = container.prefix();
        match (self.attrs.env.get(), self.nested_prefix()) {
            (Some(env), _) => env.value(),
            (None, Some(prefix)) if prefix.is_empty() => String::new(),
            (None, Some(prefix)) => {
                let whole = outer + &prefix;
                let name = whole.strip_suffix(&container.delimiter()).unwrap_or(&whole);
                name.trim_end_matches('_').to_owned()
            }
            (None, None) => outer + &self.name.to_uppercase(),
        }
    }

    /// Its key in config files and JSON.
    pub(crate) fn key(&self) -> String {
        self.attrs.rename.get().map_or_else(|| self.name.clone(), LitStr::value)
    }

    /// The prefix that a nested field is given in the place of its name.
    pub(crate) fn nested_prefix(&self) -> Option<String> {
        self.attrs.env_prefix.get().map(LitStr::value)
    }

    /// What stands in for a value that nothing gives.
    pub(crate) fn default(&self) -> Default<'_> {
        match self.attrs.default.get() {
            None => Default::None,
            // The default of an `Option` is what it is without a value anyway.
            Some(None) if self.optional => Default::None,
            Some(None) => Default::Trait,
            Some(Some(expr)) => match ungrouped(expr) {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Default::Text(text.value()),
                    _ => Default::Expr(expr),
                },
                Expr::Array(array) => {
                    let json = if types::is_map(self.inner) { json_map(array) } else { json_list(array) };
                    json.map_or(Default::List(expr), Default::Text)
                }
                _ => Default::Expr(expr),
            },
        }
    }
}

/// The text of an attribute, or none.
fn text(attr: &Attr<LitStr>) -> String {
    attr.get().map(LitStr::value).unwrap_or_default()
}

type Named<'a> = (&'a Ident, &'a syn::Field);

fn named_fields<'a>(ctxt: &Ctxt, input: &'a DeriveInput) -> impl Iterator<Item = Named<'a>> {
    let fields = match &input.data {
        Data::Struct(data) => Some(&data.fields),
        Data::Enum(data) => {
            let message =
                "`Settings` is for structs; an enum that is the type of a field derives serde's `Deserialize`";
            ctxt.error(data.enum_token, message);
            None
        }
        Data::Union(data) => {
            ctxt.error(data.union_token, "`Settings` is for structs, not for unions");
            None
        }
    };
    let message = "`Settings` is for structs with named fields: variables are named after them";
    match fields {
        Some(Fields::Unnamed(fields)) => ctxt.error(fields, message),
        Some(Fields::Unit) => ctxt.error(&input.ident, message),
        _ => {}
    }
    fields.into_iter().flatten().filter_map(|field| Some((field.ident.as_ref()?, field)))
}

/// The doc comment: its lines, each without the blank behind the slashes.
fn docs(attrs: &[Attribute]) -> String {
    let texts = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match ungrouped(&pair.value) {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    let docs = texts.collect::<Vec<_>>().join("\n");
    let lines: Vec<_> = docs.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    lines.join("\n").trim().to_owned()
}

/// A list of string literals as JSON, which is read as a list from a variable is.
fn json_list(array: &ExprArray) -> Option<String> {
    let elements: Option<Vec<_>> = array.elems.iter().map(json_string).collect();
    Some(format!("[{}]", elements?.join(",")))
}

/// A list of pairs of a string literal and another literal as JSON, which is read as a map from a variable is.
fn json_map(array: &ExprArray) -> Option<String> {
    let pair = |expr: &Expr| {
        let Expr::Tuple(pair) = ungrouped(expr) else { return None };
        let mut parts = pair.elems.iter();
        match (parts.next(), parts.next(), parts.next()) {
            (Some(key), Some(value), None) => Some(format!("{}:{}", json_string(key)?, json_value(value)?)),
            _ => None,
        }
    };
    let pairs: Option<Vec<_>> = array.elems.iter().map(pair).collect();
    Some(format!("{{{}}}", pairs?.join(",")))
}

fn json_value(expr: &Expr) -> Option<String> {
    let Expr::Lit(literal) = ungrouped(expr) else { return None };
    match &literal.lit {
        Lit::Int(number) if number.suffix().is_empty() => Some(number.base10_digits().to_owned()),
        Lit::Bool(truth) => Some(truth.value.to_string()),
        _ => json_string(expr),
    }
}

fn json_string(expr: &Expr) -> Option<String> {
    let Expr::Lit(literal) = ungrouped(expr) else { return None };
    let Lit::Str(text) = &literal.lit else { return None };
    let mut json = String::from("\"");
    for letter in text.value().chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            control if control.is_control() => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            letter => json.push(letter),
        }
    }
    json.push('"');
    Some(json)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Option<String> {
        json_list(&syn::parse_str(text).unwrap())
    }

    #[test]
    fn lists_of_texts_become_json() {
        assert_eq!(list("[]").as_deref(), Some("[]"));
        assert_eq!(list(r#"["a", "b c"]"#).as_deref(), Some(r#"["a","b c"]"#));
        assert_eq!(list(r#"["\"\\\n"]"#).as_deref(), Some(r#"["\"\\\u000a"]"#));
        assert_eq!(list(r#"["a", 1]"#), None);
    }

    #[test]
    fn pairs_of_literals_become_json() {
        let map = |text: &str| json_map(&syn::parse_str(text).unwrap());
        assert_eq!(map("[]").as_deref(), Some("{}"));
        assert_eq!(map(r#"[("a", 1_0), ("b", true), ("c", "\"")]"#).as_deref(), Some(r#"{"a":10,"b":true,"c":"\""}"#));
        for code in [r#"[("a", 1u8)]"#, r#"[("a", LIMIT)]"#, "[(1, 2)]", r#"[("a", 1, 2)]"#, r#"["a"]"#] {
            assert_eq!(map(code), None, "{code}");
        }
    }

    #[test]
    fn docs_lose_one_blank_a_line() {
        let input: DeriveInput = syn::parse_quote! {
            /// First.
            ///
            ///   - indented
            #[doc = "no blank"]
            struct Chat {}
        };
        assert_eq!(docs(&input.attrs), "First.\n\n  - indented\nno blank");
    }

    fn variables(input: &DeriveInput) -> Vec<String> {
        let ctxt = Ctxt::default();
        let model = Model::read(&ctxt, input);
        assert_eq!(ctxt.count(), 0);
        model.fields.into_iter().map(|field| field.variable).collect()
    }

    #[test]
    fn variables_are_named_after_the_path() {
        let input = syn::parse_quote! {
            #[settings(env_prefix = "CHAT_", nested_delimiter = "__")]
            struct Chat {
                port: u16,
                r#type: u16,
                #[setting(env = "HOST")]
                host: u16,
                #[setting(nested)]
                db: Db,
                #[setting(nested, env_prefix = "CACHE__")]
                redis: Db,
                #[setting(nested, env_prefix = "")]
                flat: Db,
            }
        };
        assert_eq!(variables(&input), ["CHAT_PORT", "CHAT_TYPE", "HOST", "CHAT_DB", "CHAT_CACHE", ""]);
    }
}

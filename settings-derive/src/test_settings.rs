//! `#[test_settings(..)]`: the body of a test, in a scope of settings of its own.

use proc_macro2::{Group, Ident, Span, TokenStream};
use quote::{ToTokens, TokenStreamExt, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::spanned::Spanned;
use syn::{Attribute, Expr, LitStr, Meta, Path, ReturnType, Signature, Token, Type, Visibility};

use crate::attr::Attr;
use crate::ctxt::Ctxt;
use crate::entries;
use crate::entry::Entry;

const SHAPE: &str = "`#[test_settings(ChatSettings, port = 9000)]`";

/// The function with its body in a scope; or as it is, beside the errors.
pub(crate) fn expand(args: TokenStream, item: TokenStream) -> TokenStream {
    let ctxt = Ctxt::default();
    let mock = (|input: ParseStream<'_>| Ok(Mock::read(&ctxt, input))).parse2(args);
    let function = Function::read.parse2(item.clone());
    if let (Ok(Some(mock)), Ok(function)) = (&mock, &function) {
        function.check(&ctxt, mock);
    }
    let errors = [mock.as_ref().err(), function.as_ref().err()];
    errors.into_iter().flatten().for_each(|error| ctxt.push(error.clone()));
    match (mock, function, ctxt.into_error()) {
        (Ok(Some(mock)), Ok(function), None) => function.within(&mock),
        (.., error) => item.into_iter().chain(error.map(syn::Error::into_compile_error).unwrap_or_default()).collect(),
    }
}

/// What stands in the attribute.
struct Mock {
    settings: Type,
    values: Vec<Value>,
    krate: Attr<Path>,
}

/// `port = 9000`.
struct Value {
    field: String,
    value: Expr,
}

impl Mock {
    /// Reads the attribute. What is wrong with it stands in the context, also where there is no struct.
    fn read(ctxt: &Ctxt, input: ParseStream<'_>) -> Option<Self> {
        let (mut settings, mut values, mut krate) = (None, Vec::new(), Attr::default());
        if input.is_empty() {
            ctxt.push(syn::Error::new(Span::call_site(), format!("name the struct of settings: {SHAPE}")));
        }
        let mut is_first = true;
        entries::each(ctxt, input, |input| {
            if std::mem::take(&mut is_first) {
                if !is_value(input) {
                    settings = Some(input.parse()?);
                    return Ok(());
                }
                ctxt.push(input.error(format!("the struct of settings comes first: {SHAPE}")));
            }
            if input.peek(Token![crate]) && input.peek2(Token![=]) {
                let key = input.call(Ident::parse_any)?;
                let entry = Entry { ctxt, input, key, shape: "crate = \"path::to::settings_core\"" };
                return krate.set(&entry, entry.path_in_quotes()?);
            }
            values.push(value(input, &values)?);
            Ok(())
        });
        Some(Self { settings: settings?, values, krate })
    }

    /// Where `settings_core` is.
    fn krate(&self) -> TokenStream {
        match self.krate.get() {
            Some(path) => path.to_token_stream(),
            None => quote_spanned!(Span::mixed_site()=> ::settings_core),
        }
    }

    /// The code that makes the mock.
    fn code(&self, krate: &TokenStream) -> TokenStream {
        let settings = &self.settings;
        let values = self.values.iter().map(|Value { field, value }| quote_spanned!(at(value)=> .set(#field, #value)));
        quote_spanned!(at(settings)=> <#settings as #krate::Settings>::mock() #(#values)*)
    }
}

/// Where errors of the compiler are to be shown.
fn at(tokens: &impl Spanned) -> Span {
    Span::mixed_site().located_at(tokens.span())
}

/// Whether this is the value of a field, and no type.
fn is_value(input: ParseStream<'_>) -> bool {
    input.peek(LitStr) || input.peek(Ident::peek_any) && (input.peek2(Token![=]) || input.peek2(Token![.]))
}

fn value(input: ParseStream<'_>, earlier: &[Value]) -> syn::Result<Value> {
    let (field, name) = field(input)?;
    if earlier.iter().any(|earlier| earlier.field == field) {
        // An expression may hold commas of its own.
        let _ = input.parse::<Token![=]>().and_then(|_| input.parse::<Expr>());
        return Err(syn::Error::new_spanned(name, format!("`{field}` is written twice")));
    }
    let misshapen = || {
        let looks_like_a_type = field.starts_with(char::is_uppercase) && field.contains(char::is_lowercase);
        let instead = match looks_like_a_type {
            true => "; another struct of settings has a `#[test_settings(..)]` of its own",
            false => "",
        };
        format!("`{field}` is written `{field} = value`{instead}")
    };
    if input.peek(Token![=>]) || input.peek(Token![==]) || input.parse::<Option<Token![=]>>()?.is_none() {
        let at = if entries::at_end(input) { name.span() } else { input.span() };
        return Err(syn::Error::new(at, misshapen()));
    }
    if entries::at_end(input) {
        return Err(syn::Error::new_spanned(name, misshapen()));
    }
    Ok(Value { field, value: input.parse()? })
}

/// `db.password` or `"db.password"`, as text and as it is written.
fn field(input: ParseStream<'_>) -> syn::Result<(String, TokenStream)> {
    if let Some(text) = input.parse::<Option<LitStr>>()? {
        return match text.value() {
            name if name.trim().is_empty() => Err(syn::Error::new_spanned(text, "the name of the field is empty")),
            name => Ok((name, text.into_token_stream())),
        };
    }
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected a field and its value, such as `port = 9000` or `db.password = \"..\"`"));
    }
    let (mut name, mut written) = (String::new(), TokenStream::new());
    loop {
        let word = input.call(Ident::parse_any).map_err(|error| syn::Error::new(error.span(), "expected a field"))?;
        name.push_str(&word.unraw().to_string());
        written.append(word);
        match input.parse::<Option<Token![.]>>()? {
            Some(dot) => {
                name.push('.');
                dot.to_tokens(&mut written);
            }
            None => return Ok((name, written)),
        }
    }
}

/// A function, whose statements are nobody's business.
struct Function {
    attributes: Vec<Attribute>,
    visibility: Visibility,
    signature: Signature,
    inner: Vec<Attribute>,
    body: TokenStream,
}

impl Function {
    fn read(input: ParseStream<'_>) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let visibility = input.parse()?;
        let start = input.span();
        let (Ok(signature), Ok(body)) = (input.parse(), input.parse::<Group>()) else {
            return Err(syn::Error::new(start, "`#[test_settings(..)]` belongs on a test: a function with a body"));
        };
        let statements = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_inner)?, input.parse()?));
        let (inner, body) = statements.parse2(body.stream())?;
        Ok(Self { attributes, visibility, signature, inner, body })
    }

    /// Reports a second attribute for the same struct: one of the two would count for nothing.
    fn check(&self, ctxt: &Ctxt, mock: &Mock) {
        let same = |other: &Type| other.to_token_stream().to_string() == mock.settings.to_token_stream().to_string();
        for attribute in &self.attributes {
            let Meta::List(list) = &attribute.meta else { continue };
            if list.path.segments.last().is_none_or(|name| name.ident != "test_settings") {
                continue;
            }
            let first = |input: ParseStream<'_>| Ok((input.parse::<Type>()?, input.parse::<TokenStream>()?));
            if let Some((other, _)) = first.parse2(list.tokens.clone()).ok().filter(|(other, _)| same(other)) {
                ctxt.error(&other, "this struct has a `#[test_settings(..)]` already: write all of its values there");
            }
        }
    }

    /// Says what the block of an async function gives, so that a mistake is shown where it is made.
    fn output(&self, krate: &TokenStream) -> Option<TokenStream> {
        match &self.signature.output {
            ReturnType::Type(_, output) if !matches!(**output, Type::ImplTrait(_)) => {
                Some(quote_spanned!(at(output)=> if false { return #krate::__private::never::<#output>(); }))
            }
            _ => None,
        }
    }

    /// The function with its body in the scope of the mock.
    fn within(&self, mock: &Mock) -> TokenStream {
        let Self { attributes, visibility, signature, inner, body } = self;
        let (settings, krate) = (&mock.settings, mock.krate());
        let mock = mock.code(&krate);
        let body = match signature.asyncness {
            // The scope goes with the test, whichever thread it is polled on.
            Some(_) => {
                let output = self.output(&krate);
                quote_spanned!(at(settings)=> #mock.scope(async move { #output #body }).await)
            }
            None => {
                let install = quote_spanned!(at(settings)=> let _scope = #mock.install(););
                quote!(#install #body)
            }
        };
        quote!(#(#attributes)* #visibility #signature { #(#inner)* #body })
    }
}

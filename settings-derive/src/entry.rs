//! One key of an attribute with what follows it, read as the kind of value that the key takes.

use std::time::Duration;

use proc_macro2::Ident;
use syn::parse::{Parse, ParseStream};
use syn::{Expr, ExprArray, LitInt, LitStr, Path, Token, bracketed, token};

use crate::ctxt::Ctxt;
use crate::entries;
use crate::source::{self, Source};
use crate::suggest::suggestion;

/// The names of the public key formats.
const FORMATS: &[&str] = &[
    "openai",
    "anthropic",
    "openrouter",
    "gemini",
    "groq",
    "xai",
    "perplexity",
    "huggingface",
    "aws_access_key_id",
    "aws_bedrock",
    "github",
    "gitlab",
    "stripe",
    "slack",
    "vault",
    "npm",
    "pypi",
    "sendgrid",
    "twilio",
    "databricks",
    "digitalocean",
    "grafana",
    "sentry",
    "linear",
    "notion",
    "postman",
    "pulumi",
    "doppler",
    "shopify",
    "onepassword",
    "age",
    "pem",
];

/// How the bytes of a secret are written as text.
#[derive(Clone, Copy)]
pub(crate) enum Encoding {
    Base64,
    Hex,
}

/// One key with what follows it.
pub(crate) struct Entry<'a> {
    pub(crate) ctxt: &'a Ctxt,
    pub(crate) input: ParseStream<'a>,
    pub(crate) key: Ident,
    pub(crate) shape: &'static str,
}

impl Entry<'_> {
    fn misshapen(&self) -> String {
        format!("`{}` is written `{}`", self.key, self.shape)
    }

    pub(crate) fn flag(&self) -> syn::Result<()> {
        if entries::at_end(self.input) {
            return Ok(());
        }
        Err(self.input.error(format!("`{}` stands alone, without a value", self.key)))
    }

    fn equals(&self) -> syn::Result<()> {
        let equals = self.input.parse::<Option<Token![=]>>()?;
        if equals.is_none() || entries::at_end(self.input) {
            return Err(syn::Error::new(self.key.span(), self.misshapen()));
        }
        Ok(())
    }

    pub(crate) fn value<T: Parse>(&self) -> syn::Result<T> {
        self.equals()?;
        let at = self.input.span();
        self.input.parse().map_err(|_| syn::Error::new(at, self.misshapen()))
    }

    pub(crate) fn text(&self) -> syn::Result<LitStr> {
        self.value()
    }

    pub(crate) fn number(&self) -> syn::Result<usize> {
        let number: LitInt = self.value()?;
        number.base10_parse().map_err(|_| syn::Error::new(number.span(), self.misshapen()))
    }

    pub(crate) fn optional_expr(&self) -> syn::Result<Option<Expr>> {
        if entries::at_end(self.input) { Ok(None) } else { self.expr().map(Some) }
    }

    fn expr(&self) -> syn::Result<Expr> {
        self.equals()?;
        self.input.parse()
    }

    pub(crate) fn range(&self) -> syn::Result<Expr> {
        let expr = self.expr()?;
        match ungrouped(&expr) {
            Expr::Range(range) if range.start.is_some() || range.end.is_some() => Ok(expr),
            _ => Err(syn::Error::new_spanned(expr, self.misshapen())),
        }
    }

    pub(crate) fn elements(&self) -> syn::Result<ExprArray> {
        let expr = self.expr()?;
        match ungrouped(&expr) {
            Expr::Array(array) if !array.elems.is_empty() => Ok(array.clone()),
            _ => Err(syn::Error::new_spanned(expr, self.misshapen())),
        }
    }

    /// One text or a list of them.
    pub(crate) fn texts(&self) -> syn::Result<Vec<LitStr>> {
        self.equals()?;
        if !self.input.peek(token::Bracket) {
            let at = self.input.span();
            return match self.input.parse() {
                Ok(text) => Ok(vec![text]),
                Err(_) => Err(syn::Error::new(at, self.misshapen())),
            };
        }
        let content;
        bracketed!(content in self.input);
        let mut texts = Vec::new();
        entries::each(self.ctxt, &content, |input| {
            texts.push(input.parse().map_err(|_| input.error(self.misshapen()))?);
            Ok(())
        });
        Ok(texts)
    }

    /// The same, or `none`.
    pub(crate) fn files(&self) -> syn::Result<Vec<LitStr>> {
        let ahead = self.input.fork();
        if ahead.parse::<Token![=]>().and_then(|_| ahead.parse::<Ident>()).is_ok_and(|word| word == "none") {
            self.value::<Ident>()?;
            return Ok(Vec::new());
        }
        self.texts()
    }

    pub(crate) fn sources(&self) -> syn::Result<Vec<Source>> {
        self.equals()?;
        source::list(self.ctxt, self.input)
    }

    pub(crate) fn path_in_quotes(&self) -> syn::Result<Path> {
        let text = self.text()?;
        text.parse_with(Path::parse_mod_style).map_err(|_| syn::Error::new(text.span(), self.misshapen()))
    }

    pub(crate) fn format(&self) -> syn::Result<&'static str> {
        let name: Ident = self.value()?;
        FORMATS.iter().copied().find(|known| name == known).ok_or_else(|| {
            let help = suggestion(&name.to_string(), FORMATS.iter().copied());
            syn::Error::new(name.span(), format!("unknown key format `{name}`{help}"))
        })
    }

    pub(crate) fn encoding(&self) -> syn::Result<Encoding> {
        let text = self.text()?;
        match text.value().as_str() {
            "base64" => Ok(Encoding::Base64),
            "hex" => Ok(Encoding::Hex),
            other => {
                let help = suggestion(other, ["base64", "hex"].into_iter());
                Err(syn::Error::new(text.span(), format!("unknown encoding `{other}`{help}")))
            }
        }
    }

    /// There is one beside the project's own, which needs no name.
    pub(crate) fn dialect(&self) -> syn::Result<LitStr> {
        let text = self.text()?;
        if text.value() == "dotenvy" { Ok(text) } else { Err(syn::Error::new(text.span(), self.misshapen())) }
    }

    pub(crate) fn duration(&self) -> syn::Result<Duration> {
        let text = self.text()?;
        duration(&text.value())
            .ok_or_else(|| syn::Error::new(text.span(), format!("{}: a number and s, m, h, d or w", self.misshapen())))
    }
}

/// A whole number and its unit: `90d`.
fn duration(text: &str) -> Option<Duration> {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    let (seconds, number) = [("s", 1), ("m", MINUTE), ("h", HOUR), ("d", DAY), ("w", 7 * DAY)]
        .into_iter()
        .find_map(|(unit, seconds)| Some((seconds, text.strip_suffix(unit)?)))?;
    let number: u64 = number.trim_end().parse().ok()?;
    number.checked_mul(seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs)
}

/// The expression without the invisible groups that `macro_rules` puts around its variables.
pub(crate) fn ungrouped(expr: &Expr) -> &Expr {
    match expr {
        Expr::Group(group) => ungrouped(&group.expr),
        expr => expr,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        assert_eq!(duration("90d"), Some(Duration::from_secs(90 * 24 * 60 * 60)));
        assert_eq!(duration("2 w"), duration("14d"));
        for wrong in ["", "d", "90", "0d", "-1d", "90 days", "1.5h", "99999999999999999999w", "18446744073709551615w"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}

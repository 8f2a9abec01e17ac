//! The `source` grammar: `env`, `azure("name", version = "3")`, or a list of such.
//!
//! The derive knows which kinds and arguments there are, and passes them on as they are; what they mean is known to the
//! store of that kind alone.

use proc_macro2::Ident;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{LitInt, LitStr, Token, bracketed, parenthesized, token};

use crate::ctxt::Ctxt;
use crate::entries;
use crate::suggest::suggestion;

/// One place of a `source` list.
pub(crate) struct Source {
    pub(crate) kind: &'static str,
    pub(crate) name: Option<LitStr>,
    pub(crate) args: Vec<(Ident, Value)>,
}

/// The value of a named argument.
#[derive(PartialEq)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Flag,
}

impl Source {
    /// Whether both ask the same place.
    fn same(&self, other: &Self) -> bool {
        let name = |source: &Self| source.name.as_ref().map(LitStr::value);
        self.kind == other.kind && name(self) == name(other) && self.args == other.args
    }
}

/// What one kind of source takes.
struct Grammar {
    kind: &'static str,
    name: Name,
    args: Args,
}

enum Name {
    No,
    Optional,
    /// Holds an example, for the error.
    Required(&'static str),
}

enum Args {
    Known(&'static [(&'static str, Takes)]),
    /// The store is the user's own, and so are its arguments.
    Any,
}

#[derive(Clone, Copy)]
enum Takes {
    Text,
    Number,
    Nothing,
}

const GRAMMAR: &[Grammar] = &[
    Grammar { kind: "env", name: Name::Optional, args: Args::Known(&[]) },
    Grammar { kind: "dotenv", name: Name::No, args: Args::Known(&[]) },
    Grammar { kind: "docker", name: Name::No, args: Args::Known(&[]) },
    Grammar { kind: "k8s", name: Name::No, args: Args::Known(&[]) },
    Grammar { kind: "file", name: Name::Required("/run/key"), args: Args::Known(&[]) },
    Grammar {
        kind: "azure",
        name: Name::Optional,
        args: Args::Known(&[("version", Takes::Text), ("vault", Takes::Text)]),
    },
    Grammar {
        kind: "aws",
        name: Name::Optional,
        args: Args::Known(&[("key", Takes::Text), ("version_stage", Takes::Text), ("raw", Takes::Nothing)]),
    },
    Grammar {
        kind: "gcp",
        name: Name::Optional,
        args: Args::Known(&[("key", Takes::Text), ("version", Takes::Text), ("project", Takes::Text)]),
    },
    Grammar {
        kind: "vault",
        name: Name::Optional,
        args: Args::Known(&[("key", Takes::Text), ("mount", Takes::Text), ("version", Takes::Number)]),
    },
    Grammar { kind: "dapr", name: Name::Optional, args: Args::Known(&[("key", Takes::Text), ("store", Takes::Text)]) },
    Grammar {
        kind: "json",
        name: Name::Required("secrets.json"),
        args: Args::Known(&[
            ("key", Takes::Text),
            ("nested_separator", Takes::Text),
            ("multi_valued", Takes::Nothing),
            ("secret", Takes::Text),
        ]),
    },
    Grammar { kind: "store", name: Name::Required("name"), args: Args::Any },
];

/// Reads one source or a list of them. Mistakes within a list go to the context, each at its token.
pub(crate) fn list(ctxt: &Ctxt, input: ParseStream<'_>) -> syn::Result<Vec<Source>> {
    let mut sources: Vec<Source> = Vec::new();
    if !input.peek(token::Bracket) {
        sources.push(source(ctxt, input)?);
        return Ok(sources);
    }
    let content;
    let bracket = bracketed!(content in input);
    if content.is_empty() {
        return Err(syn::Error::new(bracket.span.join(), "`source = []` names no source"));
    }
    entries::each(ctxt, &content, |input| {
        let span = input.span();
        let new = source(ctxt, input)?;
        if sources.iter().any(|source| source.same(&new)) {
            return Err(syn::Error::new(span, format!("this source `{}` stands in the list already", new.kind)));
        }
        sources.push(new);
        Ok(())
    });
    Ok(sources)
}

fn source(ctxt: &Ctxt, input: ParseStream<'_>) -> syn::Result<Source> {
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected a source, such as `env` or `azure(\"name\")`, or a list of them"));
    }
    let kind = input.call(Ident::parse_any)?;
    let Some(grammar) = GRAMMAR.iter().find(|grammar| kind == grammar.kind) else {
        let help = suggestion(&kind.to_string(), GRAMMAR.iter().map(|grammar| grammar.kind));
        return Err(syn::Error::new(kind.span(), format!("unknown source `{kind}`{help}")));
    };
    let mut source = Source { kind: grammar.kind, name: None, args: Vec::new() };
    let errors = ctxt.count();
    if input.peek(token::Paren) {
        let content;
        parenthesized!(content in input);
        entries::each(ctxt, &content, |input| argument(grammar, &mut source, input));
    }
    match grammar.name {
        Name::Required(example) if source.name.is_none() && ctxt.count() == errors => {
            Err(syn::Error::new(kind.span(), format!("`{kind}` wants a name: `{kind}(\"{example}\")`")))
        }
        _ => Ok(source),
    }
}

fn argument(grammar: &Grammar, source: &mut Source, input: ParseStream<'_>) -> syn::Result<()> {
    if input.peek(LitStr) {
        let name: LitStr = input.parse()?;
        let refusal = match (&grammar.name, &source.name) {
            (Name::No, _) => format!("`{}` takes no name", grammar.kind),
            (_, Some(_)) => format!("`{}` has its name already", grammar.kind),
            _ if !source.args.is_empty() => "the name comes before the other arguments".to_owned(),
            _ if name.value().trim().is_empty() => "the name is empty".to_owned(),
            _ => {
                source.name = Some(name);
                return Ok(());
            }
        };
        return Err(syn::Error::new(name.span(), refusal));
    }
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected the name in quotes, or an argument such as `version = \"3\"`"));
    }
    let arg = input.call(Ident::parse_any)?;
    let value = match known(grammar, &arg)? {
        Some(takes) => value(&arg, takes, input)?,
        None => any_value(&arg, input)?,
    };
    if source.args.iter().any(|(known, _)| *known == arg) {
        return Err(syn::Error::new(arg.span(), format!("`{arg}` is written twice")));
    }
    source.args.push((arg, value));
    Ok(())
}

/// What the argument takes; `None` when that is up to the user's store.
fn known(grammar: &Grammar, arg: &Ident) -> syn::Result<Option<Takes>> {
    let kind = grammar.kind;
    let known = match grammar.args {
        Args::Any => return Ok(None),
        Args::Known([]) => return Err(syn::Error::new(arg.span(), format!("`{kind}` has no argument `{arg}`"))),
        Args::Known(known) => known,
    };
    if let Some((_, takes)) = known.iter().find(|(name, _)| arg == name) {
        return Ok(Some(*takes));
    }
    let help = suggestion(&arg.to_string(), known.iter().map(|(name, _)| *name));
    Err(syn::Error::new(arg.span(), format!("`{kind}` has no argument `{arg}`{help}")))
}

fn value(arg: &Ident, takes: Takes, input: ParseStream<'_>) -> syn::Result<Value> {
    let misshapen = match takes {
        Takes::Text => format!("`{arg}` is written `{arg} = \"..\"`"),
        Takes::Number => format!("`{arg}` is written `{arg} = 3`"),
        Takes::Nothing => format!("`{arg}` stands alone, without a value"),
    };
    let assigned = input.parse::<Option<Token![=]>>()?.is_some();
    let at = if entries::at_end(input) { arg.span() } else { input.span() };
    let value = match takes {
        Takes::Text if assigned => input.parse::<LitStr>().ok().map(|text| Value::Text(text.value())),
        Takes::Number if assigned => {
            input.parse::<LitInt>().ok().and_then(|number| number.base10_parse().ok()).map(Value::Number)
        }
        Takes::Nothing if !assigned => Some(Value::Flag),
        _ => None,
    };
    value.ok_or_else(|| syn::Error::new(at, misshapen))
}

fn any_value(arg: &Ident, input: ParseStream<'_>) -> syn::Result<Value> {
    let ahead = input.fork();
    let takes = match ahead.parse::<Option<Token![=]>>()? {
        None => Takes::Nothing,
        Some(_) if ahead.peek(LitInt) => Takes::Number,
        Some(_) => Takes::Text,
    };
    value(arg, takes, input)
}

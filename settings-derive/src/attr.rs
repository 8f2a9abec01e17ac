//! The attributes as text: which keys there are, what each takes, and where it belongs.
//!
//! A key is one line of a table: its name, how it is written, and what it means.

use std::time::Duration;

use proc_macro2::Ident;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Attribute, Expr, ExprArray, ExprPath, LitBool, LitStr, Meta, Path, Token};

use crate::ctxt::Ctxt;
use crate::entries;
use crate::entry::{Encoding, Entry};
use crate::source::Source;
use crate::suggest::suggestion;

/// A key that may be written once: its token and its value.
pub(crate) struct Attr<T>(Option<(Ident, T)>);

impl<T> Default for Attr<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Attr<T> {
    fn set(&mut self, entry: &Entry<'_>, value: T) -> syn::Result<()> {
        if self.0.is_some() {
            return Err(syn::Error::new(entry.key.span(), format!("`{}` is written twice", entry.key)));
        }
        self.0 = Some((entry.key.clone(), value));
        Ok(())
    }

    /// The value, if the key is written.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_ref().map(|(_, value)| value)
    }

    /// The key's token, if it is written.
    pub(crate) fn key(&self) -> Option<&Ident> {
        self.0.as_ref().map(|(key, _)| key)
    }

    /// Whether the key is written.
    pub(crate) fn is_set(&self) -> bool {
        self.0.is_some()
    }
}

/// What stands in `#[settings(..)]`.
#[derive(Default)]
pub(crate) struct ContainerAttrs {
    pub(crate) env_prefix: Attr<LitStr>,
    pub(crate) nested_delimiter: Attr<LitStr>,
    pub(crate) env_file: Attr<Vec<LitStr>>,
    pub(crate) dotenv_dialect: Attr<LitStr>,
    pub(crate) secrets_dir: Attr<Vec<LitStr>>,
    pub(crate) files: Vec<File>,
    pub(crate) file: Attr<()>,
    pub(crate) required_file: Attr<()>,
    pub(crate) allow_unknown: Attr<()>,
    pub(crate) profile_env: Attr<LitStr>,
    pub(crate) search_parents: Attr<()>,
    pub(crate) case_insensitive: Attr<()>,
    pub(crate) source: Attr<Vec<Source>>,
    pub(crate) validate: Attr<ExprPath>,
    pub(crate) krate: Attr<Path>,
    pub(crate) debug: Attr<bool>,
}

/// A further name of a variable.
pub(crate) struct Alias {
    pub(crate) name: LitStr,
    pub(crate) deprecated: bool,
}

/// A config file.
pub(crate) struct File {
    pub(crate) path: LitStr,
    pub(crate) required: bool,
}

impl ContainerAttrs {
    /// Files count in the order in which they are written, whichever key they stand at.
    fn add_files(&mut self, entry: &Entry<'_>, required: bool) -> syn::Result<()> {
        let written = if required { &mut self.required_file } else { &mut self.file };
        written.set(entry, ())?;
        self.files.extend(entry.texts()?.into_iter().map(|path| File { path, required }));
        Ok(())
    }
}

/// What stands in the `#[setting(..)]` and `#[secret(..)]` of one field.
#[derive(Default)]
pub(crate) struct FieldAttrs {
    /// The word `secret` of `#[secret]`.
    pub(crate) secret: Option<Path>,
    /// The keys as they are written, in order.
    pub(crate) written: Vec<Ident>,
    /// Whether something could not be read, so that what is absent may be meant.
    pub(crate) broken: bool,
    pub(crate) env: Attr<LitStr>,
    pub(crate) aliases: Vec<Alias>,
    pub(crate) rename: Attr<LitStr>,
    pub(crate) default: Attr<Option<Expr>>,
    pub(crate) nested: Attr<()>,
    pub(crate) env_prefix: Attr<LitStr>,
    pub(crate) skip: Attr<()>,
    pub(crate) separator: Attr<LitStr>,
    pub(crate) parse_with: Attr<ExprPath>,
    pub(crate) validate: Attr<ExprPath>,
    pub(crate) range: Attr<Expr>,
    pub(crate) one_of: Attr<ExprArray>,
    pub(crate) min_len: Attr<usize>,
    pub(crate) pattern: Attr<LitStr>,
    pub(crate) allow_empty: Attr<()>,
    pub(crate) example: Attr<LitStr>,
    pub(crate) not_secret: Attr<()>,
    pub(crate) source: Attr<Vec<Source>>,
    pub(crate) prefix: Attr<LitStr>,
    pub(crate) format: Attr<&'static str>,
    pub(crate) placeholders: Attr<Vec<LitStr>>,
    pub(crate) encoding: Attr<Encoding>,
    pub(crate) keep_newline: Attr<()>,
    pub(crate) expand: Attr<()>,
    pub(crate) in_config_file: Attr<()>,
    pub(crate) rotate_every: Attr<Duration>,
}

/// One key: its name, how it is written, and what it does.
struct Key<A> {
    name: &'static str,
    shape: &'static str,
    read: fn(&mut A, &Entry<'_>) -> syn::Result<()>,
}

const fn key<A>(name: &'static str, shape: &'static str, read: fn(&mut A, &Entry<'_>) -> syn::Result<()>) -> Key<A> {
    Key { name, shape, read }
}

/// Keys of `#[settings(..)]`.
static CONTAINER: &[Key<ContainerAttrs>] = &[
    key("env_prefix", "env_prefix = \"APP_\"", |to, it| to.env_prefix.set(it, it.text()?)),
    key("nested_delimiter", "nested_delimiter = \"__\"", |to, it| to.nested_delimiter.set(it, it.text()?)),
    key("env_file", "env_file = \".env\"`, `env_file = [\"a\", \"b\"]` or `env_file = none", |to, it| {
        to.env_file.set(it, it.files()?)
    }),
    key("dotenv_dialect", "dotenv_dialect = \"dotenvy\"", |to, it| to.dotenv_dialect.set(it, it.dialect()?)),
    key(
        "secrets_dir",
        "secrets_dir = \"/run/secrets\"`, `secrets_dir = [\"a\", \"b\"]` or `secrets_dir = none",
        |to, it| to.secrets_dir.set(it, it.files()?),
    ),
    key("file", "file = \"app.toml\"` or `file = [\"a.toml\", \"b.toml\"]", |to, it| to.add_files(it, false)),
    key("required_file", "required_file = \"app.toml\"", |to, it| to.add_files(it, true)),
    key("allow_unknown", "allow_unknown", |to, it| to.allow_unknown.set(it, it.flag()?)),
    key("profile_env", "profile_env = \"ENVIRONMENT\"", |to, it| to.profile_env.set(it, it.text()?)),
    key("search_parents", "search_parents", |to, it| to.search_parents.set(it, it.flag()?)),
    key("case_insensitive", "case_insensitive", |to, it| to.case_insensitive.set(it, it.flag()?)),
    key("source", "source = [env, docker]", |to, it| to.source.set(it, it.sources()?)),
    key("validate", "validate = Self::check", |to, it| to.validate.set(it, it.value()?)),
    key("crate", "crate = \"path::to::settings_core\"", |to, it| to.krate.set(it, it.path_in_quotes()?)),
    key("debug", "debug = false", |to, it| to.debug.set(it, it.value::<LitBool>()?.value)),
];

/// Keys of every field.
static FIELD: &[Key<FieldAttrs>] = &[
    key("env", "env = \"NAME\"", |to, it| to.env.set(it, it.text()?)),
    key("alias", "alias = \"OLD_NAME\"", |to, it| {
        to.aliases.push(Alias { name: it.text()?, deprecated: false });
        Ok(())
    }),
    key("deprecated_alias", "deprecated_alias = \"OLD_NAME\"", |to, it| {
        to.aliases.push(Alias { name: it.text()?, deprecated: true });
        Ok(())
    }),
    key("rename", "rename = \"key\"", |to, it| to.rename.set(it, it.text()?)),
    key("default", "default = 8080", |to, it| to.default.set(it, it.optional_expr()?)),
    key("nested", "nested", |to, it| to.nested.set(it, it.flag()?)),
    key("env_prefix", "nested, env_prefix = \"DB_\"", |to, it| to.env_prefix.set(it, it.text()?)),
    key("separator", "separator = \";\"", |to, it| to.separator.set(it, it.text()?)),
    key("parse_with", "parse_with = path::to::parse", |to, it| to.parse_with.set(it, it.value()?)),
    key("validate", "validate = path::to::check", |to, it| to.validate.set(it, it.value()?)),
    key("range", "range = 1..=10", |to, it| to.range.set(it, it.range()?)),
    key("one_of", "one_of = [\"a\", \"b\"]", |to, it| to.one_of.set(it, it.elements()?)),
    key("min_len", "min_len = 8", |to, it| to.min_len.set(it, it.number()?)),
    key("pattern", "pattern = \"^[a-z]+$\"", |to, it| to.pattern.set(it, it.text()?)),
    key("allow_empty", "allow_empty", |to, it| to.allow_empty.set(it, it.flag()?)),
    key("example", "example = \"..\"", |to, it| to.example.set(it, it.text()?)),
];

/// Keys of `#[setting(..)]` alone.
static SETTING: &[Key<FieldAttrs>] = &[
    key("skip", "skip", |to, it| to.skip.set(it, it.flag()?)),
    key("not_secret", "not_secret", |to, it| to.not_secret.set(it, it.flag()?)),
];

/// Keys of `#[secret(..)]` alone.
static SECRET: &[Key<FieldAttrs>] = &[
    key("source", "source = [env, azure(\"name\")]", |to, it| to.source.set(it, it.sources()?)),
    key("prefix", "prefix = \"sk-\"", |to, it| to.prefix.set(it, it.text()?)),
    key("format", "format = openai", |to, it| to.format.set(it, it.format()?)),
    key("placeholders", "placeholders = [\"sk-insecure\"]", |to, it| to.placeholders.set(it, it.texts()?)),
    key("encoding", "encoding = \"base64\"` or `encoding = \"hex\"", |to, it| to.encoding.set(it, it.encoding()?)),
    key("keep_newline", "keep_newline", |to, it| to.keep_newline.set(it, it.flag()?)),
    key("expand", "expand", |to, it| to.expand.set(it, it.flag()?)),
    key("in_config_file", "in_config_file", |to, it| to.in_config_file.set(it, it.flag()?)),
    key("rotate_every", "rotate_every = \"90d\"", |to, it| to.rotate_every.set(it, it.duration()?)),
];

/// Reads the attributes of the struct.
pub(crate) fn container(ctxt: &Ctxt, attrs: &[Attribute]) -> ContainerAttrs {
    let mut to = ContainerAttrs::default();
    for attr in attrs {
        let path = attr.path();
        if path.is_ident("settings") {
            read(ctxt, attr, &[CONTAINER], &mut to);
        } else if path.is_ident("setting") || path.is_ident("secret") {
            let word = path.to_token_stream();
            ctxt.error(path, format!("`#[{word}]` belongs on a field; on the struct write `#[settings(..)]`"));
        }
    }
    to
}

/// Reads the attributes of a field.
pub(crate) fn field(ctxt: &Ctxt, attrs: &[Attribute]) -> FieldAttrs {
    let mut to = FieldAttrs::default();
    let errors = ctxt.count();
    for attr in attrs {
        let path = attr.path();
        if path.is_ident("setting") {
            let written = read(ctxt, attr, &[FIELD, SETTING], &mut to);
            to.written.extend(written);
        } else if path.is_ident("secret") {
            to.secret = Some(path.clone());
            let written = read(ctxt, attr, &[FIELD, SECRET], &mut to);
            to.written.extend(written);
        } else if path.is_ident("settings") {
            ctxt.error(path, "`#[settings]` belongs on the struct; on a field write `#[setting(..)]`");
        }
    }
    to.broken = ctxt.count() > errors;
    to
}

/// Reads one attribute by its tables, and gives the keys that could be read.
fn read<A>(ctxt: &Ctxt, attr: &Attribute, tables: &[&'static [Key<A>]], to: &mut A) -> Vec<Ident> {
    let mut written = Vec::new();
    let list = match &attr.meta {
        Meta::Path(_) => return written,
        Meta::List(list) => list,
        Meta::NameValue(pair) => {
            let word = pair.path.to_token_stream();
            ctxt.error(pair, format!("write `#[{word}(..)]`"));
            return written;
        }
    };
    let errors = ctxt.count();
    let outcome = list.parse_args_with(|input: ParseStream<'_>| {
        entries::each(ctxt, input, |input| {
            written.push(entry(ctxt, input, tables, to)?);
            Ok(())
        });
        Ok(())
    });
    // Only what an expression left unread within its brackets; when that was reported, it is not said twice.
    match outcome {
        Err(error) if ctxt.count() == errors => ctxt.push(error),
        _ => {}
    }
    written
}

fn entry<A>(ctxt: &Ctxt, input: ParseStream<'_>, tables: &[&'static [Key<A>]], to: &mut A) -> syn::Result<Ident> {
    if !input.peek(Ident::peek_any) {
        let example = tables.iter().copied().flatten().next().map_or("", |key| key.shape);
        return Err(input.error(format!("expected a key, such as `{example}`")));
    }
    let word = input.call(Ident::parse_any)?;
    let mut keys = tables.iter().copied().flatten();
    let Some(key) = keys.find(|key| word == key.name) else {
        if input.peek(Token![=]) {
            // An expression may hold commas of its own.
            let _ = input.parse::<Token![=]>().and_then(|_| input.parse::<Expr>());
        }
        return Err(unknown(&word, tables.iter().copied().flatten().map(|key| key.name)));
    };
    let entry = Entry { ctxt, input, key: word, shape: key.shape };
    (key.read)(to, &entry)?;
    Ok(entry.key)
}

fn unknown<'a>(word: &Ident, known: impl Iterator<Item = &'a str> + Clone) -> syn::Error {
    let message = match home(&word.to_string()) {
        Some(home) => format!("`{word}` belongs in {home}"),
        None => format!("unknown key `{word}`{}", suggestion(&word.to_string(), known)),
    };
    syn::Error::new(word.span(), message)
}

/// Where a key belongs that is written in the wrong attribute.
fn home(word: &str) -> Option<&'static str> {
    fn holds<A>(table: &[Key<A>], word: &str) -> bool {
        table.iter().any(|key| key.name == word)
    }
    if holds(FIELD, word) {
        Some("`#[setting(..)]` or `#[secret(..)]` on a field")
    } else if holds(SETTING, word) {
        Some("`#[setting(..)]` on a field")
    } else if holds(SECRET, word) {
        Some("`#[secret(..)]` on a field")
    } else if holds(CONTAINER, word) {
        Some("`#[settings(..)]` on the struct")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_on_the_derive_has_a_heading_and_an_example_for_every_key() {
        let page = include_str!("derive.md");
        let parts: Vec<&str> = page.split("\n# On ").skip(1).collect();
        let [container, field, secret] = parts[..] else { panic!("{} parts", parts.len()) };
        fn names<A>(table: &[Key<A>]) -> Vec<&'static str> {
            table.iter().map(|key| key.name).collect()
        }
        for (part, keys) in
            [(container, names(CONTAINER)), (field, [names(FIELD), names(SETTING)].concat()), (secret, names(SECRET))]
        {
            let sections: Vec<&str> = part.split("\n## ").skip(1).collect();
            for key in keys {
                let of_key =
                    |section: &&&str| section.lines().next().is_some_and(|it| it.contains(&format!("`{key}`")));
                let section = sections.iter().find(of_key).unwrap_or_else(|| panic!("no heading for `{key}`"));
                let example = section.split("```\n").nth(1);
                assert!(example.is_some_and(|example| example.contains(key)), "no example of `{key}`");
            }
        }
    }
}

//! What the keys of a struct must hold to beyond their own grammar.
//!
//! A check that goes by the absence of a key is left out where an attribute could not be read: the key may be the one
//! that is misspelt, and one mistake is one error.

use proc_macro2::Ident;
use syn::LitStr;

use crate::ctxt::Ctxt;
use crate::model::{Default, Field, Kind, Model};
use crate::{names, types};

/// How the names of config files end.
const FILE_ENDINGS: &[&str] = &[".toml", ".yaml", ".yml", ".json"];

/// Adds everything that stands against the model to the context.
pub(crate) fn check(ctxt: &Ctxt, model: &Model<'_>) {
    for name in model.attrs.env_prefix.get().into_iter().chain(model.attrs.nested_delimiter.get()) {
        check_name_part(ctxt, name);
    }
    for file in model.attrs.env_file.get().into_iter().flatten() {
        if file.value().trim().is_empty() {
            ctxt.error(file, "the path is empty; `env_file = none` reads no file");
        }
    }
    for dir in model.attrs.secrets_dir.get().into_iter().flatten() {
        if dir.value().trim().is_empty() {
            ctxt.error(dir, "the path is empty; `secrets_dir = none` looks into no directory");
        }
    }
    if let Some(name) = model.attrs.profile_env.get() {
        check_name_part(ctxt, name);
        if name.value().is_empty() {
            ctxt.error(name, "the variable's name is empty");
        }
    }
    for file in &model.attrs.files {
        check_file(ctxt, &file.path);
    }
    for field in &model.fields {
        check_names(ctxt, field);
        match field.kind {
            Kind::Skipped => check_skipped(ctxt, field),
            Kind::Nested => check_nested(ctxt, model, field),
            Kind::Collection => check_collection(ctxt, model, field),
            Kind::Secret => check_secret(ctxt, field),
            Kind::Plain => check_plain(ctxt, field),
        }
        check_secrets_within(ctxt, field);
        check_env_prefix(ctxt, field);
        check_separator(ctxt, field);
        check_looks(ctxt, field);
    }
    names::check_collisions(ctxt, model);
    names::check_keys(ctxt, model);
}

fn check_file(ctxt: &Ctxt, path: &LitStr) {
    let value = path.value().to_ascii_lowercase();
    if !FILE_ENDINGS.iter().any(|ending| value.ends_with(ending)) {
        ctxt.error(path, format!("the format is told by the file's ending: one of {}", FILE_ENDINGS.join(", ")));
    }
}

fn check_name_part(ctxt: &Ctxt, name: &LitStr) {
    if name.value().contains(|c: char| matches!(c, '=' | '\0') || c.is_whitespace()) {
        ctxt.error(name, "the name of a variable cannot hold `=`, NUL or white space");
    }
}

fn check_names(ctxt: &Ctxt, field: &Field<'_>) {
    let attrs = &field.attrs;
    let in_sources = attrs.source.get().into_iter().flatten().filter(|source| source.kind == "env");
    let whole = attrs.env.get().into_iter().chain(attrs.aliases.iter().map(|alias| &alias.name));
    for name in whole.clone().filter(|name| name.value().is_empty()) {
        ctxt.error(name, "the variable's name is empty");
    }
    if let Some(key) = attrs.rename.get().filter(|key| key.value().is_empty()) {
        ctxt.error(key, "the key is empty");
    }
    let in_sources = in_sources.filter_map(|source| source.name.as_ref());
    whole.chain(in_sources).chain(attrs.env_prefix.get()).for_each(|name| check_name_part(ctxt, name));
}

fn others<'a>(field: &'a Field<'_>, allowed: &'a [&str]) -> impl Iterator<Item = &'a Ident> {
    field.attrs.written.iter().filter(move |key| !allowed.iter().any(|allowed| *key == allowed))
}

fn check_skipped(ctxt: &Ctxt, field: &Field<'_>) {
    for key in others(field, &["skip", "not_secret"]) {
        ctxt.error(key, format!("`{key}` does not go with `skip`: the field is not loaded"));
    }
    if let Some(secret) = &field.attrs.secret {
        ctxt.error(secret, "`#[secret]` does not go with `skip`: the field is not loaded");
    }
}

fn check_nested(ctxt: &Ctxt, model: &Model<'_>, field: &Field<'_>) {
    let attrs = &field.attrs;
    for key in others(field, &["nested", "env_prefix", "rename", "validate", "source"]) {
        let instead = match key.to_string().as_str() {
            "env" | "alias" | "deprecated_alias" => "its variables are named by `env_prefix`",
            _ => "write it on the fields of the inner struct",
        };
        ctxt.error(key, format!("`{key}` does not go with `nested`: {instead}"));
    }
    let nested = attrs.nested.key();
    if attrs.secret.is_some() && !attrs.source.is_set() && !attrs.broken {
        ctxt.error(
            nested,
            "`nested` in `#[secret(..)]` wants the `source` of all its fields; else write `#[setting(nested)]`",
        );
    }
    if let Some(own) = types::recursion(field.ty, &model.input.ident) {
        ctxt.error(own, format!("`{}` is nested in itself, without an end", model.name));
    } else if types::is_secret(field.inner) {
        ctxt.error(nested, "a secret has no fields: leave out `nested`");
    } else if types::is_plain(field.inner) {
        ctxt.error(nested, "`nested` takes a struct, or an `Option`, `Vec`, `HashMap` or `BTreeMap` of it");
    }
}

fn check_collection(ctxt: &Ctxt, model: &Model<'_>, field: &Field<'_>) {
    let attrs = &field.attrs;
    let allowed = ["nested", "env", "alias", "deprecated_alias", "rename", "default", "validate", "min_len"];
    for key in others(field, &allowed) {
        let instead = match key.to_string().as_str() {
            "env_prefix" => "its structs have no variables of their own",
            _ => "write it on the fields of the inner struct",
        };
        ctxt.error(key, format!("`{key}` does not go with a list or map of structs: {instead}"));
    }
    if let Some(secret) = &attrs.secret {
        ctxt.error(secret, "a list or map of structs comes from one value; write `#[setting(nested)]`");
    }
    if let Default::Text(_) = field.default() {
        ctxt.error(attrs.default.key(), "the default of a list or map of structs is `default`, or an expression");
    }
    if let Some(own) = types::recursion(field.ty, &model.input.ident) {
        ctxt.error(own, format!("`{}` is nested in itself, without an end", model.name));
    } else if types::elements(field.inner).is_some_and(|element| types::is_plain(element) || types::is_secret(element))
    {
        ctxt.error(
            attrs.nested.key(),
            "`nested` takes structs of settings: a list or map of anything else needs no key",
        );
    }
}

fn check_secret(ctxt: &Ctxt, field: &Field<'_>) {
    for key in &field.attrs.written {
        if ["default", "range", "one_of", "separator"].iter().any(|refused| key == refused) {
            let why = if key == "separator" { "a secret is no list" } else { "a secret has no place in source code" };
            ctxt.error(key, format!("`{key}` cannot be on a secret: {why}"));
        }
    }
    if let Some(key) = field.attrs.not_secret.key() {
        ctxt.error(key, format!("`{}` is a secret; leave out `not_secret`", field.name));
    }
    if let (Some(key), true) = (field.attrs.encoding.key(), field.attrs.parse_with.is_set()) {
        ctxt.error(key, "`encoding` does not go with `parse_with`, which reads the text as it is");
    } else if let (Some(key), true) = (field.attrs.encoding.key(), types::is_secret_text(field.inner)) {
        ctxt.error(key, "`encoding` spells bytes: make the field a `SecretSlice<u8>` or a `SecretBox<[u8; N]>`");
    }
    if let (Some(key), true) = (field.attrs.prefix.key(), field.attrs.format.is_set()) {
        ctxt.error(key, "`prefix` does not go with `format`, which says already how the value begins");
    }
    if let Some(prefix) = field.attrs.prefix.get().filter(|prefix| prefix.value().trim().is_empty()) {
        ctxt.error(prefix, "every text begins with an empty prefix; leave it out");
    }
    if types::is_plain(field.inner) && !types::contains_secrets(field.ty) {
        ctxt.error(field.ty, format!("a secret cannot be of this type: use {}", advice(field)));
    }
}

fn check_plain(ctxt: &Ctxt, field: &Field<'_>) {
    if types::is_reference(field.inner) && !field.attrs.parse_with.is_set() && !field.attrs.broken {
        ctxt.error(field.inner, "a setting owns its value: use `String` in the place of `&str`, `Vec<T>` of `&[T]`");
    }
}

/// A text that is read into several secrets would be shown like that of any plain field.
fn check_secrets_within(ctxt: &Ctxt, field: &Field<'_>) {
    if matches!(field.kind, Kind::Plain | Kind::Secret) && types::contains_secrets(field.ty) {
        ctxt.error(
            field.ty,
            "a secret is one value: `SecretString`, or an `Option` of it. For several, write a field for each; or a `Vec` of \
             a struct with the secret in it, and `#[setting(nested)]`",
        );
    }
}

fn check_env_prefix(ctxt: &Ctxt, field: &Field<'_>) {
    if matches!(field.kind, Kind::Plain | Kind::Secret) && !field.attrs.broken {
        if let Some(key) = field.attrs.env_prefix.key() {
            ctxt.error(key, "`env_prefix` goes with `nested`");
        }
    }
}

fn check_separator(ctxt: &Ctxt, field: &Field<'_>) {
    let Some(separator) = field.attrs.separator.get() else { return };
    if separator.value().is_empty() {
        ctxt.error(separator, "the separator is empty");
    }
    if field.kind == Kind::Plain && field.attrs.parse_with.is_set() {
        ctxt.error(
            field.attrs.separator.key(),
            "`separator` does not go with `parse_with`, which reads the whole text",
        );
    }
}

fn check_looks(ctxt: &Ctxt, field: &Field<'_>) {
    let plain = matches!(field.kind, Kind::Plain | Kind::Skipped) && types::is_text(field.ty);
    if plain && names::looks_secret(&field.name) && !field.attrs.not_secret.is_set() && !field.attrs.broken {
        let (name, advice) = (&field.name, advice(field));
        ctxt.error(
            field.ident,
            format!("`{name}` looks like a secret: make it {advice}; if it is none, write `#[setting(not_secret)]`"),
        );
    }
}

/// The secret type to use in the place of the field's type.
fn advice(field: &Field<'_>) -> String {
    let secret = types::secret_type_for(field.inner);
    if field.optional { format!("`Option<{secret}>`") } else { format!("`{secret}`") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::DeriveInput;

    fn errors(input: &DeriveInput) -> Vec<String> {
        let ctxt = Ctxt::default();
        check(&ctxt, &Model::read(&ctxt, input));
        ctxt.into_error().into_iter().flatten().map(|error| error.to_string()).collect()
    }

    #[test]
    fn a_right_struct_has_no_errors() {
        let input = syn::parse_quote! {
            #[settings(env_prefix = "CHAT_", env_file = [".env", "b"], source = [env, docker], debug = false)]
            struct Chat {
                #[setting(default = 8080, range = 1024..=65535)]
                port: u16,
                #[setting(nested)]
                db: Database,
                #[secret(env = "OPENAI_API_KEY", source = [env, azure, aws("chat/keys", raw)], format = openai)]
                openai: SecretString,
                #[secret(nested, source = vault("db", version = 3))]
                other: Option<Database>,
                max_tokens: u32,
                #[setting(not_secret)]
                cache_token: String,
                #[setting(skip, not_secret)]
                state_token: String,
            }
        };
        assert_eq!(errors(&input), [""; 0]);
    }

    #[test]
    fn two_fields_share_a_variable_that_both_write() {
        let input = syn::parse_quote! {
            struct Chat {
                #[secret(env = "KEY")]
                chat: SecretString,
                #[secret(env = "KEY")]
                search: SecretString,
            }
        };
        assert_eq!(errors(&input), [""; 0]);
    }

    #[test]
    fn the_file_of_a_secret_counts_where_it_is_looked_at() {
        let input = syn::parse_quote! {
            struct Chat {
                #[secret(source = [env, vault])]
                chat: SecretString,
                chat_file: String,
            }
        };
        assert_eq!(errors(&input), [""; 0]);
    }

    #[test]
    fn a_misspelt_key_is_one_error() {
        let input = syn::parse_quote! {
            struct Chat {
                #[setting(not_secert)]
                api_key: String,
            }
        };
        assert_eq!(errors(&input), ["unknown key `not_secert`: did you mean `not_secret`?"]);
    }
}

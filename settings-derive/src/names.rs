//! The rules that go by names: two fields on one variable, and plain fields that are named like a secret.

use proc_macro2::TokenStream;
use quote::ToTokens;

use crate::ctxt::Ctxt;
use crate::model::{Field, Kind, Model};
use crate::source::Source;

/// A variable that a field is read from.
struct Claim {
    name: String,
    holds: Holds,
    /// Whether the field writes the whole name, which another may then write as well.
    written: bool,
    at: TokenStream,
}

/// What is found under the name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// A variable holds the value.
    Value,
    /// A variable holds the path of a file with the value.
    Path,
    /// A file of the secrets directories holds the value. Its name is compared in lower case.
    File,
}

/// Reports each field that would have the key of an earlier one in config files.
pub(crate) fn check_keys(ctxt: &Ctxt, model: &Model<'_>) {
    let loaded = || model.fields.iter().filter(|field| field.kind != Kind::Skipped);
    for (index, field) in loaded().enumerate() {
        if let Some(other) = loaded().take(index).find(|other| other.key() == field.key()) {
            let at = field.attrs.rename.get().map_or_else(|| field.ident.to_token_stream(), ToTokens::to_token_stream);
            let (name, other, key) = (&field.name, &other.name, field.key());
            ctxt.error(at, format!("`{other}` and `{name}` both have the key `{key}` in config files"));
        }
    }
}

/// Reports each field that would be read from a variable of an earlier one.
pub(crate) fn check_collisions(ctxt: &Ctxt, model: &Model<'_>) {
    let mut seen: Vec<(&Field<'_>, Vec<Claim>)> = Vec::new();
    let ignore_case = model.attrs.case_insensitive.is_set();
    let is_file = |claim: &Claim| claim.holds == Holds::File;
    let same = |a: &str, b: &str| if ignore_case { a.eq_ignore_ascii_case(b) } else { a == b };
    for field in &model.fields {
        let claims = claims(model, field);
        for (index, claim) in claims.iter().enumerate() {
            let again = |earlier: &Claim| !is_file(claim) && same(&earlier.name, &claim.name);
            if claims[..index].iter().any(again) {
                ctxt.error(&claim.at, format!("`{}` is read from `{}` already", field.name, claim.name));
            }
        }
        let clash = |claim: &Claim, their: &Claim| {
            let shared = their.written && claim.written && their.holds == claim.holds;
            is_file(their) == is_file(claim) && same(&their.name, &claim.name) && !shared
        };
        let collision = seen.iter().find_map(|(other, theirs)| {
            claims.iter().find_map(|claim| Some((claim, *other, theirs.iter().find(|their| clash(claim, their))?)))
        });
        if let Some((claim, other, their)) = collision {
            ctxt.error(&claim.at, message(field, claim, other, their));
        }
        seen.push((field, claims));
    }
}

fn message(field: &Field<'_>, claim: &Claim, other: &Field<'_>, their: &Claim) -> String {
    let (name, field, other) = (&claim.name, &field.name, &other.name);
    match (claim.holds, their.holds) {
        (Holds::File, _) => {
            format!(
                "`{other}` and `{field}` are both read from the secret file `{name}`; rename one, or give it a `source` \
                 without files"
            )
        }
        (Holds::Path, Holds::Value) => {
            format!("`{name}` may name the file that holds `{field}`, and `{other}` is read from it")
        }
        (Holds::Value, Holds::Path) => {
            format!("`{field}` is read from `{name}`, which may name the file that holds `{other}`")
        }
        _ => format!("`{other}` and `{field}` are both read from `{name}`"),
    }
}

fn claims(model: &Model<'_>, field: &Field<'_>) -> Vec<Claim> {
    if field.kind == Kind::Skipped || field.variable.is_empty() {
        return Vec::new();
    }
    let attrs = &field.attrs;
    let own = match (attrs.env.get(), attrs.env_prefix.get()) {
        (Some(env), _) => env.to_token_stream(),
        (None, Some(prefix)) => prefix.to_token_stream(),
        (None, None) => field.ident.to_token_stream(),
    };
    let mut claims =
        vec![Claim { name: field.variable.clone(), holds: Holds::Value, written: attrs.env.is_set(), at: own }];
    for alias in &attrs.aliases {
        let name = &alias.name;
        claims.push(Claim { name: name.value(), holds: Holds::Value, written: false, at: name.to_token_stream() });
    }
    for source in attrs.source.get().into_iter().flatten().filter(|source| source.kind == "env") {
        if let Some(name) = &source.name {
            claims.push(Claim { name: name.value(), holds: Holds::Value, written: true, at: name.to_token_stream() });
        }
    }
    let sources = attrs.source.get().or_else(|| model.attrs.source.get());
    if field.kind == Kind::Secret && asks_for_files(sources) {
        let of = |claim: &Claim, name, holds| Claim { name, holds, written: claim.written, at: claim.at.clone() };
        let paths = claims.iter().map(|claim| of(claim, format!("{}_FILE", claim.name), Holds::Path));
        let mut more: Vec<_> = paths.collect();
        // The one name of a field may be the other in upper case.
        let variables = claims.iter().filter(|claim| !claim.name.eq_ignore_ascii_case(&field.name));
        more.extend(variables.map(|claim| of(claim, claim.name.to_lowercase(), Holds::File)));
        let written = claims.iter().any(|claim| claim.written && claim.name.eq_ignore_ascii_case(&field.name));
        let at = field.ident.to_token_stream();
        more.push(Claim { name: field.name.to_lowercase(), holds: Holds::File, written, at });
        claims.extend(more);
    }
    claims
}

/// Whether `NAME_FILE` is looked at: a list without `env` is preceded by `env, docker`.
fn asks_for_files(sources: Option<&Vec<Source>>) -> bool {
    let Some(sources) = sources else { return true };
    let names = |kinds: &[&str]| sources.iter().any(|source| kinds.contains(&source.kind));
    !names(&["env"]) || names(&["docker", "k8s"])
}

/// Last words of names that secrets have, each also in the plural.
const SECRET_WORDS: &[&str] =
    &["key", "apikey", "token", "secret", "password", "passwd", "passphrase", "credential", "dsn"];

/// Two last words that secrets have.
const PAIRS: &[&str] = &["database_url", "connection_string", "key_pem"];

/// Two last words that look like a secret's and are not.
const NO_SECRETS: &[&str] =
    &["public_key", "partition_key", "primary_key", "sort_key", "cache_key", "eos_token", "bos_token", "pad_token"];

/// Words before `tokens` that make it a number of tokens.
const COUNTS: &[&str] = &["max", "min", "num", "number", "total", "count", "limit"];

/// Whether a field of that name most likely holds a secret.
pub(crate) fn looks_secret(name: &str) -> bool {
    let name = name.to_lowercase();
    let words: Vec<_> = name.split('_').filter(|word| !word.is_empty()).collect();
    let Some((last, before)) = words.split_last() else { return false };
    let singular = last.strip_suffix('s').filter(|word| SECRET_WORDS.contains(word)).unwrap_or(last);
    let pair = format!("{}_{singular}", before.last().copied().unwrap_or_default());
    if PAIRS.contains(&pair.as_str()) {
        return true;
    }
    let is_count = *last == "tokens" && before.iter().any(|word| COUNTS.contains(word));
    SECRET_WORDS.contains(&singular) && !NO_SECRETS.contains(&pair.as_str()) && !is_count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_names_of_secrets() {
        for yes in [
            "key",
            "api_key",
            "openai_api_keys",
            "apikey",
            "token",
            "bearer_tokens",
            "connection_string",
            "private_key_pem",
            "secret",
            "client_secrets",
            "password",
            "db_passwords",
            "passwd",
            "passphrase",
            "credential",
            "credentials",
            "sentry_dsn",
            "dsns",
            "database_url",
            "replica_database_url",
            "API_KEY",
            "_token",
            "private_key",
            "token_",
            "stop_tokens",
        ] {
            assert!(looks_secret(yes), "{yes}");
        }
    }

    #[test]
    fn lets_other_names_pass() {
        for no in [
            "public_key",
            "public_keys",
            "jwt_public_key",
            "partition_key",
            "primary_key",
            "sort_key",
            "cache_key",
            "eos_token",
            "bos_token",
            "pad_token",
            "max_tokens",
            "min_tokens",
            "max_output_tokens",
            "total_tokens",
            "num_tokens",
            "monkey",
            "keyboard",
            "key_file",
            "token_url",
            "secret_name",
            "url",
            "base_url",
            "",
            "_",
        ] {
            assert!(!looks_secret(no), "{no}");
        }
    }
}

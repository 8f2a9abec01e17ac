//! A file of secrets in JSON, of the form that Dapr's component `secretstores.local.file` has.

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::kind::Kind;
use super::{BoxFuture, Secret, SecretKey, SecretStore, StoreError, object};
use crate::layer::read::{ReadError, read};
use crate::secret::SecretString;

/// How deep values may be nested. Deeper ones would use up the stack.
const DEPTH: usize = 100;

pub(super) const KIND: Kind = Kind {
    name: "json",
    title: "the file",
    variables: &[],
    configured: |_, _| Ok(()),
    place: |key, _| JsonFile::named().place(key),
    open: Some(|_| Ok(Arc::new(JsonFile::named()))),
};

/// A JSON file of secrets on this machine, such as Dapr's local secret store reads.
///
/// `source = json("secrets.json")` reads the file as Dapr does: what is nested has the keys on the way joined by `:`, and
/// elements of lists are counted from 0. A field that is read from `CHAT_DB_PASSWORD` finds its value under
/// `db-password`, `db:password` or `DB_PASSWORD`, in any case.
///
/// | argument | meaning |
/// |---|---|
/// | `key = "db:password"` | the joined key, instead |
/// | `nested_separator = "."` | what joins keys |
/// | `multi_valued` | each key on top of the file is a secret, which may hold several values |
/// | `secret = "db"` | the secret that is meant, with `multi_valued`; `key` is then a key within it |
///
/// The file is read anew by each load, into a buffer that is wiped. It may have 1 MiB, and is refused when everybody may
/// write to it. It is never written to.
///
/// ```
/// use settings_core::store::JsonFile;
/// use settings_core::{ExposeSecret, SecretString, Settings};
///
/// #[derive(Settings)]
/// struct Shop {
///     #[secret(source = json("secrets.json"))]
///     db_password: SecretString,
/// }
///
/// # let directory = tempfile::tempdir().unwrap();
/// # let path = directory.path().join("secrets.json");
/// std::fs::write(&path, r#"{"db": {"user": "shop", "password": "not-a-real-one"}}"#)?;
///
/// // The file may also be named in code, which then wins.
/// let shop = Shop::loader().hermetic().store("json", JsonFile::new(&path)).load_blocking()?;
/// assert_eq!(shop.db_password.expose_secret(), "not-a-real-one");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct JsonFile {
    /// `None` for the one that the source names.
    path: Option<PathBuf>,
    nested_separator: Option<String>,
    multi_valued: bool,
}

impl JsonFile {
    /// The file at this path, whatever the source says.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..Self::named() }
    }

    fn named() -> Self {
        Self { path: None, nested_separator: None, multi_valued: false }
    }

    /// What joins the keys of nested values where the source does not say; `:` unless set.
    #[must_use]
    pub fn nested_separator(mut self, separator: impl Into<String>) -> Self {
        self.nested_separator = Some(separator.into());
        self
    }

    /// Each key on top of the file is a secret, which may hold several values.
    #[must_use]
    pub fn multi_valued(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    fn path<'s>(&'s self, key: &'s SecretKey) -> Option<&'s Path> {
        self.path.as_deref().or_else(|| key.name().map(Path::new))
    }

    fn separator<'s>(&'s self, key: &'s SecretKey) -> &'s str {
        let set = key.text("nested_separator").or(self.nested_separator.as_deref());
        set.filter(|separator| !separator.is_empty()).unwrap_or(":")
    }

    fn is_multi_valued(&self, key: &SecretKey) -> bool {
        self.multi_valued || key.flag("multi_valued") || key.text("secret").is_some()
    }

    fn value_in(&self, file: &str, key: &SecretKey) -> Result<SecretString, StoreError> {
        let separator = self.separator(key);
        if !self.is_multi_valued(key) {
            let wanted = Wanted::key(key, &[key.kebab(), &key.own_key]);
            return wanted.text_of(&flat(file, separator)?, separator);
        }
        let secrets = object::entries(file).ok_or_else(no_object)?;
        let secrets: Vec<Entry<'_>> = secrets.into_iter().map(|(name, value)| (name.into_owned(), value)).collect();
        let secret = Wanted::secret(key);
        match secret.among(&secrets, separator)? {
            value if value.starts_with('{') => {
                Wanted::key(key, &[&key.own_key]).text_of(&flat(value, separator)?, separator)
            }
            // Of a struct, plain fields would show it.
            _ if key.of_struct || key.text("key").is_some() => {
                Err(StoreError::malformed().because("a single value where a secret with several is wanted"))
            }
            value => object::text(value, secret.names[0]),
        }
    }
}

/// A joined key, and its value as it is written.
type Entry<'t> = (String, &'t str);

/// Which key is meant.
struct Wanted<'k> {
    /// The one that is best first.
    names: Vec<&'k str>,
    /// Whether the source says it. Otherwise it follows from the field, and is told apart by its words alone.
    is_told: bool,
}

impl<'k> Wanted<'k> {
    fn key(key: &'k SecretKey, otherwise: &[&'k str]) -> Self {
        match key.text("key") {
            Some(name) => Self { names: vec![name], is_told: true },
            None => Self { names: otherwise.to_vec(), is_told: false },
        }
    }

    /// Of a field in a struct that takes all from one secret, the struct's part of the path.
    fn secret(key: &'k SecretKey) -> Self {
        if let Some(name) = key.text("secret") {
            return Self { names: vec![name], is_told: true };
        }
        let own = words(&key.own_key, "");
        let outer = key.kebab().strip_suffix(&own).and_then(|outer| outer.strip_suffix('-'));
        Self { names: vec![outer.unwrap_or(key.kebab())], is_told: false }
    }

    fn text_of(&self, entries: &[Entry<'_>], separator: &str) -> Result<SecretString, StoreError> {
        object::text(self.among(entries, separator)?, self.names[0])
    }

    /// The value of the key, in its exact spelling first.
    fn among<'t>(&self, entries: &[Entry<'t>], separator: &str) -> Result<&'t str, StoreError> {
        let unsure = |why| Err(StoreError::malformed().because(why));
        for (index, name) in self.names.iter().enumerate() {
            match entries.iter().filter(|(known, _)| known == name).collect::<Vec<_>>()[..] {
                [] => {}
                [(_, value)] => return Ok(value),
                _ => return unsure("the key stands in it joined and nested"),
            }
            let similar = |known: &str| match self.is_told {
                true => known.eq_ignore_ascii_case(name),
                false => words(known, separator) == words(name, ""),
            };
            let similar: Vec<_> = entries.iter().filter(|(known, _)| similar(known)).collect();
            let exact = || similar.iter().find(|(known, _)| self.names[index..].contains(&known.as_str()));
            match similar[..] {
                [] => {}
                [(_, value)] => return Ok(value),
                _ => match exact() {
                    Some((_, value)) => return Ok(value),
                    None => return unsure("several of its keys may be meant: set `key = \"..\"`"),
                },
            }
        }
        Err(StoreError::not_found().noted(format!("it has no key `{}`", self.names[0])))
    }
}

/// A name in kebab-case, however its words are joined.
fn words(name: &str, separator: &str) -> String {
    let joined = if separator.is_empty() { Cow::Borrowed(name) } else { name.replace(separator, "-").into() };
    joined.to_ascii_lowercase().replace(['_', '.', ':'], "-")
}

/// All values that are no object and no list, by the keys that lead to them.
fn flat<'t>(object: &'t str, separator: &str) -> Result<Vec<Entry<'t>>, StoreError> {
    let mut found = Vec::new();
    descend(object, None, separator, &mut found)?;
    Ok(found)
}

fn descend<'t>(
    value: &'t str,
    path: Option<&str>,
    separator: &str,
    found: &mut Vec<Entry<'t>>,
) -> Result<(), StoreError> {
    let mut below = |key: &str, value: &'t str| {
        let path = path.map_or_else(|| key.to_owned(), |path| format!("{path}{separator}{key}"));
        descend(value, Some(&path), separator, found)
    };
    match value.as_bytes().first() {
        Some(b'{') => {
            let entries = object::entries(value).ok_or_else(no_object)?;
            entries.into_iter().try_for_each(|(key, value)| below(&key, value))
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(value).map_err(|_| no_object())?;
            elements.into_iter().enumerate().try_for_each(|(index, value)| below(&index.to_string(), value.get()))
        }
        _ => {
            found.push((path.unwrap_or_default().to_owned(), value));
            Ok(())
        }
    }
}

fn no_object() -> StoreError {
    StoreError::malformed().because("it is no JSON object")
}

/// The JSON object that the file is. Only the line of a mistake is told: a column would tell of a value.
fn object_in(file: &[u8]) -> Result<&str, StoreError> {
    let text = std::str::from_utf8(file).map_err(|_| StoreError::malformed().because("it is not UTF-8"))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        return Err(StoreError::not_found().because("the file is empty"));
    }
    let value: &RawValue = serde_json::from_str(text)
        .map_err(|error| StoreError::malformed().noted(format!("it is not JSON: line {}", error.line())))?;
    if depth(value.get()) > DEPTH {
        return Err(StoreError::malformed().noted(format!("its values are nested more than {DEPTH} deep")));
    }
    if value.get().starts_with('{') { Ok(value.get()) } else { Err(no_object()) }
}

/// How many objects and lists stand within each other.
fn depth(json: &str) -> usize {
    let (mut open, mut deepest, mut in_string) = (0_usize, 0, false);
    let mut bytes = json.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => in_string = !in_string,
            b'\\' => {
                bytes.next();
            }
            b'{' | b'[' if !in_string => open += 1,
            b'}' | b']' if !in_string => open = open.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(open);
    }
    deepest
}

fn refused(error: ReadError) -> StoreError {
    match error {
        ReadError::Missing => StoreError::not_found().because("no such file"),
        ReadError::NotAFile => StoreError::malformed().because("not a regular file"),
        ReadError::TooLarge => StoreError::malformed().because("over 1 MiB"),
        // Somebody may have written there what is no secret.
        ReadError::WritableByEveryone | ReadError::LinkOut | ReadError::Unreadable(_) => {
            StoreError::denied().noted(error.to_string())
        }
    }
}

impl SecretStore for JsonFile {
    fn fetch<'a>(&'a self, keys: &'a [SecretKey]) -> BoxFuture<'a, Vec<Result<Secret, StoreError>>> {
        Box::pin(async move {
            let mut files = Vec::new();
            for path in keys.iter().filter_map(|key| self.path(key)) {
                if !files.iter().any(|(known, _)| *known == path) {
                    files.push((path, read(path).map_err(refused)));
                }
            }
            let objects: Vec<(&Path, Result<&str, StoreError>)> = files
                .iter()
                .map(|(path, file)| (*path, file.as_ref().map_err(Clone::clone).and_then(|file| object_in(file))))
                .collect();
            let value = |key: &SecretKey| {
                let path = self.path(key);
                let object = objects.iter().find(|(known, _)| Some(*known) == path);
                let nameless = || StoreError::not_configured().because("the source names no file");
                let (_, object) = object.ok_or_else(nameless)?;
                Ok(Secret::new(self.value_in(object.clone()?, key)?))
            };
            keys.iter().map(value).collect()
        })
    }

    fn describe(&self) -> String {
        self.path.as_ref().map_or_else(|| "JSON files".to_owned(), |path| path.display().to_string())
    }

    /// `secrets.json#db-password`
    fn place(&self, key: &SecretKey) -> String {
        let path = self.path(key).map(|path| path.display().to_string()).unwrap_or_default();
        let told = key.text("key").or_else(|| (!self.is_multi_valued(key)).then_some(key.kebab()));
        let own = told.unwrap_or(&key.own_key);
        match self.is_multi_valued(key) {
            true => format!("{path}#{}{}{own}", Wanted::secret(key).names[0], self.separator(key)),
            false => format!("{path}#{own}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::StoreErrorKind::{self, Malformed, NotFound};
    use super::*;
    use crate::secret::ExposeSecret;

    const FILE: &str = r#"{
        "openai-api-key": "sk-test-key",
        "DB": {"user": "u", "PASSWORD": "p\u0041", "hosts": ["x", {"name": "y"}], "port": 5432, "none": null},
        "a:b": "joined", "c": {"d": "nested"}, "c:d": "joined too",
        "similar.key": "1", "similar_key": "2",
        "empty": "", "on": true
    }"#;

    fn found(key: &SecretKey) -> Result<String, (StoreErrorKind, String)> {
        let value = JsonFile::named().value_in(object_in(FILE.as_bytes()).unwrap(), key);
        let text = value.map(|text| text.expose_secret().to_owned()); // EXPOSE: compared in a test
        text.map_err(|error| (error.kind(), error.note().to_owned()))
    }

    fn of(variable: &str) -> SecretKey {
        SecretKey::new(variable)
    }

    #[test]
    fn a_field_finds_its_key_in_several_spellings() {
        for (variable, value) in [
            ("OPENAI_API_KEY", "sk-test-key"),
            ("DB_PASSWORD", "pA"),
            ("DB_HOSTS_0", "x"),
            ("DB_HOSTS_1_NAME", "y"),
            ("DB_PORT", "5432"),
            ("A_B", "joined"),
            ("ON", "true"),
        ] {
            assert_eq!(found(&of(variable)).as_deref(), Ok(value), "{variable}");
        }
    }

    #[test]
    fn a_key_of_the_source_is_exact_but_for_its_case() {
        let told = |key: &str| found(&of("ANY").with("key", key));
        assert_eq!(told("db:password").as_deref(), Ok("pA"));
        assert_eq!(told("similar_key").as_deref(), Ok("2"));
        assert_eq!(told("db-password"), Err((NotFound, "it has no key `db-password`".to_owned())));
        let dotted = of("ANY").with("key", "DB.user").with("nested_separator", ".");
        assert_eq!(found(&dotted).as_deref(), Ok("u"));
    }

    #[test]
    fn what_is_no_value() {
        let refused = |variable: &str| found(&of(variable)).unwrap_err();
        assert_eq!(refused("DB_NONE"), (NotFound, "its key `db-none` is null".to_owned()));
        assert_eq!(refused("EMPTY"), (NotFound, "its key `empty` is empty".to_owned()));
        assert_eq!(refused("DB"), (NotFound, "it has no key `db`".to_owned()));
        assert_eq!(refused("SIMILAR_KEY").0, Malformed);
        assert_eq!(found(&of("ANY").with("key", "c:d")).unwrap_err().0, Malformed);
    }

    #[test]
    fn a_secret_may_have_several_values() {
        let many = |variable: &str| of(variable).with("secret", "db");
        assert_eq!(found(&many("PASSWORD")).as_deref(), Ok("pA"));
        assert_eq!(found(&many("ANY").with("key", "hosts:0")).as_deref(), Ok("x"));
        assert_eq!(found(&of("ANY").with("secret", "openai-api-key")).as_deref(), Ok("sk-test-key"));
        assert_eq!(found(&of("ANY").with("secret", "openai-api-key").with("key", "x")).unwrap_err().0, Malformed);
        assert_eq!(found(&of("ANY").with("secret", "other")).unwrap_err().0, NotFound);
    }

    #[test]
    fn a_struct_takes_all_from_one_secret() {
        let within = |own: &str| SecretKey { kebab: format!("db-{own}"), own_key: own.to_owned(), ..of("X") }.shared();
        assert_eq!(found(&within("password")).as_deref(), Ok("pA"));
        let file = JsonFile::new("x").multi_valued();
        let secret = file.value_in(FILE, &within("user")).unwrap();
        assert_eq!(secret.expose_secret(), "u"); // EXPOSE: compared in a test
    }

    #[test]
    fn a_file_that_is_no_object() {
        let refused = |file: &[u8]| object_in(file).map(|_| ()).unwrap_err();
        assert_eq!(refused(b"").kind(), NotFound);
        assert_eq!(refused(b" \n").kind(), NotFound);
        assert_eq!(refused(b"[]").note(), "it is no JSON object");
        assert_eq!(refused(b"{\n\"a\": \"secret\",\n}").note(), "it is not JSON: line 3");
        assert_eq!(refused(b"{\"a\": \"\xff\"}").note(), "it is not UTF-8");
        assert!(object_in("\u{feff}{}\n".as_bytes()).is_ok());
    }

    #[test]
    fn what_is_nested_without_end_is_refused() {
        let deep = |depth: usize| format!("{}[\"]}}\\\"[[[[\"]{}", "{\"a\":".repeat(depth - 1), "}".repeat(depth - 1));
        assert_eq!(flat(object_in(deep(DEPTH).as_bytes()).unwrap(), ":").unwrap().len(), 1);
        assert_eq!(object_in(deep(DEPTH + 1).as_bytes()).unwrap_err().kind(), Malformed);
        let deepest = format!("{{\"a\":{}{}}}", "[".repeat(400_000), "]".repeat(400_000));
        assert_eq!(object_in(deepest.as_bytes()).unwrap_err().kind(), Malformed);
    }
}

//! What a store is asked for.

use std::fmt;

use super::object;
use super::secret::StoreError;
use crate::schema::{Argument, ArgumentValue};
use crate::secret::SecretString;

/// What a field asks a store for: the name and arguments that its `source` has, and the names that follow from the field.
///
/// A store takes the secret's own name from [`name`](Self::name) or, where the source has none, from
/// [`kebab`](Self::kebab); where one secret holds several values, [`value_in`](Self::value_in) picks the one.
///
/// ```
/// use settings_core::store::SecretKey;
///
/// // #[secret(source = aws("chat/api-keys"))] on a field that is read from CHAT_OPENAI_API_KEY
/// let key = SecretKey::new("OPENAI_API_KEY").named("chat/api-keys");
/// assert_eq!(key.name(), Some("chat/api-keys"));
/// assert_eq!(key.kebab(), "openai-api-key");
/// assert_eq!(key.json_key(), "OPENAI_API_KEY");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SecretKey {
    pub(crate) name: Option<String>,
    pub(crate) args: Vec<(String, Value)>,
    /// The name in kebab-case.
    pub(crate) kebab: String,
    /// The key in a secret that holds several values, unless the source says another.
    pub(crate) own_key: String,
    /// Whether other fields take their values from the same secret, so that it must hold several.
    pub(crate) shared: bool,
    /// Whether it is a field of a nested struct that takes all of its fields from one secret.
    pub(crate) of_struct: bool,
    /// Whether other fields have a source of this kind without a name too.
    pub(crate) siblings: bool,
}

/// The value of an argument.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Value {
    Text(String),
    Number(u64),
    Flag,
}

impl SecretKey {
    /// The key of a field that is read from this variable, without the struct's prefix.
    pub fn new(variable: &str) -> Self {
        Self {
            name: None,
            args: Vec::new(),
            kebab: variable.to_ascii_lowercase().replace('_', "-"),
            own_key: variable.to_owned(),
            shared: false,
            of_struct: false,
            siblings: false,
        }
    }

    /// The same with a name in its source: `store("..")` aside, the first argument.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// The same with an argument in its source: `version = "3"`.
    #[must_use]
    pub fn with(mut self, argument: &str, text: &str) -> Self {
        self.args.push((argument.to_owned(), Value::Text(text.to_owned())));
        self
    }

    /// The same as several fields that take their values from one secret have it: a plain text is then malformed.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.shared = true;
        self
    }

    /// Whether other fields of the struct have a source of this kind without a name too. A store that keeps all of those in
    /// one secret makes the key [`shared`](Self::shared) then.
    pub fn has_siblings(&self) -> bool {
        self.siblings
    }

    /// The name that the source gives the secret.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// The field's path in kebab-case, `db-password`.
    pub fn kebab(&self) -> &str {
        &self.kebab
    }

    /// The key in a secret that holds several values: the argument `key`, else the variable without the struct's prefix,
    /// or the field's own name where a nested struct takes all of its fields from one secret.
    pub fn json_key(&self) -> &str {
        self.text("key").unwrap_or(&self.own_key)
    }

    /// An argument that is a text.
    pub fn text(&self, argument: &str) -> Option<&str> {
        match self.argument(argument)? {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// An argument that is a number.
    pub fn number(&self, argument: &str) -> Option<u64> {
        match self.argument(argument)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Whether an argument stands alone, without a value.
    pub fn flag(&self, argument: &str) -> bool {
        matches!(self.argument(argument), Some(Value::Flag))
    }

    fn argument(&self, name: &str) -> Option<&Value> {
        self.args.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// Picks the field's value from what a secret holds.
    ///
    /// Of a JSON object it is the text under the field's key, which is matched exactly and then ignoring ASCII case; a
    /// number, truth value, list or object is its JSON text. Any other text is the value as a whole, as is every text with
    /// the argument `raw`. No copy of it is left in memory that is not wiped.
    ///
    /// ```
    /// use settings_core::{ExposeSecret, store::SecretKey};
    ///
    /// let key = SecretKey::new("OPENAI_API_KEY");
    /// let value = key.value_in(r#"{"openai_api_key": "sk-test-key", "other": 1}"#)?;
    /// assert_eq!(value.expose_secret(), "sk-test-key");
    /// assert_eq!(key.value_in("sk-test-key")?.expose_secret(), "sk-test-key");
    /// # Ok::<(), settings_core::store::StoreError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Not found when the object has no such key or holds `null` or nothing there; malformed when a text that begins with
    /// `{` is no JSON object, and when a plain text stands where several values must be.
    pub fn value_in(&self, text: &str) -> Result<SecretString, StoreError> {
        if self.flag("raw") {
            return whole(text);
        }
        if text.trim_start().starts_with('{') {
            return object::pick(text, self.json_key());
        }
        if self.is_one_of_several() {
            return Err(StoreError::malformed().because("plain text where a JSON object is wanted"));
        }
        whole(text)
    }

    /// What a secret holds after the field's value in it is replaced, all other keys left as they are. It keeps the store's
    /// own spelling of the key; a key that is not there is added.
    ///
    /// # Errors
    ///
    /// As [`value_in`](Self::value_in).
    pub fn replace_in(&self, text: &str, value: &SecretString) -> Result<SecretString, StoreError> {
        if self.flag("raw") {
            return Ok(value.clone());
        }
        match text.trim_start() {
            object if object.starts_with('{') => object::replace(text, self.json_key(), value),
            "" if self.is_one_of_several() => object::replace("{}", self.json_key(), value),
            _ if self.is_one_of_several() => {
                Err(StoreError::malformed().because("plain text where a JSON object is wanted"))
            }
            _ => Ok(value.clone()),
        }
    }

    /// Whether the secret must hold several values.
    fn is_one_of_several(&self) -> bool {
        self.shared || self.of_struct || self.text("key").is_some()
    }

    /// Takes over the arguments of a source; `expand` replaces `{profile}` in them.
    pub(crate) fn take_args(&mut self, args: &[Argument], expand: &dyn Fn(&str) -> String) {
        self.args.extend(args.iter().map(|Argument { name, value }| {
            let value = match *value {
                ArgumentValue::Text(text) => Value::Text(expand(text)),
                ArgumentValue::Number(number) => Value::Number(number),
                ArgumentValue::Flag => Value::Flag,
            };
            ((*name).to_owned(), value)
        }));
    }
}

fn whole(text: &str) -> Result<SecretString, StoreError> {
    if text.is_empty() { Err(StoreError::not_found().because("it is empty")) } else { Ok(text.into()) }
}

impl fmt::Display for SecretKey {
    /// The name in the source, or else the field's in kebab-case.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name().unwrap_or(&self.kebab))
    }
}

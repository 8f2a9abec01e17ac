//! What to load: constant metadata that the derive writes and everything else reads.
//!
//! A schema is the one description of a struct. The loader, the checks, the reports, the mocks and the generators all
//! read it, and nothing else describes a field. The derive writes every item as `Schema { name: .., ..Schema::EMPTY }`,
//! so that a later version may add a property without breaking what an earlier derive wrote.

use std::time::Duration;

/// A struct of settings: its name, where its values are looked for, and its fields in the order of declaration.
///
/// ```
/// use settings_core::Settings;
///
/// #[derive(Settings)]
/// #[settings(env_prefix = "CHAT_")]
/// struct Chat {
///     /// TCP port to listen on.
///     #[setting(default = 8080)]
///     port: u16,
/// }
///
/// let schema = Chat::schema();
/// assert_eq!(schema.name, "Chat");
/// assert_eq!(schema.fields[0].variable, "CHAT_PORT");
/// assert_eq!(schema.fields[0].docs, "TCP port to listen on.");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Schema {
    /// The struct's name.
    pub name: &'static str,
    /// The struct's doc comment, without the leading blanks of its lines.
    pub docs: &'static str,
    /// Put before every generated variable name.
    pub env_prefix: &'static str,
    /// Joins the path of a nested field in variable names.
    pub nested_delimiter: &'static str,
    /// The .env files, the later wins.
    pub env_files: &'static [&'static str],
    /// What the .env files are parsed by.
    pub dotenv_dialect: DotenvDialect,
    /// The directories of secret files, the later wins.
    pub secrets_dirs: &'static [&'static str],
    /// The config files, the later wins.
    pub files: &'static [File],
    /// Whether keys that no field has are let pass in config files.
    pub allow_unknown: bool,
    /// The variable that names the profile, whose files stand above their plain twins.
    pub profile_env: Option<&'static str>,
    /// Whether files are looked for in parent directories too.
    pub search_parents: bool,
    /// The `source` of secrets that have none of their own; `None` when the struct does not say.
    pub source: Option<&'static [Source]>,
    /// Whether variables match in any ASCII case.
    pub case_insensitive: bool,
    /// The fields, in the order of declaration.
    pub fields: &'static [Field],
}

impl Schema {
    /// A schema without a name and without fields, to build others from.
    pub const EMPTY: Self = Self {
        name: "",
        docs: "",
        env_prefix: "",
        nested_delimiter: "_",
        env_files: &[".env"],
        dotenv_dialect: DotenvDialect::Own,
        secrets_dirs: &["/run/secrets"],
        files: &[],
        allow_unknown: false,
        profile_env: None,
        search_parents: false,
        source: None,
        case_insensitive: false,
        fields: &[],
    };

    /// How many values there are to look for: one a field, and one for each nested struct beside those of its fields.
    pub(crate) const fn values(&self) -> usize {
        let (mut values, mut index) = (0, 0);
        while index < self.fields.len() {
            values += match &self.fields[index].kind {
                Kind::Skipped => 0,
                Kind::Plain | Kind::Secret(_) | Kind::Collection(_) => 1,
                Kind::Nested(nested) => 1 + nested.schema.values(),
            };
            index += 1;
        }
        values
    }

    /// The keys of its fields in config files and JSON.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().filter(|field| !matches!(field.kind, Kind::Skipped)).map(Field::key)
    }

    /// The field that has this key in config files and JSON.
    pub(crate) fn field_of_key(&self, key: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.key() == key && !matches!(field.kind, Kind::Skipped))
    }
}

/// What .env files are parsed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DotenvDialect {
    /// The project's own parser.
    Own,
    /// `dotenvy`, with the feature of that name.
    #[cfg(feature = "dotenvy")]
    Dotenvy,
}

/// What names a dialect in the generated code, so that one that is not built in says which feature it needs.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`dotenv_dialect = \"dotenvy\"` needs the feature `dotenvy` of `settings-core`",
    label = "cannot be read without it"
)]
pub trait BuiltInDialect {
    /// The dialect.
    const DIALECT: DotenvDialect;
}

/// `dotenv_dialect = "dotenvy"`.
#[doc(hidden)]
#[derive(Debug)]
pub struct ByDotenvy;

#[cfg(feature = "dotenvy")]
impl BuiltInDialect for ByDotenvy {
    const DIALECT: DotenvDialect = DotenvDialect::Dotenvy;
}

/// A config file.
#[derive(Debug, Clone, Copy)]
pub struct File {
    /// Its path; the ending tells the format.
    pub path: &'static str,
    /// Whether it must be there; otherwise a missing one is skipped.
    pub required: bool,
}

/// One field of a struct of settings.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// The field's name, a raw identifier without its `r#`.
    pub name: &'static str,
    /// The key in config files and JSON, where it is not the name.
    pub rename: Option<&'static str>,
    /// The field's doc comment, without the leading blanks of its lines.
    pub docs: &'static str,
    /// The field's type as the struct writes it, for documentation.
    pub ty: &'static str,
    /// The variable it is read from when its struct is the one that is loaded. Below another struct the part after the
    /// struct's `env_prefix` is appended to the path, unless [`absolute`](Self::absolute) is set.
    pub variable: &'static str,
    /// Whether `env = ".."` gave the whole name, which then holds at any depth.
    pub absolute: bool,
    /// Further variable names, asked in order after the first.
    pub aliases: &'static [Alias],
    /// Plain, secret, nested or not loaded.
    pub kind: Kind,
    /// Whether the type is an `Option`, so that no value is a value.
    pub optional: bool,
    /// What stands in for a value that no layer has.
    pub default: DefaultValue,
    /// Whether the empty text is a value; otherwise it counts as unset.
    pub allow_empty: bool,
    /// What separates the items of a list or map that is written as text; `None` for a comma.
    pub separator: Option<&'static str>,
    /// What `.env.example`, the docs and `mock()` show.
    pub example: Option<&'static str>,
    /// The built-in checks.
    pub rules: Rules,
}

impl Field {
    /// A plain required field without a name, to build others from.
    pub const EMPTY: Self = Self {
        name: "",
        rename: None,
        docs: "",
        ty: "",
        variable: "",
        absolute: false,
        aliases: &[],
        kind: Kind::Plain,
        optional: false,
        default: DefaultValue::None,
        allow_empty: false,
        separator: None,
        example: None,
        rules: Rules::EMPTY,
    };

    /// The part of the variable name that is the field's own, without its struct's prefix: `PORT` of `CHAT_PORT`.
    pub fn stem(&self, owner: &Schema) -> &'static str {
        // To compare with no bytes at all is slow: glibc's AVX-512 `memcmp` reads at the dangling address of an empty text.
        if self.absolute || owner.env_prefix.is_empty() {
            return self.variable;
        }
        self.variable.strip_prefix(owner.env_prefix).unwrap_or(self.variable)
    }

    /// The key in config files and JSON.
    pub fn key(&self) -> &'static str {
        self.rename.unwrap_or(self.name)
    }

    /// Whether a load fails when no layer has a value.
    pub fn required(&self) -> bool {
        !self.optional && matches!(self.default, DefaultValue::None) && !matches!(self.kind, Kind::Skipped)
    }

    /// Whether it is a struct of settings within this one.
    pub fn is_nested(&self) -> bool {
        matches!(self.kind, Kind::Nested(_))
    }

    /// Whether it is a secret, or has one somewhere in it.
    pub(crate) fn holds_secrets(&self) -> bool {
        match &self.kind {
            Kind::Secret(_) => true,
            Kind::Nested(Nested { schema, .. }) | Kind::Collection(Collection { schema, .. }) => {
                schema.fields.iter().any(Self::holds_secrets)
            }
            Kind::Plain | Kind::Skipped => false,
        }
    }

    /// The rules of a secret, `None` for every other kind.
    pub fn secret(&self) -> Option<&Secret> {
        match &self.kind {
            Kind::Secret(secret) => Some(secret),
            _ => None,
        }
    }
}

/// Another variable name of a field.
#[derive(Debug, Clone, Copy)]
pub struct Alias {
    /// The whole variable name.
    pub name: &'static str,
    /// Whether its use is warned about.
    pub deprecated: bool,
}

/// What kind of field it is.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// A value that may be shown.
    Plain,
    /// A value that is never shown.
    Secret(Secret),
    /// A struct of settings within this one.
    Nested(Nested),
    /// A list or map of structs of settings.
    Collection(Collection),
    /// Not loaded: always the type's `Default`.
    Skipped,
}

/// What stands in for a value that no layer has.
#[derive(Debug, Clone, Copy)]
pub enum DefaultValue {
    /// Nothing: the field is required, or an `Option`.
    None,
    /// The type's `Default::default()`.
    Trait,
    /// Text that is read as text from a variable is.
    Text(&'static str),
    /// An expression of the field's type, as the struct writes it.
    Code(&'static str),
}

/// The built-in checks of a field. Those that depend on its type run in the generated code; this is their description.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// `range = 1024..=65535`, as the struct writes it; a length of time as variables give it, `1s..=30m`.
    pub range: Option<&'static str>,
    /// `one_of = [..]`, each element as the struct writes it, string literals without their quotes.
    pub one_of: &'static [&'static str],
    /// The least number of characters of a text, elements of a list or bytes of a byte secret.
    pub min_len: Option<usize>,
    /// The regular expression that a text matches.
    pub pattern: Option<&'static str>,
}

impl Rules {
    /// No checks.
    pub const EMPTY: Self = Self { range: None, one_of: &[], min_len: None, pattern: None };
}

/// What a secret is held to, and where it comes from.
#[derive(Debug, Clone, Copy)]
pub struct Secret {
    /// What its type holds; text where a function of the user's reads it.
    pub shape: Shape,
    /// Where it comes from, in order; `None` for the struct's own `source`.
    pub source: Option<&'static [Source]>,
    /// How the value must begin.
    pub prefix: Option<&'static str>,
    /// The key format by name, a row of [`KeyFormat::ALL`](crate::secret::KeyFormat::ALL).
    pub format: Option<&'static str>,
    /// Values that count as missing, beside the common table.
    pub placeholders: &'static [&'static str],
    /// How its bytes are written as text.
    pub encoding: Option<Encoding>,
    /// Whether the newline that ends a secret file belongs to the value.
    pub keep_newline: bool,
    /// Whether `${NAME}` within the value is expanded in .env files.
    pub expand: bool,
    /// Whether it may stand in a plain config file.
    pub in_config_file: bool,
    /// How old a version may be before a warning, where the store tells its age.
    pub rotate_every: Option<Duration>,
}

impl Secret {
    /// A secret without rules.
    pub const EMPTY: Self = Self {
        shape: Shape::Text,
        source: None,
        prefix: None,
        format: None,
        placeholders: &[],
        encoding: None,
        keep_newline: false,
        expand: false,
        in_config_file: false,
        rotate_every: None,
    };
}

/// What the type of a secret holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Text.
    Text,
    /// Any number of bytes.
    Bytes,
    /// Exactly so many bytes.
    Array(usize),
}

/// How the bytes of a secret are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Base64, in the standard or the URL-safe alphabet, with or without padding.
    Base64,
    /// Two hexadecimal digits a byte, in either case.
    Hex,
}

/// A struct of settings within another.
#[derive(Debug, Clone, Copy)]
pub struct Nested {
    /// The inner struct.
    pub schema: &'static Schema,
    /// What its variable names begin with after the outer prefix; `None` for the field's name and the delimiter.
    pub prefix: Option<&'static str>,
    /// The one secret that all of its fields come from, for `#[secret(nested, source = ..)]`.
    pub source: Option<&'static [Source]>,
}

/// A list or map of structs of settings. Each element takes all of its values from its own part of the one value that
/// the highest layer has.
#[derive(Debug, Clone, Copy)]
pub struct Collection {
    /// The struct.
    pub schema: &'static Schema,
    /// Whether it is a map by name.
    pub keyed: bool,
}

/// One place of a `source` list: a kind, a name and arguments. Only the store of that kind knows what they mean.
#[derive(Debug, Clone, Copy)]
pub struct Source {
    /// `env`, `dotenv`, `docker`, `k8s`, `file`, `azure`, `aws`, `gcp`, `vault`, `dapr`, `json` or `store`.
    pub kind: &'static str,
    /// The first argument: a variable, a path, the name or id of a secret, or the name of a registered store.
    pub name: Option<&'static str>,
    /// The named arguments, in the order written.
    pub args: &'static [Argument],
}

impl Source {
    /// The environment: the process's variables, then the .env files.
    pub const ENV: Self = Self { kind: "env", name: None, args: &[] };
    /// Files of secrets: `NAME_FILE`, then the secrets directory.
    pub const DOCKER: Self = Self { kind: "docker", name: None, args: &[] };
}

/// A named argument of a [`Source`]: `version = "3"`, or `raw` alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: ArgumentValue,
}

/// The value of an [`Argument`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArgumentValue {
    /// A string literal.
    Text(&'static str),
    /// An integer literal.
    Number(u64),
    /// The name alone.
    Flag,
}

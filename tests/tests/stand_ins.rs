//! What a mock fills required secrets with: values that their rules accept, and without a warning.
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "not every field is looked at")]

use settings_core::report::{Code, Warning};
use settings_core::schema::Kind;
use settings_core::secret::KeyFormat;
use settings_core::{ExposeSecret, SecretBox, SecretSlice, SecretString, Settings};

/// What a mock gives, held to its rules once more by a load within its scope.
fn mocked<S: Settings>() -> (S, Vec<Warning>) {
    let _scope = S::mock().install();
    S::loader().load_with_warnings_blocking().unwrap()
}

macro_rules! formats {
    ($($format:ident)+) => {
        /// A key of every format.
        #[derive(Settings)]
        struct Plain {
            $(#[secret(format = $format)]
            $format: SecretString,)+
        }

        /// The same, long ones.
        #[derive(Settings)]
        struct Long {
            $(#[secret(format = $format, min_len = 40)]
            $format: SecretString,)+
        }

        /// The same, in bytes.
        #[derive(Settings)]
        struct Bytes {
            $(#[secret(format = $format)]
            $format: SecretBox<[u8; 40]>,)+
        }
    };
}

formats! {
    openai anthropic openrouter gemini groq xai perplexity huggingface aws_access_key_id aws_bedrock github gitlab stripe
    slack vault npm pypi sendgrid twilio databricks digitalocean grafana sentry linear notion postman pulumi doppler
    shopify onepassword age pem
}

#[test]
fn in_every_format() {
    let of = |kind: &Kind| match kind {
        Kind::Secret(rules) => rules.format,
        _ => None,
    };
    let tested: Vec<_> = Plain::schema().fields.iter().filter_map(|field| of(&field.kind)).collect();
    let known: Vec<_> = KeyFormat::ALL.iter().map(KeyFormat::name).collect();
    assert_eq!(tested, known, "every format has a field");

    let (plain, warnings) = mocked::<Plain>();
    assert_eq!(warnings, []);
    for format in KeyFormat::ALL {
        let key = plain.secret(format.name());
        assert!(format.prefixes().iter().any(|prefix| key.starts_with(prefix)), "{}", format.name());
        assert!(key.len() > format.prefixes()[0].len(), "{}", format.name());
    }
    let (long, warnings) = mocked::<Long>();
    assert_eq!(warnings, []);
    assert!(long.openai.expose_secret().len() >= 40);
    let (bytes, warnings) = mocked::<Bytes>();
    assert_eq!(warnings, []);
    assert!(bytes.pem.expose_secret().starts_with(b"-----BEGIN"));
}

impl Plain {
    fn secret(&self, name: &str) -> &str {
        settings_core::Blueprint::secret_text(self, name).unwrap().expose_secret()
    }
}

#[test]
fn in_every_type() {
    const LENGTH: usize = 4;
    #[derive(Settings)]
    struct Types {
        text: SecretString,
        slice: SecretSlice<u8>,
        array: SecretBox<[u8; 32]>,
        short: SecretBox<[u8; LENGTH]>,
        none: SecretBox<[u8; 0]>,
        #[setting(nested)]
        within: Within,
        optional: Option<SecretString>,
    }
    #[derive(Settings)]
    struct Within {
        text: SecretString,
    }
    let types = Types::mock().set("none", "").unchecked().build().unwrap();
    assert!(!types.text.expose_secret().is_empty() && !types.slice.expose_secret().is_empty());
    assert_eq!((types.array.expose_secret().len(), types.short.expose_secret().len()), (32, 4));
    assert!(types.none.expose_secret().is_empty() && types.optional.is_none());
    assert!(!types.within.text.expose_secret().is_empty());
}

#[test]
fn in_every_encoding() {
    #[derive(Settings)]
    struct Encoded {
        #[secret(encoding = "base64")]
        base64: SecretSlice<u8>,
        #[secret(encoding = "hex")]
        hex: SecretSlice<u8>,
        #[secret(encoding = "base64")]
        exact: SecretBox<[u8; 32]>,
        #[secret(encoding = "hex", min_len = 40)]
        long: SecretSlice<u8>,
        #[secret(encoding = "base64", prefix = "AQ")]
        begun: SecretBox<[u8; 7]>,
        #[secret(encoding = "hex", prefix = "00f")]
        begun_in_hex: SecretSlice<u8>,
    }
    let (encoded, warnings) = mocked::<Encoded>();
    assert_eq!(warnings, []);
    assert!(!encoded.base64.expose_secret().is_empty() && !encoded.hex.expose_secret().is_empty());
    assert!(encoded.long.expose_secret().len() >= 40);
    assert_eq!(encoded.exact.expose_secret().len(), 32);
    assert_eq!((encoded.begun.expose_secret()[0], encoded.begun.expose_secret().len()), (0x01, 7));
    assert!(encoded.begun_in_hex.expose_secret().starts_with(b"\x00\xfa"));
}

#[test]
fn by_prefix_length_and_beside_placeholders() {
    #[derive(Settings)]
    struct Ruled {
        #[secret(prefix = "corp-")]
        prefixed: SecretString,
        #[secret(prefix = "corp-of-a-long-name-", min_len = 10)]
        long_prefix: SecretString,
        #[secret(min_len = 200)]
        long: SecretString,
        #[secret(placeholders = ["test-key", "TEST-KEY"])]
        otherwise: SecretString,
        #[secret(example = "shown-in-the-docs")]
        example: SecretString,
    }
    let (ruled, warnings) = mocked::<Ruled>();
    assert_eq!(warnings, []);
    assert!(ruled.prefixed.expose_secret().starts_with("corp-"));
    assert!(ruled.long_prefix.expose_secret().starts_with("corp-of-a-long-name-"));
    assert!(ruled.long.expose_secret().len() >= 200);
    assert!(ruled.otherwise.expose_secret().len() > 8);
    assert_eq!(ruled.example.expose_secret(), "shown-in-the-docs");
}

#[cfg(feature = "regex")]
#[test]
fn by_pattern() {
    #[derive(Settings)]
    struct Patterned {
        #[secret(pattern = "^[0-9a-f]{32}$")]
        digits: SecretString,
        #[secret(format = github, pattern = "^github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}$")]
        full: SecretString,
        #[secret(prefix = "corp-", pattern = "[0-9]{8}$")]
        prefixed: SecretString,
        #[secret(pattern = "^[a-z]+$", min_len = 50)]
        long: SecretString,
        #[secret(pattern = "^[0-9a-f]{64}$", encoding = "hex")]
        encoded: SecretBox<[u8; 32]>,
    }
    let (patterned, warnings) = mocked::<Patterned>();
    assert_eq!(warnings, []);
    assert_eq!(patterned.digits.expose_secret().len(), 32);
    assert!(patterned.full.expose_secret().starts_with("github_pat_"));
    assert!(patterned.prefixed.expose_secret().starts_with("corp-"));
    assert!(patterned.long.expose_secret().len() >= 50);
    assert_eq!(patterned.encoded.expose_secret().len(), 32);
}

#[test]
fn rules_that_nothing_is_known_to_fit_ask_for_a_value() {
    #[derive(Settings)]
    struct Hard {
        #[secret(prefix = "a-prefix-that-is-too-long")]
        short: SecretBox<[u8; 4]>,
        #[secret(validate = begins_with_a_star)]
        own_check: SecretString,
    }
    fn begins_with_a_star(secret: &SecretString) -> Result<(), &'static str> {
        if secret.expose_secret().starts_with('*') { Ok(()) } else { Err("it has to begin with a star") }
    }
    let report = Hard::mock().build().unwrap_err();
    let [short, own_check] = report.problems() else { panic!("{report}") };
    assert_eq!((short.path(), short.code()), ("short", Code::Missing));
    assert_eq!(short.fixes()[0], fixes("short")[0]);
    assert_eq!((own_check.path(), own_check.code()), ("own_check", Code::Invalid));
    assert_eq!((own_check.looked()[0].layer(), own_check.fixes()), ("mock", &fixes("own_check")[..]));
    assert!(report.to_string().contains("it has to begin with a star"), "{report}");
    let given = Hard::mock().set("short", "4444").set("own_check", "no").build().unwrap_err();
    assert_eq!((given.problems()[0].looked()[0].layer(), given.problems()[0].fixes()), ("set", &[][..]));
}

fn fixes(path: &str) -> [String; 2] {
    [format!(".set(\"{path}\", ..) on the mock"), format!("#[setting(example = \"..\")] on `{path}`")]
}

#[test]
fn in_an_optional_struct_of_which_something_is_given() {
    #[derive(Settings)]
    struct Outer {
        #[setting(nested)]
        db: Option<Database>,
        db_name: Option<String>,
    }
    #[derive(Settings)]
    #[settings(env_prefix = "DB_")]
    struct Database {
        #[setting(default = 5432)]
        port: u16,
        #[setting(example = "db.example.com")]
        host: String,
        password: SecretString,
        #[setting(nested)]
        replica: Option<Replica>,
    }
    #[derive(Settings)]
    struct Replica {
        #[setting(default = 1)]
        count: u8,
        password: SecretString,
    }
    assert!(Outer::mock().build().unwrap().db.is_none());
    let named = Outer::mock().set("db_name", "n").build().unwrap();
    assert!(named.db.is_none() && named.db_name.is_some());
    assert!(Outer::mock().set("db", None::<String>).build().unwrap().db.is_none());
    for (name, port) in [("db.port", 5000), ("DB_PORT", 5000)] {
        let db = Outer::mock().set(name, port).build().unwrap().db.unwrap();
        assert_eq!((db.port, db.host.as_str()), (port, "db.example.com"));
        assert!(!db.password.expose_secret().is_empty() && db.replica.is_none());
    }
    let whole = serde_json::json!({"host": "h"});
    let db = Outer::mock().set("db", whole).build().unwrap().db.unwrap();
    assert!(db.host == "h" && !db.password.expose_secret().is_empty());
    let db = Outer::mock().set("db.replica.count", 2).build().unwrap().db.unwrap();
    let replica = db.replica.unwrap();
    assert!(replica.count == 2 && !replica.password.expose_secret().is_empty());
    assert!(!db.password.expose_secret().is_empty());
}

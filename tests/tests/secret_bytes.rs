//! Secrets of bytes: from files that hold no text, and from text in base64 or hex.
#![cfg(unix)]

use settings_core::report::Code;
use settings_core::{ExposeSecret, Report, SecretBox, SecretSlice, SecretString, Settings};
use settings_tests::{Secrets, leak};

/// A secret as tests write it, no part of which stands in any message.
const CANARY: &str = "Zq7Wk3Xv9Bn5Tm1Jh8Pd";

/// The code of the one problem.
fn code(report: &Report) -> Code {
    assert_eq!(report.problems().len(), 1, "{report}");
    report.problems()[0].code()
}

#[test]
fn bytes_that_are_no_text() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Keys {
        slice: SecretSlice<u8>,
        array: SecretBox<[u8; 3]>,
        text: Option<SecretString>,
        #[secret(encoding = "hex")]
        encoded: Option<SecretSlice<u8>>,
    }
    const BYTES: &[u8] = b"\xffa\xfe";
    let secrets = Secrets::new([("slice", BYTES), ("array", BYTES)]);
    let loader = || Keys::loader().hermetic().secrets_dir(secrets.path());
    let keys = loader().load_blocking().unwrap();
    assert_eq!(keys.slice.expose_secret(), BYTES);
    assert_eq!(keys.array.expose_secret(), BYTES);
    assert_eq!(format!("{keys:?}"), "Keys { slice: [REDACTED], array: [REDACTED], text: None, encoded: None }");
    assert_eq!(loader().explain_blocking().unwrap().rows()[0].value(), "[REDACTED]");
    loader().check_required_secrets_blocking().unwrap();
    assert_eq!(code(&loader().get_secret_blocking("slice").unwrap_err()), Code::NotUtf8);

    for (name, content, expected) in
        [("text", BYTES, Code::NotUtf8), ("encoded", BYTES, Code::NotUtf8), ("array", b"\xff\xfe", Code::Invalid)]
    {
        let secrets = Secrets::new([("slice", BYTES), ("array", BYTES)]);
        secrets.write(name, content);
        let loader = || Keys::loader().hermetic().secrets_dir(secrets.path());
        assert_eq!(code(&loader().load_blocking().map(drop).unwrap_err()), expected, "{name}");
        if name == "array" {
            assert_eq!(code(&loader().check_required_secrets_blocking().unwrap_err()), expected);
        }
    }
}

#[cfg(feature = "regex")]
#[test]
fn a_pattern_wants_text() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Patterned {
        #[secret(pattern = "^[a-z]+$")]
        key: SecretSlice<u8>,
    }
    let load = |content: &[u8]| {
        let secrets = Secrets::new([("key", content)]);
        Patterned::loader().hermetic().secrets_dir(secrets.path()).load_blocking().map(|loaded| loaded.key)
    };
    assert_eq!(load(b"abc").unwrap().expose_secret(), b"abc");
    assert_eq!(code(&load(b"ABC").unwrap_err()), Code::Invalid);
    assert_eq!(code(&load(b"abc\xff").unwrap_err()), Code::NotUtf8);
}

#[derive(Settings)]
#[settings(env_file = none)]
struct Encoded {
    #[secret(encoding = "base64")]
    base64: SecretSlice<u8>,
    #[secret(encoding = "hex")]
    hex: SecretBox<[u8; 4]>,
    #[secret(encoding = "base64", min_len = 4)]
    long: Option<SecretSlice<u8>>,
}

#[test]
fn encoded_bytes_from_files_and_variables() {
    let secrets = Secrets::new([("base64", "3q2+\n7w==\n"), ("hex", "DEADbeef\n")]);
    let encoded = Encoded::loader().hermetic().secrets_dir(secrets.path()).load_blocking().unwrap();
    assert_eq!(encoded.base64.expose_secret(), [0xde, 0xad, 0xbe, 0xef]);
    assert_eq!(encoded.hex.expose_secret(), &[0xde, 0xad, 0xbe, 0xef]);
    let env = [("BASE64", "3q2-7w"), ("HEX", "deadbeef"), ("LONG", "3q2-7w")];
    let encoded = Encoded::loader().hermetic().env(env).load_blocking().unwrap();
    assert_eq!(encoded.base64.expose_secret(), [0xde, 0xad, 0xbe, 0xef]);
    assert!(encoded.long.is_some());
}

#[test]
fn texts_that_spell_no_bytes_are_refused_without_their_content_or_length() {
    let load = |name: &'static str, value: &str| {
        let env = [("BASE64", "3q2-7w"), ("HEX", "deadbeef"), (name, value)];
        Encoded::loader().hermetic().env(env).load_blocking().map(drop).unwrap_err()
    };
    for (name, sentence, one, other) in [
        ("BASE64", "the text must be base64", "Zq7Wk3Xv9Bn5Tm1Jh8Pd!", "not-base64!!"),
        ("HEX", "hexadecimal digits", CANARY, "deadbee"),
        ("HEX", "exactly as many bytes", "deadbeefdeadbeefdead", "dead"),
        ("LONG", "at least 4", "abcd", "YQ"),
    ] {
        let (text, other) = (load(name, one).to_string(), load(name, other).to_string());
        assert!(text.contains(sentence), "{text}");
        assert_eq!(leak(&text, CANARY), None);
        assert_eq!(text, other);
    }
    let report = Encoded::loader().hermetic().env([("BASE64", "!"), ("HEX", "00")]).check_required_secrets_blocking();
    assert!(report.unwrap_err().to_string().starts_with("Invalid secrets: BASE64, HEX\n"));
}

#[test]
fn a_function_of_the_users_is_given_the_text_whatever_the_type_holds() {
    #[derive(Settings)]
    #[settings(env_file = none)]
    struct Parsed {
        #[secret(parse_with = reversed)]
        key: SecretBox<[u8; 2]>,
    }
    fn reversed(text: &str) -> Result<SecretBox<[u8; 2]>, &'static str> {
        match text.as_bytes() {
            [_, one, other] => Ok(SecretBox::new(Box::new([*other, *one]))),
            _ => Err("a letter and two more"),
        }
    }
    let load = |content: &[u8]| {
        let secrets = Secrets::new([("key", content)]);
        let key = Parsed::loader().hermetic().secrets_dir(secrets.path()).load_blocking()?.key;
        Ok::<_, Report>(*key.expose_secret())
    };
    assert_eq!(load(b"abc\n").unwrap(), *b"cb");
    assert_eq!(code(&load(b"ab").unwrap_err()), Code::Invalid);
    assert_eq!(code(&load(b"ab\xff").unwrap_err()), Code::NotUtf8);
}

#[test]
fn a_mock_has_bytes_for_every_type() {
    #[derive(Settings)]
    struct Keys {
        array: SecretBox<[u8; 32]>,
        slice: SecretSlice<u8>,
        #[secret(encoding = "base64")]
        of_base64: SecretBox<[u8; 16]>,
        #[secret(encoding = "hex", min_len = 40)]
        of_hex: SecretSlice<u8>,
    }
    let keys = Keys::mock().build().unwrap();
    assert_eq!(keys.array.expose_secret().len(), 32);
    assert_eq!(keys.of_base64.expose_secret().len(), 16);
    assert!(keys.of_hex.expose_secret().len() >= 40 && !keys.slice.expose_secret().is_empty());
}

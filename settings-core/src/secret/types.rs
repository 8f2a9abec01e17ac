//! From text or bytes to a secret type, without a copy that is not wiped.

use secrecy::{ExposeSecret, SecretBox, SecretSlice, SecretString};
use zeroize::Zeroize;

use crate::schema::{Secret, Shape};

/// A type that a `#[secret]` field may have: `SecretString`, `SecretSlice<u8>` or `SecretBox<[u8; N]>`.
///
/// The trait is sealed. An error is a fixed sentence, so that no part of a secret, nor its length, can enter it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a secret type",
    label = "not a secret type",
    note = "use `SecretString`, `SecretSlice<u8>`, `SecretBox<[u8; N]>` or an `Option` of one"
)]
pub trait SecretType: sealed::Sealed + Sized {
    /// What the type holds.
    const SHAPE: Shape;

    /// The secret that `text` is, byte for byte.
    fn from_text(text: SecretString) -> Result<Self, &'static str>;

    /// The secret that `bytes` are.
    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str>;
}

mod sealed {
    pub trait Sealed {}
}

impl sealed::Sealed for SecretString {}

impl SecretType for SecretString {
    const SHAPE: Shape = Shape::Text;

    fn from_text(text: SecretString) -> Result<Self, &'static str> {
        Ok(text)
    }

    fn from_bytes(_: &[u8]) -> Result<Self, &'static str> {
        Err("the field holds text: only `SecretSlice<u8>` and `SecretBox<[u8; N]>` have an `encoding`")
    }
}

impl sealed::Sealed for SecretSlice<u8> {}

impl SecretType for SecretSlice<u8> {
    const SHAPE: Shape = Shape::Bytes;

    fn from_text(text: SecretString) -> Result<Self, &'static str> {
        Self::from_bytes(text.expose_secret().as_bytes()) // EXPOSE: its bytes go from one wiped box to another
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        Ok(Self::new(bytes.into()))
    }
}

impl<const N: usize> sealed::Sealed for SecretBox<[u8; N]> {}

impl<const N: usize> SecretType for SecretBox<[u8; N]> {
    const SHAPE: Shape = Shape::Array(N);

    fn from_text(text: SecretString) -> Result<Self, &'static str> {
        Self::from_bytes(text.expose_secret().as_bytes()) // EXPOSE: its bytes go from one wiped box to another
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        // Boxed first: an array on the stack would not be wiped.
        let bytes: Box<[u8]> = bytes.into();
        match bytes.try_into() {
            Ok(array) => Ok(Self::new(array)),
            Err(mut bytes) => {
                bytes.zeroize();
                Err(WRONG_LENGTH)
            }
        }
    }
}

/// What is said of a value that is too short or too long for its type.
pub(crate) const WRONG_LENGTH: &str = "the value must have exactly as many bytes as the type holds";

/// The secret that `text` spells in the encoding of its field.
pub(crate) fn decode<T>(
    text: SecretString,
    rules: &Secret,
    from_text: impl FnOnce(SecretString) -> Result<T, &'static str>,
    from_bytes: impl FnOnce(&[u8]) -> Result<T, &'static str>,
) -> Result<T, &'static str> {
    match rules.encoding {
        None => from_text(text),
        Some(encoding) => from_bytes(&encoding.decode(text.expose_secret())?), // EXPOSE: decoded into a wiped buffer
    }
}

/// Takes `text` over into a secret, without a copy that is not wiped.
pub(crate) fn secret_string(mut text: String) -> SecretString {
    if text.capacity() == text.len() {
        return SecretString::from(text);
    }
    // To shrink the block in place, the allocator may move it and leave the old one as it is.
    let secret = SecretString::new(text.as_str().into());
    text.zeroize();
    secret
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Encoding;

    fn secret(text: &str) -> SecretString {
        secret_string(text.to_owned())
    }

    #[test]
    fn a_text_is_itself() {
        let text = SecretString::from_text(secret("sk-test-key")).unwrap();
        assert_eq!(text.expose_secret(), "sk-test-key"); // EXPOSE: compared in a test
    }

    #[test]
    fn a_slice_is_the_bytes_of_the_text() {
        let bytes = SecretSlice::from_text(secret("ké")).unwrap();
        assert_eq!(bytes.expose_secret(), "ké".as_bytes()); // EXPOSE: compared in a test
    }

    #[test]
    fn an_array_wants_exactly_its_bytes() {
        let array = SecretBox::<[u8; 4]>::from_text(secret("1234")).unwrap();
        assert_eq!(array.expose_secret(), b"1234"); // EXPOSE: compared in a test
        let errors = ["", "123", "12345", "çççç"].map(|text| {
            let result = SecretBox::<[u8; 4]>::from_text(secret(text));
            result.map(|_| "no error").unwrap_or_else(|sentence| sentence)
        });
        assert_eq!(errors, [WRONG_LENGTH; 4]);
    }

    #[test]
    fn a_text_with_an_encoding_is_the_bytes_it_spells() {
        let rules = Secret { encoding: Some(Encoding::Hex), ..Secret::EMPTY };
        fn spelt<T: SecretType>(rules: &Secret) -> Result<T, &'static str> {
            decode(secret("00ff"), rules, T::from_text, T::from_bytes)
        }
        assert_eq!(spelt::<SecretSlice<u8>>(&rules).unwrap().expose_secret(), [0x00, 0xff]); // EXPOSE: compared in a test
        assert_eq!(spelt::<SecretBox<[u8; 2]>>(&rules).unwrap().expose_secret(), &[0x00, 0xff]); // EXPOSE: compared in a test
        assert!(spelt::<SecretBox<[u8; 4]>>(&rules).is_err());
        assert!(spelt::<SecretString>(&rules).is_err());
    }

    #[test]
    fn an_exact_string_is_taken_over_and_any_other_is_copied() {
        let exact = String::from("sk-test-key").into_boxed_str().into_string();
        let block = exact.as_ptr();
        assert_eq!(secret_string(exact).expose_secret().as_ptr(), block); // EXPOSE: compared in a test

        let mut roomy = String::with_capacity(4096);
        roomy.push_str("sk-test-key");
        assert_eq!(secret_string(roomy).expose_secret(), "sk-test-key"); // EXPOSE: compared in a test
        assert_eq!(secret_string(String::with_capacity(8)).expose_secret(), ""); // EXPOSE: compared in a test
    }
}

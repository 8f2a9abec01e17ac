//! The file of Dapr's component `secretstores.local.file`, read as it reads it: `secretstores/local/file/filestore.go` of
//! dapr/components-contrib.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// The content of a local secrets file, with the metadata of its component.
///
/// Nested keys are joined by the separator, elements of arrays are counted from 0. Only texts come out as they are
/// written: the number `5432` as `%!s(float64=5432)`, `true` as `%!s(bool=true)`.
///
/// ```
/// # use fake_stores::SecretsFile;
/// # fn main() -> serde_json::Result<()> {
/// SecretsFile::new(r#"{"db": {"password": "p"}}"#)?; // db:password
/// SecretsFile::new(r#"{"db": {"password": "p"}}"#)?.separator("."); // db.password
/// SecretsFile::new(r#"{"db": {"password": "p"}}"#)?.multi_valued(); // db, which has the key password
/// # Ok(())
/// # }
/// ```
pub struct SecretsFile {
    content: Map<String, Value>,
    separator: String,
    multi_valued: bool,
}

impl SecretsFile {
    /// A file with this text.
    ///
    /// # Errors
    ///
    /// When the text is no JSON object: the sidecar would not start.
    pub fn new(text: &str) -> serde_json::Result<Self> {
        Ok(Self { content: serde_json::from_str(text)?, separator: ":".to_owned(), multi_valued: false })
    }

    /// `nestedSeparator`; the empty text stands for `:`.
    #[must_use]
    pub fn separator(mut self, separator: &str) -> Self {
        self.separator = if separator.is_empty() { ":" } else { separator }.to_owned();
        self
    }

    /// `multiValued`: a secret for each key on top, which has all that is nested in it.
    #[must_use]
    pub fn multi_valued(mut self) -> Self {
        self.multi_valued = true;
        self
    }

    /// The secrets by name, and the values of each by key.
    pub(crate) fn secrets(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let alone = |name: String, value| (name.clone(), BTreeMap::from([(name, value)]));
        if !self.multi_valued {
            return self.flat(&self.content).into_iter().map(|(name, value)| alone(name, value)).collect();
        }
        let secrets = self.content.iter().filter_map(|(name, value)| match value {
            Value::String(text) => Some(alone(name.clone(), text.clone())),
            Value::Object(nested) => Some((name.clone(), self.flat(nested))),
            _ => None, // the component drops it
        });
        secrets.collect()
    }

    fn flat(&self, object: &Map<String, Value>) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        object.iter().for_each(|(key, value)| self.visit(key.clone(), value, &mut found));
        found
    }

    fn visit(&self, path: String, value: &Value, found: &mut BTreeMap<String, String>) {
        let below = |key: &str| format!("{path}{}{key}", self.separator);
        match value {
            Value::Object(object) => object.iter().for_each(|(key, value)| self.visit(below(key), value, found)),
            Value::Array(array) => {
                array.iter().enumerate().for_each(|(index, value)| self.visit(below(&index.to_string()), value, found));
            }
            // For a name that is there twice the component gives an error, drops it, and serves what it has so far.
            _ => drop(found.entry(path).or_insert_with(|| text(value))),
        }
    }
}

/// What Go's `fmt.Sprintf("%s", value)` gives.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => format!("%!s(float64={})", go_float(number.as_f64().unwrap_or(f64::NAN))),
        Value::Bool(value) => format!("%!s(bool={value})"),
        _ => "%!s(<nil>)".to_owned(),
    }
}

/// What Go's `%v` gives: the shortest digits, with an exponent of at least two digits when it is below -4 or above 5.
fn go_float(number: f64) -> String {
    let shortest = format!("{number:e}");
    let (digits, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    match exponent.parse::<i32>().unwrap_or(0) {
        small @ ..-4 => format!("{digits}e-{:02}", -small),
        large @ 6.. => format!("{digits}e+{large:02}"),
        _ => number.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: SecretsFile) -> Vec<String> {
        let lines = file.secrets().into_iter().map(|(name, values)| {
            let values: Vec<String> = values.into_iter().map(|(key, value)| format!("{key}={value}")).collect();
            format!("{name}: {}", values.join(", "))
        });
        lines.collect()
    }

    const TEXT: &str = r#"{
        "plain": "a", "db": {"user": "u", "hosts": ["x", {"name": "y"}]}, "port": 5432, "list": ["z"]
    }"#;

    #[test]
    fn nested_keys_are_joined_and_elements_counted() {
        let file = SecretsFile::new(TEXT).unwrap().separator("");
        let expected = [
            "db:hosts:0: db:hosts:0=x",
            "db:hosts:1:name: db:hosts:1:name=y",
            "db:user: db:user=u",
            "list:0: list:0=z",
            "plain: plain=a",
            "port: port=%!s(float64=5432)",
        ];
        assert_eq!(read(file), expected);
    }

    #[test]
    fn several_values_keep_one_level_and_drop_what_is_neither_text_nor_object() {
        let file = SecretsFile::new(TEXT).unwrap().separator(".").multi_valued();
        assert_eq!(read(file), ["db: hosts.0=x, hosts.1.name=y, user=u", "plain: plain=a"]);
    }

    #[test]
    fn only_texts_come_out_as_they_are_written() {
        let cases = [
            ("true", "%!s(bool=true)"),
            ("null", "%!s(<nil>)"),
            ("0", "%!s(float64=0)"),
            ("-11.77", "%!s(float64=-11.77)"),
            ("123456", "%!s(float64=123456)"),
            ("1684738889251", "%!s(float64=1.684738889251e+12)"),
            ("0.0001", "%!s(float64=0.0001)"),
            ("0.00000905", "%!s(float64=9.05e-06)"),
        ];
        for (written, expected) in cases {
            assert_eq!(text(&serde_json::from_str(written).unwrap()), expected);
        }
    }

    #[test]
    fn a_file_that_is_no_object_is_refused() {
        assert!(SecretsFile::new("[]").is_err());
        assert!(SecretsFile::new("{").is_err());
    }
}

//! The JSON Schema of the config files of a struct, for editors and for checks before a deployment.

use serde_json::{Map, Number, Value, json};

use super::default::{Default, literal};
use super::words;
use crate::schema::{DefaultValue, Field, Kind, Nested, Schema};
use crate::value::expectation::Expectations;
use crate::value::{Blueprint, DURATION};

/// The schema, in draft 2020-12. It allows what the types take; a check that the program brings may still refuse it.
pub(crate) fn json_schema<S: Blueprint>() -> Value {
    let expectations = Expectations::of::<S>();
    let mut object = Writer { expectations: Some(&expectations), at: 0, is_element: false }.object(S::SCHEMA, false);
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".to_owned(), S::SCHEMA.name.into());
    schema.append(&mut object);
    Value::Object(schema)
}

/// Goes through the fields in the order of slots.
struct Writer<'e> {
    expectations: Option<&'e Expectations>,
    at: usize,
    /// Whether the struct stands in a list or map, where all of its values come from the one place.
    is_element: bool,
}

impl Writer<'_> {
    fn object(&mut self, schema: &'static Schema, allow_unknown: bool) -> Map<String, Value> {
        let allow_unknown = allow_unknown || schema.allow_unknown;
        let (mut properties, mut required) = (Map::new(), Vec::new());
        for field in schema.fields.iter().filter(|field| !matches!(field.kind, Kind::Skipped)) {
            if let Some(mut property) = self.property(field, allow_unknown) {
                describe(field, &mut property);
                properties.insert(field.key().to_owned(), Value::Object(property));
                if self.is_element && field.required() && !field.is_nested() {
                    required.push(Value::from(field.key()));
                }
            }
        }
        let mut object = Map::new();
        if !schema.docs.is_empty() {
            object.insert("description".to_owned(), schema.docs.into());
        }
        object.insert("type".to_owned(), "object".into());
        object.insert("properties".to_owned(), Value::Object(properties));
        if !required.is_empty() {
            object.insert("required".to_owned(), Value::Array(required));
        }
        if !allow_unknown {
            object.insert("additionalProperties".to_owned(), false.into());
        }
        object
    }

    /// What the key may hold; `None` for a secret that a config file must not have.
    fn property(&mut self, field: &'static Field, allow_unknown: bool) -> Option<Map<String, Value>> {
        let at = self.at;
        self.at += 1;
        let value = match &field.kind {
            Kind::Nested(Nested { schema, .. }) => return Some(self.object(schema, allow_unknown)),
            Kind::Secret(rules) if !rules.in_config_file => return None,
            Kind::Secret(_) => json!({ "type": "string" }),
            Kind::Collection(collection) => {
                let expectations = self.expectations.and_then(|expectations| expectations.of_elements(at));
                let element = Writer { expectations, at: 0, is_element: true }.object(collection.schema, allow_unknown);
                if collection.keyed {
                    json!({ "type": ["object", "string"], "additionalProperties": element })
                } else {
                    json!({ "type": ["array", "string"], "items": element })
                }
            }
            Kind::Plain | Kind::Skipped => {
                let expected = self.expectations.and_then(|expectations| expectations.of_field(at));
                plain(field, expected)
            }
        };
        match value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }
}

fn plain(field: &Field, expected: Option<&str>) -> Value {
    let ty = words::inner(field);
    let least = field.rules.min_len;
    if let Some(item) = words::item(ty) {
        let mut list = json!({ "type": ["array", "string"], "items": one(field, item, expected) });
        if let Some(least) = least {
            list["minItems"] = least.into();
        }
        return list;
    }
    let mut value = one(field, ty, expected);
    if value["type"] == "string" {
        if let Some(pattern) = field.rules.pattern {
            value["pattern"] = pattern.into();
        }
        if let Some(least) = least {
            value["minLength"] = least.into();
        }
    }
    value
}

/// One value of the type. A text is read as the type whatever that is.
fn one(field: &Field, ty: &str, expected: Option<&str>) -> Value {
    if let Some(variants) = expected.and_then(variants) {
        // A variant with fields is an object.
        return json!({ "anyOf": [{ "enum": variants }, { "type": "object" }] });
    }
    if !field.rules.one_of.is_empty() && expected.is_none() {
        return json!({ "type": "string", "enum": field.rules.one_of });
    }
    match (expected, words::by_name(ty).as_str()) {
        (Some(number), _) if number.starts_with("a whole number") => number_in("integer", field),
        (Some("a number"), _) => number_in("number", field),
        (Some(truth), _) if truth.starts_with("true or false") => json!({ "type": ["boolean", "string"] }),
        (Some(DURATION), _) => json!({ "type": "string" }),
        (Some(map), _) if map.starts_with("`key=value` pairs") => json!({ "type": ["object", "string"] }),
        (None, "text" | "a path") => json!({ "type": "string" }),
        _ => json!({}),
    }
}

fn number_in(ty: &str, field: &Field) -> Value {
    let mut number = json!({ "type": [ty, "string"] });
    let Some((least, most)) = field.rules.range.and_then(|range| range.split_once("..")) else { return number };
    let bound = |text: &str| serde_json::from_str::<Number>(&literal(text.trim())?).ok();
    if let Some(least) = bound(least) {
        number["minimum"] = least.into();
    }
    match most.strip_prefix('=') {
        Some(most) => {
            if let Some(most) = bound(most) {
                number["maximum"] = most.into();
            }
        }
        None => {
            if let Some(most) = bound(most) {
                number["exclusiveMaximum"] = most.into();
            }
        }
    }
    number
}

/// The variants of an enum, as what its type expects names them.
fn variants(expected: &str) -> Option<Vec<&str>> {
    let list = expected.strip_prefix("one of ").unwrap_or(expected);
    list.split(", ").map(|name| name.strip_prefix('`')?.strip_suffix('`')).collect()
}

fn describe(field: &Field, property: &mut Map<String, Value>) {
    if !field.docs.is_empty() {
        property.insert("description".to_owned(), field.docs.into());
    }
    if let Some(example) = field.example.filter(|_| field.secret().is_none()) {
        property.insert("examples".to_owned(), json!([example]));
    }
    if let (Some(default), Kind::Plain) = (default(field, property.get("type")), &field.kind) {
        property.insert("default".to_owned(), default);
    }
}

/// The default as a config file has it.
fn default(field: &Field, ty: Option<&Value>) -> Option<Value> {
    match (field.default, Default::of(field)) {
        (DefaultValue::Text(list), _) if words::is_list(field) => {
            Some(serde_json::from_str(list).unwrap_or(list.into()))
        }
        (_, Default::Text(text)) if ty.is_none_or(|ty| *ty == "string") => Some(text.into()),
        (_, Default::Text(text)) => Some(serde_json::from_str(&text).unwrap_or(text.into())),
        _ => None,
    }
}

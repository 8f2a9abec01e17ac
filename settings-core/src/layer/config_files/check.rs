//! A config file held against the schema: every key is one that some field has, and no secret stands in a plain file.

use figment::value::{Dict, Value};

use super::file::ConfigFile;
use super::format::{Key, Spot};
use crate::layer::dotenv::Place;
use crate::report::{Code, Problem, hint};
use crate::schema::{Collection, Field, Kind, Schema};
use crate::secret::shown_name;

/// More than this are not told one by one: such a file is some other program's.
const MOST: usize = 100;

/// Everything that stands against the keys of the file, in the order of its lines.
pub(super) fn check(file: &ConfigFile, schema: &'static Schema) -> Vec<Problem> {
    let Some(content) = file.content() else { return Vec::new() };
    let mut check = Check { file, path: Vec::new(), problems: Vec::new() };
    check.table(&content.dict, schema, schema.allow_unknown);
    check.problems.sort_by_key(|(Place { line, column }, _)| (*line, *column));
    check.problems.into_iter().map(|(_, problem)| problem).collect()
}

struct Check<'f> {
    file: &'f ConfigFile,
    /// The keys that lead to the value in hand.
    path: Vec<Key<'f>>,
    problems: Vec<(Place, Problem)>,
}

impl<'f> Check<'f> {
    fn table(&mut self, dict: &'f Dict, schema: &'static Schema, allow_unknown: bool) {
        let allow_unknown = allow_unknown || schema.allow_unknown;
        for (name, value) in dict {
            self.path.push(Key::Name(name));
            match schema.field_of_key(name) {
                Some(field) => self.value(value, field, allow_unknown),
                None if allow_unknown => {}
                None => self.unknown(name, schema),
            }
            self.path.pop();
        }
    }

    fn value(&mut self, value: &'f Value, field: &'static Field, allow_unknown: bool) {
        match (&field.kind, value) {
            (_, Value::Empty(..)) => {}
            (Kind::Nested(nested), Value::Dict(_, dict)) => self.table(dict, nested.schema, allow_unknown),
            (Kind::Nested(_), _) => {
                let problem = Problem::new(Code::Invalid, &self.shown(), "").expect("a table of keys and values");
                self.add(problem, |spot| spot.value);
            }
            (Kind::Collection(collection), Value::Array(_, items)) if !collection.keyed => {
                let keys = (0..).map(Key::Index);
                keys.zip(items).for_each(|(key, item)| self.element(key, item, collection, allow_unknown));
            }
            (Kind::Collection(collection), Value::Dict(_, dict)) if collection.keyed => {
                let entries = dict.iter().map(|(name, item)| (Key::Name(name), item));
                entries.for_each(|(key, item)| self.element(key, item, collection, allow_unknown));
            }
            (Kind::Secret(secret), _) if !secret.in_config_file => {
                let problem = Problem::of_secret(Code::SecretInFile, &self.shown(), "");
                self.add(problem, |spot| spot.value);
            }
            _ => {}
        }
    }

    /// One of a list or map of structs. What is no table is told of when it is read.
    fn element(&mut self, key: Key<'f>, value: &'f Value, collection: &'static Collection, allow_unknown: bool) {
        let Value::Dict(_, dict) = value else { return };
        self.path.push(key);
        self.table(dict, collection.schema, allow_unknown);
        self.path.pop();
    }

    fn unknown(&mut self, name: &str, schema: &'static Schema) {
        if self.problems.len() >= MOST {
            return;
        }
        let note = match hint::nearest(name, schema.keys()) {
            Some(nearest) => format!("No field has this key; did you mean `{nearest}`?"),
            None => "No field has this key.".to_owned(),
        };
        let problem = Problem::new(Code::UnknownKey, &self.shown(), "").explain(&note);
        self.add(problem, |spot| spot.key);
    }

    fn add(&mut self, problem: Problem, place: fn(Spot) -> Place) {
        if self.problems.len() < MOST {
            let place = self.file.locate(&self.path).map_or(Place { line: 1, column: 1 }, place);
            self.problems.push((place, problem.at(&self.file.at(place))));
        }
    }

    /// `db.hosts[2].name`.
    fn shown(&self) -> String {
        let mut shown = String::new();
        for key in &self.path {
            match key {
                Key::Name(name) if shown.is_empty() => shown.push_str(&shown_name(name)),
                Key::Name(name) => shown.extend([".", &shown_name(name)]),
                Key::Index(index) => shown.push_str(&format!("[{index}]")),
            }
        }
        shown
    }
}

//! The shared cases: what every implementation reads, and where other tools differ.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{DotenvFiles, layer};
use crate::child;

const DATA: &str = include_str!("../../../../../tests/data/dotenv.json");

/// Where `dotenvy` 0.15.7 reads something else than this parser.
const DOTENVY_DIFFERS: [(u64, &str); 23] = [
    (5, "refuses white space in an unquoted value"),
    (10, "refuses a word without ="),
    (13, "takes a leading # for a comment"),
    (17, "refuses a comment right after a quote"),
    (18, "takes an apostrophe in a comment for a quote"),
    (20, "takes an apostrophe for a quote"),
    (21, "drops the quotes of JSON"),
    (24, "refuses \\t"),
    (25, "refuses backslashes it does not know"),
    (28, "has no escapes in single quotes"),
    (33, "expands a bare $X"),
    (35, "has no defaults"),
    (39, "expands a bare $word, to nothing"),
    (41, "expands a bare $word, and refuses the quote after it"),
    (46, "keeps carriage returns"),
    (48, "takes a byte order mark for a key"),
    (51, "lets NUL through"),
    (54, "refuses a dash in a key"),
    (56, "refuses a key that begins with a digit"),
    (59, "refuses white space at the end of the file"),
    (62, "joins adjacent quotes"),
    (64, "has no defaults"),
    (65, "has no required variables"),
];

/// The bindings, or the text of an error.
type Outcome = Result<BTreeMap<String, String>, String>;

pub(super) struct Case {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) input: Vec<u8>,
    expected: Value,
    others: Value,
}

pub(super) fn cases() -> Vec<Case> {
    let data: Value = serde_json::from_str(DATA).unwrap();
    let case = |case: &Value| Case {
        id: case["id"].as_u64().unwrap(),
        name: case["case"].as_str().unwrap().to_owned(),
        input: case["input"].as_str().unwrap().chars().map(|c| u8::try_from(c).unwrap()).collect(),
        expected: case["expected"].clone(),
        others: case["others"].clone(),
    };
    data["cases"].as_array().unwrap().iter().map(case).collect()
}

fn environment(name: &str) -> Option<String> {
    (name == "OUTER").then(|| "outer-env".to_owned())
}

fn ours(files: &DotenvFiles) -> Outcome {
    if let [error, ..] = files.files()[0].errors() {
        return Err(error.kind.to_string());
    }
    let read = |key: &str| {
        let text = files.expanded(files.lookup(key).unwrap(), &environment);
        text.map(|text| (key.to_owned(), text.to_string())).map_err(|error| error.kind.to_string())
    };
    files.keys().map(read).collect()
}

pub(super) fn dotenvy(input: &[u8]) -> Outcome {
    dotenvy::from_read_iter(input).map(|binding| binding.map_err(|error| error.to_string())).collect()
}

fn as_json(outcome: &Outcome, error_key: &str) -> Value {
    match outcome {
        Ok(bindings) => serde_json::to_value(bindings).unwrap(),
        Err(error) => serde_json::json!({ error_key: error }),
    }
}

/// What `dotenvy` says, but for the "line index": its releases count that differently.
fn without_index(mut outcome: Value) -> Value {
    if let Some(Value::String(error)) = outcome.get_mut("__err") {
        error.truncate(error.find(", error at line index").unwrap_or(error.len()));
    }
    outcome
}

#[test]
fn every_case_reads_as_expected() {
    let cases = cases();
    assert_eq!(cases.len(), 47);
    for Case { id, name, input, expected, .. } in cases {
        let files = layer(&[&input]);
        let outcome = ours(&files);
        match expected["error"].as_str() {
            Some(kind) => {
                let error = outcome.expect_err(&name);
                assert!(error.starts_with(kind), "{id} {name}: {error}");
                assert!(files.files()[0].errors().len() <= 1, "{id} {name}: more than one error");
            }
            None => assert_eq!(as_json(&outcome, "error"), expected, "{id} {name}"),
        }
    }
}

#[test]
fn dotenvy_differs_only_where_the_table_says_so() {
    child::run("layer::dotenv::tests::conformance::dotenvy_differs", &[]);
}

/// `dotenvy` reads the environment of the process.
#[test]
#[ignore = "wants an empty environment: run by the test above"]
fn dotenvy_differs() {
    let mut differs = BTreeSet::new();
    for Case { id, name, input, others, .. } in cases() {
        if input.windows(8).any(|window| window == b"${OUTER}") {
            // That would have to be set.
            continue;
        }
        let theirs = dotenvy(&input);
        let told = without_index(as_json(&theirs, "__err"));
        assert_eq!(told, without_index(others["dotenvy"].clone()), "{id} {name}");
        let same = match (ours(&layer(&[&input])), theirs) {
            (Ok(ours), Ok(theirs)) => ours == theirs,
            (ours, theirs) => ours.is_err() && theirs.is_err(),
        };
        if !same {
            differs.insert(id);
        }
    }
    assert_eq!(differs, DOTENVY_DIFFERS.iter().map(|&(id, _)| id).collect());
}

#[test]
fn a_warning_or_an_error_stands_exactly_where_other_tools_differ() {
    for Case { id, name, input, expected, others } in cases() {
        let files = layer(&[&input]);
        let told = ours(&files).is_err() || !files.files()[0].warnings().is_empty();
        let differ = ["python-dotenv", "docker compose", "node dotenv"].iter().any(|tool| others[tool] != expected);
        assert_eq!(told, differ, "{id} {name}");
    }
}

//! The cases that a .env file has to be read by, end to end: from the bytes of a file to the fields of a struct.

use serde::Deserialize;
use settings_core::Settings;
use settings_core::report::Code;
use settings_tests::EnvFile;

#[derive(Deserialize)]
struct Table {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: u32,
    case: String,
    /// Each character stands for the byte of its code point.
    input: String,
    expected: serde_json::Value,
}

/// A field for every name that occurs.
#[derive(Settings)]
#[settings(env_file = none)]
struct Names {
    #[setting(env = "A", allow_empty)]
    a: Option<String>,
    #[setting(env = "B", allow_empty)]
    b: Option<String>,
    #[setting(env = "X", allow_empty)]
    x: Option<String>,
    #[setting(env = "A-B", allow_empty)]
    dashed: Option<String>,
    #[setting(env = "1A", allow_empty)]
    digit: Option<String>,
}

impl Names {
    fn bindings(self) -> serde_json::Value {
        let Self { a, b, x, dashed, digit } = self;
        let all = [("A", a), ("B", b), ("X", x), ("A-B", dashed), ("1A", digit)];
        all.into_iter().filter_map(|(name, value)| Some((name, serde_json::Value::from(value?)))).collect()
    }
}

#[test]
fn every_case_of_the_table() {
    let table: Table = serde_json::from_str(include_str!("../data/dotenv.json")).unwrap();
    assert!(table.cases.len() > 40);
    for Case { id, case, input, expected } in table.cases {
        let bytes: Vec<u8> = input.chars().map(|char| u8::try_from(char).unwrap()).collect();
        let file = EnvFile::new(bytes);
        let loader = Names::loader().hermetic().env([("OUTER", "outer-env")]).env_file(file.path());
        match (loader.load_blocking(), expected.get("error")) {
            (Ok(names), None) => {
                let mut expected = expected;
                // The struct has no field for what stands in the environment too: its line counts for references alone.
                expected.as_object_mut().unwrap().remove("OUTER");
                assert_eq!(names.bindings(), expected, "case {id}, {case}");
            }
            (Err(report), Some(kind)) => {
                let problem = &report.problems()[0];
                let kind = kind.as_str().unwrap();
                assert!(problem.note().unwrap().contains(kind), "case {id}, {case}\n{report}");
                assert!(matches!(problem.code(), Code::DotenvSyntax | Code::Invalid), "case {id}, {case}\n{report}");
            }
            (Ok(_), Some(_)) => panic!("case {id}, {case}, loads"),
            (Err(report), None) => panic!("case {id}, {case}, does not load\n{report}"),
        }
    }
}

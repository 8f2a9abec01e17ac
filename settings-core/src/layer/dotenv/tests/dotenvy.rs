//! Files that `dotenvy` parses.

use super::super::Dialect;
use super::super::files::DotenvFiles;
use super::conformance::{cases, dotenvy};
use super::{layer_in, literal};
use crate::child;

fn by_dotenvy(content: &str) -> DotenvFiles {
    layer_in(Dialect::Dotenvy { process: true }, &[content.as_bytes()])
}

/// The value and whether it has references.
fn value(files: &DotenvFiles, name: &str) -> (String, bool) {
    let hit = files.lookup(name).expect("a binding");
    (files.expanded(hit, &|_| None).unwrap().to_string(), files.has_references(hit))
}

#[test]
fn every_case_reads_as_dotenvy_reads_it() {
    child::run("layer::dotenv::tests::dotenvy::every_case", &[]);
}

#[test]
#[ignore = "wants an empty environment: run by the test above"]
fn every_case() {
    let mut refused = 0;
    for case in cases() {
        let files = layer_in(Dialect::Dotenvy { process: true }, &[&case.input]);
        let errors = files.files()[0].errors();
        match dotenvy(&case.input) {
            // As a loader it drops a byte order mark, which as an iterator it refuses.
            Err(_) if case.input.starts_with(&[0xef, 0xbb, 0xbf]) => assert_eq!(errors, []),
            Err(_) => {
                refused += 1;
                assert!(!errors.is_empty(), "{} {}", case.id, case.name);
            }
            Ok(bindings) => {
                assert_eq!(errors, [], "{} {}", case.id, case.name);
                assert_eq!(files.keys().count(), bindings.len(), "{} {}", case.id, case.name);
                for (name, text) in bindings {
                    // As a loader it keeps the first value of a name, and as an iterator it gives all.
                    let text = if case.name.starts_with("duplicate") { "1".to_owned() } else { text };
                    assert_eq!(value(&files, &name).0, text, "{} {}", case.id, case.name);
                }
            }
        }
    }
    assert!(refused > 5);
}

#[test]
fn a_name_that_stands_twice_has_its_first_value() {
    assert_eq!(value(&by_dotenvy("A=1\nB=x\nA=2\n"), "A"), ("1".to_owned(), false));
}

#[test]
fn references_are_told_from_other_dollars() {
    for (written, expected, refers) in [
        ("plain", "plain", false),
        ("${ZQX}", "x", true),
        ("a$ZQX", "ax", true),
        ("\"${ZQX} $ZQX \"", "x x ", true),
        ("${ZQNOPE}", "", true),
        ("'${ZQX}'", "${ZQX}", false),
        ("\\$ZQX", "$ZQX", false),
        ("\"\\$ZQX\"", "$ZQX", false),
        ("'\\\\'$ZQX", "\\\\x", true),
        ("'\\\\'\\$ZQX", "\\\\$ZQX", false),
        ("'\\$ZQX'", "\\$ZQX", false),
        ("a'$'$ZQX", "a$x", true),
        ("a # $ZQX", "a", false),
        ("a#$ZQX", "a#x", true),
        ("'\u{e000}$ZQX'", "\u{e000}$ZQX", false),
    ] {
        let files = by_dotenvy(&format!("ZQX=x\nA={written}\n"));
        assert_eq!(files.files()[0].errors(), [], "{written}");
        assert_eq!(value(&files, "A"), (expected.to_owned(), refers), "{written}");
    }
}

#[test]
fn every_name_on_the_way_is_asked_for() {
    let files = by_dotenvy("ZQA=${ZQX}\nZQB=\"$ZQA ${ZQY}\"\nZQC=${ZQB}${ZQC}\n");
    let names = std::cell::RefCell::new(Vec::new());
    let env = |name: &str| {
        names.borrow_mut().push(name.to_owned());
        None
    };
    files.expanded(files.lookup("ZQC").unwrap(), &env).unwrap();
    assert_eq!(names.into_inner(), ["ZQB", "ZQA", "ZQX", "ZQY", "ZQC"]);
}

#[test]
fn without_the_process_environment_references_are_refused() {
    let files = layer_in(Dialect::Dotenvy { process: false }, &[b"A=1\nB=${A}\nC='${A}'\n"]);
    let expanded = |name| files.expanded(files.lookup(name).unwrap(), &|_| None).map(|text| text.to_string());
    assert_eq!((expanded("A").unwrap().as_str(), expanded("C").unwrap().as_str()), ("1", "${A}"));
    assert!(expanded("B").unwrap_err().kind.to_string().starts_with("dotenvy looks for references in the process"));
    assert_eq!(literal(&files, "B"), Some("${A}"), "what it was written as");
}

#[test]
fn places_are_where_values_begin() {
    let files = by_dotenvy("\u{feff}# first\n\nexport A = \"1\n2\"\n  B= x # y\nE=\nC=\"open\n");
    let place = |name| {
        let place = files.place(files.lookup(name).unwrap());
        (place.line, place.column)
    };
    assert_eq!((place("A"), place("B"), place("E")), ((3, 12), (5, 6), (6, 3)));
    let errors: Vec<_> = files.files()[0].errors().iter().map(ToString::to_string).collect();
    assert_eq!(errors, ["line 7, column 3: C: dotenvy refuses the line"]);
}

#[test]
fn keys_behind_an_error_may_be_pieces_of_a_value() {
    let files = by_dotenvy("A=1\nB=-----BEGIN KEY-----\nc2VjcmV0\nc2VjcmV0==\nfoo bar=\n-----END KEY-----\n");
    let errors: Vec<_> = files.files()[0].errors().iter().map(ToString::to_string).collect();
    assert_eq!(errors[0], "line 2, column 3: B: dotenvy refuses the line");
    assert!(errors.len() > 2 && !errors.concat().contains("c2V") && !errors.concat().contains("foo"), "{errors:?}");
    assert!(files.keys().eq(["A"]));
}

#[test]
fn what_is_no_text_is_refused_with_its_line() {
    for (bytes, error) in [
        (b"A=1\nB=\xff\n".as_slice(), "line 2, column 1: not UTF-8"),
        (b"\xff\xfeA\0=\0", "line 1, column 1: not UTF-8: the file looks like UTF-16"),
    ] {
        let files = layer_in(Dialect::Dotenvy { process: true }, &[bytes]);
        let errors: Vec<_> = files.files()[0].errors().iter().map(ToString::to_string).collect();
        assert_eq!((errors.as_slice(), files.keys().count()), ([error.to_owned()].as_slice(), 0));
    }
}

#[test]
fn a_large_file_is_read_quickly() {
    let content: String = (0..20_000).map(|number| format!("K{number}=$K\n")).collect();
    let begin = std::time::Instant::now();
    let files = by_dotenvy(&content);
    assert_eq!(files.files()[0].len(), 20_000);
    assert!(begin.elapsed() < std::time::Duration::from_secs(10), "{:?}", begin.elapsed());
}

//! What the derive refuses, and how it says so: a folder for each topic. `TRYBUILD=overwrite` rewrites the expected
//! messages, which are then to be read.

// The derive does not depend on features. With all of them trybuild, whose target folder is its own, would build every
// store's SDK once more, so the cases are compiled in the run with the default features alone.
#[test]
#[cfg_attr(feature = "servers", ignore = "runs without the stores' features, where it compiles nothing of theirs")]
fn mistakes_are_explained() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*/*.rs");
    if cfg!(feature = "regex") {
        cases.compile_fail("tests/compile_fail_with_features/*.rs");
    }
    if !cfg!(any(feature = "dotenvy", feature = "regex")) {
        cases.compile_fail("tests/compile_fail_without_features/*.rs");
    }
}

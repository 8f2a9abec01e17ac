//! What the derive refuses, and how it says so: a folder for each topic. `TRYBUILD=overwrite` rewrites the expected
//! messages, which are then to be read.

#[test]
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

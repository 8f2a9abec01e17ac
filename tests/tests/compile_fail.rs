//! What the derive refuses, and how it says so: a folder for each topic. `TRYBUILD=overwrite` rewrites the expected
//! messages, which are then to be read.

#[test]
fn mistakes_are_explained() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*/*.rs");
}

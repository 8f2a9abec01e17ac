//! .env files of any bytes.

use proptest::prelude::*;
use settings_core::{Loader, Report, SecretString, Settings};
use settings_tests::EnvFile;

#[derive(Settings)]
#[allow(dead_code, reason = "shown by Debug alone")]
struct Names {
    #[setting(default)]
    a: String,
    #[setting(default)]
    b: u16,
    c: Option<SecretString>,
    #[secret(expand)]
    d: Option<SecretString>,
}

fn loader(file: &EnvFile) -> Loader<Names> {
    Names::loader().hermetic().env_file(file.path())
}

/// All that can be said of a file which is not a value of a plain field.
fn told(file: &EnvFile) -> String {
    let of_report = |report: &Report| {
        let sentences = report.problems().iter().map(|problem| {
            // What was found for a plain field is its value, as it was written.
            let told = (problem.variable(), problem.location(), problem.note(), problem.looked());
            format!("{told:?}")
        });
        format!("{} {:?}", sentences.collect::<String>(), report.warnings())
    };
    match loader(file).load_with_warnings_blocking() {
        Ok((_, warnings)) => format!("{warnings:?}"),
        Err(report) => of_report(&report),
    }
}

/// Pieces of a file. The letters of its values stand in no message, and in no name.
fn any_value() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop::sample::select(vec![
            "ж", "λ", "Ω", "ß", "\u{e000}", "€", "'", "\"", "\\", "\\n", "#", " #", " ", "$", "${", "${A", "${D:-",
            "}", "=", "`", "\t",
        ]),
        0..12,
    )
    .prop_map(|pieces| pieces.concat())
}

/// What has a meaning somewhere.
fn any_piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "A", "B", "C", "D", "export ", "=", "'", "\"", "\\", "$", "${", "}", ":-", ":?", "#", " ", "\n", "\r", "\t",
        "\u{feff}", "\0", "é",
    ])
}

fn any_line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec!["A", "B", "C", "D", "a", "export C", "C ", "", "ж", "A ж"]);
    (
        name,
        prop::sample::select(vec!["=", " = ", "= ", ":", " ", ""]),
        any_value(),
        prop::sample::select(vec!["\n", "\r\n", ""]),
    )
        .prop_map(|(name, equals, value, end)| format!("{name}{equals}{value}{end}"))
}

proptest! {
    #![proptest_config(super::cases(1000))]

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let file = EnvFile::new(bytes);
        let _ = told(&file);
        let _ = loader(&file).explain_blocking();
    }

    #[test]
    fn any_pieces_are_read_without_a_panic(pieces in prop::collection::vec(any_piece(), 0..40)) {
        let file = EnvFile::new(pieces.concat());
        let _ = told(&file);
        let _ = loader(&file).explain_blocking();
    }

    #[test]
    fn nothing_that_is_said_of_a_file_holds_a_byte_of_a_value(lines in prop::collection::vec(any_line(), 0..6)) {
        let file = EnvFile::new(lines.concat());
        let told = file.hide_path(&told(&file));
        prop_assert!(told.is_ascii(), "{}", told);
    }

    #[test]
    fn a_secret_shows_in_no_form_of_a_report(lines in prop::collection::vec(any_line(), 0..6)) {
        #[derive(Settings)]
        #[allow(dead_code, reason = "shown by Debug alone")]
        struct Secrets {
            a: Option<SecretString>,
            b: Option<SecretString>,
            #[secret(expand)]
            c: Option<SecretString>,
            #[secret(expand, format = openai)]
            d: Option<SecretString>,
        }
        let file = EnvFile::new(lines.concat());
        let loader = || Secrets::loader().hermetic().env_file(file.path());
        let mut told = match loader().load_with_warnings_blocking() {
            Ok((secrets, warnings)) => format!("{secrets:#?} {warnings:?}"),
            Err(report) => format!("{report} {} {:?} {:?}", report.to_json(), report.problems(), report.warnings()),
        };
        told += &format!("{:?}", loader().explain_blocking().map(|explained| explained.to_string()));
        prop_assert!(file.hide_path(&told).is_ascii(), "{}", told);
    }
}

use super::super::lint::WarningKind::{self, *};
use super::file;

fn warnings(content: &str) -> Vec<WarningKind> {
    file(content).files()[0].warnings().iter().map(|warning| warning.kind).collect()
}

#[test]
fn lines_that_tools_read_otherwise() {
    let cases: [(&str, &[WarningKind]); 18] = [
        ("A=v#x # note", &[Hash]),
        ("A=#x", &[Hash]),
        ("A=`v`", &[Backtick]),
        ("A=pa$word", &[BareDollar]),
        ("A=\"$\"", &[BareDollar]),
        ("A=${X}$", &[BareDollar, Reference]),
        ("A=\"${X}\"", &[Reference]),
        ("A=\"\\${X}\"", &[Escape]),
        ("A='${X}'", &[ReferenceInSingleQuotes]),
        ("A=\"\\t\"", &[Escape]),
        ("A=\"\\\\n\"", &[Escape]),
        ("A=\"C:\\bin\"", &[Escape]),
        ("A='it\\'s'", &[Escape]),
        ("A='\\\\x'", &[Escape]),
        ("A=\"x\r\ny\"", &[LineEnding]),
        ("A", &[LoneWord]),
        ("A=$x\nword\nB=v#x", &[BareDollar, LoneWord, Hash]),
        ("A=`$x#${X}", &[Hash, Backtick, BareDollar, Reference]),
    ];
    for (content, expected) in cases {
        assert_eq!(warnings(content), expected, "{content:?}");
    }
}

#[test]
fn lines_that_all_read_alike() {
    let content =
        "A=v # $x ${X} `\nB='$x # `'\nC=\"\\n\\r C:\\dir # `\"\nD=v`\nE=C:\\t\n# ${X}\n1A-B=it's\nF={\"k\":1}\n";
    assert_eq!(warnings(content), []);
}

#[test]
fn a_warning_names_its_place_and_its_key() {
    let files = file("\n  PASSWORD = pa$word\n");
    let warning = files.files()[0].warnings()[0].to_string();
    assert!(warning.starts_with("line 2, column 14: PASSWORD: $ is part of the value"), "{warning}");
}

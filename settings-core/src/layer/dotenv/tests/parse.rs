use super::super::document::{ErrorKind, Place};
use super::{file, layer, literal};

/// Line, column, key and kind of every error.
fn errors(content: &[u8]) -> Vec<(u32, u32, Option<String>, ErrorKind)> {
    let files = layer(&[content]);
    let errors = files.files()[0].errors().iter();
    errors.map(|e| (e.place.line, e.place.column, e.key.as_deref().map(str::to_owned), e.kind)).collect()
}

fn key(name: &str) -> Option<String> {
    Some(name.to_owned())
}

/// Each line is one file, whose `A` is read.
#[track_caller]
fn assert_reads(cases: &[(&str, &str)]) {
    for (content, expected) in cases {
        let files = file(content);
        assert_eq!(files.files()[0].errors(), [], "{content:?}");
        assert_eq!(literal(&files, "A"), Some(*expected), "{content:?}");
    }
}

#[test]
fn unquoted_values() {
    assert_reads(&[
        ("A=#1a2b", "#1a2b"),
        ("A= #1a2b", ""),
        ("A=\t# note", ""),
        ("A=v\t#note", "v"),
        ("A=v#x # note # more", "v#x"),
        ("A=v\u{a0}# note", "v"),
        ("A= \tv w\u{a0}\t ", "v w"),
        ("A=postgres://u:p@h/d?x=y", "postgres://u:p@h/d?x=y"),
        ("A=\\n\\t\\$\\\\", "\\n\\t\\$\\\\"),
        ("A=v\"w\"", "v\"w\""),
        ("A==", "="),
        ("A=\r\nB=2\r\n", ""),
        ("A=1\rB=2", "1"),
        ("A=é\u{2603}", "é\u{2603}"),
    ]);
}

#[test]
fn single_quotes_are_literal_but_for_the_quote() {
    assert_reads(&[
        ("A=''", ""),
        ("A='a\\nb'", "a\\nb"),
        ("A='\\$ \\\" \\\\ \\x'", "\\$ \\\" \\\\ \\x"),
        ("A='\\'\\''", "''"),
        ("A='a\"b'", "a\"b"),
        ("A='a\r\n\r\nb\rc'", "a\n\nb\nc"),
        ("A='v' # don't", "v"),
    ]);
}

#[test]
fn double_quotes_have_escapes() {
    assert_reads(&[
        ("A=\"\"", ""),
        ("A=\"\\n\\r\\t\\\"\\\\\\$\"", "\n\r\t\"\\$"),
        ("A=\"\\\\n\"", "\\n"),
        ("A=\"\\\\\"", "\\"),
        ("A=\"\\d\\'\\é\"", "\\d\\'\\é"),
        ("A=\"a'b\"", "a'b"),
        ("A=\"a\\\nb\"", "a\\\nb"),
        ("A=\"a\\\r\nb\"", "a\\\nb"),
        ("A=\" v \"", " v "),
        ("B=\"\\t\"\nA=\"\\t\\t\"\nC=\"\\t\"", "\t\t"),
    ]);
}

#[test]
fn keys() {
    assert_reads(&[
        ("  A=1", "1"),
        ("A\t=\t1", "1"),
        ("export\tA=1", "1"),
        ("  export   A = 1", "1"),
        ("# A=2\nA=1\n  #A=3", "1"),
    ]);
    let files = file("export=1\nexport =2\nexported=3\nmy.key-2=4\n");
    assert_eq!(files.keys().collect::<Vec<_>>(), ["export", "export", "exported", "my.key-2"]);
    assert_eq!(literal(&files, "export"), Some("2"));
}

#[test]
fn a_value_has_a_place() {
    let files = file("\u{feff}A=1\r\nB = 'x\r\ny'\rC=3\n\n  export é=\nD = \u{e9}\n");
    let place = |name: &str| files.place(files.lookup(name).unwrap());
    assert_eq!(place("A"), Place { line: 1, column: 3 });
    assert_eq!(place("B"), Place { line: 2, column: 5 });
    assert_eq!(place("C"), Place { line: 4, column: 3 });
    assert_eq!(place("D"), Place { line: 7, column: 5 });
    assert_eq!(errors("\n\u{e9}=1\n".as_bytes()), [(2, 1, None, ErrorKind::BadKey)]);
    assert_eq!(errors("A='\u{e9}\n\u{e9}' # \u{e9}\n\u{a0}x y".as_bytes()), [(3, 2, None, ErrorKind::MissingEquals)]);
    assert_eq!(errors(b"A='x\ry\r\nz'\nx y"), [(4, 1, None, ErrorKind::MissingEquals)]);
}

#[test]
fn every_error_of_a_file_is_found() {
    let content = b"A=1\nthis is junk\n%=2\n=3\nB=x\0y\n  C =\xff\n# \xff\nlone\xff\nD='d'd\nE=5\nF=\"f\nG=7";
    let expected = [
        (2, 1, None, ErrorKind::MissingEquals),
        (3, 1, None, ErrorKind::BadKey),
        (4, 1, None, ErrorKind::BadKey),
        (5, 3, key("B"), ErrorKind::Nul),
        (6, 6, key("C"), ErrorKind::NotUtf8),
        (7, 1, None, ErrorKind::NotUtf8),
        (8, 1, None, ErrorKind::NotUtf8),
        (9, 3, key("D"), ErrorKind::TextAfterQuote),
        (11, 3, None, ErrorKind::UnterminatedQuote),
    ];
    assert_eq!(errors(content), expected);
    let files = layer(&[content]);
    let read = ["A", "B", "C", "D", "E", "F", "G"].map(|name| literal(&files, name));
    assert_eq!(read, [Some("1"), None, None, None, Some("5"), None, Some("7")]);
}

#[test]
fn behind_a_broken_quote_no_word_is_called_a_key() {
    let content = "A=1\nB=\"-----BEGIN\nQmFzZTY0=\nline='x\nword\n";
    let expected = [(2, 3, key("B"), ErrorKind::UnterminatedQuote), (4, 6, None, ErrorKind::UnterminatedQuote)];
    assert_eq!(errors(content.as_bytes()), expected);
    let files = file(content);
    assert_eq!(files.keys().collect::<Vec<_>>(), ["A"]);
    assert_eq!(files.files()[0].warnings(), []);
}

#[test]
fn text_after_a_quote_of_several_lines_is_told_of_its_first() {
    let expected = [(1, 3, key("A"), ErrorKind::TextAfterQuote), (4, 1, None, ErrorKind::MissingEquals)];
    assert_eq!(errors(b"A=\"sk-1\nB=2\nC=\"sk-2\"\nx y\n"), expected);
}

#[test]
fn utf16_is_told_by_its_mark_or_its_nuls() {
    let little: Vec<u8> = "AB=1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = "AB=1\n".encode_utf16().flat_map(u16::to_be_bytes).collect();
    let marked = [b"\xff\xfe".as_slice(), &little].concat();
    for content in [little, big, marked] {
        assert_eq!(errors(&content), [(1, 1, None, ErrorKind::Utf16)]);
    }
    assert_eq!(errors(b"A=\0\0"), [(1, 3, key("A"), ErrorKind::Nul)]);
}

#[test]
fn a_word_without_equals_is_skipped_with_a_warning_that_hides_it() {
    let files = file("A=1\n  MIIEowIBAAKCAQEA\nexport B # note\n");
    let warnings: Vec<String> = files.files()[0].warnings().iter().map(ToString::to_string).collect();
    let text = "a word without = is skipped; python-dotenv declares it without a value";
    assert_eq!(warnings, [format!("line 2, column 3: {text}"), format!("line 3, column 1: {text}")]);
    assert_eq!(files.files()[0].errors(), []);
}

#[test]
fn an_error_names_its_place_and_its_key() {
    let files = file("A='sk-canary\n");
    assert_eq!(files.files()[0].errors()[0].to_string(), "line 1, column 3: A: unterminated quote");
}

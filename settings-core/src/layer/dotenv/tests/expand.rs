use std::time::{Duration, Instant};

use super::super::expand::{ExpandErrorKind, Text};
use super::{expanded, file, layer};

/// Each file's `A` is read, in an empty environment.
#[track_caller]
fn assert_expands(cases: &[(&str, &str)]) {
    for (content, expected) in cases {
        assert_eq!(expanded(&file(content), "A").as_deref(), Ok(*expected), "{content:?}");
    }
}

#[track_caller]
fn assert_fails(cases: &[(&str, &str)]) {
    for (content, expected) in cases {
        assert_eq!(expanded(&file(content), "A").err().as_deref(), Some(*expected), "{content:?}");
    }
}

#[test]
fn operators() {
    assert_expands(&[
        ("A=x${N}y", "xy"),
        ("A=${N:-d}", "d"),
        ("N=\nA=${N:-d}", "d"),
        ("N=\nA=${N-d}", ""),
        ("A=${N-d}", "d"),
        ("N=1\nA=${N:-d}${N-d}${N:?m}${N?m}", "1111"),
        ("N=\nA=<${N?m}>", "<>"),
        ("A=${N:-}", ""),
        ("A=${N:-a b:-c}d}", "a b:-cd}"),
        ("N=1\nA=\"${N}\\n${N}\"", "1\n1"),
        ("my.key=1\nA=${my.key}", "1"),
    ]);
}

#[test]
fn nested_defaults() {
    assert_expands(&[
        ("N=1\nA=${M:-<${N}>}!", "<1>!"),
        ("A=${N:-${M:-${O:-d}}}", "d"),
        ("N=1\nA=${N:-${M:?not asked}}", "1"),
        ("A=${N:-${M:-a}${M:-b}}c", "abc"),
    ]);
}

#[test]
fn what_is_quoted_away_is_literal() {
    assert_expands(&[
        ("N=1\nA='${N}'", "${N}"),
        ("N=1\nA=\"\\${N}${N}\"", "${N}1"),
        ("B=\"\\${\"\nA=\"\\\\${B}\"", "\\${"),
        ("A=\"${N:-\\${M}}\"", "${M}"),
        ("A=$N$$pa$5", "$N$$pa$5"),
    ]);
}

#[test]
fn a_value_without_references_is_not_copied() {
    let files = file("A='${N}'\nB=pa$word\nC=${N}");
    let text = |name: &str| files.expanded(files.lookup(name).unwrap(), &|_| None).ok().unwrap();
    assert!(matches!(text("A"), Text::Literal("${N}")));
    assert!(matches!(text("B"), Text::Literal("pa$word")));
    assert!(matches!(text("C"), Text::Expanded(_)));
    assert_eq!(["A", "B", "C"].map(|name| files.has_references(files.lookup(name).unwrap())), [false, false, true]);
}

#[test]
fn the_environment_comes_first_even_when_empty() {
    let files = file("N=file\nA=${N}\nB=${N:-d}");
    let read = |name: &str, value: &str| {
        let value = value.to_owned();
        let env = move |asked: &str| (asked == "N").then(|| value.clone());
        files.expanded(files.lookup(name).unwrap(), &env).ok().unwrap().to_string()
    };
    assert_eq!(read("A", "env"), "env");
    assert_eq!(read("A", "${A}"), "${A}");
    assert_eq!(read("A", ""), "");
    assert_eq!(read("B", ""), "d");
}

#[test]
fn the_nearest_line_above_is_meant() {
    assert_expands(&[
        ("N=1\nN=2\nA=${N}\nN=3", "2"),
        ("A=${N}\nN=1\nN=2", "2"),
        ("A=1\nA=${A}2\nA=${A}3", "123"),
        ("A=1\nA=${A}:x", "1:x"),
        ("A=${A}:x\nA=1", "1"),
        ("n=1\nA=${N}", ""),
    ]);
    let files = layer(&[b"N=1\nN=2\nA=${N}", b"M=${N}${A}${X}\nN=3", b"N=4\nX=5"]);
    assert_eq!(expanded(&files, "M").as_deref(), Ok("22"));
    assert_eq!(expanded(&files, "A").as_deref(), Ok("2"));
}

#[test]
fn references_that_stand_for_nothing() {
    let malformed = ExpandErrorKind::Malformed.to_string();
    assert_fails(&[
        ("A=${N:?sk-canary}", "required variable N is not set"),
        ("A=${N?sk-canary}", "required variable N is not set"),
        ("N=\nA=${N:?sk-canary}", "required variable N is not set"),
        ("A=${", "unterminated ${"),
        ("A=x${N", "unterminated ${"),
        ("A=${N:", "unterminated ${"),
        ("A=${N:-${M}", "unterminated ${"),
        ("A=${N:?${M}", "unterminated ${"),
        ("A=${}", &malformed),
        ("A=${ N }", &malformed),
        ("A=${N:}", &malformed),
        ("A=${N:+x}", &malformed),
        ("A=${:-x}", &malformed),
        ("A=${${N}}", &malformed),
    ]);
    assert_expands(&[("B=${N:?m}\nA=1", "1")]);
}

#[test]
fn an_error_is_told_of_the_binding_at_fault() {
    let files = layer(&[b"\nB=x${N:?m}", b"A=${B}"]);
    let error = files.expanded(files.lookup("A").unwrap(), &|_| None).err().unwrap();
    assert_eq!(
        (files.key(error.hit), files.path(error.hit).to_str(), files.place(error.hit).line),
        ("B", Some("0.env"), 2)
    );
}

#[test]
fn cycles() {
    assert_fails(&[
        ("A=${B}\nB=${A}", "cyclic reference to A"),
        ("A=x${B}\nB=${C:-d}\nC=<${B}>", "cyclic reference to B"),
        ("A=${N:-${B}}\nB=${N-${A}}", "cyclic reference to A"),
        ("A=${A}", "cyclic reference to A"),
        ("a=1\nA=x${N:-${A}}", "cyclic reference to A"),
        ("B=${B}\nA=${B}", "cyclic reference to B"),
    ]);
}

#[test]
fn a_name_within_its_own_value_is_that_of_the_environment() {
    let files = file("A=${A}:x");
    let read = |value: &'static str| {
        let text = files.expanded(files.lookup("A").unwrap(), &|_| Some(value.to_owned()));
        text.ok().unwrap().to_string()
    };
    assert_eq!([read("env"), read("")], ["env:x", ":x"]);
}

#[test]
fn a_name_within_its_own_value_may_have_a_default() {
    assert_expands(&[("A=${A:-d}", "d"), ("A=${A-}:x", ":x")]);
    assert_fails(&[("A=${A:?m}", "required variable A is not set")]);
}

#[test]
fn depth_is_limited() {
    let chain = |levels: usize| {
        let links: String = (1..=levels).map(|n| format!("V{}=${{V{n}}}\n", n - 1)).collect();
        format!("A=${{V0}}\n{links}V{levels}=end")
    };
    assert_eq!(expanded(&file(&chain(60)), "A").as_deref(), Ok("end"));
    let nested = format!("A={}{}", "${N:-".repeat(100), "}".repeat(100));
    let too_deep = "references over 64 levels deep";
    assert_fails(&[(&chain(70), too_deep), (&nested, too_deep)]);
}

/// Each line doubles the one above it, and the first is empty or not.
#[test]
fn a_billion_laughs_are_refused_at_once() {
    let bytes = "references to over 1 MiB of text";
    for first in ["", "ha"] {
        let lines: String = (1..20).map(|n| format!("V{n}=${{V{0}}}${{V{0}}}\n", n - 1)).collect();
        assert_fails(&[(&format!("V0={first}\n{lines}A=${{V19}}"), bytes)]);
    }
    let files = file("A=${N}${N}");
    let env = |_: &str| Some("x".repeat(600_000));
    let error = files.expanded(files.lookup("A").unwrap(), &env).err().unwrap();
    assert_eq!(error.kind, ExpandErrorKind::TooLarge);
}

/// Half a minute is what it takes when each reference searches its value, or the lines of its name, from the beginning.
#[test]
fn a_large_file_is_expanded_in_linear_time() {
    let defaults = format!("A={}", "${N:-x}".repeat(50_000));
    let namesakes = format!("{}A={}", "N=1\n".repeat(50_000), "${N}".repeat(50_000));
    let started = Instant::now();
    assert_eq!(expanded(&file(&defaults), "A").map(|text| text.len()), Ok(50_000));
    assert_eq!(expanded(&file(&namesakes), "A").map(|text| text.len()), Ok(50_000));
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

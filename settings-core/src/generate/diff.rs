//! How a file differs from what it should be, line by line, without showing what only the file has.

use std::fmt::Write;

/// So many lines that are alike stand around those that differ.
const CONTEXT: usize = 2;

#[derive(Clone, Copy)]
enum Line<'l> {
    /// In both, at this line of the file.
    Both(&'l str),
    /// In the file alone.
    Gone(&'l str),
    /// In the text that it should be alone.
    New(&'l str),
}

/// The lines that differ, each with some around it, or `None` when none does. Line endings do not count.
///
/// A file may hold what it must not, so of lines that only it has nothing is shown but the name of a variable.
pub(super) fn diff(file: &str, wanted: &str) -> Option<String> {
    let (file, wanted): (Vec<_>, Vec<_>) = (file.lines().collect(), wanted.lines().collect());
    let lines = aligned(&file, &wanted);
    let differs = |line: &Line<'_>| !matches!(line, Line::Both(_));
    if !lines.iter().any(differs) {
        return None;
    }
    let mut text = String::new();
    let (mut number, mut shown) = (0, false);
    for (index, line) in lines.iter().enumerate() {
        number += usize::from(!matches!(line, Line::New(_)));
        let around = index.saturating_sub(CONTEXT)..lines.len().min(index + CONTEXT + 1);
        if !lines[around].iter().any(differs) {
            shown = false;
            continue;
        }
        if !shown {
            // A line that is not in the file yet comes before the next one that is.
            let here = number + usize::from(matches!(line, Line::New(_)));
            let _ = writeln!(text, "@@ line {here} @@");
            shown = true;
        }
        let _ = match line {
            Line::Both(line) => writeln!(text, "{}", format!(" {line}").trim_end()),
            Line::Gone(line) => writeln!(text, "-{}", veiled(line)),
            Line::New(line) => writeln!(text, "+{line}"),
        };
    }
    Some(text)
}

/// What may be shown of a line that only the file has.
fn veiled(line: &str) -> String {
    let (comment, rest) = match line.trim_start().strip_prefix('#') {
        Some(rest) => ("# ", rest.trim_start()),
        None => ("", line.trim_start()),
    };
    let is_name =
        |name: &str| name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    match rest.split_once('=') {
        _ if rest.is_empty() => comment.trim_end().to_owned(),
        Some((name, "")) if is_name(name) => format!("{comment}{name}="),
        Some((name, _)) if is_name(name) => format!("{comment}{name}=…"),
        _ => format!("{comment}…"),
    }
}

/// The lines of both, by the longest common subsequence.
fn aligned<'l>(file: &[&'l str], wanted: &[&'l str]) -> Vec<Line<'l>> {
    let alike = |pairs: &mut dyn Iterator<Item = (&&'l str, &&'l str)>| pairs.take_while(|(a, b)| a == b).count();
    let head = alike(&mut file.iter().zip(wanted));
    let tail = alike(&mut file[head..].iter().rev().zip(wanted[head..].iter().rev()));
    let (old, new) = (&file[head..file.len() - tail], &wanted[head..wanted.len() - tail]);

    // `common[i][j]` is how many lines `old[i..]` and `new[j..]` have in common.
    let mut common = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] =
                if old[i] == new[j] { common[i + 1][j + 1] + 1 } else { common[i + 1][j].max(common[i][j + 1]) };
        }
    }
    let mut lines: Vec<_> = file[..head].iter().map(|line| Line::Both(line)).collect();
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push(Line::Both(old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && common[i + 1][j] >= common[i][j + 1] {
            lines.push(Line::Gone(old[i]));
            i += 1;
        } else {
            lines.push(Line::New(new[j]));
            j += 1;
        }
    }
    lines.extend(file[file.len() - tail..].iter().map(|line| Line::Both(line)));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_is_no_difference_whatever_the_line_endings() {
        assert_eq!(diff("a\nb\n", "a\nb\n"), None);
        assert_eq!(diff("a\r\nb\r\n", "a\nb\n"), None);
        assert_eq!(diff("", ""), None);
    }

    #[test]
    fn lines_that_differ_stand_among_those_around_them() {
        let file = "1\n2\n3\n4\nOLD=\n5\n6\n7\n8\n9\n10\n11\n12\n";
        let wanted = "1\n2\n3\n4\nNEW=\n5\n6\n7\n8\n9\n10\n11\n12\nLAST=\n";
        let expected = "@@ line 3 @@\n 3\n 4\n-OLD=\n+NEW=\n 5\n 6\n@@ line 12 @@\n 11\n 12\n+LAST=\n";
        assert_eq!(diff(file, wanted).as_deref(), Some(expected));
        assert_eq!(diff("", "A=\n").as_deref(), Some("@@ line 1 @@\n+A=\n"));
    }

    #[test]
    fn what_only_the_file_has_is_not_shown() {
        let file = "KEY=canary\n# KEY=canary\n# canary\ncanary\n#\n  export KEY='canary'\ncAnArY=x\n\nEMPTY=\n";
        let diff = diff(file, "").unwrap();
        assert!(!diff.to_lowercase().contains("canary"), "{diff}");
        assert_eq!(diff, "@@ line 1 @@\n-KEY=…\n-# KEY=…\n-# …\n-…\n-#\n-…\n-…\n-\n-EMPTY=\n");
    }

    #[test]
    fn any_two_texts_lead_from_the_one_to_the_other() {
        let texts = ["", "a\n", "a\nb\nc\n", "b\nc\na\n", "c\nb\na\nc\n", "a\na\nb\n", "x\ny\n"];
        for (old, new) in texts.iter().flat_map(|old| texts.iter().map(move |new| (old, new))) {
            let (file, wanted): (Vec<_>, Vec<_>) = (old.lines().collect(), new.lines().collect());
            let lines = aligned(&file, &wanted);
            let pick = |keep: fn(&Line<'_>) -> bool| {
                let kept = lines.iter().filter(|line| keep(line));
                kept.map(|(Line::Both(text) | Line::Gone(text) | Line::New(text))| *text).collect::<Vec<_>>()
            };
            assert_eq!(pick(|line| !matches!(line, Line::New(_))), file);
            assert_eq!(pick(|line| !matches!(line, Line::Gone(_))), wanted);
        }
    }
}

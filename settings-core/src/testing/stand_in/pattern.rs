//! A text that matches a regular expression.

use regex_syntax::hir::{Class, Hir, HirKind};

/// What a class of characters is represented by, where it has one of these.
const LIKED: [char; 4] = ['k', '7', 'K', '-'];

/// A text that the expression most likely matches: only where it looks around may it be wrong. Everything is repeated as
/// seldom as it may be, and then `more` times. `None` when it is no regular expression, or nothing matches it.
pub(super) fn text(pattern: &str, more: usize) -> Option<String> {
    let mut text = Vec::new();
    write(&regex_syntax::parse(pattern).ok()?, more, &mut text)?;
    String::from_utf8(text).ok()
}

fn write(expression: &Hir, more: usize, to: &mut Vec<u8>) -> Option<()> {
    match expression.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => to.extend_from_slice(&literal.0),
        HirKind::Class(class) => to.extend_from_slice(member(class)?.encode_utf8(&mut [0; 4]).as_bytes()),
        HirKind::Capture(capture) => write(&capture.sub, more, to)?,
        HirKind::Concat(parts) => parts.iter().try_for_each(|part| write(part, more, to))?,
        HirKind::Alternation(ways) => write(ways.first()?, more, to)?,
        HirKind::Repetition(repeated) => {
            let most = repeated.max.map_or(usize::MAX, |most| most as usize);
            let times = (repeated.min as usize).saturating_add(more).min(most);
            // Shared out, so that repetitions of repetitions do not multiply.
            (0..times).try_for_each(|_| write(&repeated.sub, more / times, to))?;
        }
    }
    Some(())
}

fn member(class: &Class) -> Option<char> {
    let ranges: Vec<(char, char)> = match class {
        Class::Unicode(class) => class.ranges().iter().map(|range| (range.start(), range.end())).collect(),
        Class::Bytes(class) => class.ranges().iter().map(|range| (range.start().into(), range.end().into())).collect(),
    };
    let liked = LIKED.into_iter().find(|liked| ranges.iter().any(|(start, end)| (start..=end).contains(&liked)));
    liked.or_else(|| ranges.first().map(|(start, _)| *start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_match_their_patterns() {
        for pattern in [
            "",
            "^sk-[A-Za-z0-9]{20,}$",
            "^[0-9a-f]{64}$",
            "^(live|test)_[^\\s]+$",
            "\\d{4}-\\d{4}",
            "^\\w+@\\w+\\.example$",
            "^[[:upper:]][^[:alnum:]]?x*$",
            "(?i)^key-\\p{Greek}{2,3}$",
            "^(a|b)(?:c(d)?){2}\\b-.$",
            "^\\S{8,64}$",
            "^((((((((a*)*)*)*)*)*)*)*)*$",
        ] {
            for more in [0, 1, 40] {
                let text = text(pattern, more).unwrap();
                assert!(regex::Regex::new(pattern).unwrap().is_match(&text), "{pattern}: {text}");
            }
        }
        assert!(text("^[a-z]{3,}$", 40).unwrap().len() >= 40);
        assert_eq!(text("^[a-z]{3,5}$", 40).unwrap().len(), 5);
        assert!(text("^(key-([a-z]{3,64})?)?$", 40).unwrap().len() >= 40);
    }

    #[test]
    fn there_may_be_no_text() {
        for pattern in ["(", "[a&&b]", "a[^\\s\\S]"] {
            assert_eq!(text(pattern, 0), None, "{pattern}");
        }
    }
}

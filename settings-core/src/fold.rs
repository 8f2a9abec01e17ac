//! Long lines broken at blanks.

/// The lines of a text: the first has room for `first` characters, and each further one for `room`. A word that is wider
/// stands on a line of its own, or at the beginning where it stands anyway.
pub(crate) fn fold(text: &str, first: usize, room: usize) -> Vec<&str> {
    let (mut lines, mut start, mut end) = (Vec::new(), 0, 0);
    for (index, word) in text.split(' ').enumerate() {
        let word_end = if index == 0 { word.len() } else { end + 1 + word.len() };
        let room = if lines.is_empty() { first } else { room };
        if index > 0 && text[start..word_end].chars().count() > room {
            lines.push(&text[start..end]);
            start = end + 1;
        }
        end = word_end;
    }
    lines.push(&text[start..]);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_blanks() {
        assert_eq!(fold("one two three", 7, 5), ["one two", "three"]);
        assert_eq!(fold("one two three", 3, 9), ["one", "two three"]);
        assert_eq!(fold("one two three", 80, 80), ["one two three"]);
        assert_eq!(fold("", 3, 3), [""]);
    }

    #[test]
    fn a_wide_word_is_not_broken() {
        assert_eq!(fold("wider x wider", 2, 2), ["wider", "x", "wider"]);
        assert_eq!(fold("äöü ß", 5, 1), ["äöü ß"]);
    }
}

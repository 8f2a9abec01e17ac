//! Guesses at what was meant.

use std::net::SocketAddr;

/// The candidate that reads most like `word`, when one reads much like it.
///
/// ASCII case and underscores do not count: `openai_apikey` is `OPENAI_API_KEY`. Beyond that one slip of the fingers in
/// five characters is forgiven, three at the most: a character too many, too few or wrong, or two swapped. Leave out
/// candidates that have a meaning of their own (`DB_HOST` when `DB_PORT` is looked for): they are no slips.
pub(crate) fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = letters(word);
    let tolerance = match word.len() {
        0..=2 => 0,
        length => (length / 5).clamp(1, 3),
    };
    candidates
        .into_iter()
        .filter_map(|candidate| {
            let letters = letters(candidate);
            let distance =
                if letters.len().abs_diff(word.len()) <= tolerance { distance(&word, &letters) } else { usize::MAX };
            (distance <= tolerance).then_some((distance, candidate))
        })
        .min()
        .map(|(_, candidate)| candidate)
}

/// Whether this is what Kubernetes puts into `<SERVICE>_PORT` of every pod: `tcp://10.0.0.1:80`.
pub(crate) fn is_service_link(text: &str) -> bool {
    let Some((scheme, address)) = text.split_once("://") else { return false };
    matches!(scheme, "tcp" | "udp" | "sctp") && address.parse::<SocketAddr>().is_ok()
}

fn letters(word: &str) -> Vec<char> {
    word.chars().filter(|&c| c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// The Damerau-Levenshtein distance in its restricted form (optimal string alignment), over three rows of the matrix.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut above: Vec<usize> = (0..=b.len()).collect();
    let mut row = vec![0; b.len() + 1];
    for i in 1..=a.len() {
        row[0] = i;
        for j in 1..=b.len() {
            let substitution = above[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = substitution.min(above[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        std::mem::swap(&mut before, &mut above);
        std::mem::swap(&mut above, &mut row);
    }
    above[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_forgiven() {
        for slip in
            ["OPENAI_APIKEY", "openai_api_key", "OPENAI__API_KEY", "OPENIA_API_KEY", "OPENAI_API_KE", "OPENAI_AP1_KEY"]
        {
            assert_eq!(nearest("OPENAI_API_KEY", ["PATH", slip, "HOME"]), Some(slip));
        }
    }

    #[test]
    fn underscores_do_not_count() {
        assert_eq!(nearest("DB_IO_URL", ["dbiourl"]), Some("dbiourl"));
        assert_eq!(nearest("DBIOURL", ["D_B_I_O_URL"]), Some("D_B_I_O_URL"));
    }

    #[test]
    fn another_word_is_not() {
        assert_eq!(nearest("OPENAI_API_KEY", ["XAI_API_KEY", "GROQ_API_KEY", "OPENAI"]), None);
        assert_eq!(nearest("PORT", ["PATH", "HOME", "PWD"]), None);
        assert_eq!(nearest("A", ["B", "AB", ""]), None);
        assert_eq!(nearest("", ["A"]), None);
    }

    #[test]
    fn the_nearest_wins_whatever_the_order() {
        assert_eq!(nearest("CHAT_PORT", ["CHAT_PROTT", "CHAT_PORTS"]), Some("CHAT_PORTS"));
        assert_eq!(nearest("port", ["ports", "porto"]), nearest("port", ["porto", "ports"]));
    }

    #[test]
    fn distances() {
        let between = |a: &str, b: &str| distance(&letters(a), &letters(b));
        assert_eq!(between("", ""), 0);
        assert_eq!(between("abc", ""), 3);
        assert_eq!(between("", "abc"), 3);
        assert_eq!(between("kitten", "sitting"), 3);
        assert_eq!(between("ab", "ba"), 1);
        assert_eq!(between("ca", "abc"), 3);
    }

    #[test]
    fn service_links() {
        for link in ["tcp://10.0.0.1:80", "udp://10.96.0.10:53", "sctp://10.0.0.1:1", "tcp://[fd00::1]:443"] {
            assert!(is_service_link(link), "{link}");
        }
        for text in [
            "",
            "80",
            "10.0.0.1:80",
            "http://10.0.0.1:80",
            "tcp://10.0.0.1",
            "tcp://example.com:80",
            "tcp://10.0.0.1:80/x",
        ] {
            assert!(!is_service_link(text), "{text}");
        }
    }
}

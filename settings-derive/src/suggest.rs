//! The nearest of the known words, for a word that is not known.

/// What follows "unknown ..": the nearest known word, or all of them when none is near.
pub(crate) fn suggestion<'a>(word: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let near = known.clone().map(|candidate| (distance(word, candidate), candidate)).min_by_key(|(steps, _)| *steps);
    match near {
        Some((steps, candidate)) if steps <= allowed(word, candidate) => format!(": did you mean `{candidate}`?"),
        _ => {
            let known: Vec<_> = known.map(|word| format!("`{word}`")).collect();
            format!(", expected one of {}", known.join(", "))
        }
    }
}

/// A third of the longer word may differ.
fn allowed(word: &str, candidate: &str) -> usize {
    word.chars().count().max(candidate.chars().count()) / 3
}

/// How many letters must be put in, left out, replaced or swapped with their neighbour to make one word the other.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().collect();
    let to: Vec<char> = to.chars().collect();
    let mut before_last = Vec::new();
    let mut last: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut row = vec![i + 1];
        for j in 0..to.len() {
            let replaced = last[j] + usize::from(from[i] != to[j]);
            let mut steps = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                steps = steps.min(before_last[j - 1] + 1);
            }
            row.push(steps);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_steps() {
        assert_eq!(distance("", "env"), 3);
        assert_eq!(distance("env", "env"), 0);
        assert_eq!(distance("defualt", "default"), 1);
        assert_eq!(distance("min_length", "min_len"), 3);
    }

    #[test]
    fn suggests_the_nearest_or_all() {
        let known = ["env", "alias", "default"];
        assert_eq!(suggestion("evn", known.into_iter()), ": did you mean `env`?");
        assert_eq!(suggestion("colour", known.into_iter()), ", expected one of `env`, `alias`, `default`");
    }
}

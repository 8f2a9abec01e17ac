//! The built-in rules, as ordinary functions that the generated code calls with the field's own type.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::ops::RangeBounds;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Whether the value lies in the range.
pub fn within<T: PartialOrd>(value: &T, range: &impl RangeBounds<T>) -> bool {
    range.contains(value)
}

/// Whether the value is one of those allowed.
pub fn one_of<T: PartialEq<U>, U>(value: &T, allowed: &[U]) -> bool {
    allowed.iter().any(|allowed| value == allowed)
}

/// Whether the value has at least so many characters or elements.
pub fn min_len<T: Length + ?Sized>(value: &T, least: usize) -> bool {
    value.length() >= least
}

/// A type that `min_len` can measure: texts by characters, collections by elements.
#[diagnostic::on_unimplemented(
    message = "`min_len` cannot measure `{Self}`",
    note = "it counts the characters of a text and the elements of a list, set or map; use `validate` for others"
)]
pub trait Length {
    /// How many characters or elements there are.
    fn length(&self) -> usize;
}

impl Length for str {
    fn length(&self) -> usize {
        self.chars().count()
    }
}

impl Length for Path {
    fn length(&self) -> usize {
        self.to_string_lossy().chars().count()
    }
}

macro_rules! by_deref {
    ($($type:ty),*) => {$(
        impl Length for $type {
            fn length(&self) -> usize {
                (**self).length()
            }
        }
    )*};
}

by_deref!(String, Box<str>, Arc<str>, Cow<'_, str>, PathBuf);

impl<T> Length for [T] {
    fn length(&self) -> usize {
        self.len()
    }
}

macro_rules! by_len {
    ($($type:ident<$($param:ident),*>),*) => {$(
        impl<$($param),*> Length for $type<$($param),*> {
            fn length(&self) -> usize {
                self.len()
            }
        }
    )*};
}

by_len!(Vec<T>, VecDeque<T>, HashSet<T, S>, BTreeSet<T>, HashMap<K, V, S>, BTreeMap<K, V>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_count_characters_and_elements() {
        assert!(min_len("äöü", 3) && !min_len("äöü", 4));
        assert!(min_len(&vec![1, 2], 2) && !min_len(&vec![1, 2], 3));
    }

    #[test]
    fn texts_are_compared_with_literals() {
        assert!(one_of(&"dev".to_owned(), &["dev", "prod"]));
        assert!(!one_of(&3_u16, &[1, 2]));
    }
}

//! The layer of environment variables: the process's own, or a map given in their place. It is only ever read.

use std::collections::HashMap;
use std::env::VarError;
use std::ffi::OsString;

/// Where variables are read from: the process environment, unless a map is given in its place.
pub(crate) type Variables = Option<HashMap<String, OsString>>;

/// The opened layer.
pub(crate) struct Env<'v> {
    /// The map in the place of the process environment.
    given: Option<&'v HashMap<String, OsString>>,
    /// Neither a map nor the process environment.
    nothing: bool,
    /// Every variable by its upper-case name, when names match in any case.
    folded: Option<HashMap<String, OsString>>,
}

impl<'v> Env<'v> {
    pub(crate) fn open(variables: &'v Variables, hermetic: bool, case_insensitive: bool) -> Self {
        let mut env = Self { given: variables.as_ref(), nothing: hermetic && variables.is_none(), folded: None };
        if case_insensitive {
            env.folded = Some(env.all().map(|(name, value)| (name.to_ascii_uppercase(), value)).collect());
        }
        env
    }

    /// The variable's value, by the exact name first.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Result<String, VarError> {
        match (&self.folded, self.given) {
            (None, None) if !self.nothing => std::env::var(name),
            _ => self.get_elsewhere(name),
        }
    }

    fn get_elsewhere(&self, name: &str) -> Result<String, VarError> {
        let exact = match self.given {
            None if self.nothing => None,
            None => std::env::var_os(name),
            Some(map) => map.get(name).cloned(),
        };
        let value = exact.or_else(|| self.folded.as_ref()?.get(&name.to_ascii_uppercase()).cloned());
        value.ok_or(VarError::NotPresent)?.into_string().map_err(VarError::NotUnicode)
    }

    /// The variable as text, where it has one that is UTF-8.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.get(name).ok()
    }

    /// The names of all variables that are set to something, for hints.
    pub(crate) fn names(&self) -> Vec<String> {
        self.all().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name).collect()
    }

    fn all(&self) -> Box<dyn Iterator<Item = (String, OsString)> + '_> {
        match self.given {
            None if self.nothing => Box::new(std::iter::empty()),
            None => Box::new(std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)))),
            Some(map) => Box::new(map.iter().map(|(name, value)| (name.clone(), value.clone()))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given() -> Variables {
        Some([("chat_port".to_owned(), "1".into()), ("CHAT_HOST".to_owned(), "h".into())].into())
    }

    #[test]
    fn names_match_exactly_unless_told_otherwise() {
        let given = given();
        assert_eq!(Env::open(&given, false, false).get("CHAT_PORT"), Err(VarError::NotPresent));
        assert_eq!(Env::open(&given, false, true).text("CHAT_PORT").unwrap(), "1");
        assert_eq!(Env::open(&given, false, true).text("CHAT_HOST").unwrap(), "h");
    }

    #[test]
    fn nothing_is_read_that_was_not_given() {
        assert_eq!(Env::open(&None, true, true).names(), [""; 0]);
        assert_eq!(Env::open(&None, true, false).get("PATH"), Err(VarError::NotPresent));
        assert!(Env::open(&None, false, false).get("PATH").is_ok());
    }
}

//! The layer of environment variables: the process's own, or a map given in their place. It is only ever read.

use std::collections::HashMap;
use std::env::VarError;
use std::ffi::{OsStr, OsString};
use std::hash::{BuildHasherDefault, Hasher};

use zeroize::Zeroizing;

/// Where variables are read from: the process environment, unless a map is given in its place.
pub(crate) type Variables = Option<HashMap<String, OsString>>;

/// A variable's text, wiped after use as it may be a secret; or what is not UTF-8.
type Value = Result<Zeroizing<String>, OsString>;

/// The opened layer.
pub(crate) struct Env<'v> {
    place: Place<'v>,
    /// Every variable by its upper-case name, when names match in any case.
    folded: Option<HashMap<String, OsString>>,
}

/// Where the exact names are.
enum Place<'v> {
    Process,
    /// What the process has under the names that are known to be asked for. It is still asked for others.
    Asked(HashMap<OsString, Option<Value>, BuildHasherDefault<NameHasher>>),
    /// The map in the place of the process environment.
    Given(&'v HashMap<String, OsString>),
    Nothing,
}

impl<'v> Env<'v> {
    pub(crate) fn open(variables: &'v Variables, hermetic: bool, case_insensitive: bool) -> Self {
        let place = match variables {
            Some(map) => Place::Given(map),
            None if hermetic => Place::Nothing,
            None => Place::Process,
        };
        let mut env = Self { place, folded: None };
        if case_insensitive {
            env.folded = Some(env.all().map(|(name, value)| (name.to_ascii_uppercase(), value)).collect());
        }
        env
    }

    /// Looks for all of these names at once, in one walk through the environment. Each on its own takes a walk too, so
    /// this is for names by the dozen. Others may still be asked for.
    pub(crate) fn ask_for(&mut self, names: Vec<String>) {
        let Place::Process = self.place else { return };
        // Half empty, because most variables are not in it, and that is seen at the first gap.
        let mut asked = HashMap::with_capacity_and_hasher(2 * names.len(), BuildHasherDefault::default());
        asked.extend(names.into_iter().map(|name| (OsString::from(name), None)));
        for (name, value) in std::env::vars_os() {
            if let Some(found) = asked.get_mut(&name) {
                // Of a name that is there twice the first counts, as for `std::env::var`.
                found.get_or_insert_with(|| value.into_string().map(Zeroizing::new));
            }
        }
        self.place = Place::Asked(asked);
    }

    /// The variable's value, by the exact name first.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Result<String, VarError> {
        match (&self.place, &self.folded) {
            (Place::Process, None) => std::env::var(name),
            _ => self.get_elsewhere(name),
        }
    }

    fn get_elsewhere(&self, name: &str) -> Result<String, VarError> {
        let value = self.exact(name).or_else(|| self.folded.as_ref()?.get(&name.to_ascii_uppercase()).cloned());
        value.ok_or(VarError::NotPresent)?.into_string().map_err(VarError::NotUnicode)
    }

    fn exact(&self, name: &str) -> Option<OsString> {
        match &self.place {
            Place::Process => std::env::var_os(name),
            Place::Asked(asked) => match asked.get(OsStr::new(name)) {
                Some(value) => value.as_ref().map(|value| match value {
                    Ok(text) => OsString::from(text.as_str()),
                    Err(bytes) => bytes.clone(),
                }),
                None => std::env::var_os(name),
            },
            Place::Given(map) => map.get(name).cloned(),
            Place::Nothing => None,
        }
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
        match self.place {
            Place::Process | Place::Asked(_) => {
                Box::new(std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value))))
            }
            Place::Given(map) => Box::new(map.iter().map(|(name, value)| (name.clone(), value.clone()))),
            Place::Nothing => Box::new(std::iter::empty()),
        }
    }
}

/// Eight bytes at a time: the standard hasher takes as long for all names of a large environment as the walk itself. The
/// names in the table are those of a struct, so that nobody can choose them to collide.
#[derive(Default)]
struct NameHasher(u64);

impl Hasher for NameHasher {
    fn write(&mut self, bytes: &[u8]) {
        let word = |bytes: &[u8]| bytes.iter().fold(0, |word, &byte| word << 8 | u64::from(byte));
        let words = bytes.chunks_exact(8);
        let rest = word(words.remainder());
        for word in words.map(word).chain([rest]) {
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn finish(&self) -> u64 {
        // The table goes by the low bits, and a product has its best ones at the top.
        self.0.rotate_left(26)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child;

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
        child::run("layer::env::tests::the_process_is_left_alone", &[("CHAT_PORT", "1")]);
    }

    #[test]
    #[ignore = "wants variables: run by the test above"]
    fn the_process_is_left_alone() {
        assert_eq!(Env::open(&None, true, false).get("CHAT_PORT"), Err(VarError::NotPresent));
        assert_eq!(Env::open(&None, false, false).get("CHAT_PORT").as_deref(), Ok("1"));
    }

    #[test]
    fn names_asked_for_at_once_have_what_each_has_on_its_own() {
        child::run("layer::env::tests::many_names", &[("A", "1"), ("B", ""), ("C", "3")]);
    }

    #[test]
    #[ignore = "wants variables: run by the test above"]
    fn many_names() {
        let mut env = Env::open(&None, false, false);
        let names: Vec<String> = std::env::vars().map(|(name, _)| name).collect();
        let (first, others) = names.split_first().unwrap();
        env.ask_for([others, &["SETTINGS_CORE_NO_SUCH_NAME".to_owned()]].concat());
        assert!(matches!(&env.place, Place::Asked(asked) if asked.len() == names.len()));
        for name in others.iter().chain([first]) {
            assert_eq!(env.get(name), std::env::var(name));
        }
        assert_eq!(env.get("SETTINGS_CORE_NO_SUCH_NAME"), Err(VarError::NotPresent));
    }

    #[test]
    fn the_process_is_not_asked_beside_what_was_given() {
        child::run("layer::env::tests::given_alone", &[("CHAT_LEVEL", "1")]);
    }

    #[test]
    #[ignore = "wants a variable: run by the test above"]
    fn given_alone() {
        let given = given();
        for (variables, hermetic) in [(&given, false), (&None, true)] {
            let mut env = Env::open(variables, hermetic, false);
            env.ask_for(vec!["CHAT_LEVEL".to_owned()]);
            assert_eq!(env.get("CHAT_LEVEL"), Err(VarError::NotPresent));
        }
    }
}

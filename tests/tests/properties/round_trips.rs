//! A value that is written down is read again, whatever layer it is written in.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::fs;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use settings_core::{ExposeSecret, Loader, SecretString, Settings};
use settings_tests::EnvFile;

#[derive(Settings)]
#[settings(debug = false)]
struct One<T> {
    #[setting(allow_empty)]
    value: T,
}

type Loaded<T> = Result<T, String>;

fn load<T: DeserializeOwned + Send + Sync + 'static>(from: impl FnOnce(Loader<One<T>>) -> Loader<One<T>>) -> Loaded<T> {
    from(One::loader().hermetic()).load_blocking().map(|one| one.value).map_err(|report| report.to_string())
}

/// A text as a line of a .env file has it.
fn quoted(text: &str) -> String {
    let mut line = String::from("VALUE=\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' | '$' => line.extend(['\\', letter]),
            '\r' => line.push_str("\\r"),
            letter => line.push(letter),
        }
    }
    line + "\"\n"
}

fn from_toml<T: DeserializeOwned + Send + Sync + 'static>(value: &str) -> Loaded<T> {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("one.toml");
    fs::write(&path, format!("value = {value}\n")).unwrap();
    load(|loader| loader.file(path))
}

/// A string of TOML, which is one of JSON but for a letter that it wants escaped.
fn toml_string(text: &str) -> String {
    serde_json::to_string(text).unwrap().replace('\u{7f}', "\\u007F")
}

/// From every layer the text is read as the value.
fn assert_text<T>(text: &str, value: &T) -> Result<(), TestCaseError>
where
    T: DeserializeOwned + Debug + PartialEq + Send + Sync + 'static,
{
    let file = EnvFile::new(quoted(text));
    for (layer, loaded) in [
        ("env", load(|loader| loader.env([("VALUE", text)]))),
        (".env", load(|loader| loader.env_file(file.path()))),
        ("file", from_toml(&toml_string(text))),
        ("set", load(|loader| loader.set("value", text))),
    ] {
        prop_assert_eq!(loaded.as_ref(), Ok(value), "{} {:?}", layer, text);
    }
    Ok(())
}

/// For any value of the type, read from the text that `write` makes of it.
fn assert_trips<T>(any: impl Strategy<Value = T>, write: impl Fn(&T) -> String)
where
    T: DeserializeOwned + Debug + PartialEq + Send + Sync + 'static,
{
    let tripped = TestRunner::new(super::cases(40)).run(&any, |value| assert_text(&write(&value), &value));
    tripped.map_err(|error| error.to_string()).unwrap();
}

/// The same by the type's own text, and in TOML by a literal of the type.
macro_rules! assert_numbers_trip {
    ($($type:ty),+) => {$({
        assert_trips(any::<$type>(), ToString::to_string);
        let typed = TestRunner::new(super::cases(40)).run(&any::<$type>(), |number| {
            // Its integers have 64 bits.
            if i64::try_from(number).is_ok() {
                prop_assert_eq!(from_toml(&number.to_string()), Ok(number));
            }
            prop_assert_eq!(load(|loader| loader.set("value", number)), Ok(number));
            Ok(())
        });
        typed.map_err(|error| error.to_string()).unwrap();
    })+};
}

/// Any text that a variable can hold.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>().prop_map(|text| text.replace('\0', "")),
        // And one that is dense with what has a meaning somewhere.
        "[ \t\r\n\"'\\\\$#={}\\[\\],:a\u{7f}\u{85}\u{feff}]{0,12}",
    ]
}

#[test]
fn whole_numbers() {
    assert_numbers_trip!(u8, u16, u32, u64, i8, i16, i32, i64);
    assert_trips(any::<u128>(), ToString::to_string);
    assert_trips(any::<i128>(), ToString::to_string);
    assert_trips(any::<usize>(), ToString::to_string);
    assert_trips(any::<isize>(), ToString::to_string);
}

#[test]
fn other_numbers() {
    let finite64 = || prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    assert_trips(finite64(), ToString::to_string);
    assert_trips(finite64(), |number| format!("{number:e}"));
    assert_trips(prop::num::f32::NORMAL | prop::num::f32::SUBNORMAL | prop::num::f32::ZERO, ToString::to_string);
}

#[test]
fn truth_values_and_letters() {
    assert_trips(any::<bool>(), ToString::to_string);
    assert_trips(any::<bool>(), |value| (if *value { "yes" } else { "OFF" }).to_owned());
    assert_trips(any::<char>().prop_filter("no variable holds a NUL", |letter| *letter != '\0'), ToString::to_string);
}

#[test]
fn texts() {
    assert_trips(any_text(), Clone::clone);
    assert_trips(any_text(), |text| text.to_string());
    assert_trips(any_text().prop_map(String::into_boxed_str), ToString::to_string);
    assert_trips(any_text().prop_map(PathBuf::from), |path| path.display().to_string());
    assert_trips(any_text().prop_map(Some), |text| text.clone().unwrap_or_default());
}

#[test]
fn addresses() {
    assert_trips(any::<IpAddr>(), ToString::to_string);
    // Not those of a scope or flow, which their text does not have.
    let v6 = (any::<Ipv6Addr>(), any::<u16>()).prop_map(SocketAddr::from);
    assert_trips(v6, ToString::to_string);
    assert_trips((any::<IpAddr>(), any::<u16>()).prop_map(SocketAddr::from), ToString::to_string);
}

#[test]
fn lengths_of_time() {
    let any = (0..u64::from(u32::MAX), 0..1_000_000_000_u32).prop_map(|(seconds, nanos)| Duration::new(seconds, nanos));
    assert_trips(any, |time| format!("{}s {}ns", time.as_secs(), time.subsec_nanos()));
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Low,
    VeryHigh,
    Exactly(u8),
    Between { low: u8, high: u8 },
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Point {
    x: i64,
    y: Option<f64>,
    name: String,
    level: Level,
}

fn any_level() -> impl Strategy<Value = Level> {
    prop_oneof![
        Just(Level::Low),
        Just(Level::VeryHigh),
        any::<u8>().prop_map(Level::Exactly),
        any::<[u8; 2]>().prop_map(|[low, high]| Level::Between { low, high }),
    ]
}

fn any_point() -> impl Strategy<Value = Point> {
    // What is as much as its digits say: serde_json reads others to the nearest but one.
    let y = prop::option::of((-1000..1000).prop_map(|number| f64::from(number) / 8.0));
    (any::<i64>(), y, any_text(), any_level()).prop_map(|(x, y, name, level)| Point { x, y, name, level })
}

fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap()
}

#[test]
fn what_is_written_as_json() {
    assert_trips(any_level(), |level| match level {
        Level::Low => "low".to_owned(),
        other => json(other).trim_matches('"').to_owned(),
    });
    assert_trips(any_point(), json);
    assert_trips(prop::collection::vec(any_text(), 0..5), json);
    assert_trips(prop::collection::vec(any_point(), 0..3), json);
    assert_trips(prop::collection::btree_map(any_text(), any::<u8>(), 0..5), json);
    assert_trips(prop::collection::btree_set(any::<i16>(), 0..5), json);
    assert_trips((any_text(), any::<u16>(), any::<bool>()), json);
}

#[test]
fn what_is_written_with_separators() {
    // Without what separates, and without the blanks around, which do not count.
    let word = || "[a-z0-9.@-]([a-z0-9.@ -]{0,5}[a-z0-9.@-])?";
    let joined = |words: &Vec<String>| words.join(",");
    assert_trips(prop::collection::vec(word(), 1..5), joined);
    assert_trips(prop::collection::vec(word(), 1..5), |words: &Vec<String>| words.join(" , "));
    assert_trips(prop::collection::vec(any::<i32>(), 1..5), |numbers: &Vec<i32>| {
        numbers.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")
    });
    let pairs =
        |map: &BTreeMap<String, u16>| map.iter().map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>();
    assert_trips(prop::collection::btree_map("[a-z]{1,5}", any::<u16>(), 1..5), |map| pairs(map).join(","));
    assert_trips(prop::collection::btree_set("[a-z]{1,5}", 1..5), |set: &BTreeSet<String>| {
        set.iter().cloned().collect::<Vec<_>>().join(",")
    });
}

#[derive(Settings)]
struct Secret {
    #[secret(allow_empty)]
    value: SecretString,
}

proptest! {
    #![proptest_config(super::cases(100))]

    #[test]
    fn secrets_are_read_to_the_byte(text in any_text()) {
        let file = EnvFile::new(quoted(&text));
        let mount = tempfile::tempdir().unwrap();
        // One line ending goes, and that may be two characters.
        let end = if text.ends_with('\r') { "" } else { "\n" };
        fs::write(mount.path().join("value"), format!("{text}{end}")).unwrap();
        for loader in [
            Secret::loader().env([("VALUE", &text)]),
            Secret::loader().env_file(file.path()),
            Secret::loader().secrets_dir(mount.path()),
            Secret::loader().set("value", text.as_str()),
        ] {
            // What looks like a template is none here.
            match loader.hermetic().load_blocking() {
                Ok(secret) => prop_assert_eq!(secret.value.expose_secret(), &text),
                Err(report) => prop_assert_eq!(report.problems()[0].code().as_str(), "E104"),
            }
        }
    }
}

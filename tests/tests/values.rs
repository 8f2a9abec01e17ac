//! Text to value by the field's type, defaults, and checks.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use settings_core::report::Code;
use settings_core::{ExposeSecret, Report, SecretString, Settings};

/// Reads one text as a field of the type.
fn read<T>(text: &str) -> Result<Option<T>, String>
where
    T: serde::de::DeserializeOwned + Send + Sync + 'static,
{
    #[derive(Settings)]
    #[settings(debug = false)]
    struct One<T> {
        #[setting(allow_empty)]
        value: Option<T>,
    }
    let loaded = One::<T>::loader().hermetic().env([("VALUE", text)]).load_blocking();
    loaded.map(|one| one.value).map_err(|report| {
        let problem = &report.problems()[0];
        assert_eq!((problem.code(), problem.path()), (Code::Invalid, "value"));
        problem.expected().or(problem.note()).unwrap_or_default().to_owned()
    })
}

/// Asserts what each text is read as.
macro_rules! assert_read {
    ($($type:ty: $($text:expr => $value:expr),+;)+) => {$($(
        assert_eq!(read::<$type>($text), Ok(Some($value)), "{:?} as {}", $text, stringify!($type));
    )+)+};
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Level {
    Low,
    VeryHigh,
    Exactly(u8),
}

#[derive(Debug, PartialEq, Deserialize)]
struct Point {
    x: i32,
    #[serde(default)]
    y: i32,
}

#[test]
fn the_type_decides_what_a_text_means() {
    assert_read! {
        bool: "1" => true, "T" => true, "Yes" => true, "ON" => true, "y" => true, " true " => true,
              "0" => false, "f" => false, "No" => false, "oFF" => false, "n" => false, "False" => false;
        u16: "8080" => 8080, " 8080\t" => 8080, "00123" => 123, "+1" => 1;
        i64: "-5" => -5;
        u128: "340282366920938463463374607431768211455" => u128::MAX;
        f64: "0.25" => 0.25, " 1e3 " => 1000.0, "-1" => -1.0;
        String: "00123" => "00123".into(), "true" => "true".into(), " a " => " a ".into(), "" => String::new(),
                "[1]" => "[1]".into(), "null" => "null".into();
        char: "x" => 'x';
        Level: "low" => Level::Low, "very-high" => Level::VeryHigh, r#"{"exactly": 3}"# => Level::Exactly(3);
        PathBuf: "/srv/my data" => PathBuf::from("/srv/my data");
        IpAddr: "127.0.0.1" => IpAddr::V4(Ipv4Addr::LOCALHOST);
        SocketAddr: "[::1]:80" => "[::1]:80".parse().unwrap();
        Duration: "30s" => Duration::from_secs(30), "1h 30m" => Duration::from_secs(5400),
                  "250ms" => Duration::from_millis(250);
        Point: r#"{"x": 1, "y": "2"}"# => Point { x: 1, y: 2 };
    }
}

#[test]
fn lists_and_maps_are_json_or_separated() {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    assert_read! {
        Vec<u16>: "1,2, 3" => vec![1, 2, 3], "[1, 2]" => vec![1, 2], "7" => vec![7], "[]" => vec![];
        Vec<String>: "a, b" => texts(&["a", "b"]), r#"["a, b", "007"]"# => texts(&["a, b", "007"]),
                     "[::1]:80,[::2]:80" => texts(&["[::1]:80", "[::2]:80"]), "a[" => texts(&["a["]),
                     "007,08" => texts(&["007", "08"]), "a," => texts(&["a"]), "" => texts(&[]);
        Vec<Level>: "low,very-high" => vec![Level::Low, Level::VeryHigh];
        Vec<Point>: r#"[{"x": 1}]"# => vec![Point { x: 1, y: 0 }];
        HashSet<u8>: "1,1,2" => HashSet::from([1, 2]);
        (String, u16): "host,80" => ("host".into(), 80);
        BTreeMap<String, u8>: "a=1, b=2" => BTreeMap::from([("a".into(), 1), ("b".into(), 2)]),
                              r#"{"a": 1}"# => BTreeMap::from([("a".into(), 1)]);
        HashMap<u16, String>: "80=http,443=https" => HashMap::from([(80, "http".into()), (443, "https".into())]);
        HashMap<String, String>: "q=a=b" => HashMap::from([("q".into(), "a=b".into())]);
    }
}

#[test]
fn a_text_that_does_not_fit_says_what_would() {
    fn wrong<T: std::fmt::Debug + serde::de::DeserializeOwned + Send + Sync + 'static>(text: &str) -> String {
        read::<T>(text).unwrap_err()
    }
    for (said, expected) in [
        (wrong::<bool>("2"), "true or false (also yes/no, on/off, 1/0)"),
        (wrong::<u16>("80a0"), "a whole number in 0..=65535"),
        (wrong::<u16>("70000"), "a whole number in 0..=65535"),
        (wrong::<u16>("1.5"), "a whole number in 0..=65535"),
        (wrong::<u16>(""), "a whole number in 0..=65535"),
        (wrong::<i8>("-129"), "a whole number in -128..=127"),
        (wrong::<f32>("much"), "a number"),
        (wrong::<Level>("Low"), "one of `low`, `very-high`, `exactly`"),
        (wrong::<Duration>("30"), "a length of time with its unit, such as `30s`, `500ms` or `1h 30m`"),
        (wrong::<Vec<u8>>("[1, "), "a list as JSON or separated by commas"),
        (wrong::<Vec<u8>>("[1, 2"), "a list as JSON or separated by commas"),
        (wrong::<Vec<String>>(r#"["a"#), "a list as JSON or separated by commas"),
        (wrong::<Vec<String>>("["), "a list as JSON or separated by commas"),
        (wrong::<Vec<String>>("[a, b"), "a list as JSON or separated by commas"),
        (wrong::<Vec<String>>("[a, b]"), "a list as JSON or separated by commas"),
        (wrong::<BTreeMap<String, u8>>("a"), "`key=value` pairs separated by commas, or a JSON object"),
        (wrong::<Point>("1,2"), "a JSON object"),
        (wrong::<IpAddr>("localhost"), "invalid IP address syntax"),
    ] {
        assert_eq!(said, expected);
    }
}

#[derive(Settings)]
#[settings(env_prefix = "D_")]
struct Defaults {
    #[setting(default = "dev")]
    text: String,
    #[setting(default = "30s")]
    duration: Duration,
    #[setting(default = "127.0.0.1")]
    address: IpAddr,
    #[setting(default = 8 * 1024)]
    code: usize,
    #[setting(default = ["a", "b"])]
    texts: Vec<String>,
    #[setting(default = [1, 2])]
    numbers: Vec<u8>,
    #[setting(default = ["low", "very-high"])]
    levels: Vec<Level>,
    #[setting(default = 3)]
    optional: Option<u8>,
    #[setting(default = "4")]
    optional_text: Option<u8>,
    #[setting(default)]
    by_trait: u32,
    #[setting(default)]
    none: Option<u8>,
    #[setting(skip)]
    skipped: Vec<u8>,
}

#[test]
fn defaults() {
    let d = Defaults::loader().hermetic().load_blocking().unwrap();
    assert_eq!((d.text.as_str(), d.duration, d.address), ("dev", Duration::from_secs(30), Ipv4Addr::LOCALHOST.into()));
    assert_eq!((d.code, d.texts, d.numbers), (8192, vec!["a".to_owned(), "b".to_owned()], vec![1, 2]));
    assert_eq!(d.levels, [Level::Low, Level::VeryHigh]);
    assert_eq!((d.optional, d.optional_text, d.by_trait, d.none, d.skipped), (Some(3), Some(4), 0, None, vec![]));
}

#[test]
fn a_skipped_field_is_not_read() {
    let d = Defaults::loader().hermetic().env([("D_SKIPPED", "1"), ("D_BY_TRAIT", "5")]).load_blocking().unwrap();
    assert_eq!((d.skipped, d.by_trait), (vec![], 5));
}

#[derive(Settings)]
#[expect(dead_code, reason = "checked and not read")]
struct Checked {
    #[setting(default = 8080, range = 1024..=65535)]
    port: u16,
    #[setting(range = 0.0..1.0)]
    share: Option<f64>,
    #[setting(default = "dev", one_of = ["dev", "prod"])]
    environment: String,
    #[setting(one_of = [1, 2, 4])]
    workers: Option<u8>,
    #[setting(default = "name", min_len = 3)]
    name: String,
    #[setting(default = ["a", "b"], min_len = 2)]
    hosts: Vec<String>,
    #[setting(validate = even)]
    even: Option<u32>,
}

fn even(number: &u32) -> Result<(), String> {
    if number % 2 == 0 { Ok(()) } else { Err(format!("{number} is odd")) }
}

fn checked(variable: &str, text: &str) -> Result<Checked, Report> {
    Checked::loader().hermetic().env([(variable, text)]).load_blocking()
}

#[test]
fn values_within_their_rules_pass() {
    for (variable, text) in [
        ("PORT", "1024"),
        ("PORT", "65535"),
        ("SHARE", "0"),
        ("ENVIRONMENT", "prod"),
        ("WORKERS", "4"),
        ("NAME", "äöü"),
        ("HOSTS", "a,b,c"),
        ("EVEN", "2"),
    ] {
        assert!(checked(variable, text).is_ok(), "{variable}={text}");
    }
}

#[test]
fn a_broken_rule_says_what_it_is() {
    for (variable, text, sentence) in [
        ("PORT", "80", "expected a value in 1024..=65535, found `80`"),
        ("PORT", "80a0", "expected a whole number in 1024..=65535, found `80a0`"),
        ("SHARE", "1", "expected a value in 0.0..1.0, found `1`"),
        ("ENVIRONMENT", "test", "expected one of `dev`, `prod`, found `test`"),
        ("WORKERS", "3", "expected one of `1`, `2`, `4`, found `3`"),
        ("NAME", "ab", "expected at least 3 characters or elements, found `ab`"),
        ("HOSTS", "a", "expected at least 2 characters or elements, found `a`"),
        ("EVEN", "3", "3 is odd"),
    ] {
        let report = checked(variable, text).err().unwrap();
        assert!(report.to_string().contains(sentence), "{variable}={text}\n{report}");
        assert_eq!(report.problems()[0].code(), Code::Invalid);
    }
}

#[test]
fn defaults_are_checked_too() {
    #[derive(Settings)]
    #[expect(dead_code, reason = "never built")]
    struct Wrong {
        #[setting(default = 80, range = 1024..)]
        port: u16,
        #[setting(default = "x")]
        number: u8,
        #[setting(default = "a", min_len = 2)]
        name: String,
    }
    let report = Wrong::loader().hermetic().load_blocking().unwrap_err();
    let paths: Vec<_> = report.problems().iter().map(|problem| (problem.path(), problem.location())).collect();
    let place = Some("its default in the struct");
    assert_eq!(paths, [("port", place), ("number", place), ("name", place)]);
}

#[derive(Settings)]
#[settings(validate = in_order)]
struct Limits {
    low: u32,
    #[setting(range = 0..1000)]
    high: u32,
}

fn in_order(limits: &Limits) -> Result<(), String> {
    let Limits { low, high } = limits;
    if low <= high { Ok(()) } else { Err(format!("low is {low}, over high, which is {high}")) }
}

#[derive(Settings)]
struct Nesting {
    #[setting(nested)]
    inner: Limits,
    #[setting(nested, validate = not_too_high)]
    outer: Option<Limits>,
}

fn not_too_high(limits: &Limits) -> Result<(), &'static str> {
    if limits.high > 100 { Err("too high") } else { Ok(()) }
}

#[test]
fn a_struct_is_checked_as_a_whole() {
    let load = |low, high| Limits::loader().hermetic().set("low", low).set("high", high).load_blocking();
    assert_eq!(load(1, 2).unwrap().high, 2);
    let report = load(3, 2).unwrap_err();
    let problem = &report.problems()[0];
    assert_eq!((problem.code(), problem.path()), (Code::OwnCheck, ""));
    assert_eq!(problem.note(), Some("low is 3, over high, which is 2"));
}

#[test]
fn a_nested_struct_is_checked_at_its_place() {
    let load = |inner: [u32; 2], outer: [u32; 2]| {
        let set = Nesting::loader().hermetic().set("inner.low", inner[0]).set("inner.high", inner[1]);
        set.set("outer.low", outer[0]).set("outer.high", outer[1]).load_blocking()
    };
    let both = load([1, 2], [3, 4]).unwrap();
    assert_eq!((both.inner.low, both.outer.unwrap().high), (1, 4));
    let problem = load([2, 1], [1, 2]).unwrap_err().problems()[0].clone();
    assert_eq!((problem.path(), problem.note()), ("inner", Some("low is 2, over high, which is 1")));
    let problem = load([1, 2], [1, 200]).unwrap_err().problems()[0].clone();
    assert_eq!((problem.path(), problem.note()), ("outer", Some("too high")));
}

#[test]
fn the_whole_is_not_checked_while_a_part_is_wrong() {
    for high in ["x", "1000"] {
        let report = Limits::loader().hermetic().env([("LOW", "2000"), ("HIGH", high)]).load_blocking().unwrap_err();
        assert_eq!(report.problems().len(), 1, "{report}");
        assert_eq!(report.problems()[0].path(), "high");
    }
}

#[test]
fn a_broken_neighbour_does_not_hide_the_own_check_of_a_nested_struct() {
    let report = Nesting::loader().hermetic().env([("INNER_LOW", "x"), ("INNER_HIGH", "1")]);
    let report = report.set("outer.low", 5).set("outer.high", 4).load_blocking().unwrap_err();
    let paths: Vec<_> = report.problems().iter().map(|problem| problem.path()).collect();
    assert_eq!(paths, ["inner.low", "outer"], "{report}");
}

#[derive(Settings)]
struct Digits {
    code: String,
    pin: SecretString,
}

#[test]
fn digits_stay_text() {
    let digits = Digits::loader().hermetic().env([("CODE", "00123"), ("PIN", "0042")]).load_blocking().unwrap();
    assert_eq!((digits.code.as_str(), digits.pin.expose_secret()), ("00123", "0042"));
}

#[test]
fn values_given_in_code_are_bounded_by_the_type_too() {
    let wrong = |value: settings_core::value::Tree| {
        let report = Checked::loader().hermetic().set("port", value).load_blocking().err().unwrap();
        report.problems()[0].expected().unwrap().to_owned()
    };
    assert_eq!(wrong(70_000.into()), "a whole number in 1024..=65535");
    assert_eq!(wrong(true.into()), "a whole number in 1024..=65535");
    assert_eq!(wrong(80.into()), "a value in 1024..=65535");
    let listed = Checked::loader().hermetic().set("hosts", ["x", "y"]).set("share", 0.5).load_blocking().unwrap();
    assert_eq!((listed.hosts, listed.share), (vec!["x".to_owned(), "y".to_owned()], Some(0.5)));
}

//! A load is a fold of maps: each layer is a map from fields to texts, laid over those below it.

use std::collections::BTreeMap;
use std::fs;

use proptest::prelude::*;
use settings_core::figment::providers::Serialized;
use settings_core::{ExposeSecret, SecretString, Settings};
use tempfile::TempDir;

#[derive(Settings)]
#[settings(env_prefix = "T_")]
struct Tested {
    #[setting(default = "default")]
    a: String,
    b: Option<String>,
    #[setting(allow_empty)]
    kept: Option<String>,
    #[setting(default = ["default"])]
    list: Vec<String>,
    #[setting(nested)]
    inner: Inner,
    #[setting(nested)]
    maybe: Option<Maybe>,
    key: Option<SecretString>,
    #[secret(source = [docker, env])]
    mounted: Option<SecretString>,
}

#[derive(Settings)]
struct Inner {
    #[setting(default = "default")]
    a: String,
    b: Option<String>,
    #[setting(nested)]
    deep: Deep,
}

#[derive(Settings)]
struct Deep {
    #[setting(default = "default")]
    a: String,
    key: Option<SecretString>,
}

#[derive(Settings)]
struct Maybe {
    #[setting(default = "default")]
    a: String,
    b: Option<String>,
}

const PLAIN: [&str; 9] = ["a", "b", "kept", "list", "inner.a", "inner.b", "inner.deep.a", "maybe.a", "maybe.b"];
const SECRETS: [&str; 3] = ["key", "mounted", "inner.deep.key"];
/// The fields that may stand in the JSON of `inner`.
const OF_INNER: [&str; 4] = ["inner.a", "inner.b", "inner.deep.a", "inner.deep.key"];

/// From a field's path to its text.
type Map = BTreeMap<&'static str, String>;

/// Some of these fields, each with a text of its own or with none to speak of.
fn map(fields: &'static [&'static str], layer: &'static str) -> impl Strategy<Value = Map> {
    let text = prop_oneof![
        6 => "[a-z0-9 ]{0,3}".prop_map(move |some| format!("{layer}{some}.")),
        1 => Just(String::new()),
    ];
    let some = prop::sample::subsequence(fields, 0..=fields.len());
    (some, prop::collection::vec(text, fields.len()))
        .prop_map(|(fields, texts)| fields.into_iter().zip(texts).collect())
}

fn any_of_all(layer: &'static str) -> impl Strategy<Value = Map> {
    const ALL: [&str; 12] = {
        let mut all = [""; 12];
        let mut index = 0;
        while index < 12 {
            all[index] = if index < 9 { PLAIN[index] } else { SECRETS[index - 9] };
            index += 1;
        }
        all
    };
    static ALL_FIELDS: [&str; 12] = ALL;
    map(&ALL_FIELDS, layer)
}

/// What stands in each place.
#[derive(Debug, Clone)]
struct Layers {
    files: [Map; 2],
    provider: Map,
    secrets: [Map; 2],
    /// Each file's own lines, and what it has of `inner` as JSON.
    dotenv: [(Map, Map); 2],
    env: (Map, Map),
    set: Map,
}

fn any_layers() -> impl Strategy<Value = Layers> {
    static PLAIN_FIELDS: [&str; 9] = PLAIN;
    static SECRET_FIELDS: [&str; 3] = SECRETS;
    static INNER_FIELDS: [&str; 4] = OF_INNER;
    let json = |layer| prop_oneof![Just(Map::new()), map(&INNER_FIELDS, layer)];
    (
        [map(&PLAIN_FIELDS, "file"), map(&PLAIN_FIELDS, "file")],
        map(&PLAIN_FIELDS, "provider"),
        [map(&SECRET_FIELDS, "mount"), map(&SECRET_FIELDS, "mount")],
        [(any_of_all("dotenv"), json("dotjson")), (any_of_all("dotenv"), json("dotjson"))],
        (any_of_all("env"), json("json")),
        any_of_all("set"),
    )
        .prop_map(|(files, provider, secrets, dotenv, env, set)| Layers {
            files,
            provider,
            secrets,
            dotenv,
            env,
            set,
        })
}

impl Layers {
    /// What a field's text is: the highest that counts.
    fn expected(&self, field: &str) -> Option<String> {
        let at = |map: &Map| map.get(field).cloned();
        // As one layer the .env files are a map of their own, in which an empty text hides what is below it.
        let [low, high] = &self.dotenv;
        let line = at(&high.0).or_else(|| at(&low.0));
        let json = if high.1.is_empty() { at(&low.1) } else { at(&high.1) };
        let (env, env_json) = (at(&self.env.0), at(&self.env.1));
        // So are the config files, and the provider over them.
        let config = at(&self.provider).or_else(|| at(&self.files[1])).or_else(|| at(&self.files[0]));
        let [first, second] = &self.secrets;
        let mounted = [at(second), at(first)];
        let own = [env, env_json, line, json];
        let [env, env_json, line, json] = own;
        let [second, first] = mounted;
        let order = match field {
            "mounted" => [at(&self.set), second, first, env, env_json, line, json, config],
            _ => [at(&self.set), env, env_json, line, json, second, first, config],
        };
        let counts = |text: &String| field == "kept" || !text.is_empty();
        order.into_iter().flatten().find(counts)
    }

    /// The struct as a naive fold has it.
    fn fold(&self) -> Vec<(&'static str, Option<String>)> {
        let maybe = ["maybe.a", "maybe.b"].iter().any(|field| self.expected(field).is_some());
        let value = |field: &'static str| {
            let default = match field {
                "a" | "list" | "inner.a" | "inner.deep.a" => Some("default"),
                "maybe.a" if maybe => Some("default"),
                _ => None,
            };
            (field, self.expected(field).or(default.map(str::to_owned)))
        };
        PLAIN.into_iter().chain(SECRETS).map(value).collect()
    }

    /// Writes all layers down, and loads.
    fn load(&self) -> Vec<(&'static str, Option<String>)> {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let mut loader = Tested::loader().hermetic();
        for (name, map) in ["a.toml", "b.toml"].iter().zip(&self.files) {
            fs::write(at(name), toml(map)).unwrap();
            loader = loader.file(at(name));
        }
        for (field, text) in &self.provider {
            loader = loader.provider(Serialized::default(field, text.clone()));
        }
        for (name, map) in ["mount-a", "mount-b"].iter().zip(&self.secrets) {
            mount(&directory, name, map);
            loader = loader.secrets_dir(at(name));
        }
        for (name, (lines, json)) in ["a.env", "b.env"].iter().zip(&self.dotenv) {
            let lines = lines.iter().map(|(field, text)| format!("{}='{text}'\n", variable(field)));
            let json = (!json.is_empty()).then(|| format!("T_INNER={}\n", json_of_inner(json)));
            fs::write(at(name), lines.chain(json).collect::<String>()).unwrap();
            loader = loader.env_file(at(name));
        }
        loader = loader.env(self.env.0.iter().map(|(field, text)| (variable(field), text)));
        if !self.env.1.is_empty() {
            loader = loader.env([("T_INNER", json_of_inner(&self.env.1))]);
        }
        loader = self.set.iter().fold(loader, |loader, (field, text)| loader.set(*field, text.as_str()));
        let loaded = loader.load_blocking().map_err(|report| report.to_string()).unwrap();
        let text = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
        let Tested { a, b, kept, list, inner, maybe, key, mounted } = loaded;
        let (maybe_a, maybe_b) = maybe.map_or((None, None), |Maybe { a, b }| (Some(a), b));
        vec![
            ("a", Some(a)),
            ("b", b),
            ("kept", kept),
            ("list", Some(list.join(","))),
            ("inner.a", Some(inner.a)),
            ("inner.b", inner.b),
            ("inner.deep.a", Some(inner.deep.a)),
            ("maybe.a", maybe_a),
            ("maybe.b", maybe_b),
            ("key", text(&key)),
            ("mounted", text(&mounted)),
            ("inner.deep.key", text(&inner.deep.key)),
        ]
    }
}

fn variable(field: &str) -> String {
    format!("T_{}", field.to_uppercase().replace('.', "_"))
}

/// Typed where a type differs from text, which every other layer has.
fn toml(map: &Map) -> String {
    let line = |(field, text): (&&str, &String)| match (*field, text.is_empty()) {
        ("list", false) => format!("list = ['{text}']\n"),
        _ => format!("{field} = '{text}'\n"),
    };
    map.iter().map(line).collect()
}

fn mount(directory: &TempDir, name: &str, map: &Map) {
    let mount = directory.path().join(name);
    fs::create_dir(&mount).unwrap();
    for (field, text) in map {
        fs::write(mount.join(field.replace('.', "_")), format!("{text}\n")).unwrap();
    }
}

fn json_of_inner(map: &Map) -> String {
    let mut object = serde_json::json!({});
    for (field, text) in map {
        let keys = field.split('.').skip(1);
        let place = keys.fold(&mut object, |object, key| &mut object[key]);
        *place = text.as_str().into();
    }
    object.to_string()
}

proptest! {
    #![proptest_config(super::cases(100))]

    #[test]
    fn a_load_is_a_fold_of_its_layers(layers in any_layers()) {
        prop_assert_eq!(layers.load(), layers.fold());
    }
}

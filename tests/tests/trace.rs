//! What a load tells `tracing`, with the feature `tracing`.
#![cfg(feature = "tracing")]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]
#![allow(dead_code, reason = "what is loaded is not looked at, only what is told of it")]

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex};

use settings_core::{Loader, SecretString, Settings};
use settings_tests::{EnvFile, leak};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber, subscriber};

#[derive(Settings)]
#[settings(env_file = none)]
struct Chat {
    #[setting(default = 8080, deprecated_alias = "OLD_PORT")]
    port: u16,
    #[secret(format = openai)]
    openai_api_key: Option<SecretString>,
    gateway_token: Option<SecretString>,
    #[setting(default)]
    greeting: String,
}

/// Writes down each span and event up to a level, one line each.
struct Listener {
    most: Level,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Listener {
    fn hear(&self, metadata: &Metadata<'_>, name: &str, record: impl FnOnce(&mut Line)) {
        let mut line = Line(format!("{} {}{name}", metadata.level(), metadata.target()));
        record(&mut line);
        self.heard.lock().unwrap().push(line.0);
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= self.most
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let name = format!(" span {}", span.metadata().name());
        self.hear(span.metadata(), &name, |line| span.record(line));
        Id::from_u64(1)
    }

    fn event(&self, event: &Event<'_>) {
        self.hear(event.metadata(), "", |line| event.record(line));
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {field}={value:?}").unwrap();
    }
}

/// What is heard of a load, and whether it succeeds.
fn heard(most: Level, loader: Loader<Chat>) -> (Vec<String>, bool) {
    let heard = Arc::default();
    let listener = Listener { most, heard: Arc::clone(&heard) };
    let loads = subscriber::with_default(listener, || loader.load_blocking().is_ok());
    let heard = heard.lock().unwrap().clone();
    (heard, loads)
}

const SPAN: &str = "DEBUG settings span settings::load settings=\"Chat\"";

#[test]
fn a_load_is_a_span() {
    assert_eq!(heard(Level::TRACE, Chat::loader().hermetic()), (vec![SPAN.to_owned()], true));
}

#[test]
fn a_warning_is_one_event() {
    let loader = || Chat::loader().hermetic().env([("OLD_PORT", "9000")]);
    let (warnings, loaded) = heard(Level::WARN, loader());
    let expected = "WARN settings message=is deprecated; its new name is PORT variable=\"OLD_PORT\" place=\"\"";
    assert_eq!((warnings, loaded), (vec![expected.to_owned()], true));
    let (_, told) = loader().load_with_warnings_blocking().unwrap();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(heard(Level::ERROR, loader()), (vec![], true));
}

#[test]
fn of_a_load_that_fails_the_number_of_problems_is_told() {
    let problems = "DEBUG settings message=the settings do not load problems=";
    let invalid = Chat::loader().hermetic().env([("PORT", "http"), ("OPENAI_API_KEY", "none")]);
    assert_eq!(heard(Level::TRACE, invalid), (vec![SPAN.to_owned(), format!("{problems}2")], false));
    let misuse = Chat::loader().hermetic().set("prot", 1);
    assert_eq!(heard(Level::TRACE, misuse), (vec![SPAN.to_owned(), format!("{problems}1")], false));
}

#[test]
fn no_event_holds_a_part_of_a_secret() {
    let canaries = ["Zq7Wk3Xv9Bn5Tm1Jh8Pd", "Gf2Lr6Yc4Ds0Ue5Va7Wi"];
    let [one, other] = canaries.map(|canary| {
        let doubtful = EnvFile::new(format!("GATEWAY_TOKEN=\" {canary}${{{canary}}}`#\"\nGREETING={canary}$x#y\n"));
        let broken = EnvFile::new(format!("GATEWAY_TOKEN=\"{canary}\" {canary}\n"));
        let loads = [
            Chat::loader().hermetic().env_file(doubtful.path()),
            Chat::loader().hermetic().env_file(broken.path()),
            Chat::loader().hermetic().env([("OPENAI_API_KEY", canary), ("GATEWAY_TOKEN", canary)]),
            Chat::loader().hermetic().env([("OPENAI_API_KEY", format!("sk-ant-{canary}"))]),
            Chat::loader().hermetic().env([("PORT", canary)]),
        ];
        let heard = loads.map(|loader| heard(Level::TRACE, loader).0.join("\n")).join("\n");
        assert_eq!(leak(&heard, canary), None, "{heard}");
        doubtful.hide_path(&broken.hide_path(&heard))
    });
    assert!(one.contains("WARN") && one.contains("problems="), "{one}");
    assert_eq!(one, other);
}

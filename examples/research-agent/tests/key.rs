//! Where the key comes from, row by row, and which model answers then.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper of tests fails as a test does")]

mod common;

use std::fs;
use std::os::unix::fs::symlink;

use common::Place;
use research_agent::model::Model;
use research_agent::settings::{AgentSettings, KeyOrigin, Loaded, load};
use settings_core::report::{Code, Kind, Outcome};
use settings_core::{ExposeSecret, Loader, Settings};

const DUMMY: &str = "sk-test-dummy-key-for-learning";

/// A loader that sees these variables and this place's secret files, and nothing else.
fn loader(place: &Place, env: &[(&str, &str)]) -> Loader<AgentSettings> {
    AgentSettings::loader().hermetic().env(env.iter().copied()).secrets_dir(place.secrets())
}

/// What came of it: the key, where it was found, the model, and the warnings.
struct Found {
    key: Option<String>,
    origin: KeyOrigin,
    model: String,
    warnings: Vec<String>,
}

fn found(place: &Place, env: &[(&str, &str)]) -> Found {
    let Loaded { settings, origin, warnings } = load(|| loader(place, env)).unwrap();
    let model = Model::choose(&settings, &origin).unwrap().name().to_owned();
    let key = settings.openai_api_key.map(|key| key.expose_secret().to_owned());
    Found { key, origin, model, warnings: warnings.iter().map(ToString::to_string).collect() }
}

fn path(place: &Place) -> String {
    place.key().display().to_string()
}

#[test]
fn a_file_is_preferred_to_the_environment() {
    let place = Place::with_key("sk-test-real\n");
    let found = found(&place, &[("OPENAI_API_KEY", "sk-test-env")]);
    assert_eq!(found.key.as_deref(), Some("sk-test-real"));
    assert_eq!((found.origin, &*found.model), (KeyOrigin::File(path(&place)), "gpt-4o-mini"));
}

#[test]
fn a_placeholder_in_the_file_is_passed_over_with_a_warning() {
    for placeholder in [DUMMY, "sk-insecure"] {
        let place = Place::with_key(placeholder);
        let found = found(&place, &[("OPENAI_API_KEY", "sk-test-env")]);
        assert_eq!(found.key.as_deref(), Some("sk-test-env"));
        assert_eq!(found.origin, KeyOrigin::Environment("OPENAI_API_KEY".to_owned()));
        let told = format!("OPENAI_API_KEY, {}: is a placeholder, which counts as unset", path(&place));
        assert_eq!(found.warnings, [told]);
    }
}

#[test]
fn without_a_usable_key_the_local_model_answers() {
    for (place, env) in [
        (Place::with_key(DUMMY), &[("OPENAI_API_KEY", "sk-insecure")][..]),
        (Place::with_key(DUMMY), &[]),
        (Place::new(), &[("OPENAI_API_KEY", DUMMY)]),
        (Place::new(), &[]),
    ] {
        let found = found(&place, env);
        assert_eq!((found.key, found.origin), (None, KeyOrigin::Nowhere));
        assert_eq!(found.model, "ai/gemma3:1B-Q4_K_M");
    }
}

#[test]
fn an_empty_file_is_named_and_the_environment_asked() {
    let place = Place::with_key("\n");
    let found = found(&place, &[("OPENAI_API_KEY", "sk-test-env")]);
    assert_eq!(found.key.as_deref(), Some("sk-test-env"));
    let told = format!("OPENAI_API_KEY, {}: is empty, which counts as unset", path(&place));
    assert_eq!(found.warnings, [told]);
}

#[test]
fn an_unreadable_file_is_named_with_its_cause_and_the_environment_asked() {
    let place = unreadable();
    let cause = fs::read(place.key()).unwrap_err().kind();
    let found = found(&place, &[("OPENAI_API_KEY", "sk-test-env")]);
    assert_eq!(found.key.as_deref(), Some("sk-test-env"));
    let told = format!("{}: cannot be read ({cause}); the value comes from another place", path(&place));
    assert_eq!(found.warnings, [format!("OPENAI_API_KEY, {told}")]);
}

#[test]
fn an_unreadable_file_alone_could_not_be_checked() {
    let place = unreadable();
    let cause = fs::read(place.key()).unwrap_err().kind();
    // In the folder of secrets, or where the variable says.
    for env in [&[][..], &[("OPENAI_API_KEY_FILE", &*path(&place))]] {
        let report = load(|| loader(&place, env)).map(drop).unwrap_err();
        let [problem] = report.problems() else { panic!("{report}") };
        assert_eq!((problem.code(), problem.code().kind()), (Code::UnreadableFile, Kind::Unchecked), "{report}");
        let look = &problem.looked()[0];
        assert_eq!((look.place(), look.outcome()), (&*path(&place), &Outcome::Unreadable(cause)));
        assert!(report.to_string().contains("OPENAI_API_KEY  could not be checked"), "{report}");
    }
}

#[test]
fn a_variable_points_at_a_rotated_secret() {
    let place = Place::new();
    let rotated = place.secrets().join("openai_api_key_v2");
    fs::write(&rotated, "sk-new-dummy-key-rotated\n").unwrap();
    let rotated = rotated.display().to_string();
    let found = found(&place, &[("OPENAI_API_KEY_FILE", &rotated)]);
    assert_eq!(found.key.as_deref(), Some("sk-new-dummy-key-rotated"));
    assert_eq!((found.origin, found.model), (KeyOrigin::File(rotated), "gpt-4o-mini".to_owned()));

    // The old secret may still be mounted beside it.
    fs::write(place.key(), "sk-test-old").unwrap();
    let place_of_new = place.secrets().join("openai_api_key_v2").display().to_string();
    let loaded = load(|| loader(&place, &[("OPENAI_API_KEY_FILE", &place_of_new)])).unwrap();
    assert_eq!(loaded.settings.openai_api_key.unwrap().expose_secret(), "sk-new-dummy-key-rotated");
}

/// A link to itself, which root cannot read either.
fn unreadable() -> Place {
    let place = Place::new();
    symlink("openai_api_key", place.key()).unwrap();
    place
}

#[test]
fn addresses_are_checked() {
    let place = Place::new();
    for (variable, value) in [
        ("OPENAI_BASE_URL", "http://api.openai.com/v1"),
        ("OPENAI_BASE_URL", "ftp://localhost/v1"),
        ("MODEL_RUNNER_URL", "model-runner"),
        ("MCP_SERVER_URL", "mcp-gateway:8811"),
    ] {
        let report = load(|| loader(&place, &[(variable, value)])).map(drop).unwrap_err();
        assert_eq!(report.problems()[0].variable(), variable);
    }
    for url in ["http://localhost:1/v1", "http://[::1]:1/v1", "https://proxy.example.com/v1"] {
        assert!(load(|| loader(&place, &[("OPENAI_BASE_URL", url)])).is_ok(), "{url}");
    }
}

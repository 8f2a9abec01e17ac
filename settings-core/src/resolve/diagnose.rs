//! Failures become problems: the way to each field is gone once more, and this time written down.

mod within;

use std::borrow::Cow;
use std::time::{Duration, SystemTime};

use super::find::{retrace, retrace_to_the_end};
use super::names;
use super::shape::below;
use super::walk::{Leaf, Step, walk};
use crate::layer::{Layers, STAND_IN, Trail};
use crate::report::{Code, Look, Outcome, Problem, Report, Task, Warning, hint};
use crate::schema::{DefaultValue, Field, Schema, Secret};
use crate::secret::{ExposeSecret, Verdict};
use crate::value::{Failure, Fault, ROOT, Rule, Slot};

/// The report on everything that stands against a load.
pub(crate) fn report(schema: &'static Schema, layers: &Layers<'_>, failures: &[Failure], task: Task) -> Report {
    let mut problems = layers.file_problems(&names::claimed(schema));
    walk(schema, &mut |step| {
        if let Step::Field(leaf) = &step {
            name_variable(leaf, &mut problems);
        }
        if let Step::Enter(leaf) | Step::Field(leaf) = step {
            let here = failures.iter().filter(|failure| failure.at == leaf.at);
            problems.extend(here.map(|failure| problem(&failure.fault, leaf, layers)));
        }
    });
    let whole = failures.iter().filter(|failure| failure.at == ROOT);
    problems.extend(whole.map(|failure| own_check(&failure.fault, "", schema.name)));
    Report::new(schema.name, task, problems).with_warnings(warnings(schema, layers))
}

/// Tells of a secret in a plain file where it should be instead. The file knows its keys alone.
fn name_variable(leaf: &Leaf<'_>, problems: &mut [Problem]) {
    let mut here = problems.iter_mut().filter(|problem| problem.code() == Code::SecretInFile).peekable();
    if here.peek().is_some() {
        let keys = leaf.keys_in_file();
        here.filter(|problem| problem.path() == keys)
            .for_each(|problem| problem.belongs_in(leaf.variable, &export(leaf)));
    }
}

/// What is not as it should be and stands in nobody's way.
pub(crate) fn warnings(schema: &'static Schema, layers: &Layers<'_>) -> Vec<Warning> {
    let mut warnings = layers.lint(&names::claimed(schema));
    let mut has_secrets = false;
    walk(schema, &mut |step| {
        if let Step::Field(leaf) = step {
            has_secrets |= leaf.field.secret().is_some();
            warn_of(leaf, layers, &mut warnings);
        }
    });
    if has_secrets && layers.env.text(LOGS_BODIES).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        let text = "makes the AWS SDK write the bodies of answers to its log, secrets among them; unset it";
        warnings.push(Warning::new(LOGS_BODIES, "", text));
    }
    warnings
}

/// `true` turns off the redaction of what the AWS SDK logs at the level TRACE, for the whole process.
const LOGS_BODIES: &str = "LOG_SENSITIVE_BODIES";

/// Warns of a name that is deprecated, of what the way to a secret passed over and what its value hides, and of a secret
/// that may not be right.
fn warn_of(leaf: &Leaf<'_>, layers: &Layers<'_>, warnings: &mut Vec<Warning>) {
    let rules = leaf.field.secret();
    if rules.is_none() && !leaf.field.aliases.iter().any(|alias| alias.deprecated) {
        return;
    }
    let (slot, trail) = retrace(layers, leaf);
    if let Some(name) = trail.deprecated {
        let place = trail.location.as_deref().unwrap_or_default();
        warnings.push(Warning::new(name, place, &format!("is deprecated; its new name is {}", leaf.variable)));
    }
    let Some(rules) = rules else { return };
    let has_value = !matches!(slot, Slot::Unset | Slot::Failed);
    let missing = !has_value && leaf.is_required();
    if !missing {
        warnings.extend(trail.warnings.iter().map(|(place, text)| Warning::new(leaf.variable, place, text)));
    }
    warnings.extend(overdue_of(leaf, rules, &trail));
    let looked = trail.into_looked();
    if !missing {
        let texts = looked.iter().filter_map(|look| Some((look, passed_over(look, has_value)?)));
        warnings.extend(texts.map(|(look, text)| Warning::new(leaf.variable, look.place(), &text)));
    }
    if let (Some(winner), true) = (looked.last(), has_value) {
        warn_of_hidden(winner, leaf, layers, warnings);
    }
    let Slot::Secret(secret) = &slot else { return };
    let text = secret.expose_secret(); // EXPOSE: held to its rules, which say nothing of it
    let place = looked.last().map_or("", Look::place);
    if text.starts_with(char::is_whitespace) || text.ends_with(char::is_whitespace) {
        warnings.push(Warning::new(
            leaf.variable,
            place,
            "begins or ends with white space, which is part of the secret",
        ));
    }
    if let Verdict::Doubtful(mismatch) = crate::secret::check(text, rules) {
        warnings.push(Warning::new(leaf.variable, place, &mismatch.to_string()));
    }
}

/// What to say of a place that had no value and should have had one.
fn passed_over(look: &Look, has_value: bool) -> Option<Cow<'static, str>> {
    let (layer, outcome) = (look.layer(), look.outcome());
    Some(match outcome {
        Outcome::Placeholder => "is a placeholder, which counts as unset".into(),
        // An empty variable is how one is unset; nobody mounts an empty file on purpose.
        Outcome::Empty if is_secret_file(layer) => "is empty, which counts as unset".into(),
        Outcome::Unreadable(kind) if has_value => {
            format!("cannot be read ({kind}); the value comes from another place").into()
        }
        Outcome::Unreachable(_) | Outcome::Denied(_) | Outcome::Misconfigured(_) if has_value => {
            format!("{layer} could not be asked: {}; the value comes from another place", outcome.sentence()).into()
        }
        _ => return None,
    })
}

/// Whether the layer is one of files that hold one secret each.
fn is_secret_file(layer: &str) -> bool {
    matches!(layer, "docker" | "k8s" | "file")
}

/// Warns of the secrets that are older than they should be.
pub(crate) fn overdue(schema: &'static Schema, layers: &Layers<'_>) -> Vec<Warning> {
    let mut warnings = Vec::new();
    walk(schema, &mut |step| {
        let Step::Field(leaf) = step else { return };
        let Some(rules) = leaf.field.secret().filter(|rules| rules.rotate_every.is_some()) else { return };
        warnings.extend(overdue_of(leaf, rules, &retrace(layers, leaf).1));
    });
    warnings
}

/// Warns of a version that is older than its field allows, where the store tells its age.
fn overdue_of(leaf: &Leaf<'_>, rules: &Secret, trail: &Trail) -> Option<Warning> {
    let created = trail.from_store.as_ref()?.created?;
    let (every, age) = (rules.rotate_every?, SystemTime::now().duration_since(created).ok()?);
    let place = trail.looked().last().map_or("", Look::place);
    let text = format!("is {} old and should be rotated every {}", days(age), days(every));
    (age > every).then(|| Warning::new(leaf.variable, place, &text))
}

fn days(time: Duration) -> String {
    const DAY: u64 = 86_400;
    match time.as_secs() / DAY {
        0 => humantime::format_duration(Duration::from_secs(time.as_secs())).to_string(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// Warns of every lower layer that has the secret too. Whether it is the same there is not told.
fn warn_of_hidden(winner: &Look, leaf: &Leaf<'_>, layers: &Layers<'_>, warnings: &mut Vec<Warning>) {
    let looked = retrace_to_the_end(layers, leaf).1.into_looked();
    let hidden = looked.iter().filter(|look| *look.outcome() == Outcome::Found).skip(1);
    warnings.extend(hidden.map(|hidden| {
        let text = format!("hides the secret that {} has too, {}", hidden.layer(), hidden.place());
        Warning::new(leaf.variable, winner.place(), &text)
    }));
}

pub(crate) fn problem(fault: &Fault, leaf: &Leaf<'_>, layers: &Layers<'_>) -> Problem {
    if let Fault::Element(failure) = fault {
        return within::problem(failure, leaf, layers);
    }
    let trace = || Trace::of(leaf, layers);
    of_site(fault, &Site { field: leaf.field, path: leaf.path(), variable: leaf.variable, trace: &trace })
}

/// What is wrong with a value that is given for a field, and stands in no layer.
pub(crate) fn of_new_value(fault: &Fault, leaf: &Leaf<'_>) -> Problem {
    let trace = || Trace { shown: None, location: None, looked: Vec::new(), fixes: Vec::new(), note: None };
    of_site(fault, &Site { field: leaf.field, path: leaf.path(), variable: leaf.variable, trace: &trace })
}

/// A field that something is wrong with.
struct Site<'s> {
    field: &'static Field,
    path: String,
    variable: &'s str,
    /// Goes its way once more.
    trace: &'s dyn Fn() -> Trace,
}

/// What is to be told of the way to a value.
struct Trace {
    /// The value, where there is one that may be shown.
    shown: Option<String>,
    /// `file:line:column`.
    location: Option<String>,
    looked: Vec<Look>,
    /// What gives the field a value.
    fixes: Vec<String>,
    /// What to say of a missing value in the place of where it was looked for.
    note: Option<&'static str>,
}

impl Trace {
    fn of(leaf: &Leaf<'_>, layers: &Layers<'_>) -> Self {
        let (slot, mut trail) = retrace(layers, leaf);
        let mut shown = slot.shown().map(|text| trail.literal.take().unwrap_or(text));
        if let (Slot::Unset, DefaultValue::Text(text) | DefaultValue::Code(text)) = (slot, leaf.field.default) {
            shown = Some(text.to_owned());
            trail.location = Some("its default in the struct".to_owned());
        }
        let from_stores = std::mem::take(&mut trail.fixes);
        let (location, looked) = (trail.location.take(), trail.into_looked());
        if !layers.of_mock() {
            let fixes = std::iter::once(export(leaf)).chain(from_stores).collect();
            return Self { shown, location, looked, fixes, note: None };
        }
        let path = leaf.path();
        let fixes =
            vec![format!(".set(\"{path}\", ..) on the mock"), format!("#[setting(example = \"..\")] on `{path}`")];
        let note = "A mock reads no environment. It takes the default or the `example` of a required field.";
        Self { shown, location, looked, fixes, note: Some(note) }
    }
}

fn of_site(fault: &Fault, site: &Site<'_>) -> Problem {
    let Site { field, path, variable, .. } = site;
    match fault {
        Fault::Missing | Fault::File => missing(site),
        Fault::Expected(what) => {
            let expected = match field.rules.range {
                Some(range) if what.starts_with("a whole number in ") => format!("a whole number in {range}"),
                _ => what.clone(),
            };
            found(Code::Invalid, site, |problem| problem.expect(&expected))
        }
        Fault::Rule(rule) => found(Code::Invalid, site, |problem| problem.expect(&rule_text(*rule, field))),
        // Nothing that was found is shown of a nested struct: its JSON may hold secrets.
        Fault::Said(_) | Fault::Secret(_) if field.is_nested() => own_check(fault, path, variable),
        Fault::Said(text) => found(Code::Invalid, site, |problem| problem.explain(&crate::secret::mask(text))),
        Fault::Secret(sentence) => found(Code::Invalid, site, |problem| problem.explain(sentence)),
        Fault::Format(mismatch) => {
            found(Code::Invalid, site, |problem| problem.expect(&mismatch.expected).describe(&mismatch.found))
        }
        Fault::Expansion(sentence) => found(Code::Invalid, site, |problem| problem.explain(sentence)),
        Fault::RefersToSecret(name) => found(Code::Invalid, site, |problem| {
            let note = "and a plain field is shown in reports. Mark the field `#[secret(expand)]`.";
            problem.explain(&format!("It refers to `{name}`, which is a secret or named like one, {note}"))
        }),
        Fault::Store(how) => {
            let Trace { looked, fixes, .. } = (site.trace)();
            let problem = of_field(Code::Invalid, site)
                .looked_in(looked)
                .explain(&format!("What the store has cannot be used: {how}."));
            fixes.iter().fold(problem, |problem, fix| problem.fix(fix))
        }
        Fault::NotBuiltIn(store) => of_field(Code::StoreUnavailable, site)
            .looked_in((site.trace)().looked)
            .explain("The store is configured, and the program is built without it.")
            .fix(&format!("turn on the feature `{store}` of settings-core in Cargo.toml")),
        Fault::NotRegistered(store) => of_field(Code::StoreUnavailable, site)
            .looked_in((site.trace)().looked)
            .explain(&format!("The program registers no store `{store}`."))
            .fix(&format!("load by `loader().store(\"{store}\", ..)`")),
        Fault::InFile(place) => of_field(Code::SecretInFile, site).at(place),
        Fault::NotUtf8 => found(Code::NotUtf8, site, |problem| problem),
        Fault::Whole(_) | Fault::Element(_) => own_check(fault, path, variable),
        Fault::NotJson { within, at: None } => Problem::new(Code::Invalid, &below(path, within), variable)
            .expect("a JSON object")
            .describe("other text, which is not shown as it may hold secrets"),
        Fault::NotJson { within, at: Some((line, column)) } => {
            Problem::new(Code::Invalid, &below(path, within), variable)
                .expect("a JSON object")
                .describe(&format!("text that is no JSON at line {line}, column {column} of the value"))
        }
        Fault::UnknownKey { within, nearest } => {
            let path = &below(path, within);
            let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            Problem::new(Code::Invalid, path, variable)
                .explain(&format!("The JSON object has a key that no field of `{path}` has{nearest}"))
        }
    }
}

fn own_check(fault: &Fault, path: &str, variable: &str) -> Problem {
    let problem = Problem::new(Code::OwnCheck, path, variable);
    match fault {
        Fault::Whole(Cow::Borrowed(sentence)) | Fault::Secret(sentence) => problem.explain(sentence),
        Fault::Whole(Cow::Owned(text)) | Fault::Said(text) => problem.explain(&crate::secret::mask(text)),
        _ => problem,
    }
}

/// A problem of a kind that fits the field.
fn of_field(code: Code, site: &Site<'_>) -> Problem {
    match site.field.secret() {
        Some(_) => Problem::of_secret(code, &site.path, site.variable),
        None => Problem::new(code, &site.path, site.variable),
    }
}

/// A problem with a value that some layer has: shown for a plain field, located for every field.
fn found(code: Code, site: &Site<'_>, say: impl FnOnce(Problem) -> Problem) -> Problem {
    let Trace { shown, location, looked, fixes, .. } = (site.trace)();
    let mut problem = say(of_field(code, site));
    if looked.last().is_some_and(|look| look.layer() == STAND_IN) {
        problem = fixes.iter().fold(problem, |problem, fix| problem.fix(fix));
    }
    if let Some(text) = shown {
        problem = problem.show(&text);
        if hint::is_service_link(&text) {
            problem = problem.explain(
                "Kubernetes sets this variable for a service of that name; rename the service, or set `enableServiceLinks: false` in the pod.",
            );
        }
    }
    match location {
        Some(location) => problem.at(&location),
        None => problem.looked_in(looked),
    }
}

fn missing(site: &Site<'_>) -> Problem {
    let Trace { looked, location, fixes, note, .. } = (site.trace)();
    let any = |wanted: fn(&Outcome) -> bool| looked.iter().any(|look| wanted(look.outcome()));
    let code = if any(|outcome| matches!(outcome, Outcome::Unreachable(_))) {
        Code::Unreachable
    } else if any(|outcome| matches!(outcome, Outcome::Denied(_))) {
        Code::Denied
    } else if any(|outcome| matches!(outcome, Outcome::Misconfigured(_))) {
        Code::StoreMisconfigured
    } else if any(|outcome| matches!(outcome, Outcome::Unreadable(_) | Outcome::Refused(_))) {
        Code::UnreadableFile
    } else if any(|outcome| matches!(outcome, Outcome::Placeholder)) {
        Code::Placeholder
    } else if any(|outcome| matches!(outcome, Outcome::Empty)) {
        Code::Empty
    } else {
        Code::Missing
    };
    let problem = match note {
        Some(note) => of_field(code, site).explain(note),
        None => of_field(code, site).looked_in(looked),
    };
    let problem = location.iter().fold(problem, |problem, location| problem.at(location));
    fixes.iter().fold(problem, |problem, fix| problem.fix(fix))
}

/// The command that sets the variable, with what is known of the value.
fn export(leaf: &Leaf<'_>) -> String {
    let Field { example, ty, rules, .. } = leaf.field;
    let hint = leaf.field.secret().and_then(crate::secret::expectation);
    let value = match (example, leaf.field.secret()) {
        (Some(example), None) => quoted(example),
        _ => "...".to_owned(),
    };
    let hint = hint.or_else(|| match (leaf.field.secret(), rules.range, rules.one_of) {
        (Some(_), ..) => None,
        (None, Some(range), _) => Some(format!("{ty} in {range}")),
        (None, None, []) => example.is_none().then(|| (*ty).to_owned()),
        (None, None, words) => Some(format!("one of {}", words.join(", "))),
    });
    match hint {
        Some(hint) => format!("export {}={value}      ({hint})", leaf.variable),
        None => format!("export {}={value}", leaf.variable),
    }
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:,@%+=".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

fn rule_text(rule: Rule, field: &Field) -> String {
    match rule {
        Rule::Range => format!("a value in {}", field.rules.range.unwrap_or_default()),
        Rule::OneOf => {
            let words: Vec<_> = field.rules.one_of.iter().map(|word| format!("`{word}`")).collect();
            format!("one of {}", words.join(", "))
        }
        Rule::Pattern => format!("text that matches `{}`", field.rules.pattern.unwrap_or_default()),
        Rule::MinLen => {
            let least = field.rules.min_len.unwrap_or_default();
            format!("at least {least} character{0} or element{0}", if least == 1 { "" } else { "s" })
        }
    }
}

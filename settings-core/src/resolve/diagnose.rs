//! Failures become problems: the way to each field is gone once more, and this time written down.

use super::find::retrace;
use super::walk::{Leaf, Step, walk};
use crate::layer::Layers;
use crate::report::{Code, Look, Outcome, Problem, Report, Task, Warning, hint};
use crate::schema::{DefaultValue, Field, Schema};
use crate::secret::{ExposeSecret, Verdict};
use crate::value::{Failure, Fault, ROOT, Rule, Slot};

/// The report on everything that stands against a load.
pub(crate) fn report(schema: &'static Schema, layers: &Layers<'_>, failures: &[Failure], task: Task) -> Report {
    let mut problems = layers.file_problems();
    walk(schema, &mut |step| {
        if let Step::Enter(leaf) | Step::Field(leaf) = step {
            let here = failures.iter().filter(|failure| failure.at == leaf.at);
            problems.extend(here.map(|failure| problem(&failure.fault, leaf, layers)));
        }
    });
    let whole = failures.iter().filter(|failure| failure.at == ROOT);
    problems.extend(whole.map(|failure| own_check(&failure.fault, "", schema.name)));
    Report::new(schema.name, task, problems).with_warnings(warnings(schema, layers))
}

/// What is not as it should be and stands in nobody's way.
pub(crate) fn warnings(schema: &'static Schema, layers: &Layers<'_>) -> Vec<Warning> {
    let mut warnings = layers.lint();
    walk(schema, &mut |step| {
        if let Step::Field(leaf) = step {
            warn_of(leaf, layers, &mut warnings);
        }
    });
    warnings
}

/// Warns of what the way to a secret passed over, and of a value that is there and may not be right.
fn warn_of(leaf: &Leaf<'_>, layers: &Layers<'_>, warnings: &mut Vec<Warning>) {
    let Some(rules) = leaf.field.secret() else { return };
    let (slot, trail) = retrace(layers, leaf);
    let missing = matches!(slot, Slot::Unset | Slot::Failed) && leaf.is_required();
    if !missing {
        warnings.extend(trail.warnings.iter().map(|(place, text)| Warning::new(leaf.variable, place, text)));
    }
    let looked = trail.into_looked();
    let passed_over = |look: &Look| match look.outcome() {
        Outcome::Placeholder => Some("is a placeholder, which counts as unset"),
        Outcome::Unreadable(_) => Some("cannot be read; the value comes from another place"),
        _ => None,
    };
    if !missing {
        let texts = looked.iter().filter_map(|look| Some((look, passed_over(look)?)));
        warnings.extend(texts.map(|(look, text)| Warning::new(leaf.variable, look.place(), text)));
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

pub(crate) fn problem(fault: &Fault, leaf: &Leaf<'_>, layers: &Layers<'_>) -> Problem {
    let path = &leaf.path();
    match fault {
        Fault::Missing | Fault::File => missing(leaf, layers),
        Fault::Expected(what) => {
            let expected = match leaf.field.rules.range {
                Some(range) if what.starts_with("a whole number in ") => format!("a whole number in {range}"),
                _ => what.clone(),
            };
            found(Code::Invalid, leaf, layers, |problem| problem.expect(&expected))
        }
        Fault::Rule(rule) => {
            found(Code::Invalid, leaf, layers, |problem| problem.expect(&rule_text(*rule, leaf.field)))
        }
        // Nothing that was found is shown of a nested struct: its JSON may hold secrets.
        Fault::Said(_) | Fault::Secret(_) if leaf.field.is_nested() => own_check(fault, path, leaf.variable),
        Fault::Said(text) => found(Code::Invalid, leaf, layers, |problem| problem.explain(&crate::secret::mask(text))),
        Fault::Secret(sentence) => found(Code::Invalid, leaf, layers, |problem| problem.explain(sentence)),
        Fault::Format(mismatch) => {
            found(Code::Invalid, leaf, layers, |problem| problem.expect(&mismatch.expected).describe(&mismatch.found))
        }
        Fault::Expansion(sentence) => found(Code::Invalid, leaf, layers, |problem| problem.explain(sentence)),
        Fault::RefersToSecret(name) => found(Code::Invalid, leaf, layers, |problem| {
            let note = "and a plain field is shown in reports. Mark the field `#[secret(expand)]`.";
            problem.explain(&format!("It refers to `{name}`, which is a secret or named like one, {note}"))
        }),
        Fault::NotUtf8 => found(Code::NotUtf8, leaf, layers, |problem| problem),
        Fault::Whole(_) => own_check(fault, path, leaf.variable),
        Fault::NotJson { variable } => Problem::new(Code::Invalid, path, variable)
            .expect("a JSON object")
            .describe("other text, which is not shown as it may hold secrets"),
        Fault::UnknownKey { variable, nearest } => {
            let nearest = nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
            Problem::new(Code::Invalid, path, variable)
                .explain(&format!("The JSON object has a key that no field of `{path}` has{nearest}"))
        }
    }
}

fn own_check(fault: &Fault, path: &str, variable: &str) -> Problem {
    let problem = Problem::new(Code::OwnCheck, path, variable);
    match fault {
        Fault::Whole(text) | Fault::Said(text) => problem.explain(&crate::secret::mask(text)),
        Fault::Secret(sentence) => problem.explain(sentence),
        _ => problem,
    }
}

/// A problem of a kind that fits the field.
fn of_field(code: Code, leaf: &Leaf<'_>) -> Problem {
    match leaf.field.secret() {
        Some(_) => Problem::of_secret(code, &leaf.path(), leaf.variable),
        None => Problem::new(code, &leaf.path(), leaf.variable),
    }
}

/// A problem with a value that some layer has: shown for a plain field, located for every field.
fn found(code: Code, leaf: &Leaf<'_>, layers: &Layers<'_>, say: impl FnOnce(Problem) -> Problem) -> Problem {
    let (slot, mut trail) = retrace(layers, leaf);
    let mut problem = say(of_field(code, leaf));
    let text = match (slot, leaf.field.default) {
        (Slot::Text(text), _) => Some(trail.literal.take().unwrap_or(text)),
        (Slot::Tree(tree), _) => Some(tree.shown()),
        (Slot::Unset, DefaultValue::Text(text) | DefaultValue::Code(text)) => {
            return problem.show(text).at("its default in the struct");
        }
        _ => None,
    };
    if let Some(text) = text {
        problem = problem.show(&text);
        if hint::is_service_link(&text) {
            problem = problem.explain(
                "Kubernetes sets this variable for a service of that name; rename the service, or set `enableServiceLinks: false` in the pod.",
            );
        }
    }
    if let Some(location) = &trail.location {
        return problem.at(location);
    }
    problem.looked_in(trail.into_looked())
}

fn missing(leaf: &Leaf<'_>, layers: &Layers<'_>) -> Problem {
    let looked = retrace(layers, leaf).1.into_looked();
    let any = |wanted: fn(&Outcome) -> bool| looked.iter().any(|look| wanted(look.outcome()));
    let code = if any(|outcome| matches!(outcome, Outcome::Unreachable(_))) {
        Code::Unreachable
    } else if any(|outcome| matches!(outcome, Outcome::Denied)) {
        Code::Denied
    } else if any(|outcome| matches!(outcome, Outcome::Unreadable(_) | Outcome::Refused(_))) {
        Code::UnreadableFile
    } else if any(|outcome| matches!(outcome, Outcome::Placeholder)) {
        Code::Placeholder
    } else if any(|outcome| matches!(outcome, Outcome::Empty)) {
        Code::Empty
    } else {
        Code::Missing
    };
    if layers.of_mock() {
        let path = leaf.path();
        return of_field(code, leaf)
            .explain("A mock reads no environment. It takes the default or the `example` of a required field.")
            .fix(&format!(".set(\"{path}\", ..) on the mock"))
            .fix(&format!("#[setting(example = \"..\")] on `{path}`"));
    }
    of_field(code, leaf).looked_in(looked).fix(&export(leaf))
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
        Rule::MinLen => {
            let least = field.rules.min_len.unwrap_or_default();
            format!("at least {least} character{0} or element{0}", if least == 1 { "" } else { "s" })
        }
    }
}

//! `check` and `explain`.

use std::io;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::screen;
use crate::engine::block_on;
use crate::explain::{Explanation, Row, State};
use crate::load::check::{Checked, check as load};
use crate::loader::Loader;
use crate::report::{Report, Warning};
use crate::table::{Cell, Column, Cut, Table};
use crate::tone::Tone;
use crate::value::Blueprint;

/// Tells the state of each field, and whether the struct loads.
pub(super) fn check<S: Blueprint>(loader: Loader<S>, json: bool) -> io::Result<i32> {
    match block_on(load::<S>(&loader.scoped_places())) {
        Ok(checked) if json => print_json(&checked),
        Ok(checked) => print(&checked, S::SCHEMA.name),
        Err(report) => refuse(&report, json),
    }
}

/// Tells where each value comes from, whether the struct loads or not.
pub(super) fn explain<S: Blueprint>(loader: Loader<S>, json: bool) -> io::Result<i32> {
    match loader.explain_blocking() {
        Ok(explanation) if json => screen::print_json(&explanation.to_json())?,
        Ok(explanation) => screen::print(&explanation.table(usize::MAX).render(screen::width(), &screen::paint))?,
        Err(report) => return refuse(&report, json),
    }
    Ok(0)
}

/// The program itself is at fault, and there are no fields to tell of.
fn refuse(report: &Report, json: bool) -> io::Result<i32> {
    if json {
        screen::print_json(&report.json())?;
        return Ok(report.exit_code());
    }
    Ok(screen::report(report))
}

fn print(checked: &Checked, settings: &str) -> io::Result<i32> {
    let Checked { explanation, outcome } = checked;
    if !explanation.rows().is_empty() {
        screen::print(&states(explanation).render(screen::width(), &screen::paint))?;
        screen::print("")?;
    }
    let warnings = match outcome {
        Ok(warnings) => warnings,
        Err(report) => return Ok(screen::report(report)),
    };
    for warning in warnings {
        screen::print_folded("warning:", &warning.to_string())?;
    }
    if !warnings.is_empty() {
        screen::print("")?;
    }
    screen::print(&format!("{} {}.", screen::paint(&format!("{settings} loads:"), Tone::Good), counts(explanation)))?;
    Ok(0)
}

/// `6 set, 3 by default, 1 unset`.
fn counts(explanation: &Explanation) -> String {
    let count = |state| explanation.rows().iter().filter(|row| row.state() == state).count();
    let words = [(State::Set, "set"), (State::Default, "by default"), (State::Unset, "unset")];
    let counted = words.iter().map(|(state, word)| (count(*state), word)).filter(|(count, _)| *count > 0);
    let counted: Vec<_> = counted.map(|(count, word)| format!("{count} {word}")).collect();
    if counted.is_empty() { "nothing to set".to_owned() } else { counted.join(", ") }
}

fn states(explanation: &Explanation) -> Table<5> {
    let column = |head, least, cut| Column { head, least, cut };
    let row = |row: &Row| {
        let state = row.state();
        let (layer, place) = if row.place().is_empty() { ("", row.variable()) } else { (row.layer(), row.place()) };
        let tone = if state == State::Set { Tone::Plain } else { Tone::Faint };
        [
            Cell::new(row.path()),
            Cell::toned(state.words(), state.tone()),
            Cell::new(row.created().map(age).unwrap_or_default()),
            Cell::new(layer),
            Cell::toned(place, tone),
        ]
        .into()
    };
    Table {
        columns: [
            column("FIELD", 12, Cut::Start),
            column("STATE", 7, Cut::End),
            column("AGE", 4, Cut::End),
            column("LAYER", 6, Cut::End),
            column("PLACE", 16, Cut::Start),
        ],
        yielding: &[4, 0],
        rows: explanation.rows().iter().map(row).collect(),
        foot: explanation.profile(),
    }
}

/// How long ago a store's version was made, in its largest unit.
fn age(created: SystemTime) -> String {
    const UNITS: [(u64, &str); 3] = [(24 * 60 * 60, "d"), (60 * 60, "h"), (60, "min")];
    let seconds = SystemTime::now().duration_since(created).unwrap_or_default().as_secs();
    let unit = UNITS.iter().find(|(unit, _)| seconds >= *unit);
    unit.map_or_else(|| format!("{seconds} s"), |(unit, word)| format!("{} {word}", seconds / unit))
}

/// ```json
/// {
///   "settings": "Chat",
///   "profile": null,
///   "exit_code": 0,
///   "fields": [{"path": "port", "variable": "CHAT_PORT", "state": "set", "layer": "env", "place": "CHAT_PORT", ..}],
///   "problems": [],
///   "warnings": []
/// }
/// ```
fn print_json(Checked { explanation, outcome }: &Checked) -> io::Result<i32> {
    let mut json = explanation.to_json();
    for field in json["fields"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        // It is about states. Values are for `explain`.
        field.remove("value");
    }
    let (code, problems, warnings) = match outcome {
        Ok(warnings) => (0, json!([]), warnings.iter().map(Warning::json).collect()),
        Err(report) => {
            let mut of_report = report.json();
            (report.exit_code(), of_report["problems"].take(), of_report["warnings"].take())
        }
    };
    json["exit_code"] = code.into();
    json["problems"] = problems;
    json["warnings"] = warnings;
    screen::print_json(&json)?;
    Ok(code)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn ages_are_told_in_their_largest_unit() {
        let ago = |seconds| age(SystemTime::now() - Duration::from_secs(seconds));
        assert_eq!([ago(5), ago(120), ago(7200), ago(90 * 86_400)], ["5 s", "2 min", "2 h", "90 d"]);
        assert_eq!(age(SystemTime::now() + Duration::from_secs(60)), "0 s", "clocks differ");
    }
}

//! The report as text.

use std::fmt::{self, Formatter, Write};

use super::{Kind, Look, Problem, Report, Task};

/// Lines are broken at this width where there is a blank to break at. Names, paths and commands are never broken.
const WIDTH: usize = 80;
/// Where the sentences of a problem begin.
const INDENT: usize = 6;
/// Where the lists of a problem begin.
const LIST: usize = 8;
/// Beyond this width a place does not push the outcomes of all others to the right.
const WIDEST_PLACE: usize = 34;
/// Less room than this is not worth breaking lines for.
const NARROWEST: usize = 20;

/// Writes the report, without a line break at its end.
pub(super) fn report(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    headline(report, f)?;
    let columns = Columns::of(&report.problems);
    for (index, problem) in report.problems.iter().enumerate() {
        f.write_str("\n\n")?;
        self::problem(index + 1, problem, report.settings, columns, f)?;
    }
    if !report.warnings.is_empty() {
        f.write_str("\n\nwarnings:")?;
        for warning in &report.warnings {
            paragraph(warning, INDENT, f)?;
        }
    }
    Ok(())
}

fn headline(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    if report.task == Task::CheckSecrets && report.problems.iter().any(Problem::is_secret) {
        return secrets_by_kind(&report.problems, f);
    }
    let done = match report.task {
        Task::Load => "load",
        Task::CheckSecrets => "check its secrets",
    };
    let count = report.problems.len();
    let plural = if count == 1 { "" } else { "s" };
    write!(f, "{} cannot {done}: {count} problem{plural}", report.settings)
}

/// `Missing secrets: A, B`, one line for each kind that occurs.
fn secrets_by_kind(problems: &[Problem], f: &mut Formatter<'_>) -> fmt::Result {
    let titles = [
        (Kind::Missing, "Missing secrets"),
        (Kind::Invalid, "Invalid secrets"),
        (Kind::Unchecked, "Could not be checked"),
        (Kind::Misuse, "Wrongly declared"),
    ];
    let mut line_break = "";
    for (kind, title) in titles {
        let secrets = problems.iter().filter(|problem| problem.is_secret() && problem.code().kind() == kind);
        let names: Vec<_> = secrets.map(Problem::variable).collect();
        if !names.is_empty() {
            write!(f, "{line_break}{title}: {}", names.join(", "))?;
            line_break = "\n";
        }
    }
    Ok(())
}

fn problem(number: usize, problem: &Problem, settings: &str, columns: Columns, f: &mut Formatter<'_>) -> fmt::Result {
    let location = problem.location().unwrap_or_default();
    // The first that it has names it, the others follow the code.
    let mut names = [problem.variable(), problem.path(), location].into_iter().filter(|name| !name.is_empty());
    write!(f, "{number:>2}. {}  {}  [{}]", names.next().unwrap_or(settings), problem.title(), problem.code())?;
    let others: Vec<_> = names.collect();
    if !others.is_empty() {
        write!(f, "   {}", others.join(", "))?;
    }
    if let Some(expectation) = expectation(problem) {
        paragraph(&expectation, INDENT, f)?;
    }
    if problem.looked().len() > 1 {
        paragraph("looked in, highest first:", INDENT, f)?;
    }
    for look in problem.looked() {
        columns.write(look, f)?;
    }
    if let Some(note) = problem.note() {
        paragraph(note, INDENT, f)?;
    }
    match problem.fixes() {
        [] => Ok(()),
        [_] => paragraph("fix:", INDENT, f),
        _ => paragraph("fix one:", INDENT, f),
    }?;
    problem.fixes().iter().try_for_each(|fix| write!(f, "\n{:LIST$}{fix}", ""))
}

fn expectation(problem: &Problem) -> Option<String> {
    match (problem.expected(), problem.found()) {
        (Some(expected), Some(found)) => Some(format!("expected {expected}, found {found}")),
        (Some(expected), None) => Some(format!("expected {expected}")),
        (None, Some(found)) => Some(format!("found {found}")),
        (None, None) => None,
    }
}

/// The widths of the two columns before the outcomes, alike for all problems.
#[derive(Clone, Copy)]
struct Columns {
    layer: usize,
    place: usize,
}

impl Columns {
    fn of(problems: &[Problem]) -> Self {
        let looks = || problems.iter().flat_map(Problem::looked);
        Self {
            layer: looks().map(|look| width(look.layer())).max().unwrap_or(0),
            place: looks().map(|look| width(look.place())).filter(|&width| width <= WIDEST_PLACE).max().unwrap_or(0),
        }
    }

    fn write(self, look: &Look, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { layer, place } = self;
        write!(f, "\n{:LIST$}{:layer$}  {:place$}  ", "", look.layer(), look.place())?;
        let column = LIST + layer + 2 + place + 2;
        let overhang = width(look.place()).saturating_sub(place);
        wrapped(&look.outcome().sentence(), column, column + overhang, f)
    }
}

/// Writes `text` on lines of its own, each indented.
fn paragraph(text: &str, indent: usize, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "\n{:indent$}", "")?;
    wrapped(text, indent, indent, f)
}

/// Writes `text` from the column `at` on, and goes on at the column `indent` of the next line where it grows too wide.
fn wrapped(text: &str, indent: usize, mut at: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let limit = WIDTH.max(indent + NARROWEST);
    for (index, word) in text.split(' ').enumerate() {
        if index == 0 {
            // It stands where the line has got to, however wide it is.
        } else if at + 1 + width(word) <= limit {
            f.write_char(' ')?;
            at += 1;
        } else {
            write!(f, "\n{:indent$}", "")?;
            at = indent;
        }
        f.write_str(word)?;
        at += width(word);
    }
    Ok(())
}

fn width(text: &str) -> usize {
    text.chars().count()
}

//! Where the commands write to: colours on a terminal that has them, and lines as wide as it is.

use std::io::{self, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use serde_json::Value;

use crate::fold::fold;
use crate::report::{Painted, Report};
use crate::tone::Tone;

/// The width of a terminal that does not tell its own.
const USUAL_WIDTH: usize = 80;
/// What an output that cannot be written comes to.
const UNWRITTEN: i32 = 1;

/// How wide lines on the standard output may be; `None` where they go into a file or to another program.
pub(super) fn width() -> Option<usize> {
    let output = io::stdout();
    let told = terminal_size::terminal_size_of(&output).map(|(width, _)| usize::from(width.0));
    output.is_terminal().then(|| told.filter(|&width| width > 0).unwrap_or(USUAL_WIDTH))
}

/// How wide lines of a report may be: no wider than sentences are read well.
fn width_of_errors() -> usize {
    let told = terminal_size::terminal_size_of(io::stderr()).map(|(width, _)| usize::from(width.0));
    told.filter(|&width| width > 0).map_or(USUAL_WIDTH, |width| width.min(USUAL_WIDTH))
}

/// Writes a text and a line break to the standard output; colours only where there are any, and where `NO_COLOR` is not
/// set.
///
/// # Errors
///
/// The output cannot be written. One that is closed, as by `head`, is no error: whoever closed it has seen enough.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut output = anstream::stdout();
    unless_closed(writeln!(output, "{text}").and_then(|()| output.flush()))
}

/// Lets an output that is closed pass.
pub(super) fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    written.or_else(|error| if error.kind() == io::ErrorKind::BrokenPipe { Ok(()) } else { Err(error) })
}

/// The code to leave with, also where the output could not be written.
pub(super) fn code(printed: io::Result<i32>) -> i32 {
    printed.unwrap_or_else(|failure| {
        error(&format!("the output cannot be written: {}", failure.kind()));
        UNWRITTEN
    })
}

/// Writes a sentence behind its head, broken into lines where the terminal would break it.
pub(super) fn print_folded(head: &str, text: &str) -> io::Result<()> {
    const INDENT: usize = 6;
    let room = width().unwrap_or(usize::MAX);
    let lines = fold(text, room.saturating_sub(head.len() + 1), room.saturating_sub(INDENT));
    print(&format!("{} {}", paint(head, Tone::Head), lines.join("\n      ")))
}

pub(super) fn print_json(json: &Value) -> io::Result<()> {
    print(&format!("{json:#}"))
}

/// Writes what went wrong to the standard error.
pub(super) fn error(text: &str) {
    let _ = writeln!(anstream::stderr(), "{} {text}", paint("error:", Tone::Bad));
}

/// Writes what is worth a look to the standard error.
pub(super) fn warning(text: &str) {
    let _ = writeln!(anstream::stderr(), "{} {text}", paint("warning:", Tone::Head));
}

/// Writes a report to the standard error, and gives its exit code.
pub(super) fn report(report: &Report) -> i32 {
    error(&Painted { report, width: width_of_errors(), paint: &paint }.to_string());
    report.exit_code()
}

/// The text in its colours; [`print`] takes them out again where they have no place.
pub(super) fn paint(text: &str, tone: Tone) -> String {
    let style = match tone {
        Tone::Plain => return text.to_owned(),
        Tone::Head => Style::new().bold(),
        Tone::Good => AnsiColor::Green.on_default(),
        Tone::Bad => AnsiColor::Red.on_default().bold(),
        Tone::Faint => Style::new().dimmed(),
    };
    format!("{style}{text}{style:#}")
}

//! What went wrong: every problem of a load, with where each value was looked for and what would put it right.

mod code;
pub(crate) mod hint;
mod json;
mod outcome;
mod problem;
mod render;
mod warning;

use std::io::Write;
use std::{error, fmt, io, process};

pub use self::code::{Code, Kind};
pub use self::outcome::Outcome;
pub use self::problem::{Look, Problem};
pub use self::warning::Warning;
#[cfg(feature = "clap")]
use crate::tone::Paint;
use crate::tone::plain;

/// All problems of a load, at least one.
///
/// `Display` and `Debug` both print the report that a program shows when it cannot start, so that it reads well from an
/// `unwrap` too; [`exit`](Self::exit) prints it and leaves; [`to_json`](Self::to_json) is the same for programs.
/// Neither holds any part of a secret.
///
/// ```
/// use settings_core::{Settings, report::Code};
///
/// #[derive(Settings)]
/// struct Chat {
///     port: u16,
/// }
///
/// let report = Chat::loader().hermetic().env([("PORT", "80a0")]).load_blocking().unwrap_err();
/// assert_eq!(report.problems()[0].code(), Code::Invalid);
/// assert_eq!(report.problems()[0].path(), "port");
/// assert_eq!(report.exit_code(), 78);
/// assert!(report.to_string().starts_with("Chat cannot load: 1 problem\n"));
/// ```
#[derive(Clone)]
pub struct Report {
    settings: &'static str,
    task: Task,
    problems: Vec<Problem>,
    warnings: Vec<Warning>,
}

/// What could not be done, for the headline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Task {
    /// Load the settings, or read one of them.
    Load,
    /// Check that the required secrets are there.
    CheckSecrets,
    /// Read one secret.
    GetSecret,
    /// Write a new value for one.
    Rotate,
}

/// `EX_TEMPFAIL` of sysexits.h: trying again may help.
const TRY_AGAIN: i32 = 75;
/// `EX_CONFIG` of sysexits.h: the configuration has to change.
const CONFIGURATION: i32 = 78;

impl Report {
    /// A report on the struct named `settings`, with its problems in the order of its fields.
    pub(crate) fn new(settings: &'static str, task: Task, problems: Vec<Problem>) -> Self {
        Self { settings, task, problems, warnings: Vec::new() }
    }

    /// Adds what did not stop the load but may have to do with why it failed.
    pub(crate) fn with_warnings(self, warnings: Vec<Warning>) -> Self {
        Self { warnings, ..self }
    }

    /// The name of the struct of settings.
    pub fn settings(&self) -> &'static str {
        self.settings
    }

    /// The problems, in the order of the struct's fields.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What did not stop the load but may have to do with why it failed.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// The code to leave the process with: 75 (try again later) when every problem is a store that did not answer,
    /// else 78 (the configuration has to change).
    pub fn exit_code(&self) -> i32 {
        let unreachable = |problem: &Problem| problem.code() == Code::Unreachable;
        if self.problems.iter().all(unreachable) { TRY_AGAIN } else { CONFIGURATION }
    }

    /// Prints `error: ` and the report to the standard error, and leaves the process with [`exit_code`](Self::exit_code).
    ///
    /// ```no_run
    /// use settings_core::Settings;
    ///
    /// #[derive(Settings)]
    /// struct Chat {
    ///     port: u16,
    /// }
    ///
    /// let chat = Chat::load_blocking().unwrap_or_else(|report| report.exit());
    /// ```
    pub fn exit(&self) -> ! {
        // Without a standard error there is nobody left to tell.
        let _ = writeln!(io::stderr(), "error: {self}");
        process::exit(self.exit_code())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::report(self, render::WIDTH, &plain, f)
    }
}

/// A report in colours, for lines of a width.
#[cfg(feature = "clap")]
pub(crate) struct Painted<'r> {
    pub(crate) report: &'r Report,
    pub(crate) width: usize,
    pub(crate) paint: Paint<'r>,
}

#[cfg(feature = "clap")]
impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        render::report(self.report, self.width, self.paint, f)
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl error::Error for Report {}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(codes: &[Code]) -> Report {
        let problems = codes.iter().map(|&code| Problem::new(code, "port", "PORT")).collect();
        Report::new("Chat", Task::Load, problems)
    }

    #[test]
    fn only_stores_that_do_not_answer_are_worth_another_try() {
        assert_eq!(report(&[Code::Unreachable]).exit_code(), 75);
        assert_eq!(report(&[Code::Unreachable, Code::Unreachable]).exit_code(), 75);
        assert_eq!(report(&[Code::Unreachable, Code::Missing]).exit_code(), 78);
        for &code in Code::ALL.iter().filter(|&&code| code != Code::Unreachable) {
            assert_eq!(report(&[code]).exit_code(), 78, "{code}");
        }
    }

    #[test]
    fn an_error_without_a_source() {
        let error: Box<dyn error::Error + Send + Sync> = Box::new(report(&[Code::Missing]));
        assert!(error.source().is_none());
        assert!(error.to_string().starts_with("Chat cannot load: 1 problem\n"));
    }
}

//! The report for programs.

use serde_json::{Value, json};

use super::{Look, Problem, Report};

impl Report {
    /// The report as one line of JSON.
    ///
    /// The names and the words of `code`, `kind` and `outcome` stay the same from version to version, and names may be
    /// added; the sentences (`title`, `detail`, `expected`, `found`, `note`, `fixes`, `warnings`) are for readers and may
    /// be reworded.
    ///
    /// ```json
    /// {
    ///   "settings": "ChatSettings",
    ///   "exit_code": 78,
    ///   "problems": [{
    ///     "code": "E101",
    ///     "kind": "missing",
    ///     "title": "missing secret",
    ///     "secret": true,
    ///     "path": "openai_api_key",
    ///     "variable": "OPENAI_API_KEY",
    ///     "location": null,
    ///     "looked": [{"layer": "env", "place": "OPENAI_API_KEY", "outcome": "not_set", "detail": "not set"}],
    ///     "expected": null,
    ///     "found": null,
    ///     "note": null,
    ///     "fixes": ["export OPENAI_API_KEY=..."]
    ///   }],
    ///   "warnings": []
    /// }
    /// ```
    pub fn to_json(&self) -> String {
        json!({
            "settings": self.settings,
            "exit_code": self.exit_code(),
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "warnings": self.warnings,
        })
        .to_string()
    }
}

fn problem(problem: &Problem) -> Value {
    json!({
        "code": problem.code().as_str(),
        "kind": problem.code().kind().as_str(),
        "title": problem.title(),
        "secret": problem.is_secret(),
        "path": problem.path(),
        "variable": problem.variable(),
        "location": problem.location(),
        "looked": problem.looked().iter().map(look).collect::<Vec<_>>(),
        "expected": problem.expected(),
        "found": problem.found(),
        "note": problem.note(),
        "fixes": problem.fixes(),
    })
}

fn look(look: &Look) -> Value {
    json!({
        "layer": look.layer(),
        "place": look.place(),
        "outcome": look.outcome().as_str(),
        "detail": look.outcome().sentence(),
    })
}

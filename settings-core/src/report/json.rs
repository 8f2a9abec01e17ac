//! The report for programs.

use serde_json::{Value, json};

use super::{Look, Problem, Report, Warning};

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
        self.json().to_string()
    }

    pub(crate) fn json(&self) -> Value {
        json!({
            "settings": self.settings,
            "exit_code": self.exit_code(),
            "problems": self.problems.iter().map(problem).collect::<Vec<_>>(),
            "warnings": self.warnings.iter().map(Warning::json).collect::<Vec<_>>(),
        })
    }
}

impl Warning {
    pub(crate) fn json(&self) -> Value {
        json!({ "variable": self.variable(), "place": self.place(), "text": self.text() })
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
        "looked": problem.looked().iter().map(Look::json).collect::<Vec<_>>(),
        "expected": problem.expected(),
        "found": problem.found(),
        "note": problem.note(),
        "fixes": problem.fixes(),
    })
}

impl Look {
    pub(crate) fn json(&self) -> Value {
        json!({
            "layer": self.layer(),
            "place": self.place(),
            "outcome": self.outcome().as_str(),
            "detail": self.outcome().sentence(),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::super::{Code, Look, Outcome, Problem, Report, Task, Warning};

    #[test]
    fn every_name_is_there() {
        let secret = Problem::of_secret(Code::Missing, "db.password", "DB_PASSWORD")
            .looked_in(vec![Look::new("env", "DB_PASSWORD", Outcome::NotSet { similar: None })])
            .fix("export DB_PASSWORD=...");
        let plain = Problem::new(Code::Invalid, "port", "PORT").at(".env:7:6").expect("a number").show("80a0");
        let report = Report::new("Chat", Task::Load, vec![secret, plain]).with_warnings(vec![Warning::new(
            "PORT",
            ".env:7:6",
            "a warning",
        )]);
        let expected = json!({
            "settings": "Chat",
            "exit_code": 78,
            "problems": [
                {
                    "code": "E101",
                    "kind": "missing",
                    "title": "missing secret",
                    "secret": true,
                    "path": "db.password",
                    "variable": "DB_PASSWORD",
                    "location": null,
                    "looked": [{"layer": "env", "place": "DB_PASSWORD", "outcome": "not_set", "detail": "not set"}],
                    "expected": null,
                    "found": null,
                    "note": null,
                    "fixes": ["export DB_PASSWORD=..."],
                },
                {
                    "code": "E102",
                    "kind": "invalid",
                    "title": "invalid",
                    "secret": false,
                    "path": "port",
                    "variable": "PORT",
                    "location": ".env:7:6",
                    "looked": [],
                    "expected": "a number",
                    "found": "`80a0`",
                    "note": null,
                    "fixes": [],
                },
            ],
            "warnings": [{"variable": "PORT", "place": ".env:7:6", "text": "a warning"}],
        });
        assert_eq!(serde_json::from_str::<Value>(&report.to_json()).unwrap(), expected);
        assert_eq!(report.to_json().lines().count(), 1);
    }
}

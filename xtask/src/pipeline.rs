//! Steps that run one after the other: a line of progress each, and a table at the end.

use std::time::{Duration, Instant};

use crate::servers::{self, KINDS};
use crate::{Result, cargo};

/// One step. Steps of one name are run together, and told apart by their variants.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) variant: &'static str,
    pub(crate) work: Work,
}

/// What a step does.
#[derive(Clone, Copy)]
pub(crate) enum Work {
    /// A call of cargo, with variables set for it.
    Cargo(&'static [(&'static str, &'static str)], &'static [&'static str]),
    /// A call of cargo beside servers that stand for stores.
    WithServers(&'static [&'static str]),
    /// A check of our own; what it found to be so goes in the table.
    Check(fn() -> Result<String>),
}

enum Outcome {
    Passed { note: String, took: Duration },
    Failed { took: Duration },
    NotRun,
}

impl Step {
    fn title(&self) -> String {
        if self.variant.is_empty() { self.name.to_owned() } else { format!("{}, {}", self.name, self.variant) }
    }

    fn run(&self) -> Result<String> {
        match self.work {
            Work::Cargo(..) => cargo::run(&mut self.call()).map(|()| String::new()),
            Work::WithServers(args) => run_with_servers(args).map(|()| String::new()),
            Work::Check(check) => check(),
        }
    }

    /// The call that runs this step alone.
    fn call(&self) -> std::process::Command {
        match self.work {
            Work::Cargo(variables, args) => {
                let mut call = cargo::command(args);
                call.envs(variables.iter().copied());
                call
            }
            Work::WithServers(args) => cargo::command(["xtask", "serve", "--", "cargo"].iter().chain(args)),
            Work::Check(_) => cargo::command(["xtask", "test", "--only", self.name]),
        }
    }
}

/// Tests against servers skip when a server is not there. Here that would be a test not run, so it fails them.
fn run_with_servers(args: &[&str]) -> Result<()> {
    let mut servers = servers::start(&KINDS)?;
    let mut call = cargo::command(args);
    call.envs(servers::test_variables(&servers)).env("SETTINGS_TEST_REQUIRE_SERVERS", "1");
    let status = call.status()?;
    if status.success() {
        return Ok(());
    }
    let ended = servers.iter_mut().filter_map(|server| server.ended().ok().flatten());
    Err(ended.fold(status.to_string(), |told, ended| format!("{told}\n{ended}")).into())
}

/// Runs the steps in order, up to the first that fails unless told to keep going.
pub(crate) fn run(steps: &[Step], keep_going: bool) -> Result<()> {
    let mut outcomes = Vec::with_capacity(steps.len());
    let mut failed = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        if !failed.is_empty() && !keep_going {
            outcomes.push(Outcome::NotRun);
            continue;
        }
        println!("[{}/{}] {}", index + 1, steps.len(), step.title());
        let start = Instant::now();
        let result = step.run();
        let took = start.elapsed();
        outcomes.push(match result {
            Ok(note) => {
                println!("      ok, {}", seconds(took));
                Outcome::Passed { note, took }
            }
            Err(error) => {
                println!("      failed, {}: {error}", seconds(took));
                failed.push(step);
                Outcome::Failed { took }
            }
        });
    }
    println!("\n{}", table(steps, &outcomes));
    if failed.is_empty() {
        return Ok(());
    }
    let calls: Vec<String> = failed.iter().map(|step| format!("\n  {}", cargo::to_copy(&step.call()))).collect();
    Err(format!("what failed, to run it again:{}", calls.concat()).into())
}

fn table(steps: &[Step], outcomes: &[Outcome]) -> String {
    let width = steps.iter().map(|step| step.title().len()).max().unwrap_or(0);
    let row = |(step, outcome): (&Step, &Outcome)| {
        let (result, took, note) = match outcome {
            Outcome::Passed { note, took } => ("ok", seconds(*took), note.as_str()),
            Outcome::Failed { took } => ("failed", seconds(*took), ""),
            Outcome::NotRun => ("not run", String::new(), ""),
        };
        let line = format!("{:width$}  {result:7}  {took:>8}  {note}", step.title());
        line.trim_end().to_owned() + "\n"
    };
    steps.iter().zip(outcomes).map(row).collect()
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PASSES: Step = Step { name: "passes", variant: "", work: Work::Check(|| Ok("all well".to_owned())) };
    const FAILS: Step = Step { name: "fails", variant: "", work: Work::Check(|| Err("not well".into())) };

    #[test]
    fn what_failed_is_named_to_run_it_again() {
        let error = run(&[PASSES, FAILS, PASSES], false).unwrap_err().to_string();
        assert_eq!(error, "what failed, to run it again:\n  cargo xtask test --only fails");
        assert!(run(&[PASSES], false).is_ok());
    }

    #[test]
    fn a_call_with_servers_is_named_with_what_starts_them() {
        let step = Step { work: Work::WithServers(&["test", "--workspace"]), ..PASSES };
        assert_eq!(cargo::to_copy(&step.call()), "cargo xtask serve -- cargo test --workspace");
    }

    #[test]
    fn keep_going_names_all_that_failed() {
        let error = run(&[FAILS, PASSES, FAILS], true).unwrap_err().to_string();
        assert_eq!(error.matches("--only fails").count(), 2);
        let error = run(&[FAILS, PASSES, FAILS], false).unwrap_err().to_string();
        assert_eq!(error.matches("--only fails").count(), 1);
    }

    #[test]
    fn the_table_has_a_row_for_each_step() {
        let second = Duration::from_secs(1);
        let clippy = Step { name: "clippy", variant: "all features", ..PASSES };
        let outcomes = [Outcome::Passed { note: "all well".to_owned(), took: second }, Outcome::NotRun];
        let expected = "clippy, all features  ok          1.0 s  all well\nfails                 not run\n";
        assert_eq!(table(&[clippy, FAILS], &outcomes), expected);
    }
}

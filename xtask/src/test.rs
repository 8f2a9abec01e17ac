//! `cargo xtask test`: all that has to hold before a change goes in.

use crate::pipeline::{Step, Work};
use crate::{Result, dependencies, features, hooks, msrv, pipeline};

/// The steps, in their order.
const STEPS: &[Step] = &[
    cargo("fmt", "", &["fmt", "--all", "--check"]),
    Step { name: "secrets", variant: "", work: Work::Check(hooks::check) },
    cargo("clippy", "default features", &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]),
    cargo(
        "clippy",
        "no features",
        &["clippy", "--workspace", "--all-targets", "--no-default-features", "--", "-D", "warnings"],
    ),
    cargo(
        "clippy",
        "all features",
        &["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"],
    ),
    cargo("test", "default features", &["test", "--workspace"]),
    Step { name: "test", variant: "all features", work: Work::WithServers(&["test", "--workspace", "--all-features"]) },
    Step {
        name: "doc",
        variant: "",
        work: Work::Cargo(&[("RUSTDOCFLAGS", "-D warnings")], &["doc", "--workspace", "--no-deps", "--all-features"]),
    },
    Step { name: "features", variant: "", work: Work::Check(features::check) },
    Step { name: "dependencies", variant: "", work: Work::Check(dependencies::check) },
    Step { name: "msrv", variant: "", work: Work::Check(msrv::check) },
];

const fn cargo(name: &'static str, variant: &'static str, args: &'static [&'static str]) -> Step {
    Step { name, variant, work: Work::Cargo(&[], args) }
}

/// Runs the steps that the options pick.
pub(crate) fn run(args: &[String]) -> Result<()> {
    let options = Options::parse(args)?;
    let steps: Vec<Step> = STEPS.iter().filter(|step| options.picks(step)).copied().collect();
    pipeline::run(&steps, options.keep_going)
}

#[derive(Debug, Default, PartialEq)]
struct Options {
    /// The names of the steps to run; all when there are none.
    only: Vec<String>,
    keep_going: bool,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let mut options = Self::default();
        let mut args = args.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            match arg {
                "--keep-going" => options.keep_going = true,
                "--only" => options.pick(args.next().unwrap_or_default())?,
                _ => match arg.strip_prefix("--only=") {
                    Some(names) => options.pick(names)?,
                    None => return Err(format!("no such option: {arg}, see `cargo xtask help`").into()),
                },
            }
        }
        Ok(options)
    }

    fn pick(&mut self, names: &str) -> Result<()> {
        for name in names.split(',').map(str::trim) {
            if !STEPS.iter().any(|step| step.name == name) {
                return Err(format!("no such step: `{name}`, there are {}", step_names().join(", ")).into());
            }
            self.only.push(name.to_owned());
        }
        Ok(())
    }

    fn picks(&self, step: &Step) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| name == step.name)
    }
}

fn step_names() -> Vec<&'static str> {
    let mut names: Vec<&str> = STEPS.iter().map(|step| step.name).collect();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options> {
        let args: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        Options::parse(&args)
    }

    fn picked(line: &str) -> Vec<&'static str> {
        let options = parse(line).unwrap();
        let mut names: Vec<&str> = STEPS.iter().filter(|step| options.picks(step)).map(|step| step.name).collect();
        names.dedup();
        names
    }

    #[test]
    fn without_only_every_step_is_picked() {
        assert_eq!(picked(""), ["fmt", "secrets", "clippy", "test", "doc", "features", "dependencies", "msrv"]);
        assert_eq!(picked("--keep-going"), picked(""));
    }

    #[test]
    fn only_picks_steps_by_name_in_the_order_of_the_steps() {
        assert_eq!(picked("--only test,fmt"), ["fmt", "test"]);
        assert_eq!(picked("--only=msrv --keep-going"), ["msrv"]);
        assert_eq!(picked("--only fmt --only doc"), ["fmt", "doc"]);
    }

    #[test]
    fn an_unknown_option_or_step_is_an_error() {
        for line in ["--fast", "--only lint", "--only", "test"] {
            assert!(parse(line).is_err(), "{line}");
        }
    }
}

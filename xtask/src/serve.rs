//! `cargo xtask serve`: a program beside the servers that stand for its stores.

use std::process::{Command, ExitCode};
use std::thread;
use std::time::Duration;

use crate::servers::{self, KINDS, Kind, Server, Speaks};
use crate::{Result, aws};

/// Starts servers, and runs the command that the arguments name beside them.
pub(crate) fn run(args: &[String]) -> Result<ExitCode> {
    let options = Options::parse(args)?;
    let mut servers = servers::start(options.kinds.iter().copied())?;
    for (name, value) in &options.secrets {
        for server in servers.iter().filter(|server| server.kind().speaks == Speaks::Aws) {
            aws::create_secret(server.port(), name, value)?;
            eprintln!("      {} holds the secret {name}", server.kind().name);
        }
    }
    let variables = variables(&servers);
    match &options.command[..] {
        [] => wait(&mut servers, &variables),
        [program, args @ ..] => {
            let mut command = Command::new(program);
            command.args(args);
            for (name, value) in variables {
                match value {
                    Some(value) => command.env(name, value),
                    None => command.env_remove(name),
                };
            }
            let status = command.status().map_err(|error| format!("{program}: {error}"))?;
            let code = status.code().and_then(|code| u8::try_from(code).ok());
            Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
        }
    }
}

fn wait(servers: &mut [Server], variables: &[Variable]) -> Result<ExitCode> {
    print!("{}", script(variables));
    eprintln!("      until ctrl-c");
    loop {
        for server in &mut *servers {
            if let Some(ended) = server.ended()? {
                return Err(ended.into());
            }
        }
        thread::sleep(Duration::from_millis(200));
    }
}

/// A variable and its value; without one it is to be unset, as it would lead away from the servers.
type Variable = (&'static str, Option<String>);

/// What a program needs to find the servers, and what a test needs.
fn variables(servers: &[Server]) -> Vec<Variable> {
    let first = |speaks| servers.iter().find(|server| server.kind().speaks == speaks).map(Server::address);
    let mut variables = Vec::new();
    if let Some(address) = first(Speaks::Aws) {
        variables.extend(aws::variables(address));
    }
    if let Some(address) = first(Speaks::Vault) {
        variables.extend(vault_variables(address));
    }
    variables.extend(servers::test_variables(servers).into_iter().map(|(name, address)| (name, Some(address))));
    variables
}

fn vault_variables(address: String) -> [Variable; 5] {
    [
        ("VAULT_ADDR", Some(address)),
        ("VAULT_TOKEN", Some("root".to_owned())),
        ("VAULT_NAMESPACE", None),
        ("VAULT_ROLE_ID", None),
        ("VAULT_SECRET_ID", None),
    ]
}

/// The variables as lines for a shell.
fn script(variables: &[Variable]) -> String {
    let line = |(name, value): &Variable| match value {
        Some(value) => format!("export {name}={value}\n"),
        None => format!("unset {name}\n"),
    };
    variables.iter().map(line).collect()
}

struct Options {
    /// All when none is named.
    kinds: Vec<&'static Kind>,
    secrets: Vec<(String, String)>,
    command: Vec<String>,
}

impl Options {
    fn parse(args: &[String]) -> Result<Self> {
        let (own, command) = match args.iter().position(|arg| arg == "--") {
            Some(at) => (&args[..at], &args[at + 1..]),
            None => (args, &[][..]),
        };
        let mut options = Self { kinds: Vec::new(), secrets: Vec::new(), command: command.to_vec() };
        let mut own = own.iter().map(String::as_str);
        while let Some(arg) = own.next() {
            if arg == "--secret" {
                options.secrets.push(secret(own.next().unwrap_or_default())?);
            } else if let Some(given) = arg.strip_prefix("--secret=") {
                options.secrets.push(secret(given)?);
            } else {
                options.add(arg)?;
            }
        }
        if options.kinds.is_empty() {
            options.kinds.extend(&KINDS);
        }
        if !options.secrets.is_empty() && options.kinds.iter().all(|kind| kind.speaks != Speaks::Aws) {
            return Err("`--secret` puts a secret into moto or ministack, so name one of them".into());
        }
        Ok(options)
    }

    fn add(&mut self, name: &str) -> Result<()> {
        let names = KINDS.each_ref().map(|kind| kind.name).join(", ");
        let kind = Kind::named(name)
            .ok_or_else(|| format!("no such server: `{name}`, there are {names}; a command comes after `--`"))?;
        if !self.kinds.iter().any(|known| known.name == name) {
            self.kinds.push(kind);
        }
        Ok(())
    }
}

/// `NAME=VALUE`. What is wrong with one is told without the value.
fn secret(given: &str) -> Result<(String, String)> {
    match given.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("`--secret` wants NAME=VALUE, and neither of them empty".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<Options> {
        Options::parse(&args.iter().map(|&arg| arg.to_owned()).collect::<Vec<_>>())
    }

    fn names(options: &Options) -> Vec<&str> {
        options.kinds.iter().map(|kind| kind.name).collect()
    }

    #[test]
    fn servers_come_before_the_command() {
        let options = parse(&["openbao", "moto", "moto", "--", "cargo", "run", "--", "ministack"]).unwrap();
        assert_eq!(names(&options), ["openbao", "moto"]);
        assert_eq!(options.command, ["cargo", "run", "--", "ministack"]);
    }

    #[test]
    fn all_are_served_when_none_is_named() {
        let options = parse(&[]).unwrap();
        assert_eq!(names(&options), ["moto", "ministack", "openbao"]);
        assert!(options.command.is_empty());
    }

    #[test]
    fn a_secret_ends_its_name_at_the_first_equals_sign() {
        let options = parse(&["moto", "--secret", "chat/key=a=b", "--secret=c=d"]).unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(options.secrets, [pair("chat/key", "a=b"), pair("c", "d")]);
    }

    #[test]
    fn what_cannot_be_served_is_an_error_that_hides_values() {
        for (args, told) in [
            (&["vault"][..], "no such server: `vault`, there are moto, ministack, openbao; a command comes after `--`"),
            (&["moto", "--secret"], "`--secret` wants NAME=VALUE, and neither of them empty"),
            (&["moto", "--secret", "sk-test-key"], "`--secret` wants NAME=VALUE, and neither of them empty"),
            (&["moto", "--secret", "=sk-test-key"], "`--secret` wants NAME=VALUE, and neither of them empty"),
            (&["openbao", "--secret", "a=b"], "`--secret` puts a secret into moto or ministack, so name one of them"),
        ] {
            assert_eq!(parse(args).err().map(|error| error.to_string()).as_deref(), Some(told));
        }
    }

    #[test]
    fn variables_are_lines_for_a_shell() {
        let variables = [("AWS_REGION", Some("us-east-1".to_owned())), ("AWS_PROFILE", None)];
        assert_eq!(script(&variables), "export AWS_REGION=us-east-1\nunset AWS_PROFILE\n");
    }
}

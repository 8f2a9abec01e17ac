//! The commands of the README.

use crate::program::{program, programs};
use crate::read;

/// The words of every command of the README that begins so, its continued lines joined.
fn commands(beginning: &str) -> Vec<Vec<String>> {
    let text = read("README.md").replace("\\\n", " ");
    let commands =
        text.lines().filter_map(|line| line.trim().strip_prefix("$ ")).filter(|line| line.starts_with(beginning));
    commands.map(|line| line.split_whitespace().map(str::to_owned).collect()).collect()
}

#[test]
fn dapr_runs_the_services_under_their_names_and_ports() {
    let runs = commands("dapr run");
    assert_eq!(runs.len(), 2);
    for words in runs {
        let after =
            |word: &str| words.iter().skip_while(|found| *found != word).nth(1).unwrap_or_else(|| panic!("{word}"));
        let program = program(after("--app-id"));
        assert_eq!(after("--app-port").parse().ok(), program.port());
        assert_eq!((&**after("--resources-path"), &**after("-p")), ("components", program.name));
    }
    assert_eq!((commands("dapr list").len(), commands("dapr dashboard").len()), (1, 1));
}

#[test]
fn curl_goes_to_the_ports_of_the_services() {
    let ports: Vec<String> =
        programs().iter().filter_map(|program| program.port()).map(|port| port.to_string()).collect();
    let commands = commands("curl");
    for words in &commands {
        let url = words.iter().find_map(|word| word.strip_prefix("localhost:")).unwrap_or_else(|| panic!("{words:?}"));
        let (port, path) = url.split_once('/').unwrap();
        assert!(ports.iter().any(|known| known == port) || (port == "3500" && path.starts_with("v1.0/")), "{url}");
    }
    assert!(commands.len() >= 4);
}

#[test]
fn every_file_that_is_named_is_there() {
    let text = read("README.md");
    let named = text.split(['`', ' ', '(', ')', '\n']).map(|word| word.trim_end_matches(['.', ',', ':', ';']));
    let files = named.filter(|word| {
        [".yaml", ".Dockerfile", ".example.json"].iter().any(|ending| word.ends_with(ending))
            && !word.contains(['*', '{', '<'])
    });
    let files: Vec<&str> = files.collect();
    assert!(files.len() >= 5, "{files:?}");
    for file in files {
        read(file.strip_prefix("examples/deploy/").unwrap_or(file));
    }
}

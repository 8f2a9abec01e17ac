//! The images.

use std::collections::{BTreeMap, BTreeSet};

use crate::program::{program, programs};
use crate::read;

/// What a Dockerfile says of the image that it ends with.
pub(crate) struct Image {
    instructions: Vec<(String, String)>,
    pub(crate) env: BTreeMap<String, String>,
    pub(crate) volumes: BTreeSet<String>,
}

impl Image {
    pub(crate) fn of(program: &str) -> Self {
        let instructions = instructions(&read(&format!("{program}.Dockerfile")));
        let last = instructions.iter().rposition(|(name, _)| name == "FROM").unwrap();
        let of = |name: &'static str| {
            let last = instructions[last..].iter().filter(move |(found, _)| found == name);
            last.map(|(_, arguments)| arguments.clone()).collect::<Vec<_>>()
        };
        let pairs = of("ENV").into_iter().map(|pair| {
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.to_owned())
        });
        Self { env: pairs.collect(), volumes: of("VOLUME").into_iter().collect(), instructions }
    }

    fn all(&self, name: &str) -> Vec<&str> {
        self.instructions.iter().filter(|(found, _)| found == name).map(|(_, arguments)| &**arguments).collect()
    }
}

/// Every instruction with its arguments. Continued lines are one; comments are left out.
fn instructions(text: &str) -> Vec<(String, String)> {
    let joined = text.replace("\\\n", " ");
    let lines = joined.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let split = |line: &str| {
        let (name, arguments) = line.split_once(' ').unwrap_or_else(|| panic!("{line}: no instruction"));
        let known = ["FROM", "ARG", "WORKDIR", "COPY", "RUN", "ENV", "EXPOSE", "VOLUME", "USER", "ENTRYPOINT"];
        assert!(known.contains(&name), "{name}: no instruction that these files use");
        (name.to_owned(), arguments.to_owned())
    };
    lines.map(split).collect()
}

#[test]
fn an_image_is_of_its_program_small_and_not_roots() {
    for program in programs() {
        let (name, image) = (program.name, Image::of(program.name));
        let from = image.all("FROM");
        assert_eq!(from.len(), 2, "{name}: what builds is not in what runs");
        assert!(from[1].starts_with("gcr.io/distroless/") && from[1].ends_with(":nonroot"), "{name}: {from:?}");
        assert_eq!(image.all("USER"), ["nonroot"], "{name}");
        let binary = format!("/usr/local/bin/{name}");
        assert_eq!(image.all("ENTRYPOINT"), [format!("[\"{binary}\"]")], "{name}");
        assert!(image.all("COPY").contains(&&*format!("--from=build /{name} {binary}")), "{name}");
        let build = image.all("RUN").join(" ");
        for words in [format!("--package {name} "), format!("target/release/{name} /{name}"), "--locked".to_owned()] {
            assert!(build.contains(&words), "{name}: {words} in {build}");
        }
    }
}

#[test]
fn an_image_says_what_the_struct_says() {
    for program in programs() {
        let (name, image) = (program.name, Image::of(program.name));
        for variable in image.env.keys() {
            assert!(program.reads(variable) && !program.is_secret(variable), "{name}: {variable}");
        }
        let ports: Vec<u16> = image.all("EXPOSE").iter().map(|port| port.parse().unwrap()).collect();
        assert_eq!(ports, program.port().into_iter().collect::<Vec<_>>(), "{name}");
        // What a program keeps, it keeps in a volume that its user may write to.
        for volume in &image.volumes {
            let copied = format!("--from=build --chown=nonroot:nonroot /data {volume}");
            assert!(image.all("COPY").contains(&&*copied), "{name}: {volume} belongs to root");
        }
    }
    let agent = Image::of(program("research-agent").name);
    assert!(agent.volumes.contains(&agent.env["RESEARCH_DIR"]), "answers are kept");
    let memory = Image::of(program("memory-service").name);
    assert!(memory.all("WORKDIR").iter().any(|folder| memory.volumes.contains(*folder)), "memories are kept");
}

#[test]
fn no_secret_is_sent_to_the_builder() {
    let ignored = read("../../.dockerignore");
    for pattern in ["**/.env", "**/.env.*", "**/secrets", "**/secrets.json", "**/target"] {
        assert!(ignored.lines().any(|line| line == pattern), "{pattern}");
    }
}

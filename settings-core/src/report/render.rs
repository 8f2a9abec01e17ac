//! The report as text.

use std::fmt::{self, Formatter};

use super::{Kind, Look, Problem, Report, Task};
use crate::fold::fold;
use crate::tone::{Paint, Tone};

/// Lines are broken at this width where there is a blank to break at. Names, paths and commands are never broken.
pub(super) const WIDTH: usize = 80;
/// Where the sentences of a problem begin.
const INDENT: usize = 6;
/// Where the lists of a problem begin.
const LIST: usize = 8;
/// A place does not push the outcomes of all others so far to the right that they have less room than this, with the
/// layers before them.
const BESIDE_PLACES: usize = 46;
/// Less room than this is not worth breaking lines for.
const NARROWEST: usize = 20;

/// Writes the report in lines of this width, without a line break at its end.
pub(super) fn report(report: &Report, room: usize, paint: Paint<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    headline(report, f)?;
    let columns = Columns::of(&report.problems, room);
    for (index, problem) in report.problems.iter().enumerate() {
        f.write_str("\n\n")?;
        headline_of(index + 1, problem, report.settings, (room, paint), f)?;
        self::problem(problem, columns, f)?;
    }
    if !report.warnings.is_empty() {
        f.write_str("\n\nwarnings:")?;
        for warning in &report.warnings {
            paragraph(&warning.to_string(), room, f)?;
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
        Task::GetSecret => "read the secret",
        Task::Rotate => "rotate the secret",
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

fn headline_of(
    number: usize,
    problem: &Problem,
    settings: &str,
    (room, paint): (usize, Paint<'_>),
    f: &mut Formatter<'_>,
) -> fmt::Result {
    let location = problem.location().unwrap_or_default();
    // The first that it has names it, the others follow the code.
    let mut names = [problem.variable(), problem.path(), location].into_iter().filter(|name| !name.is_empty());
    let (name, title, code) = (names.next().unwrap_or(settings), problem.title(), problem.code());
    let used = width(&format!("{number:>2}. {name}  {title}  [{code}]"));
    write!(f, "{number:>2}. {}", paint(name, Tone::Head))?;
    match used <= room {
        true => f.write_str("  "),
        false => write!(f, "\n{:INDENT$}", ""),
    }?;
    write!(f, "{}  [{code}]", paint(title, Tone::Bad))?;
    let others = names.collect::<Vec<_>>().join(", ");
    if others.is_empty() {
        Ok(())
    } else if used + 3 + width(&others) <= room {
        write!(f, "   {others}")
    } else {
        paragraph(&others, room, f)
    }
}

fn problem(problem: &Problem, columns: Columns, f: &mut Formatter<'_>) -> fmt::Result {
    if let Some(expectation) = expectation(problem) {
        paragraph(&expectation, columns.room, f)?;
    }
    if problem.looked().len() > 1 {
        paragraph("looked in, highest first:", columns.room, f)?;
    }
    for look in problem.looked() {
        columns.write(look, f)?;
    }
    if let Some(note) = problem.note() {
        paragraph(note, columns.room, f)?;
    }
    match problem.fixes() {
        [] => Ok(()),
        [_] => paragraph("fix:", columns.room, f),
        _ => paragraph("fix one:", columns.room, f),
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
    /// How wide a line may be.
    room: usize,
}

impl Columns {
    fn of(problems: &[Problem], room: usize) -> Self {
        let looks = || problems.iter().flat_map(Problem::looked);
        let widest = room.saturating_sub(BESIDE_PLACES);
        Self {
            layer: looks().map(|look| width(look.layer())).max().unwrap_or(0),
            place: looks().map(|look| width(look.place())).filter(|&width| width <= widest).max().unwrap_or(0),
            room,
        }
    }

    fn write(self, look: &Look, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { layer, place, room } = self;
        write!(f, "\n{:LIST$}{:layer$}  {:place$}", "", look.layer(), look.place())?;
        let column = LIST + layer + 2 + place + 2;
        let at = column + width(look.place()).saturating_sub(place);
        let sentence = look.outcome().sentence();
        let begins = sentence.split(' ').next().map_or(0, width);
        if at > column && at + begins > room {
            write!(f, "\n{:column$}", "")?;
            return wrapped(&sentence, column, column, room, f);
        }
        f.write_str("  ")?;
        wrapped(&sentence, column, at, room, f)
    }
}

/// Writes `text` on lines of its own, each indented.
fn paragraph(text: &str, room: usize, f: &mut Formatter<'_>) -> fmt::Result {
    write!(f, "\n{:INDENT$}", "")?;
    wrapped(text, INDENT, INDENT, room, f)
}

/// Writes `text` from the column `at` on, and goes on at the column `indent` of the next line where it grows too wide.
fn wrapped(text: &str, indent: usize, at: usize, room: usize, f: &mut Formatter<'_>) -> fmt::Result {
    let limit = room.max(indent + NARROWEST);
    for (index, line) in fold(text, limit.saturating_sub(at), limit - indent).into_iter().enumerate() {
        if index > 0 {
            write!(f, "\n{:indent$}", "")?;
        }
        f.write_str(line)?;
    }
    Ok(())
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::super::{Code, Outcome, Warning};
    use super::*;

    fn openai() -> Problem {
        Problem::of_secret(Code::Missing, "openai_api_key", "OPENAI_API_KEY")
            .looked_in(vec![
                Look::new("env", "OPENAI_API_KEY", Outcome::NotSet { similar: Some("OPENAI_APIKEY".into()) }),
                Look::new(".env", "./.env", Outcome::NoSuchKey { keys: 6, similar: None }),
                Look::new("docker", "/run/secrets/openai_api_key", Outcome::NoFile),
                Look::new("azure", "kv-chat / openai-api-key", Outcome::NotFound("".into())),
                Look::new("aws", "chat/api-keys", Outcome::NotConfigured("AWS_REGION is not set".into())),
            ])
            .fix("export OPENAI_API_KEY=...      (begins with sk-)")
            .fix("az keyvault secret set --vault-name kv-chat --name openai-api-key --file <path>")
    }

    fn password() -> Problem {
        let outcome = Outcome::Unreachable("timed out after 5 s, 3 tries".into());
        Problem::of_secret(Code::Unreachable, "db.password", "CHAT_DB_PASSWORD").looked_in(vec![Look::new(
            "vault",
            "secret/db#password",
            outcome,
        )])
    }

    fn port() -> Problem {
        Problem::new(Code::Invalid, "port", "CHAT_PORT")
            .at(".env:7:6")
            .expect("a whole number in 1024..=65535")
            .show("80a0")
    }

    fn assert_lines(report: &Report, expected: &[&str]) {
        assert_eq!(report.to_string(), expected.join("\n"));
        assert_eq!(format!("{report:?}"), report.to_string());
    }

    #[test]
    fn a_failed_load() {
        let report = Report::new("ChatSettings", Task::Load, vec![openai(), password(), port()]);
        assert_lines(
            &report,
            &[
                "ChatSettings cannot load: 3 problems",
                "",
                " 1. OPENAI_API_KEY  missing secret  [E101]   openai_api_key",
                "      looked in, highest first:",
                "        env     OPENAI_API_KEY               not set (OPENAI_APIKEY is: did you",
                "                                             mean that?)",
                "        .env    ./.env                       6 keys, not this one",
                "        docker  /run/secrets/openai_api_key  no such file",
                "        azure   kv-chat / openai-api-key     not found",
                "        aws     chat/api-keys                not configured (AWS_REGION is not",
                "                                             set)",
                "      fix one:",
                "        export OPENAI_API_KEY=...      (begins with sk-)",
                "        az keyvault secret set --vault-name kv-chat --name openai-api-key --file <path>",
                "",
                " 2. CHAT_DB_PASSWORD  could not be checked  [E201]   db.password",
                "        vault   secret/db#password           timed out after 5 s, 3 tries",
                "      The store did not answer; trying again may help.",
                "",
                " 3. CHAT_PORT  invalid  [E102]   port, .env:7:6",
                "      expected a whole number in 1024..=65535, found `80a0`",
            ],
        );
    }

    #[test]
    fn missing_empty_and_placeholder_differ() {
        let problem = |code| Problem::of_secret(code, "key", "KEY");
        let codes = [Code::Missing, Code::Empty, Code::Placeholder];
        assert_lines(
            &Report::new("Chat", Task::Load, codes.map(problem).into()),
            &[
                "Chat cannot load: 3 problems",
                "",
                " 1. KEY  missing secret  [E101]   key",
                "",
                " 2. KEY  empty secret  [E103]   key",
                "      The empty text counts as unset.",
                "",
                " 3. KEY  placeholder instead of a secret  [E104]   key",
                "      The text of a template counts as unset; put the real value there.",
            ],
        );
    }

    #[test]
    fn the_secrets_that_a_check_found() {
        let anthropic =
            Problem::of_secret(Code::Placeholder, "anthropic_api_key", "ANTHROPIC_API_KEY").fix("export it");
        let gemini = Problem::of_secret(Code::Invalid, "gemini_api_key", "GEMINI_API_KEY")
            .expect("a value that begins with AIza or AQ.")
            .describe("one that looks like a GitHub key");
        let openai = Problem::of_secret(Code::Missing, "openai_api_key", "OPENAI_API_KEY");
        let line = Problem::new(Code::DotenvSyntax, "", "").at(".env:3:1");
        let report = Report::new("Chat", Task::CheckSecrets, vec![anthropic, password(), gemini, openai, line]);
        assert_lines(
            &report,
            &[
                "Missing secrets: ANTHROPIC_API_KEY, OPENAI_API_KEY",
                "Invalid secrets: GEMINI_API_KEY",
                "Could not be checked: CHAT_DB_PASSWORD",
                "",
                " 1. ANTHROPIC_API_KEY  placeholder instead of a secret  [E104]",
                "      anthropic_api_key",
                "      The text of a template counts as unset; put the real value there.",
                "      fix:",
                "        export it",
                "",
                " 2. CHAT_DB_PASSWORD  could not be checked  [E201]   db.password",
                "        vault  secret/db#password  timed out after 5 s, 3 tries",
                "      The store did not answer; trying again may help.",
                "",
                " 3. GEMINI_API_KEY  invalid secret  [E102]   gemini_api_key",
                "      expected a value that begins with AIza or AQ., found one that looks like a",
                "      GitHub key",
                "",
                " 4. OPENAI_API_KEY  missing secret  [E101]   openai_api_key",
                "",
                " 5. .env:3:1  syntax error  [E110]",
            ],
        );
    }

    #[test]
    fn problems_of_no_field() {
        let file = Problem::new(Code::DotenvSyntax, "", "").at(".env:3:1").expect("`NAME=value`");
        let whole = Problem::new(Code::OwnCheck, "", "").explain("`tls` wants a `certificate`.");
        let report = Report::new("Chat", Task::CheckSecrets, vec![file, whole])
            .with_warnings(vec![Warning::new("", ".env:1:1", "see\u{7}")]);
        assert_lines(
            &report,
            &[
                "Chat cannot check its secrets: 2 problems",
                "",
                " 1. .env:3:1  syntax error  [E110]",
                "      expected `NAME=value`",
                "",
                " 2. Chat  refused by its own check  [E106]",
                "      `tls` wants a `certificate`.",
                "",
                "warnings:",
                r"      .env:1:1: see\u{7}",
            ],
        );
    }

    #[test]
    fn a_long_place_moves_only_its_own_outcome() {
        let problem = Problem::new(Code::Missing, "port", "PORT").looked_in(vec![
            Look::new("env", "PORT", Outcome::Empty),
            Look::new(
                "docker",
                "/a/directory/with/a/name/of/some/length/port",
                Outcome::Malformed("a directory and no file".into()),
            ),
        ]);
        assert_lines(
            &Report::new("Chat", Task::Load, vec![problem]),
            &[
                "Chat cannot load: 1 problem",
                "",
                " 1. PORT  missing  [E101]   port",
                "      looked in, highest first:",
                "        env     PORT  empty",
                "        docker  /a/directory/with/a/name/of/some/length/port  malformed (a",
                "                      directory and no file)",
            ],
        );
    }

    #[test]
    fn outcomes_far_to_the_right_have_some_room() {
        let layer = "a-registered-store-with-a-long-name";
        let similar = Some("PORTS".to_owned());
        let look = Look::new(layer, "a/path/of/some/length", Outcome::NotSet { similar });
        let text =
            Report::new("Chat", Task::Load, vec![Problem::new(Code::Missing, "port", "PORT").looked_in(vec![look])]);
        assert!(text.to_string().contains("  not set (PORTS is:\n"), "{text}");
    }

    #[test]
    fn no_text_forges_a_line() {
        let forged = "x\n\u{1b}[2J 9. FORGED";
        let look = |outcome| Look::new("env", forged, outcome);
        let problem = Problem::new(Code::Invalid, forged, forged)
            .at(forged)
            .expect(forged)
            .show(forged)
            .explain(forged)
            .fix(forged)
            .looked_in(vec![
                look(Outcome::NotSet { similar: Some(forged.into()) }),
                look(Outcome::NoSuchKey { keys: 1, similar: Some(forged.into()) }),
                look(Outcome::NotConfigured(forged.into())),
                look(Outcome::Unreachable(forged.into())),
            ]);
        let text = Report::new("Chat", Task::Load, vec![problem]).to_string();
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text}");
        assert_eq!(text.matches("FORGED").count(), text.matches(r"\u{1b}[2J").count());
        // Only a blank of the forged text may have been broken at, never its line break followed.
        assert!(!text.contains("x\n"), "{text}");
    }

    #[test]
    fn a_secret_is_not_shown_whoever_asks() {
        let problem = Problem::of_secret(Code::Invalid, "key", "KEY").show("CANARY");
        let report = Report::new("Chat", Task::Load, vec![problem]);
        assert!(!report.to_string().contains("CANARY") && !report.to_json().contains("CANARY"));
    }

    #[cfg(feature = "clap")]
    #[test]
    fn a_narrow_terminal_has_its_own_width() {
        let line = Problem::new(Code::DotenvSyntax, "", "").at("/a/directory/with/a/name/of/some/length/.env:3:1");
        let report = Report::new("Chat", Task::Load, vec![openai(), line]);
        let narrow = crate::report::Painted { report: &report, width: 60, paint: &crate::tone::plain }.to_string();
        let expected = [
            "Chat cannot load: 2 problems",
            "",
            " 1. OPENAI_API_KEY  missing secret  [E101]   openai_api_key",
            "      looked in, highest first:",
            "        env     OPENAI_API_KEY  not set (OPENAI_APIKEY is:",
            "                                did you mean that?)",
            "        .env    ./.env          6 keys, not this one",
            "        docker  /run/secrets/openai_api_key  no such file",
            "        azure   kv-chat / openai-api-key  not found",
            "        aws     chat/api-keys   not configured (AWS_REGION",
            "                                is not set)",
            "      fix one:",
            "        export OPENAI_API_KEY=...      (begins with sk-)",
            // To copy, so it is not broken.
            "        az keyvault secret set --vault-name kv-chat --name openai-api-key --file <path>",
            "",
            " 2. /a/directory/with/a/name/of/some/length/.env:3:1",
            "      syntax error  [E110]",
        ];
        assert_eq!(narrow, expected.join("\n"));
    }

    #[test]
    fn an_outcome_that_has_no_room_behind_its_place_stands_below() {
        let place = "/a/directory/with/a/name/of/some/length/and/a/little/more/.env:10:14";
        let looks = vec![Look::new("env", "PORT", Outcome::Empty), Look::new(".env", place, Outcome::Empty)];
        assert_lines(
            &Report::new("Chat", Task::Load, vec![Problem::new(Code::Missing, "port", "PORT").looked_in(looks)]),
            &[
                "Chat cannot load: 1 problem",
                "",
                " 1. PORT  missing  [E101]   port",
                "      looked in, highest first:",
                "        env   PORT  empty",
                &format!("        .env  {place}"),
                "                    empty",
            ],
        );
    }

    #[test]
    fn lines_are_broken_at_blanks_within_80_columns() {
        let note = "words of a sentence ".repeat(20);
        let problem = Problem::new(Code::Invalid, "port", "PORT").explain(note.trim_end());
        let text = Report::new("Chat", Task::Load, vec![problem]).to_string();
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.lines().any(|line| line.len() > WIDTH - 10), "{text}");
        assert_eq!(text.split_whitespace().filter(|&word| word == "sentence").count(), 20);
    }
}

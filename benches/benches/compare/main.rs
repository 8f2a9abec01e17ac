//! Prints the tables. The program starts itself for each row, so that each has an environment of its own and no process
//! changes the one it has; and several times, because where the memory of a process lies makes some percent.
#![allow(clippy::print_stdout, reason = "a command line tool prints")]

mod rows;

use std::env;
use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};

use rows::{Row, TABLES, Table};
use settings_benches::harness::{Outcome, median};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many processes measure one row.
const PROCESSES: usize = 7;

fn main() -> Result<()> {
    match env::args().skip_while(|arg| arg != "--row").nth(1) {
        Some(title) => measure(&title),
        None => print_tables(),
    }
}

/// Measures a row in this process, for the one that prints the tables.
fn measure(title: &str) -> Result<()> {
    let row = TABLES.iter().flat_map(|table| table.rows).find(|row| row.title == title).ok_or("no such row")?;
    for Outcome { name, ratio, fastest } in (row.measure)()? {
        println!("{name}\t{ratio}\t{fastest}");
    }
    Ok(())
}

fn print_tables() -> Result<()> {
    println!("Ratios to the yardstick, which is 1.00, and the fastest time.");
    for Table { columns, rows } in TABLES {
        println!("\n| | {} |\n|---{}|", columns.join(" | "), "|---".repeat(columns.len()));
        for row in rows {
            let outcomes = outcomes(row)?;
            let cells: Vec<String> = columns.iter().map(|column| cell(column, &outcomes)).collect();
            println!("| {} | {} |", row.title, cells.join(" | "));
        }
    }
    print!("{}", child(Path::new(env!("CARGO_BIN_EXE_count-allocations")), rows::set_all, &[])?);
    Ok(())
}

/// Measures a row in processes of its own.
fn outcomes(row: &Row) -> Result<Vec<Outcome>> {
    let mut outcomes = Vec::new();
    for _ in 0..PROCESSES {
        let text = child(&env::current_exe()?, row.environment, &["--row", row.title])?;
        outcomes.extend(text.lines().filter_map(parse));
    }
    Ok(outcomes)
}

/// Runs a program among other variables, and gives what it wrote.
fn child(program: &Path, environment: fn(&mut Command), args: &[&str]) -> Result<String> {
    let mut process = Command::new(program);
    environment(&mut process);
    let output = process.args(args).stdin(Stdio::null()).stderr(Stdio::inherit()).output()?;
    if output.status.success() {
        Ok(String::from_utf8(output.stdout)?)
    } else {
        Err(format!("{}: {}", program.display(), output.status).into())
    }
}

fn parse(line: &str) -> Option<Outcome> {
    let mut parts = line.split('\t');
    let name = parts.next()?.to_owned();
    Some(Outcome { name, ratio: parts.next()?.parse().ok()?, fastest: parts.next()?.parse().ok()? })
}

/// What the processes found for one contestant.
fn cell(column: &str, outcomes: &[Outcome]) -> String {
    let own: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.name == column).collect();
    if own.is_empty() {
        return String::new();
    }
    let ratio = median(own.iter().map(|outcome| outcome.ratio).collect());
    let fastest = own.iter().map(|outcome| outcome.fastest).fold(f64::INFINITY, f64::min);
    if fastest < 1000.0 {
        format!("{ratio:.2} ({fastest:.1} ns)")
    } else {
        format!("{ratio:.2} ({:.2} µs)", fastest / 1000.0)
    }
}

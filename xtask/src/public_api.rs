//! Whether the types of the SDKs stay within the stores that speak to them: a user who gives no client in code depends on no
//! version of an SDK. What is looked at is the text of settings-core, as rustfmt leaves it.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Result, cargo};

/// Each store with the beginnings of the names of its SDK's crates.
const SDKS: [(&str, &[&str]); 3] = [
    ("aws", &["aws_config", "aws_credential_types", "aws_sdk_", "aws_smithy_", "aws_types"]),
    ("azure", &["azure_core", "azure_identity", "azure_security_"]),
    ("gcp", &["google_cloud_"]),
];

/// Names every place where an SDK's type shows that is no constructor of its own store.
pub(crate) fn check() -> Result<String> {
    let root = Path::new(cargo::ROOT).join("settings-core/src");
    let mut found = Vec::new();
    for path in files(&root)? {
        let shown = path.strip_prefix(&root)?.to_string_lossy().into_owned();
        let text = fs::read_to_string(&path)?;
        found.extend(findings(&shown, &text).into_iter().map(|what| format!("\n  {shown}: {what}")));
    }
    if found.is_empty() { Ok("SDKs in constructors alone".to_owned()) } else { Err(found.concat().into()) }
}

fn files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            files.extend(self::files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

fn findings(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    for (store, crates) in SDKS {
        let names_sdk = |text: &str| crates.iter().any(|name| text.contains(name));
        if !path.starts_with(&format!("store/{store}/")) {
            found.extend(
                code.iter().filter(|line| names_sdk(line)).map(|line| format!("names the SDK: {}", line.trim())),
            );
            continue;
        }
        let imports: Vec<String> = statements(&code, "use ").into_iter().filter(|import| names_sdk(import)).collect();
        let imported: Vec<&str> = imports.iter().flat_map(|import| types(import)).collect();
        let shows = |text: &str| names_sdk(text) || types(text).iter().any(|name| imported.contains(name));
        for item in statements(&code, "pub ") {
            let is_constructor = item.starts_with("pub fn ") && item.trim_end().ends_with("-> Self {");
            if shows(&item) && !is_constructor {
                found.push(format!("shows the SDK: {}", item.trim()));
            }
        }
    }
    found
}

/// What begins so, each up to the end of its head or of the statement, on one line.
fn statements(code: &[&str], start: &str) -> Vec<String> {
    let begins = code.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with(start));
    let statement = |(at, first): (usize, &&str)| {
        // A field ends with a comma, a parameter goes on.
        let ends: &[char] = match start {
            "use " => &[';'],
            _ if first.contains(" fn ") => &['{', ';'],
            _ => &['{', ';', ',', '}'],
        };
        let lines = code[at..]
            .iter()
            .scan(false, |ended, line| (!std::mem::replace(ended, line.ends_with(ends))).then_some(*line));
        lines.flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    };
    begins.map(statement).collect()
}

/// The words that begin as the names of types do.
fn types(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with(char::is_uppercase)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORE: &str = "\
use std::fmt;

use aws_config::SdkConfig;
use aws_sdk_secretsmanager::{
    Client,
    config::Region,
};

/// Takes an `aws_config::SdkConfig`.
pub struct Aws {
    client: Client,
}

impl Aws {
    pub fn from_config(config: &SdkConfig) -> Self {
    pub fn named(
        self,
        name: &str,
    ) -> Self {
    pub(super) fn client(&self) -> &Client {
";

    fn found(more: &str) -> Vec<String> {
        findings("store/aws/client.rs", &format!("{STORE}{more}\n"))
    }

    #[test]
    fn a_constructor_may_take_what_is_the_sdks() {
        assert_eq!(found(""), [""; 0]);
        assert_eq!(found("    pub fn from_client(\n        client: &Client,\n    ) -> Self {"), [""; 0]);
    }

    #[test]
    fn everything_else_that_shows_it_is_found() {
        for (more, told) in [
            ("    pub fn client(&self) -> &Client {", "pub fn client(&self) -> &Client {"),
            (
                "    pub fn set(\n        &mut self,\n        region: Region,\n    ) {",
                "pub fn set( &mut self, region: Region, ) {",
            ),
            ("    pub region: Region,", "pub region: Region,"),
            ("pub use aws_types::region::Region;", "pub use aws_types::region::Region;"),
            ("pub type Sdk = Client;", "pub type Sdk = Client;"),
        ] {
            assert_eq!(found(more), [format!("shows the SDK: {told}")]);
        }
    }

    #[test]
    fn no_other_file_knows_an_sdk() {
        let line = "let client = google_cloud_auth::credentials::anonymous();";
        assert_eq!(findings("loader.rs", line), [format!("names the SDK: {line}")]);
        assert_eq!(findings("store/aws/read.rs", line).len(), 1);
        assert_eq!(findings("store/gcp/sdk.rs", line), [""; 0]);
    }
}

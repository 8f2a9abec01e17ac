//! The folder that answers are written to.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::failure::Failure;

/// The most bytes of a topic in a file's name; file systems take 255, with ending and number.
const NAME_BYTES: usize = 100;
/// The most characters of a topic in a title.
const TITLE_CHARACTERS: usize = 200;
/// What a topic without any letter or digit is filed under.
const NAMELESS: &str = "research";

/// A folder of Markdown files, one an answer. Nothing is written outside of it, and nothing is overwritten.
pub struct Notebook {
    folder: PathBuf,
}

/// A file that was written.
#[derive(Debug)]
pub struct Saved {
    /// Where it is.
    pub path: PathBuf,
    /// The file that was there before under the topic's own name, and is left as it was.
    pub instead_of: Option<PathBuf>,
}

impl Notebook {
    /// The notebook in this folder, which is made with the first file.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Writes title, date and content into `<safe topic>.md`; where that is taken, into `<safe topic>-2.md` and so on.
    ///
    /// # Errors
    ///
    /// When the folder or the file cannot be written; no half of a file stays.
    pub fn save(&self, topic: &str, content: &str) -> Result<Saved, Failure> {
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |source| Failure::Unwritable { path, source }
        };
        fs::create_dir_all(&self.folder).map_err(unwritable(&self.folder))?;
        let name = safe_name(topic);
        let text = format!("# {}\n\n*{}*\n\n{}\n", title(topic), Timestamp::now().strftime("%Y-%m-%d"), content.trim());
        let first = self.folder.join(format!("{name}.md"));
        let mut path = first.clone();
        for number in 2.. {
            match write_new(&path, &text) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    path = self.folder.join(format!("{name}-{number}.md"));
                }
                Err(error) => return Err(unwritable(&path)(error)),
            }
        }
        let instead_of = (path != first).then_some(first);
        Ok(Saved { path, instead_of })
    }
}

/// `create_new` follows no link, so that a link in the folder cannot lead out of it.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if written.is_err() {
        // It failed already; that the rest of it may stay is the smaller evil.
        let _ = fs::remove_file(path);
    }
    written
}

/// The letters and digits of a topic in lower case, everything between them one hyphen. So it has no separator, no dot,
/// and nothing that a shell or another file system would take amiss.
fn safe_name(topic: &str) -> String {
    let mut name = String::new();
    for character in topic.chars().flat_map(char::to_lowercase) {
        let hyphen = !character.is_alphanumeric();
        let next = if hyphen { '-' } else { character };
        if hyphen && (name.is_empty() || name.ends_with('-')) {
            continue;
        }
        if name.len() + next.len_utf8() > NAME_BYTES {
            break;
        }
        name.push(next);
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { NAMELESS.to_owned() } else { name.to_owned() }
}

/// The topic as one line.
fn title(topic: &str) -> String {
    let line = topic.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut characters = line.chars().filter(|character| !character.is_control());
    let mut title: String = characters.by_ref().take(TITLE_CHARACTERS).collect();
    if characters.next().is_some() {
        title.push('…');
    }
    if title.is_empty() { "Research".to_owned() } else { title }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn any_topic_is_one_file_in_the_folder() {
        for (topic, file) in [
            ("Define Machine Learning", "define-machine-learning.md".to_owned()),
            ("C/C++: what? ../../etc", "c-c-what-etc.md".to_owned()),
            ("..", "research.md".to_owned()),
            ("?!/\\\0\n", "research.md".to_owned()),
            ("", "research.md".to_owned()),
            ("/etc/passwd", "etc-passwd.md".to_owned()),
            (".hidden", "hidden.md".to_owned()),
            ("Was heißt „Größe“?", "was-heißt-größe.md".to_owned()),
            (&"a".repeat(5000), format!("{}.md", "a".repeat(100))),
            (&"語".repeat(5000), format!("{}.md", "語".repeat(33))),
        ] {
            let outer = tempfile::tempdir().unwrap();
            let folder = outer.path().join("deep/notes");
            let saved = Notebook::new(&folder).save(topic, "text").unwrap();
            assert_eq!(saved.path, folder.join(&file));
            assert_eq!(files(&folder), [file]);
            assert_eq!(
                (files(outer.path()), files(&outer.path().join("deep"))),
                (vec!["deep".into()], vec!["notes".into()])
            );
        }
    }

    #[test]
    fn a_file_has_title_date_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let saved = Notebook::new(folder.path()).save("Two\n  words\u{1b}", "\ntext\n\n").unwrap();
        let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
        assert_eq!(fs::read_to_string(saved.path).unwrap(), format!("# Two words\n\n*{date}*\n\ntext\n"));
        let title = title(&"ä".repeat(5000));
        assert_eq!(title, format!("{}…", "ä".repeat(200)));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let notebook = Notebook::new(folder.path());
        let first = notebook.save("Topic", "one").unwrap();
        assert_eq!(first.instead_of, None);
        let second = notebook.save("topic!", "two").unwrap();
        assert_eq!((&second.path, second.instead_of), (&folder.path().join("topic-2.md"), Some(first.path.clone())));
        assert!(fs::read_to_string(first.path).unwrap().ends_with("one\n"));
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_the_folder_leads_nowhere() {
        let outer = tempfile::tempdir().unwrap();
        let folder = outer.path().join("notes");
        fs::create_dir(&folder).unwrap();
        std::os::unix::fs::symlink(outer.path().join("victim"), folder.join("topic.md")).unwrap();
        let saved = Notebook::new(&folder).save("topic", "text").unwrap();
        assert_eq!(saved.path, folder.join("topic-2.md"));
        assert!(!outer.path().join("victim").exists());
    }

    #[test]
    fn what_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let failure = Notebook::new(&file).save("topic", "text").unwrap_err();
        assert!(failure.to_string().starts_with(&format!("cannot write to {}: ", file.display())), "{failure}");
    }
}

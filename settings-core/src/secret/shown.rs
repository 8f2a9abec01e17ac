//! Values and secrets in the output of `Debug`.

use std::fmt::{self, Debug, Display, Formatter, Write};

use super::mask::{KEY, READ, masked, start};

/// Shows a value by its `Debug`, masked and shortened as [`mask`](super::mask()) does it, on one line.
///
/// ```
/// use settings_core::secret::Shown;
///
/// assert_eq!(format!("{:?}", Shown("postgres://app:pw@db/chat")), r#""postgres://app:****@db/chat""#);
/// assert_eq!(format!("{:?}", Shown(&[8080, 8081])), "[8080, 8081]");
/// ```
pub struct Shown<'a, T: ?Sized>(pub &'a T);

impl<T: Debug + ?Sized> Debug for Shown<'_, T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let mut text = Start::default();
        let written = write!(text, "{:?}", self.0);
        f.write_str(&masked(&text.read, text.cut || written.is_err()))
    }
}

/// The first [`READ`] bytes of what is written to it; then it refuses, which ends the writing.
#[derive(Default)]
struct Start {
    read: String,
    cut: bool,
}

impl Write for Start {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // Some go on writing after an error.
        if !self.cut {
            let read = start(text, READ - self.read.len());
            self.read.push_str(read);
            self.cut = read.len() < text.len();
        }
        if self.cut { Err(fmt::Error) } else { Ok(()) }
    }
}

/// Stands for a secret wherever one would be shown.
///
/// ```
/// use settings_core::secret::REDACTED;
///
/// assert_eq!(format!("{REDACTED} {REDACTED:?}"), "[REDACTED] [REDACTED]");
/// ```
pub const REDACTED: Redacted = Redacted;

/// The type of [`REDACTED`].
#[derive(Clone, Copy)]
pub struct Redacted;

impl Debug for Redacted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(KEY)
    }
}

impl Display for Redacted {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(KEY)
    }
}

/// Shows of an optional secret whether there is one.
///
/// ```
/// use settings_core::secret::redacted;
///
/// assert_eq!(format!("{:?}", redacted(&Some("anything"))), "Some([REDACTED])");
/// assert_eq!(format!("{:?}", redacted::<()>(&None)), "None");
/// ```
pub fn redacted<T>(secret: &Option<T>) -> Option<Redacted> {
    secret.as_ref().map(|_| REDACTED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_debug_is_stopped() {
        struct Endless;
        impl Debug for Endless {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                loop {
                    f.write_str("ab ")?;
                }
            }
        }
        assert_eq!(format!("{:?}", Shown(&Endless)).chars().count(), 65);
    }

    #[test]
    fn a_debug_that_ignores_errors_shows_no_more() {
        struct Heedless;
        impl Debug for Heedless {
            fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
                let _ = f.write_str("postgres://u:");
                let _ = f.write_str(&"p".repeat(2 * READ));
                let _ = f.write_str("");
                Ok(())
            }
        }
        assert_eq!(format!("{:?}", Shown(&Heedless)), "postgres://u:****…");
    }

    #[test]
    fn redacted_options_stay_options() {
        assert_eq!(format!("{:?} {:?}", redacted(&Some(1)), redacted::<u8>(&None)), "Some([REDACTED]) None");
        assert_eq!(format!("{:#?}", Shown(&["a", "b"])), r#"["a", "b"]"#);
    }
}

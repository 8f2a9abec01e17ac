//! The word of a target on the command line.

use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::generate::provision::Target;

/// Reads one of the words, and has completions list them.
pub(super) fn parser() -> impl TypedValueParser<Value = Target> {
    PossibleValuesParser::new(Target::ALL.iter().map(|target| target.as_str()))
        .try_map(|word| Target::by_name(&word).ok_or("there is no such target"))
}

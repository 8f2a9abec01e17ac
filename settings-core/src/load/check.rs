//! A load that keeps all that it found, for those who want to look at it.

use super::passes;
use crate::explain::Explanation;
use crate::layer::Places;
use crate::report::{Report, Task, Warning};
use crate::resolve::{diagnose, resolve};
use crate::value::Blueprint;

/// What a load found.
pub(crate) struct Checked {
    pub(crate) explanation: Explanation,
    /// What there is to be warned of, or what stands against the load.
    pub(crate) outcome: Result<Vec<Warning>, Report>,
}

/// Looks at every layer, those that a load would not open too.
pub(crate) async fn check<S: Blueprint>(places: &Places) -> Result<Checked, Report> {
    passes::<S, _, _>(places, Task::Load, Explanation::search, |layers, ()| {
        let mut values = resolve(S::SCHEMA, layers, S::SCHEMA.values());
        let built = S::build(&mut values);
        let failures = values.into_failures();
        let explanation = Explanation::new(S::SCHEMA, layers, &failures);
        let is_fine = built.is_some() && failures.is_empty() && layers.sound();
        let outcome = if is_fine {
            Ok(diagnose::warnings(S::SCHEMA, layers))
        } else {
            Err(diagnose::report(S::SCHEMA, layers, &failures, Task::Load))
        };
        Ok(Checked { explanation, outcome })
    })
    .await
}

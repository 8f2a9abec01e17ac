//! What a load tells `tracing`, with the feature of that name: a span, and an event for each warning. Without the feature
//! every function here is empty.

pub(crate) use of_load::{failed, loaded, span};

#[cfg(feature = "tracing")]
mod of_load {
    use tracing::span::EnteredSpan;
    use tracing::{Level, debug, debug_span, event_enabled, warn};

    use crate::layer::Layers;
    use crate::report::Report;
    use crate::resolve::diagnose;
    use crate::schema::Schema;

    /// Enters the span of a load, which ends when it is dropped.
    pub(crate) fn span(settings: &'static str) -> EnteredSpan {
        debug_span!(target: "settings", "settings::load", settings).entered()
    }

    /// Tells the warnings of a load that succeeded, which takes a second look at the values: only when someone listens.
    pub(crate) fn loaded(schema: &'static Schema, layers: &Layers<'_>) {
        if !event_enabled!(target: "settings", Level::WARN) {
            return;
        }
        for warning in diagnose::warnings(schema, layers) {
            warn!(target: "settings", variable = warning.variable(), place = warning.place(), "{}", warning.text());
        }
    }

    /// Tells that a load failed. It is no error here: the report goes to the caller, who may have another plan.
    pub(crate) fn failed(report: Report) -> Report {
        debug!(target: "settings", problems = report.problems().len(), "the settings do not load");
        report
    }
}

#[cfg(not(feature = "tracing"))]
mod of_load {
    use crate::layer::Layers;
    use crate::report::Report;
    use crate::schema::Schema;

    /// No span.
    pub(crate) struct Untraced;

    #[inline(always)]
    pub(crate) fn span(_: &'static str) -> Untraced {
        Untraced
    }

    #[inline(always)]
    pub(crate) fn loaded(_: &'static Schema, _: &Layers<'_>) {}

    #[inline(always)]
    pub(crate) fn failed(report: Report) -> Report {
        report
    }
}

//! What a load tells `tracing`, with the feature of that name: a span, an event for each of its warnings, and one for each
//! read of a store. Without the feature every function here is empty.

#[cfg(feature = "live")]
pub(crate) use of_load::not_live;
pub(crate) use of_load::{Span, failed, loaded, recovered, span, warn};

#[cfg(feature = "tracing")]
mod of_load {
    use std::time::Duration;

    use tracing::span::Entered;
    use tracing::{Level, debug, debug_span, event_enabled, info};

    use crate::layer::Layers;
    use crate::report::{Outcome, Report, Warning};
    use crate::resolve::diagnose;
    use crate::schema::Schema;
    use crate::store::{Secret, StoreError};

    /// The span of a load, which ends when its last copy is dropped.
    #[derive(Clone)]
    pub(crate) struct Span(tracing::Span);

    pub(crate) fn span(settings: &'static str) -> Span {
        Span(debug_span!(target: "settings", "settings::load", settings))
    }

    impl Span {
        /// What happens on this thread until the guard is dropped belongs to the load.
        pub(crate) fn enter(&self) -> Entered<'_> {
            self.0.enter()
        }

        /// Tells that a store was read: what became of it, never what it holds.
        pub(crate) fn read(
            &self,
            store: &'static str,
            id: impl FnOnce() -> String,
            answer: &Result<Secret, StoreError>,
            took: Duration,
        ) {
            if !event_enabled!(target: "settings::audit", Level::INFO) {
                return;
            }
            let (outcome, version) = match answer {
                Ok(secret) => (Outcome::Found, secret.version.as_deref().unwrap_or_default()),
                Err(error) => (Outcome::from(error), ""),
            };
            info!(
                target: "settings::audit",
                parent: &self.0,
                store,
                id = id(),
                version,
                outcome = outcome.as_str(),
                took_ms = took.as_millis() as u64,
                "read a secret",
            );
        }
    }

    /// Tells the warnings of a load that succeeded, which takes a second look at the values: only when someone listens.
    pub(crate) fn loaded(schema: &'static Schema, layers: &Layers<'_>) {
        if !event_enabled!(target: "settings", Level::WARN) {
            return;
        }
        diagnose::warnings(schema, layers).iter().for_each(warn);
    }

    /// Tells that settings load again.
    pub(crate) fn recovered(settings: &'static str) {
        info!(target: "settings", settings, "the settings load again");
    }

    /// Tells that settings will not be kept up to date.
    #[cfg(feature = "live")]
    pub(crate) fn not_live(settings: &'static str) {
        tracing::error!(target: "settings", settings, "no thread could be started to keep the settings up to date");
    }

    /// Tells one warning.
    pub(crate) fn warn(warning: &Warning) {
        tracing::warn!(target: "settings", variable = warning.variable(), place = warning.place(), "{}", warning.text());
    }

    /// Tells that a load failed. It is no error here: the report goes to the caller, who may have another plan.
    pub(crate) fn failed(report: Report) -> Report {
        debug!(target: "settings", problems = report.problems().len(), "the settings do not load");
        report
    }
}

#[cfg(not(feature = "tracing"))]
mod of_load {
    use std::time::Duration;

    use crate::layer::Layers;
    use crate::report::{Report, Warning};
    use crate::schema::Schema;
    use crate::store::{Secret, StoreError};

    /// No span.
    #[derive(Clone)]
    pub(crate) struct Span;

    /// Nothing is entered.
    pub(crate) struct Entered;

    #[inline(always)]
    pub(crate) fn span(_: &'static str) -> Span {
        Span
    }

    impl Span {
        #[inline(always)]
        pub(crate) fn enter(&self) -> Entered {
            Entered
        }

        #[inline(always)]
        pub(crate) fn read(
            &self,
            _: &'static str,
            _: impl FnOnce() -> String,
            _: &Result<Secret, StoreError>,
            _: Duration,
        ) {
        }
    }

    #[inline(always)]
    pub(crate) fn recovered(_: &'static str) {}

    #[cfg(feature = "live")]
    pub(crate) fn not_live(_: &'static str) {}

    #[inline(always)]
    pub(crate) fn warn(_: &Warning) {}

    #[inline(always)]
    pub(crate) fn loaded(_: &'static Schema, _: &Layers<'_>) {}

    #[inline(always)]
    pub(crate) fn failed(report: Report) -> Report {
        report
    }
}

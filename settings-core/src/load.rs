//! The load itself: data goes from the layers to values, and from there to the struct or the report.
//!
//! A load is one pass over the layers. Where that pass finds that only stores can have what it lacks, they are asked, and
//! the pass is made once more with their answers. So every search is ordinary code that waits for nothing.

#[cfg(feature = "clap")]
pub(crate) mod check;
#[cfg(feature = "clap")]
pub(crate) mod export;
pub(crate) mod one_secret;
pub(crate) mod required;
pub(crate) mod rotate;
#[cfg(feature = "watch")]
pub(crate) mod watched;

use std::cell::Cell;
use std::future::poll_fn;

use crate::engine::block_on;
use crate::layer::stores::{Answers, Want};
use crate::layer::{Layers, Places};
use crate::plan::{self, Deadline, TIMEOUT};
use crate::report::{Report, Task, Warning};
use crate::resolve::{diagnose, names, resolve, shape};
use crate::schema::Schema;
use crate::trace::{self, Span};
use crate::value::{Blueprint, Digest, Values};

/// Above so many names the environment is walked through once for all of them.
const MANY: usize = 64;

/// What one pass over the layers comes to.
pub(crate) enum Pass<R> {
    /// It is done.
    Done(R),
    /// It cannot tell before stores have answered these.
    Lacks(Vec<Want>),
}

/// Loads a struct from the places given.
pub(crate) async fn load<S: Blueprint>(places: &Places) -> Result<S, Report> {
    let span = trace::span(S::SCHEMA.name);
    asking(places, &span, |answers| pass::<S, _>(places, answers, &span, |_| (), |_| ()))
        .await
        .map(|(settings, ())| settings)
}

/// The same for a caller who waits. Most loads need no store, and for those a future is a detour.
pub(crate) fn load_now<S: Blueprint>(places: &Places) -> Result<S, Report> {
    let span = trace::span(S::SCHEMA.name);
    match pass::<S, _>(places, None, &span, |_| (), |_| ()) {
        Pass::Done(done) => done.map(|(settings, ())| settings),
        Pass::Lacks(_) => block_on(load(places)),
    }
}

/// The same with what there is to be warned of.
pub(crate) async fn load_with_warnings<S: Blueprint>(places: &Places) -> Result<(S, Vec<Warning>), Report> {
    let span = trace::span(S::SCHEMA.name);
    let warn = |layers: &Layers<'_>| diagnose::warnings(S::SCHEMA, layers);
    asking(places, &span, |answers| pass::<S, _>(places, answers, &span, |_| (), warn)).await
}

/// A struct that is to be cached, and what is to be known of it later.
pub(crate) struct Loaded<S> {
    pub(crate) settings: S,
    /// What it was made of.
    pub(crate) digest: Digest,
    /// Secrets that are older than they should be.
    pub(crate) overdue: Vec<Warning>,
}

/// One pass of a load for the cache.
pub(crate) fn load_pass<S: Blueprint>(
    places: &Places,
    answers: Option<&Answers>,
    span: &Span,
) -> Pass<Result<Loaded<S>, Report>> {
    let digest = Cell::new(Digest::default());
    let noted = |values: &Values| digest.set(values.digest());
    match pass::<S, _>(places, answers, span, noted, |layers| diagnose::overdue(S::SCHEMA, layers)) {
        Pass::Done(done) => {
            Pass::Done(done.map(|(settings, overdue)| Loaded { settings, digest: digest.take(), overdue }))
        }
        Pass::Lacks(wants) => Pass::Lacks(wants),
    }
}

/// One pass of a load. `found` is shown what the struct is made of, and `further` is asked when the struct is there.
#[inline]
fn pass<S: Blueprint, R>(
    places: &Places,
    answers: Option<&Answers>,
    span: &Span,
    found: impl FnOnce(&Values),
    further: impl FnOnce(&Layers<'_>) -> R,
) -> Pass<Result<(S, R), Report>> {
    let schema = S::SCHEMA;
    let _entered = span.enter();
    if let Err(report) = refuse_misuse(schema, places, Task::Load) {
        return Pass::Done(Err(trace::failed(report)));
    }
    let values = const { S::SCHEMA.values() };
    let layers = open(places, schema, answers, values);
    let mut values = resolve(schema, &layers, values);
    let wants = layers.stores.close();
    if !wants.is_empty() {
        return Pass::Lacks(wants);
    }
    found(&values);
    let built = S::build(&mut values);
    let failures = values.into_failures();
    Pass::Done(match built {
        Some(settings) if failures.is_empty() && layers.sound() => {
            trace::loaded(schema, &layers);
            Ok((settings, further(&layers)))
        }
        _ => Err(trace::failed(diagnose::report(schema, &layers, &failures, Task::Load))),
    })
}

/// What a loaded struct's layers have to be warned about.
pub(crate) async fn warnings<S: Blueprint>(places: &Places) -> Result<Vec<Warning>, Report> {
    // A load asks no further than it must; to tell what stands in the files it has to open them.
    let search = |layers: &Layers<'_>| -> Values { resolve(S::SCHEMA, layers, S::SCHEMA.values()) };
    passes::<S, _, _>(places, Task::Load, search, |layers, _| Ok(diagnose::warnings(S::SCHEMA, layers))).await
}

/// Does something else than a load over the layers: `search` as often as stores are still to be asked for what it did not
/// find, and then `finish` with what it found.
pub(crate) async fn passes<S: Blueprint, F, R>(
    places: &Places,
    task: Task,
    search: impl Fn(&Layers<'_>) -> F,
    finish: impl Fn(&Layers<'_>, F) -> Result<R, Report>,
) -> Result<R, Report> {
    let schema = S::SCHEMA;
    refuse_misuse(schema, places, task)?;
    let span = trace::span(schema.name);
    let pass = |answers: Option<&Answers>| {
        let _entered = span.enter();
        let layers = open(places, schema, answers, schema.values());
        let found = search(&layers);
        let wants = layers.stores.close();
        if wants.is_empty() { Pass::Done(finish(&layers, found)) } else { Pass::Lacks(wants) }
    };
    asking(places, &span, pass).await
}

/// Makes passes until one is done, and asks stores between two of them.
async fn asking<R>(places: &Places, span: &Span, pass: impl Fn(Option<&Answers>) -> Pass<R>) -> R {
    let mut wants = match pass(None) {
        Pass::Done(result) => return result,
        Pass::Lacks(wants) => wants,
    };
    let deadline = deadline(places);
    let mut answers = Answers::default();
    loop {
        let mut fetch = plan::fetch(wants, deadline, span.clone());
        poll_fn(|context| fetch.poll(context, &mut answers)).await;
        match pass(Some(&answers)) {
            Pass::Done(result) => return result,
            Pass::Lacks(more) => wants = more,
        }
    }
}

/// When the stores of a load that begins now have to have answered.
pub(crate) fn deadline(places: &Places) -> Deadline {
    Deadline::after(places.timeout.unwrap_or(TIMEOUT))
}

fn open<'p>(places: &'p Places, schema: &'static Schema, answers: Option<&'p Answers>, values: usize) -> Layers<'p> {
    let mut layers = Layers::new(places, schema, answers);
    if values > MANY {
        layers.env.ask_for(names::claimed(schema));
    }
    layers
}

/// Mistakes of the program, whatever the values are: two fields on one name, a value for a field that is not there.
fn refuse_misuse(schema: &'static Schema, places: &Places, task: Task) -> Result<(), Report> {
    let mut problems = names::collisions(schema);
    if !places.given.is_empty() {
        problems.extend(names::unknown(schema, &places.given));
        problems.extend(shape::misgiven(schema, &places.given));
    }
    problems.extend_from_slice(&places.refused);
    if problems.is_empty() { Ok(()) } else { Err(Report::new(schema.name, task, problems)) }
}

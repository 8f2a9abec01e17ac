//! What goes wrong.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use hyper::body::Bytes;
use hyper::header::LOCATION;
use tokio::sync::Barrier;

use crate::message::Answer;
use crate::record::{Call, Visit};

/// Something that goes wrong with requests which are in order: for all secrets or one, always or the first few times.
///
/// These are the faults that any server may have. Those in a service's own words are made by its fake, such as
/// `KeyVault::throttled(1)`. Delays add up; of the other faults that fit a call, the one injected first meets it.
///
/// ```
/// # use fake_stores::{Call, Fault};
/// # use std::time::Duration;
/// Fault::delay(Duration::from_millis(20)); // every call
/// Fault::bad_gateway().on("openai-api-key").times(2); // the first two calls that name this secret
/// Fault::dropped().only(Call::Write); // reads go well
/// ```
#[derive(Clone)]
#[must_use = "a fault does nothing until it is injected"]
pub struct Fault {
    what: What,
    secret: Option<String>,
    call: Option<Call>,
    left: Option<usize>,
}

#[derive(Clone)]
enum What {
    Delay(Duration),
    Together(Arc<Barrier>),
    Instead(Instead),
}

/// What comes instead of the answer.
#[derive(Clone)]
pub(crate) enum Instead {
    Answer(Answer),
    Dropped,
}

impl Fault {
    fn new(what: What) -> Self {
        Self { what, secret: None, call: None, left: None }
    }

    pub(crate) fn instead(answer: Answer) -> Self {
        Self::new(What::Instead(Instead::Answer(answer)))
    }

    /// The answer comes so much later. What it says is not decided before.
    pub fn delay(time: Duration) -> Self {
        Self::new(What::Delay(time))
    }

    /// No call is answered before so many wait for their answers, or ten seconds have passed: a client that asks for all
    /// at once is as quick as without, whatever else the machine does, and
    /// [`most_reads_at_once`](crate::Counts::most_reads_at_once) tells.
    pub fn together(calls: usize) -> Self {
        Self::new(What::Together(Arc::new(Barrier::new(calls))))
    }

    /// The connection is closed without an answer.
    pub fn dropped() -> Self {
        Self::new(What::Instead(Instead::Dropped))
    }

    /// The HTML page of a proxy whose backend is gone, with status 502.
    pub fn bad_gateway() -> Self {
        let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
                    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";
        Self::instead(Answer::text(StatusCode::BAD_GATEWAY, "text/html", page))
    }

    /// Status 200 with a text that says to be JSON, and is not.
    pub fn garbage() -> Self {
        Self::instead(Answer::text(StatusCode::OK, "application/json", r#"{"value": {"data": ["#))
    }

    /// Status 307 to another address, as of a proxy that wants to be logged in to.
    ///
    /// # Panics
    ///
    /// When the address cannot be sent.
    pub fn redirect(to: &str) -> Self {
        Self::instead(Answer::empty(StatusCode::TEMPORARY_REDIRECT).header(LOCATION, to))
    }

    /// Any answer.
    ///
    /// # Panics
    ///
    /// When there is no such status, or the content type cannot be sent.
    #[expect(clippy::expect_used, reason = "a test that asks for what cannot be sent has failed")]
    pub fn answer(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let status = StatusCode::from_u16(status).expect("a status of HTTP");
        Self::instead(Answer::text(status, content_type, body))
    }

    /// For this secret alone; without this for all, and also for calls that name none.
    pub fn on(mut self, secret: &str) -> Self {
        self.secret = Some(secret.to_owned());
        self
    }

    /// For calls of this kind alone; without this for all but [`Call::Challenge`].
    pub fn only(mut self, call: Call) -> Self {
        self.call = Some(call);
        self
    }

    /// For so many calls that it fits; then it is over.
    pub fn times(mut self, calls: usize) -> Self {
        self.left = Some(calls);
        self
    }

    fn fits(&self, visit: &Visit) -> bool {
        let call = self.call.map_or(visit.call != Call::Challenge, |call| call == visit.call);
        call && self.left != Some(0) && (self.secret.is_none() || self.secret == visit.secret)
    }
}

/// Tells what goes wrong, never what is sent.
impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match &self.what {
            What::Delay(time) => format!("delay of {time:?}"),
            What::Together(_) => "answers together".to_owned(),
            What::Instead(Instead::Answer(answer)) => format!("status {}", answer.status.as_u16()),
            What::Instead(Instead::Dropped) => "dropped connection".to_owned(),
        };
        f.debug_struct("Fault")
            .field("what", &what)
            .field("secret", &self.secret)
            .field("call", &self.call)
            .field("left", &self.left)
            .finish()
    }
}

/// The faults that meet one call.
#[derive(Default)]
pub(crate) struct Met {
    delay: Duration,
    together: Vec<Arc<Barrier>>,
    pub(crate) instead: Option<Instead>,
}

impl Met {
    /// Waits as long as the faults want it.
    pub(crate) async fn wait(&self) {
        tokio::time::sleep(self.delay).await;
        for barrier in &self.together {
            // Too few have come: the test sees it in the counts.
            let _ = tokio::time::timeout(Duration::from_secs(10), barrier.wait()).await;
        }
    }
}

/// Finds the faults of a call, and uses them up.
pub(crate) fn meet(faults: &mut [Fault], visit: &Visit) -> Met {
    let mut met = Met::default();
    for fault in faults.iter_mut().filter(|fault| fault.fits(visit)) {
        match &fault.what {
            What::Delay(time) => met.delay = met.delay.saturating_add(*time),
            What::Together(barrier) => met.together.push(Arc::clone(barrier)),
            What::Instead(_) if met.instead.is_some() => continue,
            What::Instead(instead) => met.instead = Some(instead.clone()),
        }
        fault.left = fault.left.map(|left| left - 1);
    }
    met
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(secret: &str) -> Visit {
        Visit::new(Call::Read, Some(secret))
    }

    fn status(met: Met) -> Option<u16> {
        match met.instead {
            Some(Instead::Answer(answer)) => Some(answer.status.as_u16()),
            Some(Instead::Dropped) => Some(0),
            None => None,
        }
    }

    #[test]
    fn a_fault_is_over_after_its_calls_and_others_do_not_use_it_up() {
        let mut faults = [Fault::bad_gateway().on("a").times(2)];
        let mut ask = |visit: Visit| status(meet(&mut faults, &visit));
        assert_eq!(ask(read("b")), None);
        assert_eq!([ask(read("a")), ask(read("a")), ask(read("a"))], [Some(502), Some(502), None]);
    }

    #[test]
    fn delays_add_up_and_the_first_of_other_faults_wins() {
        let (short, long) = (Duration::from_millis(20), Duration::from_millis(300));
        let answer = Fault::answer(503, "text/plain", "later").times(1);
        let mut faults = [Fault::delay(short), Fault::dropped().times(1), answer, Fault::delay(long)];
        let met = meet(&mut faults, &read("a"));
        assert_eq!((met.delay, status(met)), (short + long, Some(0)));
        assert_eq!(status(meet(&mut faults, &read("a"))), Some(503), "it was not used up by the call before");
        assert_eq!(status(meet(&mut faults, &read("a"))), None);
    }

    #[test]
    fn a_fault_keeps_to_its_kind_of_call() {
        let challenge = || Visit::new(Call::Challenge, Some("a"));
        assert_eq!(status(meet(&mut [Fault::dropped()], &challenge())), None);
        assert_eq!(status(meet(&mut [Fault::dropped().only(Call::Challenge)], &challenge())), Some(0));
        assert_eq!(status(meet(&mut [Fault::dropped().only(Call::Write)], &read("a"))), None);
    }

    #[test]
    fn an_answer_is_not_shown() {
        let fault = Fault::answer(200, "text/plain", "sk-test-key").on("a").times(1);
        let shown = r#"Fault { what: "status 200", secret: Some("a"), call: None, left: Some(1) }"#;
        assert_eq!(format!("{fault:?}"), shown);
    }
}

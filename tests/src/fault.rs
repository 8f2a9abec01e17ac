//! Faults in front of a server: a proxy that forwards faithfully, counts, and on demand denies, throttles, breaks, drops
//! or delays.
//!
//! ```
//! use settings_tests::fault::{FaultProxy, When, aws};
//!
//! # fn test(upstream: &str) {
//! let proxy = FaultProxy::aws(upstream, "us-east-1");
//! proxy.inject(When::operation("GetSecretValue").first(2), aws::throttling());
//! // .. load settings from proxy.address() ..
//! assert_eq!(proxy.calls(&When::operation("GetSecretValue")), 3);
//! assert_eq!(proxy.violations(), [""; 0]);
//! # }
//! ```

pub mod aws;
mod body;
mod forward;
mod nobody;
mod rule;
pub mod vault;

use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use body::Body;
pub use nobody::Nobody;
use rule::Rules;
pub use rule::{Fault, Seen, When};

/// Judges a request that should be one that the real service accepts.
type Check = Box<dyn Fn(&Request<Bytes>) -> Result<(), Refusal> + Send + Sync>;

/// What the real service would have said, and for the test why.
struct Refusal {
    violation: String,
    answer: Fault,
}

/// A proxy on a free port of this machine, on a thread and runtime of its own. It is gone when it is dropped.
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<Infallible>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: forward::Upstream,
    check: Check,
    rules: Rules,
    seen: Mutex<Vec<Seen>>,
    violations: Mutex<Vec<String>>,
    connections: AtomicUsize,
    open: AtomicUsize,
    most_open: AtomicUsize,
}

impl FaultProxy {
    /// In front of an AWS emulator. A request that AWS would refuse, with a client of this region, is refused and
    /// remembered as a violation.
    ///
    /// # Panics
    ///
    /// As [`FaultProxy::http`].
    pub fn aws(upstream: &str, region: &str) -> Self {
        let region = region.to_owned();
        Self::start(upstream, Box::new(move |request| aws::check(request, &region)))
    }

    /// In front of any HTTP server, `http://HOST:PORT`.
    ///
    /// # Panics
    ///
    /// When that is no such address, or there is no free port.
    pub fn http(upstream: &str) -> Self {
        Self::start(upstream, Box::new(|_| Ok(())))
    }

    #[expect(clippy::expect_used, reason = "a test without its proxy has failed")]
    fn start(upstream: &str, check: Check) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Shared {
            upstream: forward::Upstream::new(upstream).expect("an upstream http://HOST:PORT"),
            check,
            rules: Rules::default(),
            seen: Mutex::default(),
            violations: Mutex::default(),
            connections: AtomicUsize::new(0),
            open: AtomicUsize::new(0),
            most_open: AtomicUsize::new(0),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let (stop, stopped) = oneshot::channel();
        let accepting = accept(listener, Arc::clone(&shared));
        let thread = thread::spawn(move || {
            runtime.block_on(async {
                let accepting = tokio::spawn(accepting);
                // It never gets a message: its other end is dropped.
                let _ = stopped.await;
                accepting.abort();
            });
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// `http://127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on answers these requests so. Of several faults for one request the oldest is taken, after the delays of
    /// all.
    pub fn inject(&self, when: When, fault: Fault) {
        self.shared.rules.add(when, fault);
    }

    /// From now on forwards everything again.
    pub fn clear_faults(&self) {
        self.shared.rules.clear();
    }

    /// How many such requests came. A limit in `when` is of no matter here.
    pub fn calls(&self, when: &When) -> usize {
        lock(&self.shared.seen).iter().filter(|seen| when.matches(seen)).count()
    }

    /// Every request that came.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen).clone()
    }

    /// How many connections were opened.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// How many requests waited for an answer at the same moment, at the most.
    pub fn most_at_once(&self) -> usize {
        self.shared.most_open.load(Ordering::Relaxed)
    }

    /// Which requests the real service would not have accepted, and why; and which could not be forwarded. A test ends
    /// with `assert_eq!(proxy.violations(), [""; 0])`.
    pub fn violations(&self) -> Vec<String> {
        lock(&self.shared.violations).clone()
    }

    /// Counts from nothing again: calls, connections and how many at once. Faults stay.
    pub fn forget_calls(&self) {
        lock(&self.shared.seen).clear();
        self.shared.connections.store(0, Ordering::Relaxed);
        self.shared.most_open.store(0, Ordering::Relaxed);
    }
}

impl fmt::Debug for FaultProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultProxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic there has already been printed, and the test has had no answer.
            let _ = thread.join();
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.fetch_add(1, Ordering::Relaxed);
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            let service = service_fn(|request| shared.answer(request));
            // An error here is a client that left, or a fault that drops the connection.
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Shared {
    /// An error closes the connection without an answer.
    async fn answer(&self, request: Request<hyper::body::Incoming>) -> io::Result<Response<Body>> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let request = Request::from_parts(head, body);
        let _open = Open::new(self);
        let seen = Seen::new(&request);
        lock(&self.seen).push(seen.clone());
        if let Err(refusal) = (self.check)(&request) {
            lock(&self.violations).push(refusal.violation);
            return self.carry_out(&refusal.answer, request).await;
        }
        let (delay, fault) = self.rules.pick(&seen);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match fault {
            Some(fault) => self.carry_out(&fault, request).await,
            None => Ok(self.forward(request).await?.map(Body::whole)),
        }
    }

    async fn carry_out(&self, fault: &Fault, request: Request<Bytes>) -> io::Result<Response<Body>> {
        match fault {
            Fault::Answer { status, headers, body } => {
                let mut answer = Response::builder().status(*status);
                for (name, value) in headers {
                    answer = answer.header(*name, value);
                }
                answer.body(Body::whole(Bytes::from(body.clone()))).map_err(io::Error::other)
            }
            Fault::Drop => Err(io::Error::other("dropped on demand")),
            Fault::Cut => Ok(self.forward(request).await?.map(Body::half)),
            // Its time is over when this is reached.
            Fault::Delay(_) => Ok(self.forward(request).await?.map(Body::whole)),
        }
    }

    async fn forward(&self, request: Request<Bytes>) -> io::Result<Response<Bytes>> {
        let told = format!("{} {}", request.method(), request.uri().path());
        self.upstream.send(request).await.map_err(|error| {
            lock(&self.violations).push(format!("{told} could not be forwarded: {error}"));
            io::Error::other(error)
        })
    }
}

/// A request that waits for its answer.
struct Open<'s>(&'s Shared);

impl<'s> Open<'s> {
    fn new(shared: &'s Shared) -> Self {
        let open = shared.open.fetch_add(1, Ordering::Relaxed) + 1;
        shared.most_open.fetch_max(open, Ordering::Relaxed);
        Self(shared)
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! One server: a port of this machine, and a thread that answers.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use http_body_util::Full;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime;
use tokio::sync::oneshot;

use crate::fault::{Fault, Instead};
use crate::message::{Answer, Request};
use crate::record::{Counts, Record, Violation, Visit, lock};

/// A service, as its own file tells it.
pub trait Service: Default + Send + Sync + 'static {
    /// A request that is in order.
    type Asked: Send;

    /// Tells what is asked for, or refuses what the real service would refuse whatever secrets it has.
    fn admit(&self, request: &Request) -> Result<(Visit, Self::Asked), Refusal>;

    /// Answers what was admitted.
    fn answer(&self, asked: Self::Asked) -> impl Future<Output = Answer> + Send;
}

/// How a request that is not in order is answered, and what is wrong with it.
pub struct Refusal {
    pub(crate) answer: Answer,
    pub(crate) why: String,
}

/// A fake service on a free port of 127.0.0.1. It stops when it is dropped, and its connections are closed.
///
/// It is used by its other names: `KeyVault`, `SecretManager`, `Dapr`.
pub struct Fake<S> {
    pub(crate) service: Arc<S>,
    pub(crate) record: Arc<Record>,
    address: SocketAddr,
    reserved: Mutex<Option<TcpSocket>>,
    running: Mutex<Option<Running>>,
}

#[expect(clippy::expect_used, reason = "a test without its server has failed")]
impl<S: Service> Fake<S> {
    /// A server that answers at once.
    ///
    /// # Panics
    ///
    /// When this machine gives no port or no thread.
    pub fn started() -> Self {
        let fake = Self::reserved();
        fake.start();
        fake
    }

    /// A server that is not there yet: its port is taken, and connections are refused until [`start`](Self::start).
    ///
    /// # Panics
    ///
    /// When this machine gives no port.
    pub fn reserved() -> Self {
        let (socket, address) = reserve().expect("a free port");
        Self {
            service: Arc::default(),
            record: Arc::default(),
            address,
            reserved: Mutex::new(Some(socket)),
            running: Mutex::default(),
        }
    }

    /// Begins to answer; does nothing when it does already.
    ///
    /// # Panics
    ///
    /// When this machine gives no thread.
    pub fn start(&self) {
        if let Some(socket) = lock(&self.reserved).take() {
            let running = Running::start(socket, Arc::clone(&self.service), Arc::clone(&self.record));
            *lock(&self.running) = Some(running.expect("a thread for the server"));
        }
    }
}

impl<S> Fake<S> {
    /// Where it listens, such as `http://127.0.0.1:40123`. The SDK for Azure refuses such an address: see
    /// `KeyVault::transport`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The port where it listens.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Lets something go wrong from now on.
    pub fn inject(&self, fault: Fault) {
        self.record.inject(fault);
    }

    /// Takes all faults away.
    pub fn heal(&self) {
        self.record.heal();
    }

    /// How often what was called.
    pub fn counts(&self) -> Counts {
        self.record.counts()
    }

    /// How often this secret was read, versions and vaults or projects taken together.
    pub fn reads_of(&self, secret: &str) -> usize {
        self.record.reads_of(secret)
    }

    /// The requests that were not in order, the first first.
    pub fn violations(&self) -> Vec<Violation> {
        self.record.violations()
    }
}

/// Tells the address and what was called, never a secret.
impl<S> fmt::Debug for Fake<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fake").field("url", &self.url()).field("counts", &self.counts()).finish_non_exhaustive()
    }
}

/// A port that is bound, but not listened on, refuses connections, and nobody else gets it.
fn reserve() -> io::Result<(TcpSocket, SocketAddr)> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = socket.local_addr()?;
    Ok((socket, address))
}

/// The thread of a server.
struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start<S: Service>(socket: TcpSocket, service: Arc<S>, record: Arc<Record>) -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = {
            let _entered = runtime.enter();
            socket.listen(1024)?
        };
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.spawn(accept(listener, service, record));
            // An error means that the sender is gone: stop as well.
            let _ = runtime.block_on(stopped);
        };
        let thread = thread::Builder::new().name("fake store".to_owned()).spawn(serve)?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stop.take());
        // When it panicked, the test has seen connections break.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

async fn accept<S: Service>(listener: TcpListener, service: Arc<S>, record: Arc<Record>) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            tokio::task::yield_now().await;
            continue;
        };
        record.connected();
        // Without it small answers wait for the client's acknowledgement.
        let _ = stream.set_nodelay(true);
        let (service, record) = (Arc::clone(&service), Arc::clone(&record));
        tokio::spawn(async move {
            let answer = service_fn(|request| respond(request, &*service, &record));
            // An error is a connection that broke: the client's affair, or the fault that the test asked for.
            let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await;
        });
    }
}

/// Why a connection is closed without an answer.
#[derive(Debug)]
struct Closed;

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is closed without an answer")
    }
}

impl std::error::Error for Closed {}

async fn respond<S: Service>(
    request: hyper::Request<Incoming>,
    service: &S,
    record: &Record,
) -> Result<Response<Full<Bytes>>, Closed> {
    let request = Request::read(request).await.map_err(|_| Closed)?;
    let (visit, asked) = match service.admit(&request) {
        Ok(admitted) => admitted,
        Err(refusal) => {
            record.violated(format!("{} {}", request.method, request.path()), refusal.why);
            return Ok(refusal.answer.into());
        }
    };
    let _in_flight = record.begin(&visit);
    let faults = record.meet_faults(&visit);
    faults.wait().await;
    match faults.instead {
        None => Ok(service.answer(asked).await.into()),
        Some(Instead::Answer(answer)) => Ok(answer.into()),
        Some(Instead::Dropped) => Err(Closed),
    }
}

//! An address that refuses connections.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A port of this machine where nobody listens, and nobody else can begin to as long as this is there.
#[derive(Debug)]
pub struct Nobody {
    address: SocketAddr,
    _socket: TcpSocket,
}

impl Nobody {
    /// Takes a free port.
    ///
    /// # Panics
    ///
    /// When there is none.
    #[expect(clippy::expect_used, reason = "a test without its port has failed")]
    #[expect(clippy::new_without_default, reason = "it takes a port, which is no default value")]
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::LOCALHOST, 0).into()).expect("a free port");
        Self { address: socket.local_addr().expect("an address"), _socket: socket }
    }

    /// `http://127.0.0.1:PORT`
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }
}

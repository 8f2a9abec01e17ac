//! A client without a store: what this machine needs for calls side by side, whoever makes them.

use std::cell::RefCell;
use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// Connections that are kept.
pub(crate) struct Bare {
    runtime: Runtime,
    streams: RefCell<Vec<TcpStream>>,
}

impl Bare {
    pub(crate) fn new(address: &str, connections: usize) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let connect = async {
            let mut streams = Vec::new();
            for _ in 0..connections {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                streams.push(stream);
            }
            io::Result::Ok(streams)
        };
        let streams = RefCell::new(runtime.block_on(connect)?);
        Ok(Self { runtime, streams })
    }

    /// One call over each connection, all at one time.
    pub(crate) fn call(&self) -> io::Result<()> {
        self.runtime.block_on(async {
            let calls: Vec<_> = self.streams.take().into_iter().map(|stream| tokio::spawn(one(stream))).collect();
            let mut streams = Vec::new();
            for call in calls {
                streams.push(call.await.map_err(io::Error::other)??);
            }
            self.streams.replace(streams);
            Ok(())
        })
    }
}

async fn one(mut stream: TcpStream) -> io::Result<TcpStream> {
    let request = b"GET /v1/secret/data/f-00 HTTP/1.1\r\nhost: 127.0.0.1\r\nx-vault-token: test-token\r\n\r\n";
    stream.write_all(request).await?;
    // The answers of the stand-in come in one piece.
    let mut answer = [0; 4096];
    let length = stream.read(&mut answer).await?;
    if answer[..length].starts_with(b"HTTP/1.1 200 ") { Ok(stream) } else { Err(io::Error::other("no answer")) }
}

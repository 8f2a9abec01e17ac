//! A request to a server on this machine. HTTP/1.0, where an answer is never in chunks and ends with its connection.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use crate::Result;

/// Longest wait for a connection, and then for each part of the answer.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

pub(crate) fn get(port: u16, path: &str) -> Result<Answer> {
    send(port, &format!("GET {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\n\r\n"))
}

pub(crate) fn post(port: u16, path: &str, headers: &[(&str, &str)], body: &str) -> Result<Answer> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let length = body.len();
    send(
        port,
        &format!("POST {path} HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Length: {length}\r\n{headers}\r\n{body}"),
    )
}

fn send(port: u16, request: &str) -> Result<Answer> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| format!("127.0.0.1:{port} does not speak HTTP").into())
}

fn parse(answer: &[u8]) -> Option<Answer> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let status = head.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    Some(Answer { status, body: answer[end + 4..].to_vec() })
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use super::*;

    #[test]
    fn status_and_body_are_told_apart() {
        let answer = parse(b"HTTP/1.1 404 Not Found\r\nServer: x\r\n\r\n{}\r\n\r\n").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (404, b"{}\r\n\r\n".as_slice()));
        for other in [&b"SSH-2.0-x\r\n\r\n"[..], b"HTTP/1.1 200 OK\r\n", b""] {
            assert!(parse(other).is_none());
        }
    }

    #[test]
    fn a_request_is_sent_whole() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"body") {
                let mut part = [0; 64];
                let read = stream.read(&mut part).unwrap();
                request.extend_from_slice(&part[..read]);
            }
            stream.write_all(b"HTTP/1.0 201 Created\r\n\r\nmade").unwrap();
            String::from_utf8(request).unwrap()
        });
        let answer = post(port, "/a", &[("X-B", "c")], "body").unwrap();
        assert_eq!((answer.status, answer.body.as_slice()), (201, b"made".as_slice()));
        let expected = format!("POST /a HTTP/1.0\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 4\r\nX-B: c\r\n\r\nbody");
        assert_eq!(server.join().unwrap(), expected);
    }
}

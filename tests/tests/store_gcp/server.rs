//! A server of a few lines, for what the fake service does not do: it gives out tokens, and shows what came.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// It answers every request alike.
pub(crate) struct Server {
    address: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn new(status: u16, answer: &str) -> Self {
        Self::with_head(status, "content-type: application/json", answer)
    }

    /// With this header besides.
    pub(crate) fn with_head(status: u16, header: &str, answer: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (ears, answer) = (Arc::clone(&heard), answer.to_owned());
        let head = format!("HTTP/1.1 {status} X\r\n{header}\r\nconnection: close\r\ncontent-length: {}", answer.len());
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                ears.lock().unwrap().push(serve(connection, &head, &answer));
            }
        });
        Self { address, heard }
    }

    /// Gives out this token.
    pub(crate) fn of_token(token: &str) -> Self {
        Self::new(200, &format!(r#"{{"access_token": "{token}", "expires_in": 3599, "token_type": "Bearer"}}"#))
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests that came, as they were sent.
    pub(crate) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }
}

fn serve(connection: TcpStream, head: &str, answer: &str) -> String {
    let mut reader = BufReader::new(&connection);
    let (mut request, mut length) = (String::new(), 0);
    while !request.ends_with("\r\n\r\n") && reader.read_line(&mut request).unwrap() > 0 {
        let line = request.lines().last().unwrap_or_default().to_ascii_lowercase();
        length = line.strip_prefix("content-length:").map_or(length, |size| size.trim().parse().unwrap());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    request.push_str(&String::from_utf8(body).unwrap());
    let _ = write!(&connection, "{head}\r\n\r\n{answer}");
    request
}

//! A sidecar for trying out services without Dapr: `cargo run -p fake-stores --features dapr --example sidecar -- secrets.json`.
//!
//! It has the components `secretstore`, with the secrets of the file, `pubsub` and `statestore`, and knows the apps
//! `memory-service` and `chat-service` on the ports 8001 and 8010. It stops with ctrl-c. What is written to the file counts at once.

#![allow(clippy::print_stdout, reason = "it is there to print")]

use std::time::Duration;
use std::{env, fs, thread};

use fake_stores::{Dapr, SecretsFile};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = env::args().nth(1).ok_or("which file has the secrets?")?;
    let sidecar = Dapr::started();
    sidecar.pubsub("pubsub");
    sidecar.statestore("statestore");
    sidecar.app("memory-service", 8001);
    sidecar.app("chat-service", 8010);
    sidecar.serve("secretstore", SecretsFile::new(&fs::read_to_string(&path)?)?);
    println!("DAPR_HTTP_PORT={}", sidecar.port());
    loop {
        thread::sleep(Duration::from_millis(200));
        // While the file is being written it may be nothing that can be read.
        if let Some(file) = fs::read_to_string(&path).ok().and_then(|text| SecretsFile::new(&text).ok()) {
            sidecar.serve("secretstore", file);
        }
    }
}

//! A key from a secret file is nowhere but in the request: not in the process's environment or arguments, not in any
//! output, not at the level TRACE, not in the file that is written.
#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};

use common::{ModelServer, Place, says, texts};

const CANARY: &str = "sk-Zq7Wk3Xv9Bn5Tm1Jh8Pd"; // pragma: allowlist secret

#[test]
fn a_key_from_a_file_is_only_in_the_request() {
    let place = Place::with_key(CANARY);
    let (asking, asked) = mpsc::channel();
    let (go_on, may_go_on) = mpsc::channel();
    let may_go_on = Arc::new(Mutex::new(may_go_on));
    let model = ModelServer::start(move |_| {
        asking.send(()).unwrap();
        may_go_on.lock().unwrap().recv().unwrap();
        (200, says("The answer."))
    });
    let mut agent = place.agent();
    agent.env("RUST_LOG", "trace").env("OPENAI_BASE_URL", model.url()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = agent.spawn().unwrap();
    let process = format!("/proc/{}", child.id());
    // The output has to be read while it runs: a pipe that is full would hold it up.
    let (id, waiting) = (process.clone(), std::thread::spawn(move || child.wait_with_output().unwrap()));
    asked.recv().unwrap();
    let [environ, cmdline] = ["environ", "cmdline"].map(|file| fs::read(format!("{id}/{file}")).unwrap());
    go_on.send(()).unwrap();
    let output = waiting.join().unwrap();
    let (stdout, stderr) = texts(&output);

    assert_eq!(model.asked()[0].authorization, format!("Bearer {CANARY}"), "it was used");
    assert_eq!(stdout, "The answer.\n");
    assert!(
        ["TRACE", "starting new connection"].iter().all(|word| stderr.contains(word)),
        "nothing was traced:\n{stderr}"
    );
    let [(_, file)] = place.research().try_into().unwrap();
    let environ = String::from_utf8(environ).unwrap();
    assert!(environ.contains("RUST_LOG=trace"), "{environ}");
    let cmdline = String::from_utf8(cmdline).unwrap();
    assert!(cmdline.contains("research-agent"), "{cmdline}");
    for text in [environ, cmdline, stdout, stderr, file] {
        for part in [CANARY, &CANARY[3..], &CANARY[CANARY.len() - 8..]] {
            assert!(!text.contains(part), "{}", text.replace(part, "<canary>"));
        }
    }
}

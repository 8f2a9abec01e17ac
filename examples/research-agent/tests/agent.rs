//! The agent from end to end: a child process, a model and an MCP gateway in this one.

mod common;

use common::{ModelServer, Place, texts};

#[test]
fn a_question_is_answered_by_the_local_model_and_kept() {
    let (place, model) = (Place::new(), ModelServer::saving("Machines that learn."));
    let output = place.agent().arg("Define Machine Learning").env("MODEL_RUNNER_URL", model.url()).output().unwrap();
    let (stdout, stderr) = texts(&output);
    assert!(output.status.success(), "{stderr}");
    assert_eq!(stdout, "Machines that learn.\n");
    assert!(stderr.contains("using the model ai/gemma3:1B-Q4_K_M at http://127.0.0.1:"), "{stderr}");
    assert!(stderr.contains("neither a secret file nor the environment has a usable OPENAI_API_KEY"), "{stderr}");

    let asked = model.asked();
    assert_eq!((asked.len(), &*asked[0].authorization), (2, "Bearer sk-insecure"));
    assert_eq!(
        (&asked[0].body["model"], asked[0].question()),
        (&"ai/gemma3:1B-Q4_K_M".into(), "Define Machine Learning".into())
    );
    let [(name, text)] = place.research().try_into().unwrap();
    assert_eq!(name, "define-machine-learning.md");
    assert!(
        text.starts_with("# Define Machine Learning\n\n*20") && text.ends_with("*\n\nMachines that learn.\n"),
        "{text}"
    );
}

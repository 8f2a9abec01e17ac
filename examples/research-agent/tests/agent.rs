//! The agent from end to end: a child process, a model and an MCP gateway in this one.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper of tests fails as a test does")]

mod common;

use std::process::Command;

use axum::Router;
use common::{ModelServer, Place, calls, says, serve, texts};
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ContentBlock, ListToolsResult, PaginatedRequestParams,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::RequestContext;
use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, RoleServer, ServerHandler};
use serde_json::{Value, json};

/// Runs the agent to its end: whether it succeeded, its standard output and its standard error.
fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let output = command.output().unwrap();
    let (stdout, stderr) = texts(&output);
    (output.status.code(), stdout, stderr)
}

#[test]
fn a_question_is_answered_by_the_local_model_and_kept() {
    let (place, model) = (Place::new(), ModelServer::saving("Machines that learn."));
    let (code, stdout, stderr) = run(place.agent().env("MODEL_RUNNER_URL", model.url()));
    assert_eq!((code, &*stdout), (Some(0), "Machines that learn.\n"), "{stderr}");
    assert!(stderr.contains("using the model ai/gemma3:1B-Q4_K_M at http://127.0.0.1:"), "{stderr}");
    assert!(stderr.contains("neither a secret file nor the environment has a usable OPENAI_API_KEY"), "{stderr}");

    let asked = model.asked();
    assert_eq!((asked.len(), &*asked[0].authorization), (2, "Bearer sk-insecure"));
    assert_eq!(asked[0].body["model"], "ai/gemma3:1B-Q4_K_M");
    assert_eq!(asked[0].question(), "Define Machine Learning", "the default");
    let [(name, text)] = place.research().try_into().unwrap();
    assert_eq!(name, "define-machine-learning.md");
    assert!(text.starts_with("# Define Machine Learning\n\n*20"), "{text}");
    assert!(text.ends_with("*\n\nMachines that learn.\n"), "{text}");
}

#[test]
fn with_a_key_openai_answers_and_the_local_model_is_not_asked() {
    let place = Place::with_key("sk-test-real");
    let (model, local) = (ModelServer::answering("42"), ModelServer::answering("local"));
    let mut agent = place.agent();
    agent.env("OPENAI_BASE_URL", model.url() + "/").env("MODEL_RUNNER_URL", local.url()).arg("Why?");
    let (code, stdout, stderr) = run(&mut agent);
    assert_eq!((code, &*stdout), (Some(0), "42\n"), "{stderr}");
    assert!(stderr.contains("using the model gpt-4o-mini at "), "{stderr}");
    assert!(stderr.contains("OPENAI_API_KEY is in the secret file ./secrets/openai_api_key"), "{stderr}");
    assert!(!stderr.contains("less safe"), "{stderr}");
    assert_eq!((&*model.asked()[0].authorization, local.asked().len()), ("Bearer sk-test-real", 0));
    assert_eq!(place.research()[0].0, "why.md", "what the model does not save is saved under the question");
}

#[test]
fn a_key_in_the_environment_is_used_with_a_word_that_it_is_less_safe() {
    let (place, model) = (Place::with_key("sk-insecure"), ModelServer::answering("42"));
    let mut agent = place.agent();
    agent.env("OPENAI_BASE_URL", model.url()).env("OPENAI_API_KEY", "sk-test-env").env("OPENAI_MODEL_NAME", "gpt-x");
    let (code, _, stderr) = run(agent.env("QUESTION", "From a variable?"));
    assert_eq!(code, Some(0), "{stderr}");
    let asked = &model.asked()[0];
    assert_eq!((&*asked.authorization, &asked.body["model"]), ("Bearer sk-test-env", &json!("gpt-x")));
    assert_eq!(asked.question(), "From a variable?");
    assert!(stderr.contains("less safe than one in a secret file"), "{stderr}");
    assert!(stderr.contains("WARN OPENAI_API_KEY, ./secrets/openai_api_key: is a placeholder"), "{stderr}");
}

/// A link to itself stands for a file of another user: root can read that.
#[test]
fn a_secret_file_that_cannot_be_read_is_told_with_path_and_cause() {
    let (place, model) = (Place::new(), ModelServer::answering("42"));
    std::os::unix::fs::symlink("openai_api_key", place.key()).unwrap();
    let cause = std::fs::read(place.key()).unwrap_err().kind().to_string();
    let mut agent = place.agent();
    agent.env("OPENAI_BASE_URL", model.url()).env("MODEL_RUNNER_URL", model.url());

    let (code, stdout, stderr) = run(&mut agent);
    assert_eq!((code, &*stdout, model.asked().len()), (Some(78), "", 0), "{stderr}");
    let stderr = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(stderr.contains("1. OPENAI_API_KEY could not be checked [E111]"), "{stderr}");
    assert!(stderr.contains(&format!("docker ./secrets/openai_api_key unreadable: {cause}")), "{stderr}");

    let (code, stdout, stderr) = run(agent.env("OPENAI_API_KEY", "sk-test-env"));
    assert_eq!((code, &*stdout, &*model.asked()[0].authorization), (Some(0), "42\n", "Bearer sk-test-env"), "{stderr}");
    let warned =
        format!("WARN OPENAI_API_KEY, ./secrets/openai_api_key: cannot be read ({cause}); the value comes from");
    assert!(stderr.contains(&warned), "{stderr}");

    std::os::unix::fs::symlink("key", place.path().join("key")).unwrap();
    let stderr = run(agent.env("OPENAI_API_KEY_FILE", "key")).2;
    assert!(stderr.contains(&format!("WARN OPENAI_API_KEY, ./key: cannot be read ({cause})")), "{stderr}");
}

#[test]
fn every_question_is_one_file_in_the_folder() {
    let long = "why ".repeat(1250);
    for (question, file) in [("C/C++: what? ../../etc", "c-c-what-etc.md"), ("?!", "research.md"), (&long, "")] {
        for model in [ModelServer::saving("Text."), ModelServer::answering("Text.")] {
            let place = Place::new();
            let (code, _, stderr) = run(place.agent().arg(question).env("MODEL_RUNNER_URL", model.url()));
            assert_eq!(code, Some(0), "{stderr}");
            let [(name, text)] = place.research().try_into().unwrap();
            assert!(file.is_empty() || name == file, "{name}");
            assert!(text.ends_with("\nText.\n"), "{text}");
            let around = std::fs::read_dir(place.path()).unwrap().count();
            assert_eq!(around, 2, "the folder of secrets and that of research");
        }
    }
}

#[test]
fn nothing_is_overwritten_and_that_is_said() {
    let (place, model) = (Place::new(), ModelServer::saving("Text."));
    let run = || run(place.agent().arg("Twice").env("MODEL_RUNNER_URL", model.url()));
    assert!(!run().2.contains("left as it is"));
    assert!(run().2.contains("saved to research/twice-2.md, because research/twice.md is there already"));
    assert_eq!(place.research().len(), 2);
    let told = model.asked()[3].tool_result().unwrap().to_owned();
    assert!(told.contains("twice-2.md"), "the model is told too: {told}");
}

/// An MCP server with a tool `search`, two whose names no function can have and which are alike but for that, and one that
/// has the name of the agent's own.
#[derive(Clone)]
struct Tools;

impl ServerHandler for Tools {
    fn get_info(&self) -> ServerConfig {
        ServerConfig::new(ServerCapabilities::builder().enable_tools().build())
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let schema = json!({"type": "object", "properties": {"query": {"type": "string"}}});
        let schema = || schema.as_object().unwrap().clone();
        let tool = |name: &'static str| Tool::new(name, "Searches.", schema());
        Ok(ListToolsResult::with_all_items(["search", "web.search", "web/search", "save_research"].map(tool).into()))
    }

    async fn call_tool(
        &self,
        call: CallToolRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let query = call.arguments.and_then(|arguments| Some(arguments.get("query")?.as_str()?.to_owned()));
        let text = |text: String| vec![ContentBlock::text(text)];
        Ok(match query.as_deref() {
            Some("nothing") => CallToolResult::error(text("no such page".to_owned())),
            query => CallToolResult::success(text(format!("{} finds {query:?}", call.name))),
        }
        .into())
    }
}

fn gateway() -> String {
    let service: StreamableHttpService<Tools, LocalSessionManager> =
        StreamableHttpService::new(|| Ok(Tools), Default::default(), StreamableHttpServerConfig::default());
    format!("http://{}/mcp", serve(Router::new().nest_service("/mcp", service)))
}

#[test]
fn tools_of_the_gateway_are_listed_and_called() {
    let (place, gateway) = (Place::new(), gateway());
    let model = ModelServer::start(|asked| match asked.body["messages"].as_array().map(Vec::len) {
        Some(2) => (200, calls("search", &json!({"query": "learning"}))),
        Some(4) => (200, calls("search", &json!({"query": "nothing"}))),
        Some(6) => (200, calls("unknown", &json!({}))),
        _ => (200, says("Found.")),
    });
    let (code, stdout, stderr) =
        run(place.agent().env("MODEL_RUNNER_URL", model.url()).env("MCP_SERVER_URL", &gateway));
    assert_eq!((code, &*stdout), (Some(0), "Found.\n"), "{stderr}");
    let asked = model.asked();
    let names = |body: &Value| -> Vec<Value> {
        body["tools"].as_array().unwrap().iter().map(|tool| tool["function"]["name"].clone()).collect()
    };
    let expected = ["save_research", "save_research_2", "search", "web_search", "web_search_2"];
    assert_eq!(names(&asked[0].body), expected);
    assert_eq!(asked[0].body["tools"][1]["function"]["parameters"]["properties"]["query"]["type"], "string");
    assert_eq!(asked[1].tool_result(), Some("search finds Some(\"learning\")"));
    assert_eq!(asked[2].tool_result(), Some("error: no such page"));
    assert_eq!(asked[3].tool_result(), Some("error: there is no tool unknown"));
    assert!(stderr.contains("has the tools: save_research_2, search, web_search,"), "{stderr}");
    assert!(stderr.contains("calling the tool search"), "{stderr}");
}

#[test]
fn a_tool_whose_name_no_function_can_have_is_called_by_another() {
    let (place, gateway) = (Place::new(), gateway());
    let model = ModelServer::start(|asked| match asked.body["messages"].as_array().map(Vec::len) {
        Some(2) => (200, calls("web_search", &json!({"query": "a"}))),
        Some(4) => (200, calls("web_search_2", &json!({"query": "b"}))),
        Some(6) => (200, calls("save_research_2", &json!({"query": "c"}))),
        Some(8) => (200, calls("save_research", &json!({"topic": "Own", "content": "Text."}))),
        _ => (200, says("Found.")),
    });
    let (code, _, stderr) = run(place.agent().env("MODEL_RUNNER_URL", model.url()).env("MCP_SERVER_URL", &gateway));
    assert_eq!(code, Some(0), "{stderr}");
    let results: Vec<_> = model.asked().iter().filter_map(|asked| asked.tool_result().map(str::to_owned)).collect();
    let [dot, slash, of_gateway, own] = results.try_into().unwrap();
    assert_eq!(dot, "web.search finds Some(\"a\")");
    assert_eq!(slash, "web/search finds Some(\"b\")");
    assert_eq!(of_gateway, "save_research finds Some(\"c\")");
    assert_eq!((&*own, place.research().len()), ("saved to research/own.md", 1));
}

/// What stands below `what to check:`.
fn checks(stderr: &str) -> Vec<&str> {
    let (_, checks) = stderr.split_once("what to check:\n").unwrap_or_else(|| panic!("no checks in {stderr}"));
    checks.lines().map(str::trim).collect()
}

#[test]
fn a_gateway_that_is_not_there_is_told_with_what_to_check() {
    let (place, model) = (Place::new(), ModelServer::answering("42"));
    let closed = "http://127.0.0.1:9/mcp";
    let (code, stdout, stderr) = run(place.agent().env("MODEL_RUNNER_URL", model.url()).env("MCP_SERVER_URL", closed));
    assert_eq!((code, &*stdout), (Some(1), ""));
    assert!(stderr.contains(&format!("error: the MCP gateway at {closed} cannot be used: ")), "{stderr}");
    let [gateway, secret, key, network] = checks(&stderr).try_into().unwrap();
    assert!(gateway.starts_with("gateway:") && gateway.contains(closed));
    assert!(secret.starts_with("secret:") && secret.contains("OPENAI_API_KEY_FILE"));
    assert!(key.starts_with("key:") && network.starts_with("network:") && network.contains(&model.url()));
    assert_eq!((model.asked().len(), place.research().len()), (0, 0));
}

#[test]
fn a_model_that_fails_is_told_with_what_to_check() {
    let canary = "sk-test-quoted-canary";
    let quoting = move |status: u16| {
        let error = json!({"error": {"message": format!("Incorrect API key provided: {canary}")}});
        ModelServer::start(move |_| (status, error.clone()))
    };
    let limit = json!({"error": {"message": "Rate limit reached"}});
    for (model, told) in [
        (quoting(401), "answered 401 Unauthorized\n"),
        (quoting(400), "answered 400 Bad Request\n"),
        (ModelServer::start(move |_| (429, limit.clone())), "answered 429 Too Many Requests: Rate limit reached\n"),
        (ModelServer::start(|_| (200, json!({"choices": []}))), "is no chat completion\n"),
        (ModelServer::answering(" "), "error: the model answered nothing\n"),
        (ModelServer::start(|_| (200, calls("unknown", &json!({})))), "did not come to an answer\n"),
    ] {
        let place = Place::with_key(canary);
        let (code, stdout, stderr) = run(place.agent().env("OPENAI_BASE_URL", model.url()));
        assert_eq!((code, &*stdout), (Some(1), ""), "{stderr}");
        assert!(stderr.contains(told) && !stderr.contains(canary), "{stderr}");
        assert!(checks(&stderr)[1].contains("./secrets/openai_api_key"), "{stderr}");
        assert_eq!(place.research().len(), 0);
    }
    let place = Place::new();
    let (code, _, stderr) = run(place.agent().env("MODEL_RUNNER_URL", "http://127.0.0.1:9/v1"));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("error: the model at http://127.0.0.1:9/v1 did not answer: "), "{stderr}");
    assert!(stderr.contains("onnection refused") && checks(&stderr).len() == 4, "{stderr}");
}

#[test]
fn what_the_model_does_wrong_is_told_to_the_model() {
    let place = Place::new();
    let model = ModelServer::start(|asked| match asked.tool_result() {
        None => (200, calls("save_research", &json!({"topic": "no content"}))),
        Some(_) => (200, says("Well.")),
    });
    let (code, _, stderr) = run(place.agent().env("MODEL_RUNNER_URL", model.url()));
    assert_eq!(code, Some(0), "{stderr}");
    let told = model.asked()[1].tool_result().unwrap().to_owned();
    assert!(told.starts_with("error: the arguments are not those of save_research: missing field `content`"), "{told}");
    assert_eq!(place.research().len(), 1);
}

#[test]
fn wrong_settings_end_in_the_report_and_78() {
    let place = Place::with_key("sk-ant-test-key");
    let (code, _, stderr) = run(place.agent().env("REQUEST_TIMEOUT", "0s"));
    assert_eq!(code, Some(78));
    assert!(stderr.starts_with("error: AgentSettings cannot load: 2 problems"), "{stderr}");
    assert!(stderr.contains("Anthropic key") && stderr.contains("REQUEST_TIMEOUT"), "{stderr}");
    let (code, stdout, _) = run(Place::new().agent().args(["settings", "check"]));
    assert_eq!(code, Some(0), "{stdout}");
}

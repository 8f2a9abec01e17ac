//! The tools of an MCP gateway, over streamable HTTP.

use std::collections::BTreeMap;
use std::iter::once;
use std::time::Duration;

use rmcp::model::{CallToolRequestParams, ContentBlock, Tool};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::failure::Failure;

/// A connection to an MCP gateway, with its tools.
pub struct Gateway {
    service: RunningService<RoleClient, ()>,
    /// By the name that a model calls each by.
    tools: BTreeMap<String, Tool>,
    patience: Duration,
}

impl Gateway {
    /// Connects and asks for the tools. None of them gets the name `own`, which is that of the agent's own tool.
    ///
    /// # Errors
    ///
    /// When the gateway does not answer in time, or not as an MCP server does.
    pub async fn connect(url: &str, own: &str, patience: Duration) -> Result<Self, Failure> {
        let failure = |why: String| Failure::Gateway { url: url.to_owned(), why };
        let late = || failure(format!("no answer within {patience:?}"));
        let connecting = ().serve(StreamableHttpClientTransport::from_uri(url));
        let service = timeout(patience, connecting).await.map_err(|_| late())?;
        let service = service.map_err(|error| failure(error.to_string()))?;
        let tools = timeout(patience, service.list_all_tools()).await.map_err(|_| late())?;
        let tools = tools.map_err(|error| failure(error.to_string()))?;
        Ok(Self { service, tools: by_function(tools, own), patience })
    }

    /// The names that a model calls its tools by.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tools.keys().map(String::as_str)
    }

    /// What a model is told of its tools: functions of the Chat Completions API.
    pub fn functions(&self) -> impl Iterator<Item = Value> {
        self.tools.iter().map(|(name, tool)| {
            json!({"type": "function", "function": {
                "name": name,
                "description": tool.description.as_deref().unwrap_or_default(),
                "parameters": &*tool.input_schema,
            }})
        })
    }

    /// Calls a tool by the name that a model has for it, and gives its text.
    ///
    /// # Errors
    ///
    /// What the model is to be told: that there is no such tool, that it failed, or that it cannot be reached.
    pub async fn call(&self, name: &str, arguments: Map<String, Value>) -> Result<String, String> {
        let tool = self.tools.get(name).ok_or_else(|| format!("there is no tool {name}"))?;
        let call = CallToolRequestParams::new(tool.name.clone()).with_arguments(arguments);
        let called = timeout(self.patience, self.service.call_tool(call)).await;
        let result = called.map_err(|_| format!("no answer within {:?}", self.patience))?;
        let result = result.map_err(|error| error.to_string())?;
        let texts: Vec<&str> =
            result.content.iter().filter_map(ContentBlock::as_text).map(|text| &*text.text).collect();
        let text = match (texts.join("\n"), &result.structured_content) {
            (text, Some(value)) if text.is_empty() => value.to_string(),
            (text, _) => text,
        };
        if result.is_error == Some(true) { Err(text) } else { Ok(text) }
    }

    /// Ends the session.
    pub async fn close(self) {
        // The gateway ends a session by itself when nobody does.
        let _ = self.service.cancel().await;
    }
}

/// The most characters of a function's name in the Chat Completions API, which also takes no others than those below.
const NAME_CHARACTERS: usize = 64;

fn in_names(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-')
}

/// Gives every tool a name that the API takes and that no other has. What has such a name keeps it.
fn by_function(tools: Vec<Tool>, own: &str) -> BTreeMap<String, Tool> {
    let fits = |tool: &Tool| (1..=NAME_CHARACTERS).contains(&tool.name.len()) && tool.name.chars().all(in_names);
    let (fit, unfit): (Vec<_>, Vec<_>) = tools.into_iter().partition(fits);
    let mut functions = BTreeMap::new();
    for tool in fit.into_iter().chain(unfit) {
        let name = free_name(&tool.name, |name| name != own && !functions.contains_key(name));
        functions.insert(name, tool);
    }
    functions
}

fn free_name(tool: &str, is_free: impl Fn(&str) -> bool) -> String {
    let tool = if tool.is_empty() { "tool" } else { tool };
    let with_end = |end: String| {
        let safe = tool.chars().map(|character| if in_names(character) { character } else { '_' });
        safe.take(NAME_CHARACTERS - end.len()).chain(end.chars()).collect::<String>()
    };
    let ends = once(String::new()).chain((2_u32..).map(|number| format!("_{number}")));
    ends.map(with_end).find(|name| is_free(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_name_that_the_api_takes_and_no_other_has() {
        let long = "x".repeat(70);
        let names =
            ["web.search", "web/search", "web_search", "save", "Suche für alle", "", &long, &(long.clone() + "y")];
        let tools = names.iter().map(|name| Tool::new((*name).to_owned(), "", Map::new())).collect();
        let functions = by_function(tools, "save");
        let of = |function: &str| &*functions[function].name;
        assert_eq!(functions.len(), names.len());
        assert!(functions.keys().all(|name| (1..=64).contains(&name.len()) && name.chars().all(in_names)));
        assert_eq!(
            [of("web_search"), of("web_search_2"), of("web_search_3")],
            ["web_search", "web.search", "web/search"]
        );
        assert_eq!((of("save_2"), of("Suche_f_r_alle"), of("tool")), ("save", "Suche für alle", ""));
        assert_eq!((of(&long[..64]), of(&(long[..62].to_owned() + "_2"))), (&*long, &*(long.clone() + "y")));
    }
}

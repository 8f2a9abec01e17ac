//! The tools of an MCP gateway, over streamable HTTP.

use std::time::Duration;

use rmcp::model::{CallToolRequestParams, ContentBlock, Tool};
use rmcp::service::RunningService;
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::{RoleClient, ServiceExt};
use serde_json::{Map, Value, json};
use tokio::time::timeout;

use crate::failure::Failure;

/// A connection to an MCP gateway, with the list of its tools.
pub struct Gateway {
    service: RunningService<RoleClient, ()>,
    tools: Vec<Tool>,
    patience: Duration,
}

impl Gateway {
    /// Connects and asks for the tools.
    ///
    /// # Errors
    ///
    /// When the gateway does not answer in time, or not as an MCP server does.
    pub async fn connect(url: &str, patience: Duration) -> Result<Self, Failure> {
        let failure = |why: String| Failure::Gateway { url: url.to_owned(), why };
        let late = || failure(format!("no answer within {patience:?}"));
        let connecting = ().serve(StreamableHttpClientTransport::from_uri(url));
        let service = timeout(patience, connecting).await.map_err(|_| late())?;
        let service = service.map_err(|error| failure(error.to_string()))?;
        let tools = timeout(patience, service.list_all_tools()).await.map_err(|_| late())?;
        let tools = tools.map_err(|error| failure(error.to_string()))?;
        Ok(Self { service, tools, patience })
    }

    /// The names of its tools.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.tools.iter().map(|tool| &*tool.name)
    }

    /// What a model is told of its tools: functions of the Chat Completions API.
    pub fn functions(&self) -> impl Iterator<Item = Value> {
        self.tools.iter().map(|tool| {
            json!({"type": "function", "function": {
                "name": tool.name,
                "description": tool.description.as_deref().unwrap_or_default(),
                "parameters": &*tool.input_schema,
            }})
        })
    }

    /// Calls a tool, and gives its text.
    ///
    /// # Errors
    ///
    /// What the model is to be told: that the tool failed, or cannot be reached.
    pub async fn call(&self, name: &str, arguments: Map<String, Value>) -> Result<String, String> {
        let call = CallToolRequestParams::new(name.to_owned()).with_arguments(arguments);
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

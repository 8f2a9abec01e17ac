//! The agent: a conversation with a model that may call tools, until there is an answer.

use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value, json};
use tracing::{info, warn};

use crate::failure::Failure;
use crate::gateway::Gateway;
use crate::model::{Message, Model, ToolCall};
use crate::notebook::Notebook;

/// The agent's own tool.
pub const SAVE: &str = "save_research";
/// How often a model may call tools before it has to answer.
const MOST_ROUNDS: usize = 10;
const TASK: &str = "You are a research assistant. Answer the question as well as you can, with the tools where they help. \
                    When you know the answer, save it once with save_research, in Markdown, and then tell it.";

/// What the agent works with.
pub struct Agent<'a> {
    /// The model that answers.
    pub model: &'a Model,
    /// Where answers are kept.
    pub notebook: &'a Notebook,
    /// Further tools.
    pub gateway: Option<&'a Gateway>,
}

/// An answer, and the files that it is kept in.
#[derive(Debug)]
pub struct Answer {
    /// The text.
    pub text: String,
    /// The files.
    pub files: Vec<PathBuf>,
}

/// The arguments of `save_research`.
#[derive(Deserialize)]
struct Research {
    topic: String,
    content: String,
}

/// What was saved in the course of a conversation.
#[derive(Default)]
struct Saved {
    files: Vec<PathBuf>,
    content: String,
}

impl Agent<'_> {
    /// Answers a question. An answer that the model has not saved is saved under the question.
    ///
    /// # Errors
    ///
    /// When the model fails, or comes to no answer; and when the answer cannot be saved.
    pub async fn research(&self, question: &str) -> Result<Answer, Failure> {
        let tools = self.functions();
        let mut messages =
            vec![Message::System { content: TASK.to_owned() }, Message::User { content: question.to_owned() }];
        let mut saved = Saved::default();
        for round in 1..=MOST_ROUNDS {
            info!("asking the model, round {round}");
            let reply = self.model.reply(&messages, &tools).await?;
            if reply.tool_calls.is_empty() {
                return self.finish(question, reply.content.unwrap_or_default(), saved);
            }
            messages.push(Message::Assistant(reply.clone()));
            for call in reply.tool_calls {
                let content = self.call(&call, &mut saved).await?;
                messages.push(Message::Tool { tool_call_id: call.id, content });
            }
        }
        Err(Failure::NoEnd(MOST_ROUNDS))
    }

    fn finish(&self, question: &str, text: String, mut saved: Saved) -> Result<Answer, Failure> {
        // Some models have nothing to add to what they saved.
        let text = if text.trim().is_empty() { std::mem::take(&mut saved.content) } else { text };
        if text.trim().is_empty() {
            return Err(Failure::Nothing);
        }
        if saved.files.is_empty() {
            self.save(question, &text, &mut saved)?;
        }
        Ok(Answer { text, files: saved.files })
    }

    fn save(&self, topic: &str, content: &str, saved: &mut Saved) -> Result<String, Failure> {
        let file = self.notebook.save(topic, content)?;
        let mut told = format!("saved to {}", file.path.display());
        if let Some(old) = file.instead_of {
            told = format!("{told}, because {} is there already and is left as it is", old.display());
        }
        info!("{told}");
        saved.files.push(file.path);
        saved.content = content.to_owned();
        Ok(told)
    }

    /// Calls a tool. What the model did wrong, or a tool, goes back to the model, which may do better; only an answer that
    /// cannot be saved ends the conversation.
    async fn call(&self, call: &ToolCall, saved: &mut Saved) -> Result<String, Failure> {
        let (name, arguments) = (&*call.function.name, &*call.function.arguments);
        let result = if name == SAVE {
            match serde_json::from_str::<Research>(arguments) {
                Ok(Research { topic, content }) => Ok(self.save(&topic, &content, saved)?),
                Err(error) => Err(format!("the arguments are not those of {SAVE}: {error}")),
            }
        } else if let Some(gateway) = self.gateway {
            info!("calling the tool {name}");
            match object(arguments) {
                Ok(arguments) => gateway.call(name, arguments).await,
                Err(error) => Err(error),
            }
        } else {
            Err(format!("there is no tool {name}"))
        };
        Ok(result.unwrap_or_else(|why| {
            warn!("the tool {name} failed: {why}");
            format!("error: {why}")
        }))
    }

    /// The tools that the model is told of.
    fn functions(&self) -> Vec<Value> {
        let own = json!({"type": "function", "function": {
            "name": SAVE,
            "description": "Saves an answer as a Markdown file.",
            "parameters": {
                "type": "object",
                "properties": {
                    "topic": {"type": "string", "description": "What it is about; becomes title and file name."},
                    "content": {"type": "string", "description": "The answer, in Markdown."},
                },
                "required": ["topic", "content"],
            },
        }});
        std::iter::once(own).chain(self.gateway.into_iter().flat_map(Gateway::functions)).collect()
    }
}

/// Models write no arguments as an empty text as well as `{}`.
fn object(arguments: &str) -> Result<Map<String, Value>, String> {
    if arguments.trim().is_empty() {
        return Ok(Map::new());
    }
    serde_json::from_str(arguments).map_err(|error| format!("the arguments are no JSON object: {error}"))
}

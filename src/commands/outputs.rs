//! `outputs`: the files that code execution made, as saved Messages responses name them.
//!
//! Only the blocks of results are looked at, where the API puts them; what a model wrote into the input of a tool or
//! into its text names no file, whatever it looks like. Unknown blocks are passed over.

use std::collections::HashSet;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::{Value as Json, json};

use super::repeat::{Patience, Repeat};
use super::{CommandError, Context, fetch, manifest, open_target};
use crate::cli::{OutputsArgs, UsageError};
use crate::exit::ExitStatus;
use crate::report::{human, json as report};
use crate::stages::upload::SystemClock;
use crate::targets::{Target, is_id};

/// The most bytes of responses that are read.
const MAX_BYTES: u64 = 64 << 20;

/// Does what was asked.
pub(super) fn run(args: &OutputsArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    let found = Found::read(&args.response)?;
    for trouble in &found.troubles {
        context.warn(&human::printable(trouble));
    }
    if found.ids.is_empty() {
        let error = UsageError::new("no file was made: the responses hold no result with a file id");
        context.complain(&error, None);
        return Ok(ExitStatus::Findings);
    }
    let mut status = if found.is_sound { ExitStatus::Success } else { ExitStatus::Findings };
    if args.list {
        for id in &found.ids {
            let written = match args.json {
                true => report::line(context.stdout, &json!({ "file_id": id })),
                false => writeln!(context.stdout, "{id}"),
            };
            written.map_err(CommandError::Stdout)?;
        }
        return Ok(status);
    }
    let settings = context.settings(&args.at.overrides(context.general))?;
    let target = open_target(&settings)?;
    let flag = Arc::clone(&context.interrupted);
    let (clock, interrupted) = (SystemClock::new(Arc::clone(&flag)), || flag.load(Ordering::Relaxed));
    let mut repeat = Repeat::new(&clock, &interrupted, Patience::of(&settings));
    let name = settings.target.name.clone();
    let named = |source| CommandError::File { path: args.output_dir.clone(), source };
    std::fs::create_dir_all(&args.output_dir).map_err(named)?;
    for id in &found.ids {
        if context.interrupted.load(Ordering::Relaxed) {
            return Ok(ExitStatus::Interrupted);
        }
        match get((&*target, &name), &mut repeat, id, args, context) {
            Err(error) if fetch::concerns_one_file(&error) => {
                status = status.merge(ExitStatus::Findings);
                context.complain(&error, error.hint().as_deref());
            }
            result => result?,
        }
    }
    Ok(status)
}

/// Fetches one file and says where it is.
fn get(
    (target, name): (&dyn Target, &str),
    repeat: &mut Repeat<'_>,
    id: &str,
    args: &OutputsArgs,
    context: &mut Context<'_>,
) -> Result<(), CommandError> {
    let failed = |source| CommandError::Target { target: name.to_owned(), source };
    let file = repeat.read(|| target.get(id)).map_err(|stop| stop.into_error(name))?;
    if file.downloadable == Some(false) {
        return Err(failed(fetch::not_downloadable(target, id)));
    }
    let path = args.output_dir.join(fetch::local_name(&file));
    fetch::into_new_file((target, name), repeat, &file, &path)?;
    let path = path.to_string_lossy();
    let written = match args.json {
        true => report::line(context.stdout, &json!({ "file_id": id, "path": path, "file": file })),
        false => writeln!(context.stdout, "{}", human::printable(&path)),
    };
    written.map_err(CommandError::Stdout)
}

/// What responses name.
#[derive(Debug, Default)]
struct Found {
    /// The ids in their order, each once.
    ids: Vec<String>,
    seen: HashSet<String>,
    /// What the user should know.
    troubles: Vec<String>,
    /// Whether everything that should be an id is one.
    is_sound: bool,
}

impl Found {
    fn read(path: &Path) -> Result<Self, CommandError> {
        let mut bytes = Vec::new();
        let read = manifest::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|source| CommandError::File { path: path.to_owned(), source })?;
        let place = path.display();
        if bytes.len() as u64 > MAX_BYTES {
            return Err(UsageError::new(format!("`{place}` is larger than {MAX_BYTES} bytes")).into());
        }
        Self::parse(&bytes).map_err(|error| UsageError::new(format!("`{place}` is no JSON: {error}")).into())
    }

    /// Reads any number of JSON values, one after another. The parser bounds their depth.
    fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let mut found = Self { is_sound: true, ..Self::default() };
        for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Json>() {
            match value? {
                Json::Array(all) => all.iter().for_each(|response| found.response(response)),
                response => found.response(&response),
            }
        }
        Ok(found)
    }

    /// Looks into one response, a line of a batch's results, or the messages of a saved conversation.
    fn response(&mut self, response: &Json) {
        let message = response.pointer("/result/message").or_else(|| response.get("message"));
        let messages = response.get("messages").and_then(Json::as_array).into_iter().flatten();
        for message in std::iter::once(message.unwrap_or(response)).chain(messages) {
            for block in message.get("content").and_then(Json::as_array).into_iter().flatten() {
                self.block(block);
            }
        }
    }

    /// Looks into the results of both code execution tools: today's, which runs Bash, and the older one for Python.
    fn block(&mut self, block: &Json) {
        let is_result =
            matches!(kind(block), Some("bash_code_execution_tool_result" | "code_execution_tool_result"));
        let Some(content) = block.get("content").filter(|_| is_result) else { return };
        if let Some(code) = content.get("error_code").and_then(Json::as_str) {
            self.troubles.push(format!("a call of the tool failed: {}", clipped(code)));
        }
        let has_outputs =
            matches!(kind(content), Some("bash_code_execution_result" | "code_execution_result"));
        let items = content.get("content").and_then(Json::as_array).filter(|_| has_outputs);
        for item in items.into_iter().flatten() {
            if matches!(kind(item), Some("bash_code_execution_output" | "code_execution_output")) {
                self.id(item.get("file_id").and_then(Json::as_str).unwrap_or_default());
            }
        }
    }

    fn id(&mut self, id: &str) {
        if !is_id(id) {
            self.is_sound = false;
            self.troubles.push(format!("`{}` is not the id of a file; it is left out", clipped(id)));
        } else if self.seen.insert(id.to_owned()) {
            self.ids.push(id.to_owned());
        }
    }
}

fn kind(value: &Json) -> Option<&str> {
    value.get("type")?.as_str()
}

fn clipped(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bash(ids: &[&str]) -> Json {
        let items: Vec<_> =
            ids.iter().map(|id| json!({"type": "bash_code_execution_output", "file_id": id})).collect();
        json!({"type": "bash_code_execution_tool_result", "tool_use_id": "srvtoolu_1", "content":
            {"type": "bash_code_execution_result", "stdout": "", "return_code": 0, "content": items}})
    }

    fn ids(text: &str) -> Vec<String> {
        Found::parse(text.as_bytes()).unwrap().ids
    }

    #[test]
    fn both_shapes_are_read_wherever_responses_are_kept() {
        let old = json!({"type": "code_execution_tool_result", "content": {"type": "code_execution_result",
            "content": [{"type": "code_execution_output", "file_id": "file_old"}]}});
        let response = json!({"type": "message", "content": [
            {"type": "text", "text": "t"}, {"type": "news"}, 7, bash(&["file_a", "file_b", "file_a"]), old,
        ]});
        let all = ["file_a", "file_b", "file_old"];
        assert_eq!(ids(&response.to_string()), all);
        assert_eq!(ids(&json!([response, {"content": null}]).to_string()), all);
        let other = json!({"custom_id": "1", "result": {"type": "succeeded",
            "message": {"content": [bash(&["file_c"])]}}});
        let lines = format!("{response}\n\n{other}\n");
        assert_eq!(ids(&lines), ["file_a", "file_b", "file_old", "file_c"]);
        let talk = json!({"model": "m", "messages": [{"role": "user", "content": "text"},
            {"role": "assistant", "content": [bash(&["file_d"])]}]});
        assert_eq!(ids(&talk.to_string()), ["file_d"]);
    }

    #[test]
    fn what_a_model_writes_names_no_file() {
        let input = json!({"type": "server_tool_use", "input": bash(&["file_x"])});
        let text =
            json!({"type": "text", "text": bash(&["file_x"]).to_string(), "content": [bash(&["file_x"])]});
        let other = json!({"type": "web_search_tool_result", "content": bash(&["file_x"])["content"]});
        assert_eq!(ids(&json!({"content": [input, text, other]}).to_string()), Vec::<String>::new());
    }

    #[test]
    fn ids_with_tricks_are_left_out_and_told() {
        let long = "f".repeat(257);
        for bad in ["../x", "a/b", "", "file_a?x", "file_\u{1b}[0m", "fi le", long.as_str()] {
            let found = Found::parse(json!({"content": [bash(&[bad, "file_ok"])]}).to_string().as_bytes());
            let found = found.unwrap();
            assert_eq!(found.ids, ["file_ok"], "{bad}");
            assert!(!found.is_sound && found.troubles.len() == 1, "{bad}");
        }
    }

    #[test]
    fn depth_is_bounded_and_failed_calls_are_told() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(Found::parse(deep.as_bytes()).is_err());
        let failed = json!({"content": [{"type": "bash_code_execution_tool_result",
            "content": {"type": "bash_code_execution_tool_result_error", "error_code": "unavailable"}}]});
        let found = Found::parse(failed.to_string().as_bytes()).unwrap();
        assert_eq!(found.troubles, ["a call of the tool failed: unavailable"]);
        assert!(found.is_sound && found.ids.is_empty());
    }
}

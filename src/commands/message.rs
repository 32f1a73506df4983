//! `message`: the body of a Messages request that refers to the stored files of a manifest.
//!
//! The manifest is a file like others and is not believed: blocks are made anew from the stored type and the id, and
//! what is there of local files counts only where its digest is the recorded one.

mod limits;
pub(super) mod stored;

use std::fs::File;
use std::io::{self, Read, Write};

use serde_json::{Value as Json, json};

use self::stored::{Stored, Storeds};
use super::{CommandError, Context};
use crate::cli::{MessageArgs, UsageError};
use crate::exit::ExitStatus;
use crate::model::{Block, CacheTime};
use crate::report::human;

/// The tool that reads container uploads: the first of the three versions that need no beta header (Messages API, "Code
/// execution tool").
const CODE_EXECUTION: &str = "code_execution_20250825";
/// The longest title, in characters.
const MAX_TITLE: usize = 255;

/// Prints the body, or says why there is none.
pub(super) fn run(args: &MessageArgs, context: &mut Context<'_>) -> Result<ExitStatus, CommandError> {
    if args.model.is_empty() || args.model.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(UsageError::new("--model is not the id of a model").into());
    }
    let prompt = args.prompt.as_deref().map(prompt).transpose()?;
    // Only a cache asks for the user's table of prices: what is too short is not cached.
    let prices = match args.cache {
        Some(_) => Some(context.settings(&args.overrides(context.general))?.budgets.prices),
        None => None,
    };
    let found = stored::read(&args.manifest)?;
    for note in found.notes() {
        context.warn(&human::printable(&note));
    }
    if let Some(refusal) = refusal(&found) {
        let error = UsageError::new(refusal);
        context.complain(&error, None);
        return Ok(ExitStatus::Findings);
    }
    let body = body(args, prompt.as_deref(), &found.files);
    let mut text = serde_json::to_vec_pretty(&body).map_err(|e| CommandError::Stdout(e.into()))?;
    text.push(b'\n');
    let judged = limits::judge(args, &found.files, text.len(), prices.as_ref());
    for warning in &judged.warnings {
        context.warn(&human::printable(warning));
    }
    for problem in &judged.refusals {
        context.complain(&UsageError::new(problem.clone()), None);
    }
    if !judged.refusals.is_empty() {
        return Ok(ExitStatus::Findings);
    }
    match args.output.as_deref().filter(|path| path.as_os_str() != "-") {
        Some(path) => {
            let written = File::create(path).and_then(|mut file| file.write_all(&text));
            written.map_err(|source| CommandError::File { path: path.to_owned(), source })?;
        }
        None => context.stdout.write_all(&text).map_err(CommandError::Stdout)?,
    }
    Ok(ExitStatus::Success)
}

/// Tells why no message can refer to what was found.
fn refusal(found: &Storeds) -> Option<String> {
    match found.targets.as_slice() {
        [] => Some("no entry of the manifest is stored: there is nothing to refer to".to_owned()),
        [target] if stored::is_foreign(target) => {
            Some(format!("the files are stored by `{target}`, which has no Messages API"))
        }
        [_] if found.files.is_empty() => {
            Some("no stored file can be used: there is nothing to refer to".to_owned())
        }
        [_] => None,
        many => {
            let names = many.join("`, `");
            Some(format!("the files are stored by several targets (`{names}`), and ids hold for one"))
        }
    }
}

/// Makes the body of a request that counts the tokens of one file.
pub(super) fn count_body(model: &str, file: &Stored) -> Json {
    json!({ "model": model, "messages": [{ "role": "user", "content": [block(file, false)] }] })
}

/// Returns width and height of a stored picture whose bytes are still on this machine.
pub(super) use limits::pixels;

/// Reads the prompt; the API refuses an empty text.
fn prompt(typed: &str) -> Result<String, CommandError> {
    let text = match typed.strip_prefix('@') {
        None => typed.to_owned(),
        Some(path) => {
            let read = || -> io::Result<String> {
                let mut text = String::new();
                File::open(path)?.take(limits::MAX_BODY_BYTES + 1).read_to_string(&mut text)?;
                Ok(text)
            };
            read().map_err(|source| CommandError::File { path: path.into(), source })?
        }
    };
    if text.trim().is_empty() {
        return Err(UsageError::new("the prompt is empty").into());
    }
    Ok(text)
}

/// Makes the body: the files in the order of the manifest, then the prompt.
fn body(args: &MessageArgs, prompt: Option<&str>, files: &[Stored]) -> Json {
    let mut content: Vec<Json> = files.iter().map(|file| block(file, args.citations)).collect();
    if let (Some(time), Some(last)) = (args.cache, content.last_mut()) {
        // One breakpoint behind the files: the platform caches all before it, and the prompt may change.
        last["cache_control"] = match time {
            CacheTime::FiveMinutes => json!({ "type": "ephemeral" }),
            CacheTime::Hour => json!({ "type": "ephemeral", "ttl": "1h" }),
        };
    }
    content.extend(prompt.map(|text| json!({ "type": "text", "text": text })));
    let mut body = json!({
        "model": args.model,
        "max_tokens": args.max_tokens,
        "messages": [{ "role": "user", "content": content }],
    });
    if files.iter().any(|file| file.block == Block::ContainerUpload) {
        body["tools"] = json!([{ "type": CODE_EXECUTION, "name": "code_execution" }]);
    }
    body
}

fn block(file: &Stored, citations: bool) -> Json {
    let mut block = file.block.json(&file.file_id);
    if file.block == Block::Document {
        let title: String = file.title.chars().filter(|c| !c.is_control()).take(MAX_TITLE).collect();
        if !title.is_empty() {
            block["title"] = json!(title);
        }
        if citations {
            block["citations"] = json!({ "enabled": true });
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Consumer;

    #[test]
    fn a_count_asks_with_the_block_of_the_message() {
        let golden = include_str!("../../testdata/wire/anthropic/request-count-tokens.txt");
        let file = Stored {
            file_id: "file_1".to_owned(),
            consumer: Consumer::Messages,
            block: Block::Document,
            media_type: "text/plain".to_owned(),
            size_bytes: 36,
            pages: None,
            is_dense: false,
            title: "a.txt".to_owned(),
            local: None,
        };
        let body = count_body("claude-opus-5", &file).to_string();
        assert_eq!(Some(body.as_str()), golden.split_once("\n\n").map(|(_, body)| body));
    }
}

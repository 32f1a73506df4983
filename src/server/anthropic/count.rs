//! The count of a message's tokens ("Token counting"): `POST /v1/messages/count_tokens`, in every generation.
//!
//! There is no model here, so the count is made of bytes. Chosen: a token for each 3.5 bytes of text, rounded up; 3,818
//! tokens for each begun 50,000 bytes of a PDF; 1,568 tokens for a picture; none for a container upload, whose file is no
//! part of the prompt. A block that does not fit its file's type is a 400, as for messages ("Files API", file types);
//! kinds of blocks that refer to no file, and are no text, are a 400, too.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::app::{App, Shared};
use super::super::body;
use super::super::refusal::Refusal;
use crate::model::FileObject;

const PAGE_BYTES: u64 = 50_000;
const PAGE_TOKENS: u64 = 3_818;
const IMAGE_TOKENS: u64 = 1_568;
const IMAGES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new().route("/v1/messages/count_tokens", post(count))
}

/// Other fields, such as `tools`, are taken and count for nothing.
#[derive(Deserialize)]
struct Asked {
    model: String,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    content: Content,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Blocks(Vec<Block>),
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block {
    Text { text: String },
    Document { source: Source },
    Image { source: Source },
    ContainerUpload { file_id: String },
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Source {
    File { file_id: String },
    Text { data: String },
}

async fn count(State(app): Shared, request: Request) -> Result<Json<Value>, Refusal> {
    let asked: Asked = body::json(&app, request).await?;
    if asked.model.is_empty() {
        return Err(Refusal::param("model", "must name a model"));
    }
    if asked.messages.is_empty() {
        return Err(Refusal::param("messages", "at least one message is required"));
    }
    let mut tokens = 0u64;
    for message in asked.messages {
        if !matches!(message.role.as_str(), "user" | "assistant") {
            return Err(Refusal::param("messages", "a role is `user` or `assistant`"));
        }
        match message.content {
            Content::Text(text) => tokens = tokens.saturating_add(of_text(text.len() as u64)),
            Content::Blocks(blocks) => {
                for block in blocks {
                    tokens = tokens.saturating_add(of_block(&app, block).await?);
                }
            }
        }
    }
    Ok(Json(json!({ "input_tokens": tokens })))
}

async fn of_block(app: &Arc<App>, block: Block) -> Result<u64, Refusal> {
    match block {
        Block::Text { text } | Block::Document { source: Source::Text { data: text } } => {
            Ok(of_text(text.len() as u64))
        }
        Block::Document { source: Source::File { file_id } } => {
            let file = alive(app, file_id).await?;
            match file.mime_type.as_str() {
                "text/plain" => Ok(of_text(file.size_bytes)),
                "application/pdf" => Ok(file.size_bytes.div_ceil(PAGE_BYTES).saturating_mul(PAGE_TOKENS)),
                _ => Err(misfit("document", &file)),
            }
        }
        Block::Image { source: Source::File { file_id } } => {
            let file = alive(app, file_id).await?;
            let is_image = IMAGES.contains(&file.mime_type.as_str());
            if is_image { Ok(IMAGE_TOKENS) } else { Err(misfit("image", &file)) }
        }
        Block::Image { source: Source::Text { .. } } => {
            Err(Refusal::param("messages", "an image has no source of type `text`"))
        }
        Block::ContainerUpload { file_id } => alive(app, file_id).await.map(|_| 0),
    }
}

async fn alive(app: &Arc<App>, file_id: String) -> Result<FileObject, Refusal> {
    let file = app.find(file_id).await?;
    match file.expires_at.is_some_and(|end| end <= app.clock.now()) {
        true => Err(Refusal::expired(&file.file_id)),
        false => Ok(file),
    }
}

fn misfit(block: &str, file: &FileObject) -> Refusal {
    Refusal::invalid(format!("`{}` is {}, which does not fit a {block} block", file.file_id, file.mime_type))
}

/// Two tokens in seven bytes.
fn of_text(bytes: u64) -> u64 {
    bytes.saturating_mul(2).div_ceil(7)
}

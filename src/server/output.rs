//! Outputs that nothing produced: `POST /docferry/v1/outputs`, which no platform has, plants a file that can be
//! downloaded, as if a session or the execution of code had made it.
//!
//! The body is the content; the query says `filename`, with `scope_id` the session that made it, with `mime_type` its
//! type if its name does not say it. The name is stored as it is given, for clients must be ready for any name. The
//! key goes into either header of the dialects. Nothing here counts towards limits, and no fault strikes it.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::app::{self, Shared};
use super::commit::{Arrival, CommitOperation};
use super::fault::Ticket;
use super::query::Query;
use super::refusal::Refusal;
use super::{body, media, upload};
use crate::model::MediaType;

const DIALECT: &str = "docferry";
const ID_PREFIX: &str = "file_";
const MAX_NAME_BYTES: usize = 4_096;

/// Plants a file.
pub(super) async fn plant(State(app): Shared, query: Query, request: Request) -> Response {
    match planted(&app, &query, request).await {
        Ok(response) => response,
        Err(refusal) => {
            let error = json!({"type": "error", "error": {"type": refusal.kind, "message": refusal.message}});
            (refusal.status, Json(error)).into_response()
        }
    }
}

async fn planted(
    app: &std::sync::Arc<app::App>,
    query: &Query,
    request: Request,
) -> Result<Response, Refusal> {
    let key = request.headers().get("x-api-key").and_then(|key| key.to_str().ok());
    let is_known = key.into_iter().chain(app::bearer(request.headers())).any(|key| app.is_token(key));
    let asked = match is_known {
        true => asked(query),
        false => Err(Refusal::unauthenticated("the key is not this server's")),
    };
    let (name, scope, media_type) = match asked {
        Ok(asked) => asked,
        Err(refusal) => {
            upload::drain(request).await;
            return Err(refusal);
        }
    };
    if let Some(scope) = &scope {
        app.held(scope.clone()).await?;
    }
    let purpose = if scope.is_some() { "agent_output" } else { "tool_output" };
    let arrival = Arrival {
        media_type: media::stored(media_type, &name).as_str().to_owned(),
        name,
        id_prefix: ID_PREFIX,
        lifetime: None,
        downloadable: Some(true),
        purpose: Some(purpose.to_owned()),
        scope,
        metadata: None,
        staged: body::stage(app, request).await?,
        dialect: DIALECT,
    };
    let store =
        move |app: &app::App| Ok(app.store_one(arrival, CommitOperation::Output, &Ticket::default())?);
    let file = app.apart(store).await?;
    let told = json!({
        "id": file.file_id,
        "filename": file.filename,
        "mime_type": file.mime_type,
        "size_bytes": file.size_bytes,
        "created_at": file.created_at,
        "downloadable": true,
        "scope_id": file.scope,
    });
    Ok((StatusCode::CREATED, Json(told)).into_response())
}

type Asked = (String, Option<String>, Option<MediaType>);

fn asked(query: &Query) -> Result<Asked, Refusal> {
    let name = query.one("filename")?.unwrap_or_default();
    if !(1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Err(Refusal::param("filename", "must have 1 to 4096 bytes"));
    }
    let media_type = match query.one("mime_type")?.map(str::parse) {
        Some(Err(_)) => return Err(Refusal::param("mime_type", "is no media type")),
        Some(Ok(media_type)) => Some(media_type),
        None => None,
    };
    Ok((name.to_owned(), query.one("scope_id")?.map(str::to_owned), media_type))
}

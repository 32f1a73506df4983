//! The Qoder dialect: the text-only Files API and sessions below `/api/v1/cloud`, in the generation that the server was
//! told.
//!
//! Chosen where the documents are silent or at odds: an upload is a 201 in both generations; an upload passes with a
//! listed media type or a listed name; user uploads can be downloaded, as the vendor's samples show; a deleted file
//! is a 404, not a 410, for nothing is kept of it; unknown form fields and empty files are a 400.

mod acceptance;
mod listing;
mod sessions;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::Value;

use super::app::{self, App, Shared};
use super::commit::Arrival;
use super::fault::{self, Ticket};
use super::query::Query;
use super::refusal::{self, Refusal};
use super::upload::{self, FormRules};
use super::{QoderShape, media};
use crate::model::FileStatus;

const DIALECT: &str = "qoder";
const ID_PREFIX: &str = "file_";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const MAX_REQUEST_ID: usize = 128;
const MAX_NAME_BYTES: usize = 255;
/// "Upload form fields": the raw length of `metadata`.
const MAX_METADATA_BYTES: usize = 8 * 1024;
const PURPOSES: [&str; 5] =
    ["user_upload", "tool_output", "skill_output", "session_resource", "agent_output"];

/// Returns the routes below the dialect's base path.
pub(super) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/files", get(list).post(upload))
        .route("/files/{file_id}", get(metadata).delete(delete))
        .route("/files/{file_id}/content", get(download))
        .merge(sessions::routes())
        .fallback(refusal::no_route)
        .method_not_allowed_fallback(refusal::method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(app), envelope))
}

/// Admits a request, and gives every answer its id and every refusal its JSON.
async fn envelope(State(app): Shared, request: Request, next: Next) -> Response {
    let request_id = request_id(request.headers());
    let mut response = match admit(&app, request.headers()) {
        Ok(()) => fault::answer(&app, request, next).await,
        Err(refusal) => {
            upload::drain(request).await;
            refusal.into_response()
        }
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let kept = std::mem::take(response.headers_mut());
        response = wire::error(&refusal, &request_id);
        let is_kept = |name: &HeaderName| refusal::KEPT_HEADERS.contains(&name.as_str());
        for (name, value) in kept.iter().filter(|(name, _)| is_kept(name)) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// Returns the client's own request id, or a new one ("API conventions", errors).
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok());
    let usable =
        |id: &&str| (1..=MAX_REQUEST_ID).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic());
    match given.filter(usable) {
        Some(id) => id.to_owned(),
        None => app::random_hex(16).unwrap_or_default(),
    }
}

fn admit(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    match app::bearer(headers) {
        Some(token) if app.is_token(token) => app.rate.admit(app.clock.now()),
        Some(_) => Err(Refusal::unauthenticated("the access token is not valid")),
        None => Err(Refusal::unauthenticated("the Authorization header must hold a bearer token")),
    }
}

async fn upload(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let ticket = Ticket::of(&request);
    let rules = FormRules {
        fields: match app.qoder_shape {
            QoderShape::Seed => &[("name", 4_096), ("purpose", 64), ("metadata", MAX_METADATA_BYTES)],
            QoderShape::Current => {
                &[("name", 4_096), ("metadata", MAX_METADATA_BYTES), ("expires_in_seconds", 20)]
            }
        },
        max_file_bytes: app.limits.max_file_bytes.min(app.limits.max_qoder_file_bytes),
        max_request_bytes: app.limits.max_request_bytes,
    };
    let form = upload::read(&app, request, &rules).await?;
    let lifetime = form.lifetime()?;
    let purpose = form.field("purpose").unwrap_or(PURPOSES[0]).to_owned();
    if !PURPOSES.contains(&purpose.as_str()) {
        return Err(Refusal::param("purpose", "is not one of the purposes"));
    }
    let metadata = read_metadata(form.field("metadata"), app.qoder_shape)?;
    let given = form.field("name").map(str::to_owned).or_else(|| form.file.file_name.clone());
    let name = stored_name(&given.unwrap_or_default())?;
    let media_type = media::stored(form.file.media_type, &name);
    if !acceptance::is_accepted(&media_type, &name) {
        let message = format!("{media_type} and {name:?} are not among the supported upload file types");
        return Err(Refusal { param: Some("file"), ..Refusal::invalid(message) });
    }
    let arrival = Arrival {
        name,
        media_type: media_type.as_str().to_owned(),
        id_prefix: ID_PREFIX,
        lifetime,
        downloadable: Some(true),
        purpose: Some(purpose),
        scope: None,
        metadata: Some(metadata),
        staged: form.file.staged,
        dialect: DIALECT,
    };
    let stored = app.store_upload(arrival, ticket).await?;
    Ok((StatusCode::CREATED, wire::file(&stored, app.qoder_shape)).into_response())
}

/// Returns the stored name. What the vendor's sanitizing does is not published: here it keeps the last component,
/// drops control characters and trims white space.
fn stored_name(given: &str) -> Result<String, Refusal> {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|c| !c.is_control()).collect();
    let name = kept.trim();
    if name == "." || name == ".." || !(1..=MAX_NAME_BYTES).contains(&name.len()) {
        return Err(Refusal::param("name", "must have 1 to 255 bytes and be neither . nor .."));
    }
    Ok(name.to_owned())
}

/// Reads `metadata`: any JSON value at first, a flat map of strings in the current generation ("generic data
/// structures": 16 keys of 64 characters, values of 512).
fn read_metadata(text: Option<&str>, shape: QoderShape) -> Result<Value, Refusal> {
    let Some(text) = text else {
        return Ok(Value::Object(serde_json::Map::default()));
    };
    let bad = |why: &str| Refusal::param("metadata", why);
    let value: Value = serde_json::from_str(text).map_err(|_| bad("must be valid JSON"))?;
    if shape == QoderShape::Seed {
        return Ok(value);
    }
    let map = value.as_object().ok_or_else(|| bad("must be an object"))?;
    let is_short = |(key, value): (&String, &Value)| {
        key.chars().count() <= 64 && value.as_str().is_some_and(|text| text.chars().count() <= 512)
    };
    if map.len() > 16 || !map.iter().all(is_short) {
        return Err(bad("must have at most 16 keys of 64 characters with texts of 512 characters"));
    }
    Ok(value)
}

async fn list(State(app): Shared, query: Query) -> Result<Response, Refusal> {
    listing::answer(&app, &query).await
}

type FileId = Result<Path<String>, PathRejection>;

async fn metadata(State(app): Shared, id: FileId) -> Result<Response, Refusal> {
    let file = app.find(path_id(id)?).await?;
    Ok(wire::file(&file, app.qoder_shape).into_response())
}

async fn download(State(app): Shared, id: FileId) -> Result<Response, Refusal> {
    let file = app.find(path_id(id)?).await?;
    if file.status.as_ref().is_some_and(|status| *status != FileStatus::Ready) {
        return Err(Refusal::conflict(format!("`{}` is not ready", file.file_id)));
    }
    if file.downloadable == Some(false) {
        let message = format!("`{}` cannot be downloaded", file.file_id);
        return Err(Refusal::new(StatusCode::FORBIDDEN, "permission_error", message));
    }
    if file.expires_at.is_some_and(|end| end <= app.clock.now()) {
        return Err(Refusal::not_found(&file.file_id));
    }
    let (url, expires_at) = app.link(&file.file_id)?;
    Ok(wire::link(&url, expires_at).into_response())
}

async fn delete(State(app): Shared, id: FileId, request: Request) -> Result<Response, Refusal> {
    let id = path_id(id)?;
    app.refuse_mounted(&id).await?;
    app.delete_file(&id, DIALECT, Ticket::of(&request)).await?;
    Ok(wire::deleted(&id).into_response())
}

fn path_id(id: FileId) -> Result<String, Refusal> {
    id.map(|Path(id)| id).map_err(|_| Refusal::param("file_id", "is not a file id"))
}

//! The Anthropic dialect: the five calls of the Files API, those of sessions and their resources, and the count of a
//! message's tokens, in the generation that the request's headers select.
//!
//! `anthropic-beta: files-api-2025-04-14` selects the beta shapes, its absence the generally available ones
//! (release notes of 2026-08-19); either version header is taken. Chosen where the documents are silent: parameters
//! of the other generation, a `scope_id` without its beta header, unknown form fields and empty files are a 400;
//! beta values that this server does not know are ignored, as it cannot know them all.

mod count;
mod cursor;
mod listing;
mod sessions;
mod wire;

use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::app::{self, App, Shared};
use super::commit::Arrival;
use super::fault::{self, Ticket};
use super::query::Query;
use super::refusal::{self, Refusal};
use super::upload::{self, FormRules};
use super::{content, media};
use crate::model::MediaType;
use wire::Shape;

const ID_PREFIX: &str = "file_";
const VERSIONS: [&str; 2] = ["2023-06-01", "2026-10-21"];
const FILES_BETA: &str = "files-api-2025-04-14";
const AGENTS_BETA: &str = "managed-agents-2026-04-01";
const WORKSPACE_HEADER: &str = "anthropic-workspace-id";
/// "Files API", file storage and limits: what names must not hold, besides U+0000 to U+001F.
const FORBIDDEN: &str = "<>:\"|?*\\/";
const MAX_NAME_CHARS: usize = 255;

/// Returns the routes, with everything unknown as this dialect's 404.
pub(super) fn routes(app: &Arc<App>) -> Router<Arc<App>> {
    Router::new()
        .route("/v1/files", get(list).post(upload))
        .route("/v1/files/{file_id}", get(metadata).delete(delete))
        .route("/v1/files/{file_id}/content", get(download))
        .merge(count::routes())
        .merge(sessions::routes())
        .fallback(refusal::no_route)
        .method_not_allowed_fallback(refusal::method_not_allowed)
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(app), envelope))
}

/// Admits a request, and gives every answer its id and every refusal its JSON.
async fn envelope(State(app): Shared, request: Request, next: Next) -> Response {
    let Ok(random) = app::random_hex(12) else {
        return wire::error(&Refusal::fault("no random bytes"), "req_");
    };
    let request_id = format!("req_{random}");
    let mut response = match admit(&app, request.headers()) {
        Ok(()) => identify(&app, fault::answer(&app, request, next).await),
        Err(refusal) => {
            upload::drain(request).await;
            refusal.into_response()
        }
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let kept = std::mem::take(response.headers_mut());
        response = wire::error(&refusal, &request_id);
        let is_kept = |name: &HeaderName| {
            refusal::KEPT_HEADERS.contains(&name.as_str()) || name.as_str().starts_with("anthropic-")
        };
        for (name, value) in kept.iter().filter(|(name, _)| is_kept(name)) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("request-id", value);
    }
    response
}

/// Either header may carry the key; old clients with both settings send both.
fn admit(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    let key = headers.get("x-api-key").and_then(|key| key.to_str().ok());
    let given: Vec<&str> = key.into_iter().chain(app::bearer(headers)).collect();
    if given.is_empty() {
        return Err(Refusal::unauthenticated("x-api-key header is required"));
    }
    if !given.iter().any(|given| app.is_token(given)) {
        return Err(Refusal::unauthenticated("invalid x-api-key"));
    }
    match headers.get("anthropic-version").map(HeaderValue::to_str) {
        None => return Err(Refusal::invalid("anthropic-version: header is required")),
        Some(Ok(version)) if VERSIONS.contains(&version) => {}
        Some(_) => return Err(Refusal::invalid("anthropic-version: is not a valid version")),
    }
    admit_workspace(app, headers)?;
    app.rate.admit(app.clock.now())
}

/// A credential of one workspace may name it, and no other (the vendor's clients, `workspace_id` of each call). Chosen:
/// another one is a 403, and what is no id a 400.
fn admit_workspace(app: &App, headers: &HeaderMap) -> Result<(), Refusal> {
    let mut named = headers.get_all(WORKSPACE_HEADER).iter();
    let Some(named) = named.next().filter(|_| named.next().is_none()) else {
        return match headers.contains_key(WORKSPACE_HEADER) {
            true => Err(Refusal::invalid("anthropic-workspace-id: stands there twice")),
            false => Ok(()),
        };
    };
    match named.to_str() {
        Ok(id) if id == workspace(app) => Ok(()),
        Ok(id) if id.starts_with("wrkspc_") => {
            Err(Refusal::forbidden("the API key does not belong to the workspace of anthropic-workspace-id"))
        }
        _ => Err(Refusal::invalid("anthropic-workspace-id: is not the id of a workspace")),
    }
}

/// Returns the only workspace that there is: the store's.
fn workspace(app: &App) -> String {
    format!("wrkspc_{}", app.store.id().replace('-', ""))
}

/// Says which organisation and workspace answered ("API overview", response headers): those of the store.
fn identify(app: &App, mut response: Response) -> Response {
    let workspace = workspace(app);
    let ids = [("anthropic-organization-id", app.store.id()), (WORKSPACE_HEADER, &workspace)];
    for (name, id) in ids {
        if let Ok(value) = HeaderValue::from_str(id) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// Tells whether the list of betas, in one header or several, holds `beta`.
fn has_beta(headers: &HeaderMap, beta: &str) -> bool {
    let values = headers.get_all("anthropic-beta").iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|value| value.trim() == beta)
}

fn shape(headers: &HeaderMap) -> Shape {
    if has_beta(headers, FILES_BETA) { Shape::Beta } else { Shape::Ga }
}

async fn upload(State(app): Shared, request: Request) -> Result<Response, Refusal> {
    let shape = shape(request.headers());
    let agents = has_beta(request.headers(), AGENTS_BETA);
    let ticket = Ticket::of(&request);
    let rules = FormRules {
        // The beta has no expiry; to keep a file for ever that shall end would be worse than a 400.
        fields: match shape {
            Shape::Beta => &[],
            Shape::Ga => &[("expires_in_seconds", 20)],
        },
        max_file_bytes: app.limits.max_file_bytes,
        max_request_bytes: app.limits.max_request_bytes,
    };
    let form = upload::read(&app, request, &rules).await?;
    let lifetime = form.lifetime()?;
    let file = form.file;
    let given = file.file_name.as_deref().unwrap_or_default();
    let media_type = media::stored(file.media_type, given);
    let name = stored_name(given, &media_type)?;
    let arrival = Arrival {
        name,
        media_type: media_type.as_str().to_owned(),
        id_prefix: ID_PREFIX,
        lifetime,
        // Only what tools and sessions made can be downloaded ("Files API", downloading).
        downloadable: Some(false),
        purpose: None,
        scope: None,
        metadata: None,
        staged: file.staged,
        dialect: shape.dialect(),
    };
    let stored = app.store_upload(arrival, ticket).await?;
    Ok(wire::file(&stored, shape, agents).into_response())
}

/// Returns the stored name: the last component of what was sent, as it stands; `%22` is not decoded.
fn stored_name(given: &str, media_type: &MediaType) -> Result<String, Refusal> {
    let name = given.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        return Ok(format!("unnamed{}", media::extension(media_type)));
    }
    if let Some(c) = name.chars().find(|c| FORBIDDEN.contains(*c) || *c < ' ') {
        return Err(Refusal::param("file", &format!("the file name must not contain {c:?}")));
    }
    if name.chars().count() > MAX_NAME_CHARS {
        return Err(Refusal::param("file", "the file name must have 1 to 255 characters"));
    }
    if name == "." || name == ".." {
        return Err(Refusal::param("file", "the file name is none"));
    }
    Ok(name.to_owned())
}

async fn list(State(app): Shared, headers: HeaderMap, query: Query) -> Result<Response, Refusal> {
    let agents = has_beta(&headers, AGENTS_BETA);
    let scope = query.one("scope_id")?.map(str::to_owned);
    if scope.is_some() && !agents {
        let why = format!("requires the {AGENTS_BETA} beta header");
        return Err(Refusal::param("scope_id", &why));
    }
    match shape(&headers) {
        Shape::Beta => listing::beta(&app, &query, scope, agents).await,
        Shape::Ga => listing::ga(&app, &query, scope, agents).await,
    }
}

type FileId = Result<Path<String>, PathRejection>;

async fn metadata(State(app): Shared, headers: HeaderMap, id: FileId) -> Result<Response, Refusal> {
    let file = app.find(path_id(id)?).await?;
    let agents = has_beta(&headers, AGENTS_BETA);
    Ok(wire::file(&file, shape(&headers), agents).into_response())
}

async fn download(State(app): Shared, id: FileId) -> Result<Response, Refusal> {
    let file = app.find(path_id(id)?).await?;
    let id = file.file_id.clone();
    if file.expires_at.is_some_and(|end| end <= app.clock.now()) {
        return Err(Refusal::expired(&id));
    }
    if file.downloadable != Some(true) {
        let refusal = Refusal::invalid(format!("`{id}` is not downloadable."));
        return Err(refusal.with_error_code("file_not_downloadable"));
    }
    let wanted = id.clone();
    let content = app.blocking(move |store| store.content(&wanted)).await?;
    let content = content.ok_or_else(|| Refusal::not_found(&id))?;
    Ok(content::answer(content, &file))
}

async fn delete(State(app): Shared, id: FileId, request: Request) -> Result<Response, Refusal> {
    let id = path_id(id)?;
    app.refuse_mounted(&id).await?;
    app.delete_file(&id, shape(request.headers()).dialect(), Ticket::of(&request)).await?;
    Ok(wire::deleted(&id).into_response())
}

fn path_id(id: FileId) -> Result<String, Refusal> {
    id.map(|Path(id)| id).map_err(|_| Refusal::invalid("file_id: is not a file id"))
}

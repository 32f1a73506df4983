//! Sessions and their resources in the Anthropic dialect ("Managed Agents reference"), all behind the header
//! `anthropic-beta: managed-agents-2026-04-01`.
//!
//! With `files-api-2025-04-14` beside it the rules are those of that time: mount paths are taken as they are and a
//! session has up to 100 files; else paths are below `/mnt/session/uploads`, always, and there may be 500. Chosen
//! where the documents are silent: a request without the header, a path that is taken and one file too many are a 400;
//! sessions are listed 20 at a time, up to 1000; resources are listed in the order in which they were added. Filters
//! of what this server has not (deployments, memory stores) are a 400.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::super::app::{App, Shared};
use super::super::body;
use super::super::fault::Ticket;
use super::super::query::Query;
use super::super::refusal::Refusal;
use super::super::session::{self, Asked, Details, Id, Ids, NewSession, Rules, Wanted, path_id};
use super::wire::Shape;
use super::{AGENTS_BETA, cursor, has_beta, shape};
use crate::model::Timestamp;
use crate::store::{FileId, Session, Store};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1_000;
const STATUSES: [&str; 4] = ["rescheduling", "running", "idle", "terminated"];
/// What every session here is: no agent runs.
const STATUS: &str = "idle";

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/sessions", get(list).post(create))
        .route("/v1/sessions/{session_id}", get(show).delete(delete))
        .route("/v1/sessions/{session_id}/resources", get(resources).post(add))
        .route("/v1/sessions/{session_id}/resources/{resource_id}", get(resource).post(update).delete(remove))
}

/// The rules of a request that carries the header.
struct Agents(Shape);

impl<S: Sync> FromRequestParts<S> for Agents {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        match has_beta(&parts.headers, AGENTS_BETA) {
            true => Ok(Self(shape(&parts.headers))),
            false => Err(Refusal::invalid(format!("anthropic-beta: this endpoint requires {AGENTS_BETA}"))),
        }
    }
}

impl Agents {
    fn asked(&self, request: &Request) -> Asked {
        let is_old = self.0 == Shape::Beta;
        let rules = Rules {
            session_prefix: "sesn_",
            resource_prefix: "sesrsc_",
            rooted: !is_old,
            max_files: if is_old { 100 } else { 500 },
            once: false,
        };
        Asked { rules, dialect: self.0.dialect(), ticket: Ticket::of(request) }
    }
}

async fn create(State(app): Shared, agents: Agents, request: Request) -> Result<Json<Value>, Refusal> {
    let asked = agents.asked(&request);
    let new: NewSession = body::json(&app, request).await?;
    let held = app.create_session(new, asked).await?;
    Ok(Json(session::session(&held, session::Shape::Anthropic)))
}

async fn show(State(app): Shared, _: Agents, id: Id) -> Result<Json<Value>, Refusal> {
    let held = app.held(path_id(id)?).await?;
    Ok(Json(session::session(&held, session::Shape::Anthropic)))
}

async fn delete(
    State(app): Shared,
    agents: Agents,
    id: Id,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let id = path_id(id)?;
    app.delete_session(id.clone(), agents.asked(&request)).await?;
    Ok(Json(session::session_deleted(&id)))
}

async fn add(State(app): Shared, agents: Agents, id: Id, request: Request) -> Result<Json<Value>, Refusal> {
    let (id, asked) = (path_id(id)?, agents.asked(&request));
    let wanted = Wanted::read(body::json(&app, request).await?)?;
    let held = app.mount(id, vec![wanted], asked).await?;
    let added = held.resources.last().ok_or_else(|| Refusal::fault("nothing was mounted"))?;
    Ok(Json(session::resource(added)))
}

async fn resource(State(app): Shared, _: Agents, ids: Ids) -> Result<Json<Value>, Refusal> {
    let (session_id, id) = path_id(ids)?;
    Ok(Json(session::resource(&app.resource(session_id, id).await?)))
}

/// Only repositories can be updated, and there are none.
async fn update(State(app): Shared, _: Agents, ids: Ids) -> Result<Json<Value>, Refusal> {
    let (session_id, id) = path_id(ids)?;
    app.resource(session_id, id).await?;
    Err(Refusal::invalid("only github_repository resources can be updated"))
}

async fn remove(
    State(app): Shared,
    agents: Agents,
    ids: Ids,
    request: Request,
) -> Result<Json<Value>, Refusal> {
    let (session_id, id) = path_id(ids)?;
    app.unmount(session_id, id.clone(), agents.asked(&request)).await?;
    Ok(Json(session::resource_deleted(&id)))
}

async fn resources(State(app): Shared, _: Agents, id: Id, query: Query) -> Result<Json<Value>, Refusal> {
    let held = app.held(path_id(id)?).await?;
    let limit = query.limit(MAX_LIMIT)?.unwrap_or(usize::MAX);
    let mut resources = held.resources;
    if let Some(page) = query.one("page")? {
        let last = FileId::parse(&cursor::read(page)?).ok_or_else(cursor::bad)?;
        resources.retain(|resource| is_newer(&resource.id, &last));
    }
    let has_more = resources.len() > limit;
    resources.truncate(limit);
    let next_page = resources.last().filter(|_| has_more).map(|resource| cursor::write(&resource.id));
    let data: Vec<Value> = resources.iter().map(session::resource).collect();
    Ok(Json(json!({"data": data, "next_page": next_page})))
}

fn is_newer(id: &str, than: &FileId) -> bool {
    FileId::parse(id).is_some_and(|id| id.key() > than.key())
}

async fn list(State(app): Shared, _: Agents, query: Query) -> Result<Json<Value>, Refusal> {
    let filter = Filter::read(&query)?;
    let limit = query.limit(MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let mut sessions = app.blocking(Store::sessions).await?;
    sessions.retain(|session| filter.fits(session));
    match query.one("order")? {
        None | Some("desc") => {}
        Some("asc") => sessions.reverse(),
        Some(_) => return Err(Refusal::param("order", "must be asc or desc")),
    }
    let ascends = query.one("order")? == Some("asc");
    let page = query.one("page")?.map(Begin::read).transpose()?.unwrap_or_default();
    let (first, last) = page.range(&sessions, ascends, limit);
    let next_page = sessions[first..last].last().filter(|_| last < sessions.len());
    let prev_page = sessions[first..last].first().filter(|_| first > 0);
    let (next_page, prev_page) = (
        next_page.map(|session| cursor::write(&format!("after:{}", session.id))),
        prev_page.map(|session| cursor::write(&format!("before:{}", session.id))),
    );
    let mut data = Vec::new();
    for session in sessions.drain(first..last) {
        // One that was deleted meanwhile is left out.
        if let Ok(held) = app.held(session.id).await {
            data.push(session::session(&held, session::Shape::Anthropic));
        }
    }
    Ok(Json(json!({"data": data, "next_page": next_page, "prev_page": prev_page})))
}

/// Where a page of sessions begins or ends; the session itself may be gone.
#[derive(Default)]
enum Begin {
    #[default]
    First,
    After(FileId),
    Before(FileId),
}

impl Begin {
    fn read(page: &str) -> Result<Self, Refusal> {
        let text = cursor::read(page)?;
        let (side, id) = text.split_once(':').ok_or_else(cursor::bad)?;
        match (side, FileId::parse(id)) {
            ("after", Some(id)) => Ok(Self::After(id)),
            ("before", Some(id)) => Ok(Self::Before(id)),
            _ => Err(cursor::bad()),
        }
    }

    /// Returns the page's place among sessions that are in their order.
    fn range(&self, sessions: &[Session], ascends: bool, limit: usize) -> (usize, usize) {
        let is_before = |session: &Session, id: &FileId, or_at: bool| {
            FileId::parse(&session.id).is_some_and(|session| {
                let is_before = if ascends { session.key() < id.key() } else { session.key() > id.key() };
                is_before || (or_at && session.key() == id.key())
            })
        };
        match self {
            Self::First => (0, limit.min(sessions.len())),
            Self::After(id) => {
                let first = sessions.partition_point(|session| is_before(session, id, true));
                (first, first.saturating_add(limit).min(sessions.len()))
            }
            Self::Before(id) => {
                let last = sessions.partition_point(|session| is_before(session, id, false));
                (last.saturating_sub(limit), last)
            }
        }
    }
}

/// Which sessions to list.
struct Filter {
    agent_id: Option<String>,
    /// Whether sessions that are idle are among those that are asked for.
    has_status: bool,
    /// Times, and whether sessions are to lie after them, and whether exactly then will do.
    bounds: Vec<(Timestamp, bool, bool)>,
}

impl Filter {
    fn read(query: &Query) -> Result<Self, Refusal> {
        let absent = ["agent_version", "deployment_id", "memory_store_id"];
        query.refuse(&absent, "is not a filter of this server")?;
        let mut statuses = query.all("statuses");
        statuses.extend(query.all("statuses[]"));
        if statuses.iter().any(|status| !STATUSES.contains(status)) {
            return Err(Refusal::param("statuses", "holds what is no status"));
        }
        let mut bounds = Vec::new();
        let names = [
            ("created_at[gt]", true, false),
            ("created_at[gte]", true, true),
            ("created_at[lt]", false, false),
            ("created_at[lte]", false, true),
        ];
        for (name, after, or_at) in names {
            if let Some(text) = query.one(name)? {
                let time = text.parse().map_err(|_| Refusal::param(name, "is not a time in RFC 3339"))?;
                bounds.push((time, after, or_at));
            }
        }
        Ok(Self {
            agent_id: query.one("agent_id")?.map(str::to_owned),
            has_status: statuses.is_empty() || statuses.contains(&STATUS),
            bounds,
        })
    }

    fn fits(&self, session: &Session) -> bool {
        let in_bounds = |(time, after, or_at): &(Timestamp, bool, bool)| {
            let created_at = session.created_at;
            (*or_at && created_at == *time) || (if *after { created_at > *time } else { created_at < *time })
        };
        self.has_status
            && self.agent_id.as_ref().is_none_or(|id| Details::of(session).agent == *id)
            && self.bounds.iter().all(in_bounds)
    }
}

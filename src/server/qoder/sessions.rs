//! Sessions and their resources in the Qoder dialect ("Add a session resource").
//!
//! The first generation adds a list of resources and answers with the session, the current one adds a single resource
//! and answers with it. Chosen where the documents are silent: sessions, their lists and deletions are as the vendor's
//! current client reads them, in both generations; mounting copies, as it does at Anthropic; mount paths are taken as
//! they are; a session has a file once (409), and any number of them.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::app::{App, Shared};
use super::super::fault::Ticket;
use super::super::paging::From;
use super::super::query::Query;
use super::super::refusal::Refusal;
use super::super::session::{self, Asked, Id, Ids, NewSession, Rules, Shape, Wanted, path_id};
use super::super::{QoderShape, body};
use super::{DIALECT, listing};
use crate::store::{FileId, Store};

const RULES: Rules = Rules {
    session_prefix: "sess_",
    resource_prefix: "sesr_",
    rooted: false,
    max_files: usize::MAX,
    once: true,
};

pub(super) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/sessions", get(list).post(create))
        .route("/sessions/{session_id}", get(show).delete(delete))
        .route("/sessions/{session_id}/resources", get(resources).post(add))
        .route("/sessions/{session_id}/resources/{resource_id}", get(resource).delete(remove))
}

fn asked(request: &Request) -> Asked {
    Asked { rules: RULES, dialect: DIALECT, ticket: Ticket::of(request) }
}

/// The body of an addition in the first generation.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Several {
    resources: Vec<Value>,
}

async fn create(State(app): Shared, request: Request) -> Result<(StatusCode, Json<Value>), Refusal> {
    let asked = asked(&request);
    let new: NewSession = body::json(&app, request).await?;
    let held = app.create_session(new, asked).await?;
    Ok((StatusCode::CREATED, Json(session::session(&held, Shape::Qoder))))
}

async fn show(State(app): Shared, id: Id) -> Result<Json<Value>, Refusal> {
    let held = app.held(path_id(id)?).await?;
    Ok(Json(session::session(&held, Shape::Qoder)))
}

async fn delete(State(app): Shared, id: Id, request: Request) -> Result<Json<Value>, Refusal> {
    let id = path_id(id)?;
    app.delete_session(id.clone(), asked(&request)).await?;
    Ok(Json(session::session_deleted(&id)))
}

async fn add(State(app): Shared, id: Id, request: Request) -> Result<Json<Value>, Refusal> {
    let (id, asked) = (path_id(id)?, asked(&request));
    match app.qoder_shape {
        QoderShape::Seed => {
            let Several { resources } = body::json(&app, request).await?;
            if resources.is_empty() {
                return Err(Refusal::param("resources", "must not be empty"));
            }
            let wanted = resources.into_iter().map(Wanted::read).collect::<Result<_, _>>()?;
            let held = app.mount(id, wanted, asked).await?;
            Ok(Json(session::session(&held, Shape::Qoder)))
        }
        QoderShape::Current => {
            let wanted = Wanted::read(body::json(&app, request).await?)?;
            let held = app.mount(id, vec![wanted], asked).await?;
            let added = held.resources.last().ok_or_else(|| Refusal::fault("nothing was mounted"))?;
            Ok(Json(session::resource(added)))
        }
    }
}

async fn resource(State(app): Shared, ids: Ids) -> Result<Json<Value>, Refusal> {
    let (session_id, id) = path_id(ids)?;
    Ok(Json(session::resource(&app.resource(session_id, id).await?)))
}

async fn remove(State(app): Shared, ids: Ids, request: Request) -> Result<Json<Value>, Refusal> {
    let (session_id, id) = path_id(ids)?;
    app.unmount(session_id, id.clone(), asked(&request)).await?;
    Ok(Json(session::resource_deleted(&id)))
}

async fn resources(State(app): Shared, id: Id, query: Query) -> Result<Json<Value>, Refusal> {
    let (from, limit) = listing::page(&query)?;
    let held = app.held(path_id(id)?).await?;
    let ids = held.resources.iter().map(|resource| resource.id.clone()).collect();
    let page = Page::of(ids, &from, limit)?;
    let shown = held.resources.iter().filter(|resource| page.ids.contains(&resource.id));
    Ok(Json(page.body(&shown.map(session::resource).collect::<Vec<_>>())))
}

async fn list(State(app): Shared, query: Query) -> Result<Json<Value>, Refusal> {
    let (from, limit) = listing::page(&query)?;
    let sessions = app.blocking(Store::sessions).await?;
    let page = Page::of(sessions.into_iter().map(|session| session.id).collect(), &from, limit)?;
    let mut data = Vec::new();
    for id in &page.ids {
        // One that was deleted meanwhile is left out.
        if let Ok(held) = app.held(id.clone()).await {
            data.push(session::session(&held, Shape::Qoder));
        }
    }
    Ok(Json(page.body(&data)))
}

/// Some ids of a list, in its order.
struct Page {
    ids: Vec<String>,
    has_more: bool,
}

impl Page {
    /// Cuts a page out of `ids`. A cursor that is not there, as its session or resource was deleted, is a 400.
    fn of(mut ids: Vec<String>, from: &From, limit: usize) -> Result<Self, Refusal> {
        let place = |id: &String| {
            let at = FileId::parse(id).and_then(|_| ids.iter().position(|other| other == id));
            at.ok_or_else(|| Refusal::param("page", "is not an id of this list"))
        };
        let (first, last) = match from {
            From::Newest => (0, limit.min(ids.len())),
            From::After(id) => {
                let first = place(id)? + 1;
                (first, (first + limit).min(ids.len()))
            }
            From::Before(id) => {
                let last = place(id)?;
                (last.saturating_sub(limit), last)
            }
        };
        let has_more = if matches!(from, From::Before(_)) { first > 0 } else { last < ids.len() };
        Ok(Self { ids: ids.drain(first..last).collect(), has_more })
    }

    fn body(&self, data: &[Value]) -> Value {
        let (first_id, last_id) = (self.ids.first(), self.ids.last());
        let next_page = last_id.filter(|_| self.has_more);
        json!({
            "data": data,
            "next_page": next_page,
            "first_id": first_id,
            "last_id": last_id,
            "has_more": self.has_more,
        })
    }
}

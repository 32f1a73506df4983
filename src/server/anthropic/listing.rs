//! Lists of the Anthropic dialect: cursor pairs in the beta, opaque page cursors and `ids[]` since.
//!
//! Copies that sessions made belong to them, and are listed with their `scope_id` or among `ids[]` only.
//!
//! A page cursor holds the id after which the next page begins, so it stays good when that file is deleted. With a
//! `scope_id` a GA page may be empty and not the last, which clients must be ready for; a beta page never is,
//! because its cursors are ids of the page.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::super::app::{self, App};
use super::super::paging::{self, From};
use super::super::query::Query;
use super::super::refusal::Refusal;
use super::super::session;
use super::cursor;
use super::wire::{self, FileMetadata, Shape};
use crate::model::{FileObject, Timestamp};
use crate::store::{FileId, Store, StoreError};

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 1_000;
const MAX_IDS: usize = 100;
const OTHER_GENERATION: &str = "is not a parameter of this generation of the API";

/// Answers in the beta shape.
pub(super) async fn beta(
    app: &Arc<App>,
    query: &Query,
    scope: Option<String>,
    agents: bool,
) -> Result<Response, Refusal> {
    query.refuse(&["page", "ids[]"], OTHER_GENERATION)?;
    let limit = query.limit(MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
    let from = match (query.one("after_id")?, query.one("before_id")?) {
        (Some(_), Some(_)) => {
            return Err(Refusal::invalid("before_id and after_id cannot be used together"));
        }
        (Some(id), None) => From::After(id.to_owned()),
        (None, Some(id)) => From::Before(id.to_owned()),
        (None, None) => From::Newest,
    };
    let page = match scope {
        None => paging::listed(app, from, limit, Some(Box::new(|file| !session::is_copy(file)))).await?,
        scope => paging::listed(app, from, limit, Some(Box::new(move |file| file.scope == scope))).await?,
    };
    let first_id = page.files.first().map(|file| &file.file_id);
    let last_id = page.files.last().map(|file| &file.file_id);
    let data = data(&page.files, Shape::Beta, agents);
    let body = json!({"data": data, "has_more": page.has_more, "first_id": first_id, "last_id": last_id});
    Ok(Json(body).into_response())
}

/// Answers in the generally available shape.
pub(super) async fn ga(
    app: &Arc<App>,
    query: &Query,
    scope: Option<String>,
    agents: bool,
) -> Result<Response, Refusal> {
    query.refuse(&["before_id", "after_id"], OTHER_GENERATION)?;
    let ids: Vec<String> = query.all("ids[]").into_iter().map(str::to_owned).collect();
    let (mut files, next_page) = if ids.is_empty() {
        let limit = query.limit(MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT);
        let from = query.one("page")?.map(read_cursor).transpose()?.map_or(From::Newest, From::After);
        let filter: Option<paging::Filter> = match scope {
            None => Some(Box::new(|file| !session::is_copy(file))),
            Some(_) => None,
        };
        let page = paging::listed(app, from, limit, filter).await?;
        let last = page.files.last().filter(|_| page.has_more);
        let next_page = last.map(|file| cursor::write(&file.file_id));
        (page.files, next_page)
    } else {
        query.refuse(&["page", "limit"], "cannot be combined with ids[]")?;
        if ids.len() > MAX_IDS {
            return Err(Refusal::param("ids[]", "must not hold more than 100 ids"));
        }
        let now = app.clock.now();
        (app.blocking(move |store| by_ids(store, &ids, now)).await?, None)
    };
    files.retain(|file| scope.is_none() || file.scope == scope);
    let body = json!({"data": data(&files, Shape::Ga, agents), "next_page": next_page});
    Ok(Json(body).into_response())
}

fn data(files: &[FileObject], shape: Shape, agents: bool) -> Vec<FileMetadata> {
    files.iter().map(|file| wire::file(file, shape, agents).0).collect()
}

/// Returns those files of `ids` that exist, newest first; unknown and deleted ones are left out.
fn by_ids(store: &Store, ids: &[String], now: Timestamp) -> Result<Vec<FileObject>, StoreError> {
    let mut files = Vec::new();
    for id in ids {
        files.extend(store.get(id)?.filter(|file| !app::is_forgotten(file, now)));
    }
    files.sort_by(|a, b| (b.created_at, &b.file_id).cmp(&(a.created_at, &a.file_id)));
    Ok(files)
}

fn read_cursor(text: &str) -> Result<String, Refusal> {
    let file_id = cursor::read(text)?;
    match FileId::parse(&file_id) {
        Some(_) => Ok(file_id),
        None => Err(cursor::bad()),
    }
}

//! Lists of the Qoder dialect: one of `page`, `after_id` and `before_id` says where a page begins.
//!
//! `page` means what `after_id` means ("pagination"): its value is the last id of the page before. Filters are the
//! current generation's; with one, records are read until the page is full.

use std::sync::Arc;

use axum::Json;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::super::QoderShape;
use super::super::app::App;
use super::super::paging::{self, From};
use super::super::query::Query;
use super::super::refusal::Refusal;
use super::super::session;
use super::wire;
use crate::model::FileObject;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

/// What to list.
#[derive(Debug, Clone)]
struct Request {
    from: From,
    limit: usize,
    filter: Filter,
}

/// Which files to list; all of what is given must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Filter {
    purpose: Option<String>,
    scope: Option<String>,
    /// In lower case.
    name_prefix: Option<String>,
    ids: Vec<String>,
}

impl Filter {
    fn fits(&self, file: &FileObject) -> bool {
        // What a session copied is the session's: it is listed when it is asked for.
        let is_asked_for = self.purpose.is_some() || self.scope.is_some() || !self.ids.is_empty();
        (is_asked_for || !session::is_copy(file))
            && self.purpose.as_ref().is_none_or(|purpose| file.purpose.as_ref() == Some(purpose))
            && self.scope.as_ref().is_none_or(|scope| file.scope.as_ref() == Some(scope))
            && self.name_prefix.as_ref().is_none_or(|prefix| file.filename.to_lowercase().starts_with(prefix))
            && (self.ids.is_empty() || self.ids.contains(&file.file_id))
    }
}

/// Answers a list request.
pub(super) async fn answer(app: &Arc<App>, query: &Query) -> Result<Response, Refusal> {
    let request = read(query, app.qoder_shape)?;
    let Request { from, limit, filter } = request;
    let page = paging::listed(app, from, limit, Some(Box::new(move |file| filter.fits(file)))).await?;
    let data: Vec<Value> = page.files.iter().map(|file| wire::file(file, app.qoder_shape).0).collect();
    let first_id = page.files.first().map(|file| &file.file_id);
    let last_id = page.files.last().map(|file| &file.file_id);
    let mut body = json!({"data": data, "first_id": first_id, "last_id": last_id, "has_more": page.has_more});
    if app.qoder_shape == QoderShape::Current {
        body["next_page"] = json!(last_id.filter(|_| page.has_more));
    }
    Ok(Json(body).into_response())
}

/// Reads where a page begins and how long it is ("pagination").
pub(super) fn page(query: &Query) -> Result<(From, usize), Refusal> {
    let page = query.one("page")?;
    let (after, before) = (query.one("after_id")?, query.one("before_id")?);
    let owned = str::to_owned;
    let from = match (page, after, before) {
        (None, None, None) => From::Newest,
        (Some(id), None, None) | (None, Some(id), None) => From::After(owned(id)),
        (None, None, Some(id)) => From::Before(owned(id)),
        _ => {
            return Err(Refusal::invalid("page, after_id and before_id exclude each other"));
        }
    };
    Ok((from, query.limit(MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT)))
}

fn read(query: &Query, shape: QoderShape) -> Result<Request, Refusal> {
    let (from, limit) = page(query)?;
    let owned = str::to_owned;
    let filter = match shape {
        QoderShape::Seed => Filter { purpose: query.one("purpose")?.map(owned), ..Filter::default() },
        QoderShape::Current => Filter {
            purpose: None,
            scope: query.one("scope_id")?.map(owned),
            name_prefix: query.one("name")?.map(str::to_lowercase),
            ids: query.all("ids[]").into_iter().map(owned).collect(),
        },
    };
    if filter.ids.len() > MAX_LIMIT {
        return Err(Refusal::param("ids[]", "must not hold more than 100 ids"));
    }
    Ok(Request { from, limit, filter })
}

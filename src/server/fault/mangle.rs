//! Answers that are not what they should be.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderValue, Uri};
use axum::response::Response;
use serde_json::{Value, json};

/// What cursors of pages that do not end begin with.
const LOOP: &str = "page_loop";
const ENDLESS: &str = "page_endless_";

/// Replaces the body of a success.
pub(super) async fn body(response: Response, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Response {
    if !response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(Bytes::from(change(&bytes))))
}

/// Replaces the JSON of a success.
pub(super) async fn json(response: Response, change: impl FnOnce(&mut Value)) -> Response {
    let changed = |bytes: &[u8]| {
        let mut value = serde_json::from_slice(bytes).unwrap_or_default();
        change(&mut value);
        value.to_string().into_bytes()
    };
    body(response, changed).await
}

/// Makes a success a page of HTML.
pub(super) async fn html(response: Response) -> Response {
    let page = |_: &[u8]| b"<html><head><title>Welcome</title></head><body>It works!</body></html>".to_vec();
    let mut response = body(response, page).await;
    if response.status().is_success() {
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
    }
    response
}

/// The field in which a dialect names a file.
pub(super) fn id_of(value: &mut Value) -> Option<&mut Value> {
    let key = ["id", "file_id"].into_iter().find(|key| value.get(key).is_some())?;
    value.get_mut(key)
}

/// Pages that lead nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pages {
    Loop,
    Endless(u64),
}

impl Pages {
    /// Tells whether a request follows a cursor of ours, and takes the cursor out of it.
    pub(super) fn followed(request: &mut Request) -> Option<Self> {
        let query = request.uri().query()?;
        let mut pages = None;
        let mut kept = url::form_urlencoded::Serializer::new(String::new());
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let ours = match (key.as_ref(), value.as_ref()) {
                ("page" | "after_id", LOOP) => Some(Self::Loop),
                ("page" | "after_id", cursor) => {
                    cursor.strip_prefix(ENDLESS).and_then(|n| n.parse().ok()).map(Self::Endless)
                }
                _ => None,
            };
            if ours.is_none() {
                kept.append_pair(&key, &value);
            }
            pages = pages.or(ours);
        }
        let pages = pages?;
        let uri: Uri = format!("{}?{}", request.uri().path(), kept.finish()).parse().ok()?;
        *request.uri_mut() = uri;
        Some(pages)
    }

    /// Makes a page lead on.
    pub(super) async fn lead_on(self, response: Response) -> Response {
        let cursor = match self {
            Self::Loop => LOOP.to_owned(),
            Self::Endless(n) => format!("{ENDLESS}{}", n + 1),
        };
        json(response, |page| {
            if self != Self::Loop && self != Self::Endless(0) {
                page["data"] = json!([]);
            }
            for (key, value) in
                [("next_page", json!(cursor)), ("last_id", json!(cursor)), ("has_more", json!(true))]
            {
                if let Some(field) = page.get_mut(key) {
                    *field = value;
                }
            }
        })
        .await
    }
}

//! What all routes share: the store, the key, the clock; and the routes put together.
//!
//! The `Host` header is checked before anything else: a page in a browser that rebinds its name to this machine
//! sends its own name there. Keys are compared by digest, so that the time tells nothing of the key.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get, post};
use axum::{Json, Router};

use super::commit::Commits;
use super::content::{self, Links};
use super::fault::Faults;
use super::refusal::Refusal;
use super::session::Turn;
use super::visibility::Listings;
use super::{Clock, Limits, QoderShape, anthropic, output, qoder, quota, rate};
use crate::model::{FileObject, Secret, Sha256, Timestamp};
use crate::store::{Store, StoreError};

/// How much is read of a body that nobody needs.
const UNUSED_BODY_BYTES: usize = 64 << 10;
const KEPT_AFTER_END: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// The path of links that need no key.
const LINK_PATH: &str = "/_content/";

/// The state of a running server.
#[derive(Debug)]
pub(super) struct App {
    pub(super) store: Arc<Store>,
    pub(super) token: Secret,
    pub(super) qoder_shape: QoderShape,
    pub(super) limits: Limits,
    pub(super) clock: Clock,
    pub(super) links: Links,
    pub(super) faults: Faults,
    pub(super) listings: Listings,
    pub(super) commits: Commits,
    pub(super) rate: rate::Rate,
    pub(super) quota: quota::Quota,
    pub(super) turn: Turn,
    pub(super) url: String,
    pub(super) port: u16,
}

/// The state as routes get it.
pub(super) type Shared = State<Arc<App>>;

impl App {
    /// Runs a call of the store where blocking is allowed.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || call(&store)).await;
        Ok(done.map_err(|_| Refusal::fault("Internal server error"))??)
    }

    /// Runs something of the app where blocking is allowed.
    pub(super) async fn apart<T: Send + 'static>(
        self: &Arc<Self>,
        call: impl FnOnce(&Self) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let app = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || call(&app)).await;
        done.map_err(|_| Refusal::fault("Internal server error"))?
    }

    /// Returns what is known of a file, or the refusal that there is none.
    pub(super) async fn find(self: &Arc<Self>, id: String) -> Result<FileObject, Refusal> {
        self.apart(move |app| app.known(&id)).await
    }

    /// Does what [`Self::find`] does, where blocking is allowed.
    pub(super) fn known(&self, id: &str) -> Result<FileObject, Refusal> {
        let found = self.store.get(id)?.filter(|file| !is_forgotten(file, self.clock.now()));
        found.ok_or_else(|| Refusal::not_found(id))
    }

    /// Tells whether a request's credential is the server's.
    pub(super) fn is_token(&self, given: &str) -> bool {
        let expected = Sha256::of(self.token.expose().as_bytes()).to_string();
        let given = Sha256::of(given.as_bytes()).to_string();
        let differ = |differ: u8, (a, b): (u8, u8)| black_box(differ | (a ^ b));
        expected.bytes().zip(given.bytes()).fold(0, differ) == 0
    }

    /// Makes a link to a file's content on this server.
    pub(super) fn link(&self, file_id: &str) -> Result<(String, Timestamp), Refusal> {
        let (secret, expires_at) = self.links.issue(file_id, self.clock.now())?;
        Ok((format!("{}{LINK_PATH}{secret}", self.url), expires_at))
    }
}

/// Returns all routes.
pub(super) fn routes(app: &Arc<App>) -> Router {
    anthropic::routes(app)
        .nest("/api/v1/cloud", qoder::routes(app))
        .route(&format!("{LINK_PATH}{{secret}}"), get(follow_link))
        .route("/_elsewhere/{*path}", any(elsewhere))
        .route("/docferry/v1/outputs", post(output::plant))
        .layer(from_fn_with_state(Arc::clone(app), check_host))
        .with_state(Arc::clone(app))
}

/// Tells whether nothing is said any more of a file that ended ("Files API", file lifecycle: up to 30 days after).
pub(super) fn is_forgotten(file: &FileObject, now: Timestamp) -> bool {
    file.expires_at.is_some_and(|end| end.plus(KEPT_AFTER_END) <= now)
}

/// Returns the bearer token of a request.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns random bytes as hexadecimal digits.
pub(super) fn random_hex(bytes: usize) -> Result<String, Refusal> {
    let mut random = vec![0; bytes];
    getrandom::fill(&mut random).map_err(|_| Refusal::fault("no random bytes"))?;
    Ok(random.iter().map(|byte| format!("{byte:02x}")).collect())
}

async fn follow_link(State(app): Shared, Path(secret): Path<String>) -> Response {
    // A link that ended and one that never was look alike.
    let gone = || (StatusCode::FORBIDDEN, "the link has expired").into_response();
    let Some(file_id) = app.links.follow(&secret, app.clock.now()) else {
        return gone();
    };
    let found = app.blocking(move |store| Ok(store.get(&file_id)?.zip(store.content(&file_id)?))).await;
    match found {
        Ok(Some((file, content))) => content::answer(content, &file),
        Ok(None) => gone(),
        Err(refusal) => (refusal.status, refusal.message).into_response(),
    }
}

/// Answers whoever follows a redirect to another host, which no client should.
async fn elsewhere(State(app): Shared) -> Response {
    app.faults.followed.fetch_add(1, Ordering::Relaxed);
    Json(serde_json::json!({"id": "file_elsewhere", "type": "file"})).into_response()
}

/// Reads the body of a request that needs none, as some clients send with DELETE: left unread, it makes the connection
/// close behind the answer, under the next request perhaps.
async fn without_body(request: Request) -> Request {
    if request.method() == Method::POST {
        return request;
    }
    let (parts, body) = request.into_parts();
    drop(to_bytes(body, UNUSED_BODY_BYTES).await);
    Request::from_parts(parts, Body::empty())
}

async fn check_host(State(app): Shared, request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let named = host.is_some_and(|host| is_own_host(host, app.port));
    let addressed = request.uri().authority().is_none_or(|host| is_own_host(host.as_str(), app.port));
    if named && addressed {
        return next.run(without_body(request).await).await;
    }
    let error = serde_json::json!({
        "type": "error",
        "error": {"type": "permission_error", "message": "the Host header does not name this server"},
    });
    (StatusCode::FORBIDDEN, Json(error)).into_response()
}

/// Tells whether a `Host` value names a loopback address or `localhost`, with our port.
fn is_own_host(host: &str, port: u16) -> bool {
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let Some(authority) = uri.authority().filter(|authority| authority.as_str() == host) else {
        return false;
    };
    if host.contains('@') || authority.port_u16().unwrap_or(80) != port {
        return false;
    }
    let name = authority.host().trim_start_matches('[').trim_end_matches(']');
    let is_loopback = |ip: std::net::IpAddr| ip.is_loopback();
    name.eq_ignore_ascii_case("localhost") || name.parse().is_ok_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machines_names_pass() {
        for good in ["127.0.0.1:8080", "localhost:8080", "LOCALHOST:8080", "[::1]:8080"] {
            assert!(is_own_host(good, 8080), "{good}");
        }
        assert!(is_own_host("localhost", 80));
        let bad = [
            "127.0.0.1",
            "127.0.0.1:8081",
            "evil.example:8080",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example:8080",
            "me@127.0.0.1:8080",
            "10.0.0.1:8080",
            "localhost:8080/x",
            "",
        ];
        for bad in bad {
            assert!(!is_own_host(bad, 8080), "{bad}");
        }
    }
}

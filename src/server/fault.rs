//! Faults on request: what platforms and networks do to a client, and an upload engine must survive.
//!
//! A fault strikes admitted requests of one operation, so many times, in the order of the list. `lose` carries the
//! request out and then breaks the connection: the file is stored and nobody is told. `pass` lets requests through before the
//! next fault. Nothing is left to chance, so that a failing test fails again.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::refusal::Refusal;
use super::upload;

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// One fault, as its text says: `upload:529`, `any:429+2*3`, `list:html`, `upload:quota`, `upload:lose*2`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    operation: Operation,
    effect: Effect,
    times: u32,
}

/// Which requests a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Any,
    Upload,
    List,
    Metadata,
    Content,
    Delete,
}

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// An error answer, perhaps with a `Retry-After` in seconds; nothing is done.
    Status(StatusCode, Option<u32>),
    /// A 413 of a proxy that answers in HTML.
    Html,
    /// The storage quota is used up.
    Quota,
    /// A 429 that waiting does not mend: no `Retry-After`, and `x-should-retry: false`.
    Spend,
    /// The request is carried out; the connection breaks instead of an answer.
    Lose,
    /// The connection breaks before the body is read.
    Break,
    /// Nothing goes wrong this time.
    Pass,
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a fault such as upload:529, any:429+2*3 or upload:lose \
     (any, upload, list, metadata, content, delete : STATUS[+SECONDS], html, quota, spend, lose, break, pass [*TIMES])"
)]
pub struct BadFault(String);

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (operation, rest) = text.split_once(':')?;
            let (effect, times) = rest.split_once('*').unwrap_or((rest, "1"));
            let times = times.parse().ok().filter(|times| *times > 0)?;
            Some(Self { operation: Operation::read(operation)?, effect: Effect::read(effect)?, times })
        };
        read().ok_or_else(|| BadFault(text.to_owned()))
    }
}

impl Operation {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "any" => Self::Any,
            "upload" => Self::Upload,
            "list" => Self::List,
            "metadata" => Self::Metadata,
            "content" => Self::Content,
            "delete" => Self::Delete,
            _ => return None,
        })
    }

    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        match *request.method() {
            Method::POST => Self::Upload,
            Method::DELETE => Self::Delete,
            _ if path.ends_with("/files") => Self::List,
            _ if path.ends_with("/content") => Self::Content,
            _ => Self::Metadata,
        }
    }
}

impl Effect {
    fn read(text: &str) -> Option<Self> {
        Some(match text {
            "html" => Self::Html,
            "quota" => Self::Quota,
            "spend" => Self::Spend,
            "lose" => Self::Lose,
            "break" => Self::Break,
            "pass" => Self::Pass,
            status => {
                let (status, wait) = status.split_once('+').map_or((status, None), |(s, w)| (s, Some(w)));
                let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
                let wait = wait.map(str::parse).transpose().ok()?;
                Self::Status(status, wait).checked()?
            }
        })
    }

    /// Only errors are faults.
    fn checked(self) -> Option<Self> {
        match self {
            Self::Status(status, _) if status.as_u16() < 400 => None,
            effect => Some(effect),
        }
    }
}

/// The faults that are still to strike.
#[derive(Debug, Default)]
pub(super) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(super) fn new(faults: Vec<Fault>) -> Self {
        Self(Mutex::new(faults))
    }

    /// Answers a request, or lets a fault strike it.
    pub(super) async fn answer(&self, request: Request, next: Next) -> Response {
        let Some(effect) = self.next(Operation::of(&request)) else {
            return next.run(request).await;
        };
        tracing::info!(?effect, "a fault strikes");
        match effect {
            Effect::Pass => next.run(request).await,
            Effect::Break => Broken.into_response(),
            Effect::Lose => {
                drop(next.run(request).await);
                Broken.into_response()
            }
            Effect::Status(..) | Effect::Html | Effect::Quota | Effect::Spend => {
                upload::drain(request).await;
                refuse(effect)
            }
        }
    }

    fn next(&self, operation: Operation) -> Option<Effect> {
        let mut faults = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let strikes = |fault: &Fault| fault.operation == Operation::Any || fault.operation == operation;
        let at = faults.iter().position(strikes)?;
        let effect = faults[at].effect;
        faults[at].times -= 1;
        if faults[at].times == 0 {
            faults.remove(at);
        }
        Some(effect)
    }
}

fn refuse(effect: Effect) -> Response {
    match effect {
        Effect::Status(status, wait) => {
            let mut response = Refusal::new(status, kind(status), "injected fault").into_response();
            let wait = wait.map(|seconds| (header::RETRY_AFTER, HeaderValue::from(seconds)));
            response.headers_mut().extend(wait);
            response
        }
        Effect::Quota => {
            let refusal = Refusal::invalid("the storage quota is used up");
            refusal.with_error_code("storage_quota_exceeded").into_response()
        }
        Effect::Spend => {
            let refusal =
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "spend limit reached");
            let mut response = refusal.with_error_code("enforced_spend_limit_reached").into_response();
            response.headers_mut().insert(SHOULD_RETRY, HeaderValue::from_static("false"));
            response
        }
        Effect::Html | Effect::Lose | Effect::Break | Effect::Pass => {
            let html = [(header::CONTENT_TYPE, "text/html")];
            let body = "<html><head><title>413 Payload Too Large</title></head></html>";
            (StatusCode::PAYLOAD_TOO_LARGE, html, body).into_response()
        }
    }
}

/// Returns the `error.type` of a status ("Errors").
fn kind(status: StatusCode) -> &'static str {
    match status.as_u16() {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 | 410 => "not_found_error",
        408 | 504 => "timeout_error",
        409 => "conflict_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..=499 => "invalid_request_error",
        _ => "api_error",
    }
}

/// Stands in a response that must not be sent; the listener then breaks the connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Broken;

impl IntoResponse for Broken {
    fn into_response(self) -> Response {
        let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is broken on request")
    }
}

impl std::error::Error for Broken {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_faults_and_nothing_else() {
        let fault: Fault = "any:429+2*3".parse().unwrap();
        let effect = Effect::Status(StatusCode::TOO_MANY_REQUESTS, Some(2));
        assert_eq!(fault, Fault { operation: Operation::Any, effect, times: 3 });
        for good in ["upload:529", "list:html", "upload:quota", "content:lose*2", "delete:break", "any:pass"]
        {
            assert!(good.parse::<Fault>().is_ok(), "{good}");
        }
        for bad in ["", "upload", "upload:", "upload:200", "upload:5", "put:500", "any:500*0", "any:429+x"] {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
    }
}

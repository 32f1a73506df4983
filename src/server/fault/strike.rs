//! Lets a fault strike a request.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use super::effect::{Moment, Refused, Then, Wait};
use super::mangle::{self, Pages};
use super::{Effect, Operation, Struck, Ticket, peek};
use crate::server::app::App;
use crate::server::raw::{Reused, Wire};
use crate::server::refusal::Refusal;
use crate::server::upload;

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");
const HTML: &str = "<html><head><title>413 Payload Too Large</title></head></html>";

/// Answers a request, or lets a fault strike it.
pub(in crate::server) async fn answer(app: &Arc<App>, request: Request, next: Next) -> Response {
    let operation = Operation::of(&request);
    // Files that are to be stored after so many listings need these counted, whatever else happens.
    let listing = operation == Operation::List && is_first_page(&request);
    let response = match app.faults.is_idle() {
        true => next.run(request).await,
        false => struck(app, operation, request, next).await,
    };
    if listing {
        app.listed().await;
    }
    response
}

async fn struck(app: &Arc<App>, operation: Operation, request: Request, next: Next) -> Response {
    let (mut request, named) = match operation {
        Operation::Upload => peek::peek(request).await,
        _ => (request, None),
    };
    if let Some(pages) = Pages::followed(&mut request) {
        return pages.lead_on(next.run(request).await).await;
    }
    let reused = request.extensions().get::<Reused>().is_some_and(|reused| reused.0);
    let ticket = app.faults.next(&Struck { operation, named, reused }, app.clock.now());
    request.extensions_mut().insert(ticket.clone());
    let Some(effect) = ticket.effect else {
        return next.run(request).await;
    };
    tracing::info!(?effect, request = ticket.request, "a fault strikes");
    match effect {
        Effect::Pass | Effect::Lag(_) | Effect::Clean => next.run(request).await,
        Effect::Refuse(_) | Effect::Html | Effect::Quota | Effect::Spend => {
            upload::drain(request).await;
            refuse(effect)
        }
        Effect::EarlyHtml { stays } => Wire::Early { stays }.on(refuse(effect)),
        Effect::Redirect(status) => {
            let location = format!("http://localhost:{}/_elsewhere{}", app.port, request.uri().path());
            upload::drain(request).await;
            (status, [(header::LOCATION, location)]).into_response()
        }
        Effect::Reset(moment) => {
            match moment {
                Moment::Before => {}
                Moment::Mid => read_part(request, ticket.draw).await,
                Moment::After => upload::drain(request).await,
            }
            Wire::broken()
        }
        Effect::ResetReused => Wire::broken(),
        Effect::CloseAfter => Wire::CloseAfter.on(next.run(request).await),
        Effect::Late(_) | Effect::Foreign { .. } => {
            drop(next.run(request).await);
            Wire::broken()
        }
        Effect::Then(then) => {
            let earlier = app.faults.last_id();
            finish(then, next.run(request).await, earlier).await
        }
        Effect::PageLoop => Pages::Loop.lead_on(next.run(request).await).await,
        Effect::PageEndless => Pages::Endless(0).lead_on(next.run(request).await).await,
    }
}

/// Makes of the answer to a request that was carried out what the fault wants.
async fn finish(then: Then, response: Response, earlier: Option<String>) -> Response {
    match then {
        Then::Reset => Wire::broken(),
        Then::Refuse(refused) => refuse(Effect::Refuse(refused)),
        Then::Hang(span) => Wire::Hang(span).on(response),
        Then::Cut => mangle::body(response, |bytes| bytes[..bytes.len() / 2].to_vec()).await,
        Then::Garbage => mangle::body(response, |_| b"\x00\x1b[31mnot \xff JSON\x07".to_vec()).await,
        Then::HtmlPage => mangle::html(response).await,
        Then::Empty => mangle::body(response, |_| Vec::new()).await,
        Then::NoId => {
            let change = |value: &mut serde_json::Value| {
                if let Some(map) = value.as_object_mut() {
                    map.retain(|key, _| key != "id" && key != "file_id");
                }
            };
            mangle::json(response, change).await
        }
        Then::WrongSize => {
            let change = |value: &mut serde_json::Value| {
                value["size_bytes"] = (value["size_bytes"].as_u64().unwrap_or_default() + 1).into();
            };
            mangle::json(response, change).await
        }
        Then::WrongName => mangle::json(response, |value| value["filename"] = "other.txt".into()).await,
        Then::OldId => {
            let change = |value: &mut serde_json::Value| {
                if let (Some(id), Some(earlier)) = (mangle::id_of(value), earlier) {
                    *id = earlier.into();
                }
            };
            mangle::json(response, change).await
        }
        Then::LongLength => Wire::Length { surplus: 100 }.on(response),
        Then::ShortLength => Wire::Length { surplus: -10 }.on(response),
        Then::Drip(interval) => Wire::Drip(interval).on(response),
        Then::Endless => Wire::Endless.on(response),
    }
}

fn is_first_page(request: &Request) -> bool {
    let query = request.uri().query().unwrap_or_default();
    let goes_on = |key: &str| matches!(key, "page" | "after_id" | "before_id" | "ids[]");
    !url::form_urlencoded::parse(query.as_bytes()).any(|(key, _)| goes_on(&key))
}

/// Reads some of a body, at least a byte of it and never all.
async fn read_part(request: Request, draw: u64) {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    let length: u64 = length.and_then(|length| length.parse().ok()).unwrap_or(1);
    let wanted = draw % length.max(1);
    let mut body = Body::into_data_stream(request.into_body());
    let mut read = 0;
    while read < wanted {
        match body.next().await {
            Some(Ok(chunk)) => read += u64::try_from(chunk.len()).unwrap_or_default(),
            _ => break,
        }
    }
}

fn refuse(effect: Effect) -> Response {
    match effect {
        Effect::Refuse(Refused { status, wait, should_retry }) => {
            let mut response = Refusal::new(status, kind(status), "injected fault").into_response();
            let should_retry = should_retry.map(|yes| if yes { "true" } else { "false" });
            let should_retry = should_retry.map(|text| (SHOULD_RETRY, HeaderValue::from_static(text)));
            let wait = wait.header().map(|value| (header::RETRY_AFTER, value));
            response.headers_mut().extend(should_retry.into_iter().chain(wait));
            response
        }
        Effect::Quota => Refusal::quota_exceeded().into_response(),
        Effect::Spend => {
            let refusal =
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, "rate_limit_error", "spend limit reached");
            let mut response = refusal.with_error_code("enforced_spend_limit_reached").into_response();
            response.headers_mut().insert(SHOULD_RETRY, HeaderValue::from_static("false"));
            response
        }
        _ => (StatusCode::PAYLOAD_TOO_LARGE, [(header::CONTENT_TYPE, "text/html")], HTML).into_response(),
    }
}

impl Wait {
    fn header(self) -> Option<HeaderValue> {
        let date = |time: SystemTime| HeaderValue::from_str(&http_date(time)).ok();
        match self {
            Self::Absent => None,
            Self::Seconds(seconds) => Some(HeaderValue::from(seconds)),
            Self::Date(seconds) => date(SystemTime::now() + Duration::from_secs(seconds.into())),
            Self::Negative => Some(HeaderValue::from_static("-5")),
            Self::Huge => Some(HeaderValue::from_static("1000000000")),
            Self::Past => date(SystemTime::now() - Duration::from_secs(3600)),
            Self::Text => Some(HeaderValue::from_static("soon")),
        }
    }
}

/// Writes a time as HTTP does (RFC 9110, section 5.6.7).
pub(in crate::server) fn http_date(time: SystemTime) -> String {
    let format = time::macros::format_description!(
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    time::OffsetDateTime::from(time).format(format).unwrap_or_default()
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

impl Ticket {
    /// Returns the ticket of a request.
    pub(in crate::server) fn of(request: &Request) -> Self {
        request.extensions().get::<Self>().cloned().unwrap_or_default()
    }
}

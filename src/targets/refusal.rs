//! What a platform's refusal means: status, error type and error code become the kind of a [`TargetError`].
//!
//! Both families of dialects share the envelope
//! `{"type":"error","error":{"type","message","details":{"error_code"}},"request_id"}`. An edge in front of a platform
//! may answer in HTML; then the status alone decides. The stable discriminator is `error_code`; messages are looked at
//! only where a spend limit or a full storage has neither a code nor a status of its own.
//!
//! Sources: platform.claude.com docs, api/errors and api/rate-limits; docs.qoder.com, cloud-agents/api/conventions/errors.

use std::time::Duration;

use serde::Deserialize;

use super::{Disposition, TargetError, TargetErrorKind};
use crate::http::{Answer, Client, retry_after};

/// What was asked; the same status means different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Upload,
    List,
    Get,
    Content,
    Delete,
    /// Something below a session, whose id may name none.
    Resource,
    /// Counts the tokens of a request that names files.
    Count,
}

#[derive(Debug, Default, Deserialize)]
struct Envelope {
    #[serde(default)]
    error: Fault,
    #[serde(default)]
    request_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Fault {
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Debug, Default, Deserialize)]
struct Details {
    #[serde(default)]
    error_code: Option<String>,
}

/// Translates an answer that is no success.
pub(super) fn read(call: Call, answer: &Answer, client: &Client) -> TargetError {
    let status = answer.status;
    let envelope: Option<Envelope> = serde_json::from_slice(&answer.body).ok();
    let is_ours = envelope.as_ref().is_some_and(|e| !(e.error.kind.is_empty() && e.error.message.is_empty()));
    let Envelope { error, request_id } = envelope.filter(|_| is_ours).unwrap_or_default();
    let text = if is_ours {
        format!("{}: {}", error.kind, error.message)
    } else {
        String::from_utf8_lossy(&answer.body).into_owned()
    };
    let error_code = error.details.and_then(|details| details.error_code);
    let retry_after = retry_after(&answer.headers);
    let facts = Facts { status, error_code: error_code.as_deref(), message: &error.message, retry_after };
    let kind = settle(call, kind(call, &facts), answer.sent_to_end);
    let message = match kind {
        TargetErrorKind::Redirect => redirect_message(answer),
        _ => client.displayable(&format!("{status} {text}")),
    };
    TargetError {
        kind,
        message,
        status: Some(status),
        error_code,
        request_id: request_id_of(answer).or(request_id).map(|id| client.displayable(&id)),
        retry_after,
        body_sent: answer.sent_to_end,
        should_retry: answer.header("x-should-retry").and_then(|value| value.trim().parse().ok()),
    }
}

/// Returns the platform's id of a request: `request-id` (Anthropic) or `x-request-id` (Qoder).
pub(super) fn request_id_of(answer: &Answer) -> Option<String> {
    answer.header("request-id").or_else(|| answer.header("x-request-id")).map(str::to_owned)
}

/// What decides the kind.
struct Facts<'a> {
    status: u16,
    error_code: Option<&'a str>,
    message: &'a str,
    retry_after: Option<Duration>,
}

fn kind(call: Call, facts: &Facts<'_>) -> TargetErrorKind {
    let Facts { status, error_code, message, retry_after } = *facts;
    let message = message.to_lowercase();
    let is_spend = message.contains("spend limit") || message.contains("spending limit");
    let is_storage = message.contains("storage") && (message.contains("quota") || message.contains("limit"));
    match error_code {
        Some(
            "storage_quota_exceeded"
            | "organization_on_hold"
            | "enforced_spend_limit_reached"
            | "contract_spend_limit_reached",
        ) => return TargetErrorKind::Quota,
        Some("cmek_key_disabled" | "cmek_key_network_blocked" | "claude_code_key_creator_not_member") => {
            return TargetErrorKind::Forbidden;
        }
        Some("file_not_downloadable") => return TargetErrorKind::NotDownloadable,
        Some("file_expired") => return TargetErrorKind::NotFound,
        Some(_) | None => {}
    }
    match status {
        300..=399 => TargetErrorKind::Redirect,
        400 if is_spend => TargetErrorKind::Quota,
        401 => TargetErrorKind::Unauthenticated,
        // A full storage without a code: a 403 until 2026-07-08, and platforms that have no codes.
        400 | 403 if call == Call::Upload && is_storage => TargetErrorKind::Quota,
        402 | 403 => TargetErrorKind::Forbidden,
        // Nothing can be missing where nothing was named: the base URL leads elsewhere.
        404 | 405 | 410 if matches!(call, Call::Upload | Call::List) => TargetErrorKind::Unsupported,
        404 | 410 => TargetErrorKind::NotFound,
        408 | 409 | 425 => TargetErrorKind::ServerFault,
        413 => TargetErrorKind::TooLarge,
        429 if is_spend && retry_after.is_none() => TargetErrorKind::Quota,
        429 | 529 => TargetErrorKind::RateLimited,
        400..=499 => TargetErrorKind::Refused,
        500..=599 => TargetErrorKind::ServerFault,
        _ => TargetErrorKind::Protocol,
    }
}

/// A refusal that leaves open what happened leaves nothing open if the server cannot have had the whole form.
fn settle(call: Call, kind: TargetErrorKind, sent_to_end: bool) -> TargetErrorKind {
    let is_open = kind.disposition() == Disposition::Ambiguous;
    if call == Call::Upload && is_open && !sent_to_end { TargetErrorKind::BrokenBeforeEnd } else { kind }
}

fn redirect_message(answer: &Answer) -> String {
    let host = answer.header("location").and_then(|location| url::Url::parse(location).ok());
    let host = host.as_ref().and_then(url::Url::host_str).unwrap_or("another place");
    format!("{} redirects to `{host}`; credentials and documents are not sent there", answer.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(call: Call, status: u16, code: &str, message: &str, wait: bool) -> TargetErrorKind {
        let error_code = Some(code).filter(|code| !code.is_empty());
        kind(
            call,
            &Facts { status, error_code, message, retry_after: wait.then_some(Duration::from_secs(1)) },
        )
    }

    #[test]
    fn every_documented_refusal_has_its_kind() {
        use TargetErrorKind as K;
        for (call, status, code, message, wait, expected) in [
            (Call::Upload, 307, "", "", false, K::Redirect),
            (Call::Upload, 400, "", "bad file name", false, K::Refused),
            (Call::Upload, 400, "", "You have reached your spend limit", false, K::Quota),
            (Call::Upload, 400, "storage_quota_exceeded", "", false, K::Quota),
            (Call::Upload, 400, "organization_on_hold", "", false, K::Quota),
            (Call::Upload, 400, "cmek_key_disabled", "", false, K::Forbidden),
            (Call::Upload, 400, "something_new", "", false, K::Refused),
            (Call::Content, 400, "file_not_downloadable", "", false, K::NotDownloadable),
            (Call::Upload, 401, "", "", false, K::Unauthenticated),
            (Call::Upload, 402, "", "", false, K::Forbidden),
            (Call::Upload, 403, "", "", false, K::Forbidden),
            (Call::Upload, 403, "", "Storage limit exceeded", false, K::Quota),
            (Call::Upload, 400, "", "the storage quota is used up", false, K::Quota),
            (Call::Upload, 400, "", "metadata exceeds its limit", false, K::Refused),
            (Call::Get, 404, "", "", false, K::NotFound),
            (Call::Delete, 410, "", "", false, K::NotFound),
            (Call::Resource, 404, "", "", false, K::NotFound),
            (Call::Resource, 409, "", "", false, K::ServerFault),
            (Call::Resource, 400, "", "a storage limit", false, K::Refused),
            (Call::Content, 404, "file_expired", "", false, K::NotFound),
            (Call::Upload, 404, "", "", false, K::Unsupported),
            (Call::List, 404, "", "", false, K::Unsupported),
            (Call::Upload, 408, "", "", false, K::ServerFault),
            (Call::Upload, 409, "", "", false, K::ServerFault),
            (Call::Upload, 413, "", "", false, K::TooLarge),
            (Call::Upload, 415, "", "", false, K::Refused),
            (Call::Upload, 422, "", "", false, K::Refused),
            (Call::Upload, 425, "", "", false, K::ServerFault),
            (Call::Upload, 429, "", "", true, K::RateLimited),
            (Call::Upload, 429, "", "", false, K::RateLimited),
            (Call::Upload, 429, "ramp_limit_exceeded", "", false, K::RateLimited),
            (Call::Upload, 429, "enforced_spend_limit_reached", "", true, K::Quota),
            (Call::Upload, 429, "contract_spend_limit_reached", "", false, K::Quota),
            (Call::Upload, 429, "", "monthly spend limit", false, K::Quota),
            (Call::Upload, 429, "", "monthly spend limit", true, K::RateLimited),
            (Call::Upload, 500, "", "", false, K::ServerFault),
            (Call::Upload, 503, "cmek_key_unreachable", "", false, K::ServerFault),
            (Call::Upload, 504, "", "", false, K::ServerFault),
            (Call::Upload, 529, "", "", false, K::RateLimited),
            (Call::Upload, 999, "", "", false, K::Protocol),
        ] {
            let found = judge(call, status, code, message, wait);
            assert_eq!(found, expected, "{call:?} {status} {code} {message} {wait}");
        }
    }

    #[test]
    fn an_open_refusal_before_the_end_of_the_body_is_settled() {
        use TargetErrorKind as K;
        assert_eq!(settle(Call::Upload, K::ServerFault, false), K::BrokenBeforeEnd);
        assert_eq!(settle(Call::Upload, K::ServerFault, true), K::ServerFault);
        assert_eq!(settle(Call::Upload, K::TooLarge, false), K::TooLarge);
        assert_eq!(settle(Call::Delete, K::ServerFault, false), K::ServerFault);
    }
}

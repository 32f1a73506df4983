//! What a fault does, and THE TABLE of names. A row of it is a promise: `docs/reliability.md` lists the same names.

use std::time::Duration;

use axum::http::StatusCode;

use super::Operation;

/// How long a server hangs that never answers, unless a fault says otherwise.
const HANG: Duration = Duration::from_secs(60);

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Effect {
    /// Nothing goes wrong this time.
    Pass,
    /// An error answer; nothing is done.
    Refuse(Refused),
    /// A 413 of a proxy that answers in HTML.
    Html,
    /// The same before the body is read. `stays`: the rest of the body is read, so that the answer can be.
    EarlyHtml { stays: bool },
    /// The storage quota is used up.
    Quota,
    /// A 429 that waiting does not mend: no `Retry-After`, and `x-should-retry: false`.
    Spend,
    /// Another host shall do it.
    Redirect(StatusCode),
    /// The connection breaks; nothing is done.
    Reset(Moment),
    /// The connection breaks before anything is read, if it was used before.
    ResetReused,
    /// The request is carried out and answered; the connection closes without having said so.
    CloseAfter,
    /// The request is carried out, and then.
    Then(Then),
    /// The file is stored under another name than was sent; the answer says so.
    Clean,
    /// The connection breaks; the file is stored once so many more listings were answered.
    Late(u32),
    /// The connection breaks; another client stores other bytes of this name and size. `own`: before and after the
    /// file itself, which is stored too; else the file is not stored.
    Foreign { own: bool },
    /// Files are listed only so long after they are stored. No request: a property of the server.
    Lag(Lag),
    /// Every page leads to the same next page.
    PageLoop,
    /// Every page leads to another one, without end.
    PageEndless,
}

/// When a connection breaks: as the body is seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Moment {
    Before,
    Mid,
    After,
}

/// What follows once a request was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Then {
    Reset,
    Refuse(Refused),
    Hang(Duration),
    Cut,
    Garbage,
    HtmlPage,
    Empty,
    NoId,
    WrongSize,
    WrongName,
    OldId,
    LongLength,
    ShortLength,
    Drip(Duration),
    Endless,
}

/// How long files are not listed yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Lag {
    Time(Duration),
    Listings(u32),
}

/// An error answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) struct Refused {
    pub(in crate::server) status: StatusCode,
    pub(in crate::server) wait: Wait,
    pub(in crate::server) should_retry: Option<bool>,
}

/// What stands in `Retry-After`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Wait {
    Absent,
    Seconds(u32),
    /// An HTTP date so many seconds ahead.
    Date(u32),
    Negative,
    Huge,
    Past,
    Text,
}

/// One row of the table of faults.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct FaultKind {
    /// A fault as `--fault` takes it, without how often it strikes.
    pub name: &'static str,
    /// The number of the protocol fault in `docs/reliability.md`.
    pub number: &'static str,
    /// Whether the file of an upload is stored all the same.
    pub stores: bool,
    /// What the server does.
    pub does: &'static str,
}

const fn row(number: &'static str, name: &'static str, stores: bool, does: &'static str) -> FaultKind {
    FaultKind { name, number, stores, does }
}

/// THE TABLE of faults.
pub(super) const TABLE: &[FaultKind] = &[
    row(
        "3",
        "upload:reset-before-body",
        false,
        "breaks the connection before it reads the body (also `break`)",
    ),
    row("4", "upload:reset-mid-body", false, "reads a random part of the body and breaks the connection"),
    row("5", "upload:reset-after-body", false, "reads the whole body, stores nothing, breaks the connection"),
    row("6", "upload:commit-reset", true, "stores the file and breaks the connection (also `lose`)"),
    row(
        "6",
        "upload:commit-hang",
        true,
        "stores the file and never answers; `=5s` ends that, at 60 s by itself",
    ),
    row("7", "upload:answer-cut", true, "stores the file; half of the JSON is missing"),
    row("8", "upload:answer-garbage", true, "stores the file; the answer is no JSON"),
    row("8", "upload:answer-html", true, "stores the file; the answer is a page of HTML"),
    row("8", "upload:answer-empty", true, "stores the file; the answer has no body"),
    row("8", "upload:answer-no-id", true, "stores the file; the answer names no id"),
    row("9", "upload:answer-wrong-size", true, "stores the file; the answer tells another size"),
    row("9", "upload:answer-wrong-name", true, "stores the file; the answer tells another name"),
    row("10", "upload:answer-long-length", true, "stores the file; Content-Length promises more than comes"),
    row("10", "upload:answer-short-length", true, "stores the file; Content-Length promises less than comes"),
    row(
        "11",
        "upload:answer-drip",
        true,
        "stores the file; the answer comes one byte a second (`=50ms`: faster)",
    ),
    row("12", "upload:answer-endless", true, "stores the file; the answer does not end"),
    row("13", "upload:429+1", false, "429 with Retry-After in seconds"),
    row("13", "upload:429-date+1", false, "429 with Retry-After as an HTTP date"),
    row("14", "upload:429", false, "429 without Retry-After"),
    row("15", "upload:429-negative", false, "429 with `Retry-After: -5`"),
    row("15", "upload:429-huge", false, "429 with `Retry-After: 1000000000`"),
    row("15", "upload:429-past", false, "429 with a date that is past in Retry-After"),
    row("15", "upload:429-text", false, "429 with `Retry-After: soon`"),
    row("16", "upload:500", false, "500; nothing is stored"),
    row("16", "upload:502", false, "502; nothing is stored"),
    row("16", "upload:503", false, "503; nothing is stored"),
    row("16", "upload:504", false, "504; nothing is stored"),
    row("16", "upload:commit-500", true, "stores the file and answers 500"),
    row("16", "upload:commit-502", true, "stores the file and answers 502"),
    row("16", "upload:commit-503", true, "stores the file and answers 503"),
    row("16", "upload:commit-504", true, "stores the file and answers 504"),
    row("17", "upload:529", false, "529"),
    row("18", "upload:408", false, "408; nothing is stored"),
    row("18", "upload:409", false, "409; nothing is stored"),
    row("18", "upload:425", false, "425; nothing is stored"),
    row("18", "upload:commit-409", true, "stores the file and answers 409"),
    row("19", "upload:413-html", false, "413 with a page of HTML (also `html`)"),
    row("19", "upload:413-early", false, "413 before the body is read; the rest of it is read and forgotten"),
    row("19", "upload:413-early-close", false, "413 before the body is read; the connection closes at once"),
    row("20", "upload:400", false, "400"),
    row("20", "upload:415", false, "415"),
    row("20", "upload:422", false, "422"),
    row("21", "upload:401", false, "401"),
    row("21", "upload:403", false, "403"),
    row("22", "upload:quota", false, "400 with `storage_quota_exceeded`"),
    row("22", "upload:spend", false, "429 with `enforced_spend_limit_reached`, which no waiting mends"),
    row("23", "upload:404", false, "404, as if there were no such route"),
    row("24", "upload:503-should-not-retry", false, "503 with `x-should-retry: false`"),
    row("24", "upload:400-should-retry", false, "400 with `x-should-retry: true`"),
    row("24", "upload:commit-500-should-retry", true, "stores the file; 500 with `x-should-retry: true`"),
    row("25", "upload:301", false, "a redirect to another host"),
    row("25", "upload:302", false, "a redirect to another host"),
    row("25", "upload:303", false, "a redirect to another host"),
    row("25", "upload:307", false, "a redirect to another host, with the body"),
    row("25", "upload:308", false, "a redirect to another host, with the body"),
    row("26", "upload:reset-reused", false, "breaks a connection that was used before when it is used again"),
    row("26", "upload:close-after", true, "answers, then closes the connection without having said so"),
    row("32", "upload:answer-old-id", true, "stores the file; the answer names the id of an earlier one"),
    row("33", "upload:clean-name", true, "stores the file under a cleaned name and says so"),
    row("34", "list:page-loop", false, "every page leads to the same next page"),
    row("34", "list:page-endless", false, "every page leads to another, without end"),
    row(
        "35",
        "upload:commit-late",
        true,
        "breaks the connection; stores the file after two more listings (`=5`: five), at the latest when the server stops",
    ),
    row(
        "36",
        "upload:foreign-only",
        false,
        "breaks the connection; another client stores other bytes of this name and size",
    ),
    row(
        "36",
        "upload:foreign-around",
        true,
        "stores the file and, before and after it, another client's of this name (without a tag) and size; breaks the connection",
    ),
    row(
        "-",
        "list:lag=1500ms",
        true,
        "files are listed only so long after they were stored; `lag=3`: after three listings",
    ),
];

impl Effect {
    /// Reads the name of an effect, with its value behind `=` if it has one.
    pub(super) fn read(text: &str) -> Option<Self> {
        match text.split_once('=') {
            None => Self::named(text).or_else(|| Self::status(text)),
            Some((name, value)) => Self::named(name)?.with(value),
        }
    }

    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "pass" => Self::Pass,
            "html" | "413-html" => Self::Html,
            "413-early" => Self::EarlyHtml { stays: true },
            "413-early-close" => Self::EarlyHtml { stays: false },
            "quota" => Self::Quota,
            "spend" => Self::Spend,
            "break" | "reset-before-body" => Self::Reset(Moment::Before),
            "reset-mid-body" => Self::Reset(Moment::Mid),
            "reset-after-body" => Self::Reset(Moment::After),
            "reset-reused" => Self::ResetReused,
            "close-after" => Self::CloseAfter,
            "lose" | "commit-reset" => Self::Then(Then::Reset),
            "commit-hang" => Self::Then(Then::Hang(HANG)),
            "answer-cut" => Self::Then(Then::Cut),
            "answer-garbage" => Self::Then(Then::Garbage),
            "answer-html" => Self::Then(Then::HtmlPage),
            "answer-empty" => Self::Then(Then::Empty),
            "answer-no-id" => Self::Then(Then::NoId),
            "answer-wrong-size" => Self::Then(Then::WrongSize),
            "answer-wrong-name" => Self::Then(Then::WrongName),
            "answer-old-id" => Self::Then(Then::OldId),
            "answer-long-length" => Self::Then(Then::LongLength),
            "answer-short-length" => Self::Then(Then::ShortLength),
            "answer-drip" => Self::Then(Then::Drip(Duration::from_secs(1))),
            "answer-endless" => Self::Then(Then::Endless),
            "clean-name" => Self::Clean,
            "commit-late" => Self::Late(2),
            "foreign-only" => Self::Foreign { own: false },
            "foreign-around" => Self::Foreign { own: true },
            "lag" => Self::Lag(Lag::Listings(1)),
            "page-loop" => Self::PageLoop,
            "page-endless" => Self::PageEndless,
            _ => return None,
        })
    }

    /// Replaces the value that an effect has by itself.
    fn with(self, value: &str) -> Option<Self> {
        let count = || value.parse().ok().filter(|count| *count > 0);
        Some(match self {
            Self::Then(Then::Hang(_)) => Self::Then(Then::Hang(span(value).filter(|span| *span <= HANG)?)),
            Self::Then(Then::Drip(_)) => Self::Then(Then::Drip(span(value)?)),
            Self::Late(_) => Self::Late(count()?),
            Self::Lag(_) => Self::Lag(match count() {
                Some(listings) => Lag::Listings(listings),
                None => Lag::Time(span(value)?),
            }),
            _ => return None,
        })
    }

    /// `[commit-]STATUS[-date|-negative|-huge|-past|-text][-should-retry|-should-not-retry][+SECONDS]`.
    fn status(text: &str) -> Option<Self> {
        let (text, stores) = text.strip_prefix("commit-").map_or((text, false), |rest| (rest, true));
        let (text, seconds) = text.split_once('+').map_or((text, None), |(text, wait)| (text, Some(wait)));
        let seconds = seconds.map(str::parse::<u32>).transpose().ok()?;
        let (text, should_retry) = if let Some(text) = text.strip_suffix("-should-retry") {
            (text, Some(true))
        } else if let Some(text) = text.strip_suffix("-should-not-retry") {
            (text, Some(false))
        } else {
            (text, None)
        };
        let (status, form) = text.split_once('-').map_or((text, ""), |(status, form)| (status, form));
        let status = StatusCode::from_bytes(status.as_bytes()).ok()?;
        let wait = match (form, seconds) {
            ("", None) => Wait::Absent,
            ("", Some(seconds)) => Wait::Seconds(seconds),
            ("date", seconds) => Wait::Date(seconds.unwrap_or(1)),
            ("negative", None) => Wait::Negative,
            ("huge", None) => Wait::Huge,
            ("past", None) => Wait::Past,
            ("text", None) => Wait::Text,
            _ => return None,
        };
        let plain = wait == Wait::Absent && should_retry.is_none();
        let refused = Refused { status, wait, should_retry };
        match status.as_u16() {
            301 | 302 | 303 | 307 | 308 if plain && !stores => Some(Self::Redirect(status)),
            400..=599 if stores => Some(Self::Then(Then::Refuse(refused))),
            400..=599 => Some(Self::Refuse(refused)),
            _ => None,
        }
    }

    /// Tells whether the effect makes sense for an operation.
    pub(super) fn fits(self, operation: Operation) -> bool {
        match self {
            Self::Lag(_) | Self::PageLoop | Self::PageEndless => operation == Operation::List,
            Self::Clean
            | Self::Late(_)
            | Self::Foreign { .. }
            | Self::Then(Then::NoId | Then::WrongSize | Then::WrongName | Then::OldId) => {
                operation == Operation::Upload
            }
            _ => true,
        }
    }

    /// Tells whether the answer can tell the client what was stored.
    pub(in crate::server) fn tells(self) -> bool {
        match self {
            Self::Pass | Self::CloseAfter | Self::Clean => true,
            Self::Then(then) => matches!(
                then,
                Then::Cut
                    | Then::WrongSize
                    | Then::WrongName
                    | Then::LongLength
                    | Then::ShortLength
                    | Then::Drip(_)
            ),
            _ => false,
        }
    }
}

/// Reads `50ms`, `5s` or `2m`.
fn span(text: &str) -> Option<Duration> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let number = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        _ => None,
    }
}

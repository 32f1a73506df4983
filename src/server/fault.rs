//! Faults on request: what platforms and networks do to a client, and an upload engine must survive.
//!
//! A fault strikes admitted requests of one operation: so many times in the order of the list (`upload:529*2`), or at
//! a rate (`upload:commit-reset@10%`). `pass` lets requests through before the next fault. Nothing is left to chance:
//! a rate is drawn from the seed, the fault's place in the list and the number of the request among those of its
//! operation, so that a failing test fails again.
//!
//! A rate strikes the uploads of one file (its name without a tag, and its size) at most twice in all, and other
//! operations at most twice in a row, so that a run can end; `@10%!` does without that mercy.

mod effect;
mod mangle;
mod peek;
mod strike;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::Request;
use axum::http::Method;

use crate::model::Timestamp;

pub use effect::FaultKind;
pub(super) use effect::{Effect, Lag};
pub(super) use strike::{answer, http_date};

/// How often faults with a rate strike one file, or another operation in a row.
const MERCY: u32 = 2;
const PER_MILLION: u64 = 1_000_000;

/// One fault, as its text says: `upload:529`, `any:429+2*3`, `upload:commit-reset@10%`, `list:lag=1500ms`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    text: String,
    operation: Operation,
    effect: Effect,
    frequency: Frequency,
}

impl Fault {
    /// Returns the table of faults.
    #[must_use]
    pub fn kinds() -> &'static [FaultKind] {
        effect::TABLE
    }
}

/// Which requests a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Operation {
    Any,
    Upload,
    List,
    Metadata,
    Content,
    Delete,
    /// Creates, lists, shows or deletes a session.
    Session,
    /// Adds a resource to a session.
    Mount,
    /// Lists or shows the resources of a session.
    Resources,
    /// Deletes a resource of a session.
    Unmount,
    /// Counts the tokens of a message.
    Count,
}

/// How often a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frequency {
    Times(u32),
    Rate { per_million: u32, mercy: bool },
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a fault such as upload:529, any:429+2*3, upload:lose or upload:commit-reset@10% \
     (any, upload, list, metadata, content, delete, session, mount, resources, unmount, count : EFFECT [*TIMES | @RATE%]; docs/reliability.md has the table)"
)]
pub struct BadFault(String);

impl FromStr for Fault {
    type Err = BadFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (operation, rest) = text.split_once(':')?;
            let operation = Operation::read(operation)?;
            let at = rest.find(['*', '@']).unwrap_or(rest.len());
            let (name, frequency) = rest.split_at(at);
            let effect = Effect::read(name).filter(|effect| effect.fits(operation))?;
            Some(Self { text: text.to_owned(), operation, effect, frequency: Frequency::read(frequency)? })
        };
        read().ok_or_else(|| BadFault(text.to_owned()))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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
            "session" => Self::Session,
            "mount" => Self::Mount,
            "resources" => Self::Resources,
            "unmount" => Self::Unmount,
            "count" => Self::Count,
            _ => return None,
        })
    }

    fn of(request: &Request) -> Self {
        let path = request.uri().path();
        if path.split('/').any(|component| component == "sessions") {
            return Self::of_session(request.method(), path);
        }
        match *request.method() {
            Method::POST if path.ends_with("/count_tokens") => Self::Count,
            Method::POST => Self::Upload,
            Method::DELETE => Self::Delete,
            _ if path.ends_with("/files") => Self::List,
            _ if path.ends_with("/content") => Self::Content,
            _ => Self::Metadata,
        }
    }

    fn of_session(method: &Method, path: &str) -> Self {
        match *method {
            _ if !path.split('/').any(|component| component == "resources") => Self::Session,
            Method::POST => Self::Mount,
            Method::DELETE => Self::Unmount,
            _ => Self::Resources,
        }
    }
}

impl Frequency {
    /// Reads nothing, `*TIMES`, `@RATE%` or `@RATE%!`.
    fn read(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::Times(1));
        }
        if let Some(times) = text.strip_prefix('*') {
            return times.parse().ok().filter(|times| *times > 0).map(Self::Times);
        }
        let rate = text.strip_prefix('@')?;
        let (rate, mercy) = rate.strip_suffix('!').map_or((rate, true), |rate| (rate, false));
        let rate: f64 = rate.strip_suffix('%')?.parse().ok()?;
        let fits = rate > 0.0 && rate <= 100.0;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most a million")]
        fits.then(|| Self::Rate { per_million: (rate * 10_000.0).round() as u32, mercy })
    }
}

/// The head of an upload that reached the server, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRequest {
    /// The name that was sent.
    pub name: String,
    /// The size that was announced.
    pub size_bytes: u64,
    /// When the head was read.
    pub time: Timestamp,
    /// The number of the request among uploads, from 1.
    pub request: u64,
    /// The fault that struck it.
    pub fault: Option<String>,
}

/// An upload as its form's head names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Named {
    name: String,
    size_bytes: u64,
}

/// What is to happen to a request. Handlers find it among the request's extensions.
#[derive(Debug, Clone, Default)]
pub(super) struct Ticket {
    /// The number of the request among those of its operation, from 1.
    pub(super) request: u64,
    /// What strikes it.
    pub(super) effect: Option<Effect>,
    /// The text of that fault.
    pub(super) fault: Option<String>,
    /// Something random that depends on the seed and the request alone.
    draw: u64,
}

/// What decides whether a fault can strike a request.
#[derive(Debug)]
struct Struck {
    operation: Operation,
    named: Option<Named>,
    /// Whether the connection carried a request before.
    reused: bool,
}

/// The faults that are still to strike, and what they need to know.
#[derive(Debug, Default)]
pub(super) struct Faults {
    seed: u64,
    observes: bool,
    state: Mutex<State>,
    /// How many requests followed a redirect.
    pub(super) followed: AtomicU64,
}

#[derive(Debug, Default)]
struct State {
    faults: Vec<(usize, Fault)>,
    requests: HashMap<Operation, u64>,
    strikes: HashMap<Named, u32>,
    in_a_row: HashMap<Operation, u32>,
    uploads: Vec<UploadRequest>,
    last_id: Option<String>,
}

impl Faults {
    /// Takes the faults that strike requests. `observes`: uploads are counted by name.
    pub(super) fn new(faults: Vec<Fault>, seed: u64, observes: bool) -> Self {
        let is_strike = |fault: &Fault| !matches!(fault.effect, Effect::Lag(_));
        let faults: Vec<_> = faults.into_iter().filter(is_strike).enumerate().collect();
        let state = State { faults, ..State::default() };
        Self { seed, observes, state: Mutex::new(state), followed: AtomicU64::default() }
    }

    /// Returns the uploads that were begun.
    pub(super) fn uploads(&self) -> Vec<UploadRequest> {
        self.state().uploads.clone()
    }

    /// Remembers the id that was given out last.
    pub(super) fn note_id(&self, id: &str) {
        self.state().last_id = Some(id.to_owned());
    }

    fn last_id(&self) -> Option<String> {
        self.state().last_id.clone()
    }

    /// Tells whether nothing ever happens.
    fn is_idle(&self) -> bool {
        !self.observes && self.state().faults.is_empty()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self, struck: &Struck, now: Timestamp) -> Ticket {
        let mut state = self.state();
        let number = state.requests.entry(struck.operation).or_default();
        *number += 1;
        let request = *number;
        let found = state.strike(struck, self.seed, request);
        if let Some(named) = struck.named.as_ref().filter(|_| self.observes) {
            state.uploads.push(UploadRequest {
                name: named.name.clone(),
                size_bytes: named.size_bytes,
                time: now,
                request,
                fault: found.as_ref().map(|(_, text)| text.clone()),
            });
        }
        let in_a_row = state.in_a_row.entry(struck.operation).or_default();
        *in_a_row = if found.is_some() { *in_a_row + 1 } else { 0 };
        let draw = draw(self.seed, u64::MAX, request);
        match found {
            Some((effect, text)) => Ticket { request, effect: Some(effect), fault: Some(text), draw },
            None => Ticket { request, draw, ..Ticket::default() },
        }
    }
}

impl State {
    fn strike(&mut self, struck: &Struck, seed: u64, request: u64) -> Option<(Effect, String)> {
        let key = struck.named.as_ref().map(Named::untagged);
        for at in 0..self.faults.len() {
            let (place, fault) = &self.faults[at];
            let is_struck = (fault.operation == Operation::Any || fault.operation == struck.operation)
                && (fault.effect != Effect::ResetReused || struck.reused)
                && (fault.effect != Effect::Then(effect::Then::OldId) || self.last_id.is_some());
            if !is_struck {
                continue;
            }
            let found = (fault.effect, fault.text.clone());
            match fault.frequency {
                Frequency::Times(times) => {
                    match times {
                        1 => drop(self.faults.remove(at)),
                        _ => self.faults[at].1.frequency = Frequency::Times(times - 1),
                    }
                    return Some(found);
                }
                Frequency::Rate { per_million, mercy } => {
                    let place = u64::try_from(*place).unwrap_or_default();
                    if draw(seed, place, request) % PER_MILLION >= u64::from(per_million) {
                        continue;
                    }
                    if mercy && !self.may_strike(struck.operation, key.as_ref()) {
                        return None;
                    }
                    if let Some(key) = key {
                        *self.strikes.entry(key).or_default() += 1;
                    }
                    return Some(found);
                }
            }
        }
        None
    }

    fn may_strike(&self, operation: Operation, key: Option<&Named>) -> bool {
        let strikes = match key {
            Some(key) => self.strikes.get(key),
            None => self.in_a_row.get(&operation),
        };
        strikes.is_none_or(|strikes| *strikes < MERCY)
    }
}

impl Named {
    fn untagged(&self) -> Self {
        Self { name: untagged(&self.name), size_bytes: self.size_bytes }
    }
}

/// Returns a name without its tags: 8 to 16 hexadecimal digits behind a mark, before another mark or at the end.
pub(super) fn untagged(name: &str) -> String {
    let is_digit = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    let is_tag = |piece: &str| (8..=16).contains(&piece.len()) && piece.bytes().all(is_digit);
    let mut kept = String::new();
    let (mut mark, mut rest) = ("", name);
    loop {
        let end = rest.find(['.', '-', '_', '~']).unwrap_or(rest.len());
        if mark.is_empty() || !is_tag(&rest[..end]) {
            kept.push_str(mark);
            kept.push_str(&rest[..end]);
        }
        if end == rest.len() {
            return kept;
        }
        mark = &rest[end..=end];
        rest = &rest[end + 1..];
    }
}

/// Returns a number that looks random and depends on these three alone (the finaliser of SplitMix64).
fn draw(seed: u64, place: u64, request: u64) -> u64 {
    let mix = |mut z: u64| {
        z = z.wrapping_add(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    mix(mix(mix(seed) ^ place) ^ request)
}

/// Returns how long files are not listed yet, if the faults say so.
pub(super) fn lag(faults: &[Fault]) -> Option<Lag> {
    faults.iter().find_map(|fault| match fault.effect {
        Effect::Lag(lag) => Some(lag),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn named(name: &str) -> Struck {
        let named = Named { name: name.to_owned(), size_bytes: 3 };
        Struck { operation: Operation::Upload, named: Some(named), reused: false }
    }

    #[test]
    fn reads_faults_and_nothing_else() {
        let fault: Fault = "any:429+2*3".parse().unwrap();
        let refused = effect::Refused {
            status: axum::http::StatusCode::TOO_MANY_REQUESTS,
            wait: effect::Wait::Seconds(2),
            should_retry: None,
        };
        assert_eq!((fault.operation, fault.effect), (Operation::Any, Effect::Refuse(refused)));
        assert_eq!(fault.frequency, Frequency::Times(3));
        let old = ["upload:529", "list:html", "upload:quota", "content:lose*2", "delete:break", "any:pass"];
        let new = [
            "upload:commit-hang=5s@10%",
            "upload:answer-drip=50ms",
            "upload:commit-late=3*2",
            "upload:commit-500-should-retry+2",
            "upload:429-date+7@0.5%!",
            "list:lag=3",
        ];
        for good in old.into_iter().chain(new).chain(Fault::kinds().iter().map(|kind| kind.name)) {
            assert!(good.parse::<Fault>().is_ok(), "{good}");
        }
        let old = ["", "upload", "upload:", "upload:200", "upload:5", "put:500", "any:500*0", "any:429+x"];
        let new = [
            "upload:500@0%",
            "upload:500@101%",
            "upload:500@10",
            "upload:lag=1s",
            "list:clean-name",
            "upload:commit-hang=61s",
            "upload:500=5s",
            "upload:307+1",
            "upload:429-soon",
            "upload:500*2@10%",
        ];
        for bad in old.into_iter().chain(new) {
            assert!(bad.parse::<Fault>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_are_met_and_repeat_with_their_seed() {
        let faults = |seed| {
            let list = vec!["upload:500@10%".parse().unwrap(), "upload:502@30%".parse().unwrap()];
            let faults = Faults::new(list, seed, false);
            let of = |n: u32| faults.next(&named(&format!("{n}.txt")), now()).fault;
            (0..10_000).map(of).collect::<Vec<_>>()
        };
        let struck = faults(7);
        let count = |text: &str| struck.iter().filter(|fault| fault.as_deref() == Some(text)).count();
        assert!((900..1_100).contains(&count("upload:500@10%")), "{}", count("upload:500@10%"));
        assert!((2_500..2_900).contains(&count("upload:502@30%")), "{}", count("upload:502@30%"));
        assert_eq!(struck, faults(7));
        assert_ne!(struck, faults(8));
    }

    #[test]
    fn mercy_is_counted_by_file_and_can_be_refused() {
        let faults = Faults::new(vec!["upload:500@100%".parse().unwrap()], 0, true);
        let of = |faults: &Faults, name: &str| faults.next(&named(name), now()).effect.is_some();
        let names = ["a.txt", "a.0123abcd45.txt", "a.txt", "b.txt", "b.txt", "b.txt"];
        assert_eq!(names.map(|name| of(&faults, name)), [true, true, false, true, true, false]);
        assert_eq!(faults.uploads().iter().filter(|upload| upload.name == "a.txt").count(), 2);
        let cruel = Faults::new(vec!["upload:500@100%!".parse().unwrap()], 0, false);
        assert_eq!([(); 5].map(|()| of(&cruel, "a.txt")), [true; 5]);
        let lists = Faults::new(vec!["list:500@100%".parse().unwrap()], 0, false);
        let list = || Struck { operation: Operation::List, named: None, reused: false };
        assert_eq!([(); 4].map(|()| lists.next(&list(), now()).effect.is_some()), [true, true, false, true]);
    }

    #[test]
    fn tags_are_told_from_names() {
        for (name, expected) in [
            ("a.txt", "a.txt"),
            ("a-0123456789.txt", "a.txt"),
            ("a.0123abcd.txt", "a.txt"),
            ("a~0123abcd.txt", "a.txt"),
            ("a.txt.0123abcd45ef", "a.txt"),
            ("report-2026.txt", "report-2026.txt"),
            ("0123abcd.txt", "0123abcd.txt"),
        ] {
            assert_eq!(untagged(name), expected, "{name}");
        }
    }
}

//! The checker: what the manifest says against what the server did.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::time::Duration;

use docferry::model::entry::{Entry, Status};
use docferry::model::{Code, Sha256};
use docferry::server::{Commit, CommitOperation, UploadRequest};

use super::expect::Expect;
use super::site::{RETRIES, Ran, Site};

/// What was found, for the figures.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    pub(crate) problems: Vec<String>,
    /// Copies beyond the first of each file that was sent.
    pub(crate) duplicates: usize,
    /// Those of them, and of files that are nobody's, that nothing named.
    pub(crate) unnamed: usize,
    pub(crate) requests: usize,
}

/// Holds one run, the last of its site, against everything that the site's servers did.
pub(crate) fn check(site: &Site, ran: &Ran, expect: &Expect) -> Verdict {
    let mut verdict = Verdict::default();
    let commits = site.commits();
    let alive = alive(&commits);
    let problems = &mut verdict.problems;
    every_input_once(site, &ran.entries, problems);
    let ids = ids_are_right(&ran.entries, &alive, problems);
    exit_fits(ran, problems);
    let uploads = site.uploads();
    attempts_are_bounded(ran, &uploads, expect, problems);
    nobody_hurried(&uploads, problems);
    if site.followed_redirects() > 0 {
        problems.push("a redirect to another host was followed".to_owned());
    }
    if ran.told.contains("panicked") || ran.told.contains("torture-token") {
        problems.push(format!("a panic or the key is told: {}", ran.told));
    }
    let unsure: BTreeSet<Sha256> = ran
        .entries
        .iter()
        .filter(|entry| entry.status == Status::Ambiguous || is_code(entry, "duplicate-id"))
        .filter_map(|entry| Some(entry.output.as_ref()?.sha256))
        .collect();
    let mut copies: HashMap<Sha256, usize> = HashMap::new();
    for commit in alive.values().filter(|commit| commit.operation == CommitOperation::Upload) {
        let sha256 = commit.sha256.unwrap();
        *copies.entry(sha256).or_default() += 1;
        if !ids.contains(commit.id.as_str()) && !site.named.contains(&commit.id) && !unsure.contains(&sha256)
        {
            verdict.unnamed += 1;
            if !expect.may_hide {
                problems.push(format!("a copy that nothing names: {commit:?}"));
            }
        }
    }
    verdict.duplicates = copies.values().map(|count| count - 1).sum();
    if expect.is_truthful && verdict.duplicates > 0 {
        problems.push(format!("{} duplicates where the listing is truthful", verdict.duplicates));
    }
    verdict.requests = uploads.len();
    verdict
}

/// Tells whether an entry failed with a code. An answer that names another file's id says nothing of its own.
fn is_code(entry: &Entry, code: &str) -> bool {
    entry.error.as_ref().is_some_and(|error| error.code.as_str() == code)
}

fn alive(commits: &[Commit]) -> BTreeMap<&str, &Commit> {
    let mut alive = BTreeMap::new();
    for commit in commits {
        let _earlier = match commit.operation {
            CommitOperation::Delete => alive.remove(commit.id.as_str()),
            CommitOperation::Upload
            | CommitOperation::Foreign
            | CommitOperation::Copy
            | CommitOperation::Output => alive.insert(commit.id.as_str(), commit),
        };
    }
    alive
}

fn every_input_once(site: &Site, entries: &[Entry], problems: &mut Vec<String>) {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries {
        *seen.entry(entry.source.path.as_str()).or_default() += 1;
    }
    if entries.len() != site.inputs || seen.len() != site.inputs {
        problems.push(format!(
            "{} entries and {} sources of {} inputs",
            entries.len(),
            seen.len(),
            site.inputs
        ));
    }
    let missing = |path: &&str| !site.folder.path().join(path).is_file();
    if let Some(path) = seen.keys().find(|path| missing(path)) {
        problems.push(format!("`{path}` is no input"));
    }
    for (n, entry) in entries.iter().enumerate() {
        if entry.seq != n as u64 {
            problems.push(format!("entry {n} has the number {}", entry.seq));
            break;
        }
    }
}

/// Returns the ids that the manifest claims.
fn ids_are_right<'a>(
    entries: &'a [Entry],
    alive: &BTreeMap<&str, &Commit>,
    problems: &mut Vec<String>,
) -> BTreeSet<&'a str> {
    let mut owners: BTreeMap<&str, &Entry> = BTreeMap::new();
    for entry in entries {
        let claims = matches!(entry.status, Status::Uploaded | Status::Reused | Status::Adopted);
        let Some(file) = entry.file.as_ref() else {
            if claims {
                problems.push(format!("{} is {:?} without a file", entry.source.path, entry.status));
            }
            continue;
        };
        if !claims {
            continue;
        }
        let output = entry.output.as_ref().unwrap();
        let name = |entry: &Entry| Path::new(&entry.source.path).file_name().unwrap().to_owned();
        match alive.get(file.file_id.as_str()) {
            None => {
                problems.push(format!("LOST: {} is {}, which is not there", entry.source.path, file.file_id));
            }
            Some(commit) if commit.operation != CommitOperation::Upload => {
                problems
                    .push(format!("WRONG ID: {} is {}, another client's", entry.source.path, file.file_id));
            }
            Some(commit)
                if commit.sha256 != Some(output.sha256) || commit.size_bytes != output.size_bytes =>
            {
                problems.push(format!("WRONG ID: {} is {}, other bytes", entry.source.path, file.file_id));
            }
            Some(_) => {}
        }
        if let Some(other) = owners.insert(&file.file_id, entry) {
            let same = other.output.as_ref().unwrap().sha256 == output.sha256 && name(other) == name(entry);
            if !same {
                problems.push(format!("WRONG ID: {} has two owners", file.file_id));
            }
        }
    }
    owners.into_keys().collect()
}

fn exit_fits(ran: &Ran, problems: &mut Vec<String>) {
    let count = |status: Status| ran.entries.iter().filter(|entry| entry.status == status).count();
    let (ambiguous, failed) = (count(Status::Ambiguous), count(Status::Failed) + count(Status::Rejected));
    let fits = match ran.exit {
        Some(0) => ambiguous + failed == 0,
        Some(1) => ambiguous == 0 && failed > 0,
        Some(6) => ambiguous > 0,
        Some(3..=5) => ambiguous + failed > 0,
        _ => false,
    };
    if !fits {
        problems.push(format!(
            "exit {:?} with {ambiguous} ambiguous and {failed} failed: {}",
            ran.exit, ran.told
        ));
    }
}

fn attempts_are_bounded(ran: &Ran, uploads: &[UploadRequest], expect: &Expect, problems: &mut Vec<String>) {
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for upload in uploads {
        *seen.entry(untagged(&upload.name)).or_default() += 1;
    }
    let mut told: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for entry in &ran.entries {
        let name = Path::new(&entry.source.path).file_name().unwrap().to_string_lossy().into_owned();
        let told = told.entry(name).or_default();
        *told = (told.0 + 1, told.1 + u64::from(entry.attempts));
    }
    for (name, count) in seen {
        let (entries, attempts) = told.get(&name).copied().unwrap_or_default();
        let most = entries * (1 + RETRIES) * expect.runs;
        if count > most {
            problems.push(format!("`{name}` was sent {count} times, at most {most} were allowed"));
        }
        if expect.runs == 1 && count > attempts {
            problems.push(format!("`{name}` was sent {count} times, the manifest tells of {attempts}"));
        }
    }
}

/// No sleep is shorter than `Retry-After`: the same file comes back no earlier.
fn nobody_hurried(uploads: &[UploadRequest], problems: &mut Vec<String>) {
    for (n, upload) in uploads.iter().enumerate() {
        let Some(seconds) = upload.fault.as_deref().and_then(retry_after) else { continue };
        // A date counts whole seconds, as does the one it is compared with.
        let earliest = upload.time.plus(Duration::from_secs(seconds));
        let name = untagged(&upload.name);
        let again = uploads[n + 1..].iter().find(|later| untagged(&later.name) == name);
        if again.is_some_and(|again| again.size_bytes == upload.size_bytes && again.time < earliest) {
            problems.push(format!("`{name}` came back before {earliest}"));
        }
    }
}

fn retry_after(fault: &str) -> Option<u64> {
    let (name, wait) = fault.split(['*', '@']).next()?.split_once('+')?;
    let wait: u64 = wait.parse().ok()?;
    Some(if name.ends_with("-date") { wait.saturating_sub(1) } else { wait })
}

/// Takes a tag out of a name: `stem~hhhhhhhh.txt`.
fn untagged(name: &str) -> String {
    let Some((stem, rest)) = name.split_once('~') else { return name.to_owned() };
    let extension = rest.find('.').map_or("", |dot| &rest[dot..]);
    format!("{stem}{extension}")
}

/// Tells whether a run did all there was to do.
pub(crate) fn all_done(ran: &Ran) -> bool {
    let done = |entry: &Entry| matches!(entry.status, Status::Uploaded | Status::Reused | Status::Adopted);
    ran.exit == Some(0) && ran.entries.iter().all(done)
}

/// Tells how many entries have a status, for messages.
pub(crate) fn counts(ran: &Ran) -> String {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for entry in &ran.entries {
        let code: Option<Code> = entry.error.as_ref().map(|error| error.code);
        let text = code.map_or_else(|| entry.status.as_str().to_owned(), |code| code.as_str().to_owned());
        *counts.entry(text).or_default() += 1;
    }
    let unknown = ran.entries.iter().filter(|entry| entry.status == Status::Ambiguous).take(3);
    let unknown = unknown.map(|entry| {
        let message = entry.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
        format!("; {}: {message} ({} attempts)", entry.source.path, entry.attempts)
    });
    format!("exit {:?} {counts:?}{}", ran.exit, unknown.collect::<String>())
}

/// A checker that lets lies pass proves nothing.
#[test]
fn lies_are_seen() {
    let mut site = Site::new(24);
    site.serve(&[], 0);
    let truth = site.run();
    let problems = |site: &Site, change: &dyn Fn(&mut Ran)| {
        let mut ran = Ran { exit: truth.exit, told: truth.told.clone(), entries: truth.entries.clone() };
        change(&mut ran);
        check(site, &ran, &super::expect::well(1)).problems.join("\n")
    };
    assert_eq!(problems(&site, &|_| ()), "");
    let swap = |ran: &mut Ran| {
        let other = ran.entries[5].file.clone();
        ran.entries[5].file = ran.entries[6].file.clone();
        ran.entries[6].file = other;
    };
    assert!(problems(&site, &swap).contains("WRONG ID"));
    let invent = |ran: &mut Ran| ran.entries[5].file.as_mut().unwrap().file_id = "file_nowhere".to_owned();
    let invented = problems(&site, &invent);
    assert!(invented.contains("LOST") && invented.contains("nothing names"), "{invented}");
    let share = |ran: &mut Ran| ran.entries[5].file = ran.entries[6].file.clone();
    assert!(problems(&site, &share).contains("two owners"));
    assert!(problems(&site, &|ran| drop(ran.entries.pop())).contains("23 entries"));
    assert!(problems(&site, &|ran| ran.exit = Some(6)).contains("exit"));
    let fail = |ran: &mut Ran| ran.entries[5].status = Status::Failed;
    let failed = problems(&site, &fail);
    assert!(failed.contains("exit") && failed.contains("nothing names"), "{failed}");
    assert!(problems(&site, &|ran| ran.entries[5].attempts = 0).contains("the manifest tells of 0"));
    assert!(problems(&site, &|ran| ran.told = "torture-token-0123456789".to_owned()).contains("the key"));
    // Stored once more by another run with a state of its own, which the first knows nothing of.
    std::fs::rename(site.state(), site.folder.path().join("forgotten")).unwrap();
    site.run();
    let doubled = problems(&site, &|_| ());
    assert!(doubled.contains("duplicates") && doubled.contains("nothing names"), "{doubled}");
}

#[test]
fn hurry_is_seen() {
    let upload = |second: u32, fault: Option<&str>| UploadRequest {
        name: "a.txt".to_owned(),
        size_bytes: 3,
        time: format!("2026-11-20T10:00:{second:02}Z").parse().unwrap(),
        request: 1,
        fault: fault.map(str::to_owned),
    };
    for (fault, second, is_hurry) in
        [("upload:429+7@10%", 6, true), ("upload:429+7@10%", 7, false), ("upload:429-date+7", 5, true)]
    {
        let mut problems = Vec::new();
        nobody_hurried(&[upload(0, Some(fault)), upload(second, None)], &mut problems);
        assert_eq!(!problems.is_empty(), is_hurry, "{fault}");
    }
    assert_eq!(untagged("a~01234567.txt"), "a.txt");
}

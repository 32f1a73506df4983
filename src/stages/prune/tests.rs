//! What is deleted and what stays.

use std::path::Path;

use globset::{Glob, GlobSetBuilder};

use super::*;
use crate::ledger::OriginRecord;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn now() -> Timestamp {
    "2026-11-30T00:00:00Z".parse().unwrap()
}

fn days_ago(days: u32) -> Timestamp {
    now().minus(DAY * days)
}

fn key(name: &str) -> Sha256 {
    Sha256::of(name.as_bytes())
}

/// A file of 10 bytes that was stored so many days ago under its id as name.
fn file(id: &str, days: u32) -> FileObject {
    FileObject {
        file_id: id.to_owned(),
        filename: format!("{id}.md"),
        size_bytes: 10,
        mime_type: "text/plain".to_owned(),
        created_at: days_ago(days),
        updated_at: None,
        expires_at: None,
        downloadable: Some(false),
        purpose: None,
        status: None,
        scope: None,
        metadata: None,
        request_id: None,
    }
}

fn owned(id: &str, days: u32) -> OwnedFile {
    OwnedFile {
        file: file(id, days),
        upload_key: key(id),
        source: format!("{id}.docx"),
        state: OwnedState::Current,
        used_at: days_ago(days),
    }
}

/// What a path became so many days ago.
fn state(path: &str, days: u32, keys: &[&str], revision: u32) -> OriginRecord {
    OriginRecord {
        path: path.as_bytes().to_vec(),
        judged_at: days_ago(days),
        digest: key(&format!("{path} {days}")),
        keys: keys.iter().map(|id| key(id)).collect(),
        converter: Some(("docx-to-markdown".to_owned(), revision)),
    }
}

/// Plans over these files, as they are listed.
fn plan_of(rules: Rules, listed: &[FileObject], ours: Vec<OwnedFile>, states: Vec<OriginRecord>) -> Plan {
    let place = Place {
        target_id: "anthropic:https://api.example".to_owned(),
        workspace: "default".to_owned(),
        dialect: Dialect::Anthropic,
    };
    let mut planner = Planner::new(rules, place, now());
    listed.iter().for_each(|file| planner.see(file));
    ours.into_iter().for_each(|file| planner.own(file));
    planner.unsettled([("late.md".to_owned(), 10)].into());
    let is_gone = |path: &Path| path.starts_with("/gone");
    states.into_iter().for_each(|state| planner.origin(state, &is_gone));
    planner.finish(&is_gone)
}

/// Plans over our files, all of which are listed; returns ids with reasons.
fn plan(rules: Rules, ours: Vec<OwnedFile>, states: Vec<OriginRecord>) -> Vec<(String, Vec<Reason>)> {
    let files: Vec<_> = ours.iter().map(|owned| owned.file.clone()).collect();
    let plan = plan_of(rules, &files, ours, states);
    plan.delete.into_iter().map(|doomed| (doomed.file_id, doomed.reasons)).collect()
}

fn ids(doomed: &[(String, Vec<Reason>)]) -> Vec<&str> {
    doomed.iter().map(|(id, _)| id.as_str()).collect()
}

#[test]
fn without_a_rule_nothing_goes() {
    assert!(Rules::default().is_empty());
    let states = vec![state("/gone/a", 1, &["a"], 1)];
    assert_eq!(plan(Rules::default(), vec![owned("a", 900)], states), []);
}

#[test]
fn age_and_expiry_are_those_of_the_listing() {
    let mut expired = owned("c", 5);
    expired.file.expires_at = Some(days_ago(1));
    let mut lives = owned("d", 5);
    lives.file.expires_at = Some(now().plus(DAY));
    let rules = Rules { older_than: Some(DAY * 30), expired: true, ..Rules::default() };
    let doomed = plan(rules, vec![owned("a", 30), owned("b", 31), expired, lives], Vec::new());
    assert_eq!(doomed, [("b".to_owned(), vec![Reason::OlderThan]), ("c".to_owned(), vec![Reason::Expired])]);
}

#[test]
fn of_each_source_the_last_contents_stay() {
    let rules = |n| Rules { keep_last: Some(n), ..Rules::default() };
    let ours = || {
        let ids = [("sheet", 9), ("a1", 9), ("a2", 8), ("a3", 7), ("both", 9), ("stdin", 99)];
        ids.map(|(id, days)| owned(id, days)).to_vec()
    };
    // The first sheet did not change; `both` is what another source is today.
    let states = || {
        vec![
            state("/in/a", 7, &["sheet", "a3"], 1),
            state("/in/a", 8, &["sheet", "a2"], 1),
            state("/in/a", 9, &["sheet", "a1", "both"], 1),
            state("/in/b", 9, &["both"], 1),
        ]
    };
    assert_eq!(ids(&plan(rules(1), ours(), states())), ["a1", "a2"]);
    assert_eq!(ids(&plan(rules(2), ours(), states())), ["a1"]);
    assert_eq!(ids(&plan(rules(3), ours(), states())), [""; 0]);
    // What options made of one content is one of its states.
    let same = |mut state: OriginRecord| {
        state.digest = key("content");
        state
    };
    let states = vec![
        same(state("/in/a", 1, &["a1"], 1)),
        state("/in/a", 2, &["a2"], 1),
        same(state("/in/a", 3, &["a3"], 1)),
    ];
    assert_eq!(ids(&plan(rules(1), ours(), states)), ["a2"]);
}

#[test]
fn what_was_never_stored_takes_the_place_of_nothing() {
    let keep = || Rules { keep_last: Some(1), superseded: true, ..Rules::default() };
    let of = |state: OriginRecord| OriginRecord { digest: key("same"), ..state };
    for newest in [state("/in/a", 1, &["new"], 1), of(state("/in/a", 1, &["new"], 2))] {
        let states =
            || vec![newest.clone(), of(state("/in/a", 2, &["old"], 1)), state("/in/a", 3, &["older"], 1)];
        let old = || vec![owned("old", 5), owned("older", 6)];
        // Its upload failed, or is of unknown outcome.
        assert_eq!(ids(&plan(keep(), old(), states())), ["older"]);
        let with = |more: OwnedFile| [old(), vec![more]].concat();
        let mut expired = owned("new", 1);
        expired.file.expires_at = Some(days_ago(0));
        assert_eq!(ids(&plan(keep(), with(expired), states())), ["older"]);
        let open = OwnedFile { state: OwnedState::Open, ..owned("new", 1) };
        assert_eq!(ids(&plan(keep(), with(open), states())), ["older"]);
        // It is known as stored, and the target does not list it.
        let listed: Vec<_> = old().into_iter().map(|owned| owned.file).collect();
        let planned = plan_of(keep(), &listed, with(owned("new", 1)), states());
        assert_eq!(
            planned.delete.iter().map(|doomed| doomed.file_id.as_str()).collect::<Vec<_>>(),
            ["older"]
        );
        assert_eq!(ids(&plan(keep(), with(owned("new", 1)), states())), ["older", "old"]);
    }
}

#[test]
fn a_copy_whose_place_is_not_taken_for_certain_stays_whatever_the_rules_say() {
    let rules = || Rules { older_than: Some(DAY), superseded: true, ..Rules::default() };
    let with = |state| vec![OwnedFile { state, ..owned("a", 9) }];
    assert_eq!(ids(&plan(rules(), with(OwnedState::Open), Vec::new())), [""; 0]);
    assert_eq!(ids(&plan(rules(), with(OwnedState::Replaced), Vec::new())), ["a"]);
}

#[test]
fn a_deletion_that_was_begun_is_done() {
    let condemned = OwnedFile { state: OwnedState::Condemned, ..owned("keep", 0) };
    let rules = Rules { expired: true, ..Rules::default() };
    assert_eq!(plan(rules, vec![condemned], Vec::new()), [("keep".to_owned(), vec![Reason::Unfinished])]);
}

#[test]
fn what_had_use_since_a_run_began_stays() {
    let used = OwnedFile { used_at: days_ago(1), ..owned("used", 9) };
    let rules = Rules { older_than: Some(DAY), unused_since: Some(days_ago(1)), ..Rules::default() };
    assert_eq!(ids(&plan(rules, vec![used, owned("a", 9)], Vec::new())), ["a"]);
}

#[test]
fn only_a_later_revision_of_the_same_converter_supersedes() {
    let rules = || Rules { superseded: true, ..Rules::default() };
    let of = |digest: &str, state: OriginRecord| OriginRecord { digest: key(digest), ..state };
    let states = vec![
        of("a", state("/in/a", 1, &["new"], 3)),
        of("a", state("/in/a", 2, &["same-revision"], 2)),
        of("a", state("/in/a", 3, &["old", "same"], 2)),
        of("other", state("/in/a", 4, &["other-content"], 2)),
        of("b", state("/in/b", 1, &["same"], 3)),
        OriginRecord { converter: None, ..of("c", state("/in/c", 1, &["raw"], 0)) },
        of("c", state("/in/c", 2, &["converted"], 1)),
    ];
    let ours = ["new", "same-revision", "old", "same", "other-content", "raw", "converted"];
    let ours = ours.map(|id| owned(id, 5)).to_vec();
    assert_eq!(ids(&plan(rules(), ours, states)), ["old", "same-revision"]);
    let replaced = OwnedFile { state: OwnedState::Replaced, ..owned("x", 1) };
    assert_eq!(ids(&plan(rules(), vec![replaced, owned("y", 1)], Vec::new())), ["x"]);
}

#[test]
fn a_file_is_orphaned_when_all_of_its_sources_are_gone_and_one_was_known() {
    let rules = Rules { orphaned: true, ..Rules::default() };
    let states = vec![state("/gone/a", 1, &["a", "moved"], 1), state("/in/moved", 1, &["moved"], 1)];
    let ours = vec![owned("a", 5), owned("moved", 5), owned("stdin", 5)];
    assert_eq!(ids(&plan(rules, ours, states)), ["a"]);
}

#[test]
fn a_full_workspace_is_emptied_to_the_low_water_mark() {
    let rules =
        |high, order| Rules { water: Some(Water { max: 100, high, low: 20, order }), ..Rules::default() };
    let ours = || {
        let used = OwnedFile { used_at: days_ago(1), ..owned("used", 40) };
        vec![owned("new", 10), used, owned("old", 30), owned("older", 35), owned("oldest", 38)]
    };
    let oldest = plan(rules(45, PruneOrder::Oldest), ours(), Vec::new());
    assert_eq!(ids(&oldest), ["used", "oldest", "older"]);
    assert!(oldest.iter().all(|(_, reasons)| *reasons == [Reason::LowWater]));
    assert_eq!(ids(&plan(rules(45, PruneOrder::LeastUsed), ours(), Vec::new())), ["oldest", "older", "old"]);
    assert_eq!(ids(&plan(rules(50, PruneOrder::Oldest), ours(), Vec::new())), [""; 0]);
    // What has expired takes no room, and is of no use to make some.
    let mut expired = owned("expired", 99);
    expired.file.expires_at = Some(days_ago(1));
    let with_expired = [ours(), vec![expired]].concat();
    let still = plan(rules(45, PruneOrder::Oldest), with_expired, Vec::new());
    assert_eq!(ids(&still), ["used", "oldest", "older"]);
    // What other rules delete counts.
    let both = Rules { older_than: Some(DAY * 36), ..rules(45, PruneOrder::Oldest) };
    assert_eq!(ids(&plan(both, ours(), Vec::new())), ["used", "oldest"]);
}

#[test]
fn what_is_protected_or_named_otherwise_stays() {
    let glob = |text: &str| Glob::new(text).unwrap();
    let protect = GlobSetBuilder::new().add(glob("keep*")).add(glob("/in/legal/**")).build().unwrap();
    let rules = Rules {
        older_than: Some(DAY),
        protect,
        names: Some(glob("*.md").compile_matcher()),
        ..Rules::default()
    };
    let mut other = owned("other", 9);
    other.file.filename = "other.csv".to_owned();
    let ours = vec![owned("keep", 9), owned("legal", 9), owned("a", 9), other];
    let states = vec![state("/in/legal/x.docx", 9, &["legal"], 1), state("/in/a", 9, &["a"], 1)];
    assert_eq!(ids(&plan(rules, ours, states)), ["a"]);
}

#[test]
fn files_of_others_go_only_when_asked_for_and_never_those_of_sessions_and_tools() {
    let rules = |foreign| Rules { older_than: Some(DAY), foreign, ..Rules::default() };
    let mut session = file("session", 9);
    session.scope = Some("sesn_1".to_owned());
    let mut output = file("output", 9);
    output.downloadable = Some(true);
    let mut purpose = file("purpose", 9);
    purpose.purpose = Some("tool_output".to_owned());
    let mut uploading = file("uploading", 9);
    uploading.status = Some(FileStatus::Uploading);
    let mut resized = file("resized", 9);
    resized.size_bytes = 11;
    let late = file("late", 9);
    let listed = [session, output, purpose, uploading, resized, late, file("foreign", 9), file("a", 9)];
    for (foreign, expected) in [(false, vec!["a"]), (true, vec!["a", "foreign"])] {
        // Pages shift while they are read.
        let listed = [&listed[..], &listed].concat();
        let plan = plan_of(rules(foreign), &listed, vec![owned("a", 9), owned("resized", 9)], Vec::new());
        assert_eq!(plan.delete.iter().map(|doomed| doomed.file_id.as_str()).collect::<Vec<_>>(), expected);
        assert_eq!(plan.considered, expected.len() as u64);
        assert!(!plan.delete[0].foreign);
    }
}

#[test]
fn what_is_not_listed_is_not_deleted() {
    let rules = Rules { older_than: Some(DAY), ..Rules::default() };
    let plan = plan_of(rules, &[], vec![owned("a", 9)], Vec::new());
    assert_eq!((plan.considered, plan.delete.len()), (0, 0));
}

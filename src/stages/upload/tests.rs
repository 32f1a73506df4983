//! Uploads to a target that answers by script, with a clock that only waiting moves.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::sync::{Arc, PoisonError};

use super::attempt::READY_WAITS;
use super::*;
use crate::ledger::{Begun, Intent};
use crate::model::budget::Budgets;
use crate::model::entry::WarningEntry;
use crate::model::{
    Body, Failure, FileName, FileObject, FileStatus, Lineage, MediaType, Profile, Proof, Source,
};
use crate::targets::{FilePage, ListRequest, TargetErrorKind, UploadRequest};

type Answer = Result<FileObject, TargetError>;
type Step = Box<dyn FnOnce(&UploadRequest<'_>) -> Answer + Send>;
type Listing = Result<Vec<FileObject>, TargetError>;

/// Answers uploads, looks and listings in the order of its script. The last listing is given again and again.
struct Scripted {
    profile: Profile,
    uploads: Mutex<VecDeque<Step>>,
    looks: Mutex<VecDeque<Answer>>,
    listings: Mutex<VecDeque<Listing>>,
    names: Mutex<Vec<String>>,
}

impl std::fmt::Debug for Scripted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scripted")
    }
}

impl Target for Scripted {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn target_id(&self) -> &'static str {
        "scripted:"
    }

    fn upload(&self, request: &UploadRequest<'_>) -> Answer {
        self.names.lock().unwrap().push(request.file_name.to_string());
        let step = self.uploads.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        step.unwrap_or_else(|| panic!("the script has no further upload"))(request)
    }

    fn get(&self, file_id: &str) -> Answer {
        assert_eq!(file_id, "file_1");
        self.looks.lock().unwrap().pop_front().unwrap()
    }

    fn list(&self, _request: &ListRequest) -> Result<FilePage, TargetError> {
        let mut listings = self.listings.lock().unwrap();
        let listing = if listings.len() > 1 { listings.pop_front() } else { None };
        let files = match listing.as_ref().or(listings.front()) {
            Some(Ok(files)) => files.clone(),
            Some(Err(error)) => return Err(TargetError::new(error.kind, error.message.clone())),
            None => Vec::new(),
        };
        Ok(FilePage { files, next_cursor: None })
    }

    fn download(&self, _file_id: &str, _out: &mut dyn Write) -> Result<u64, TargetError> {
        Err(TargetError::new(TargetErrorKind::Unsupported, "not in the script"))
    }

    fn delete(&self, _file_id: &str) -> Result<(), TargetError> {
        Err(TargetError::new(TargetErrorKind::Unsupported, "not in the script"))
    }
}

/// A clock that waiting moves.
#[derive(Default)]
struct Slept {
    at: Mutex<Duration>,
    waits: Arc<Mutex<Vec<f32>>>,
    breaks_off: bool,
    /// How far somebody has set back the clock of the day.
    set_back: Arc<Mutex<Duration>>,
}

impl Clock for Slept {
    fn now(&self) -> Timestamp {
        let now = Timestamp::from(UNIX_EPOCH).plus(Duration::from_secs(1_000_000));
        now.minus(*self.set_back.lock().unwrap())
    }

    fn monotonic(&self) -> Duration {
        *self.at.lock().unwrap()
    }

    fn sleep(&self, time: Duration) -> bool {
        self.waits.lock().unwrap().push(time.as_secs_f32());
        *self.at.lock().unwrap() += time;
        !self.breaks_off
    }

    fn random(&self) -> f64 {
        1.0
    }
}

/// Notes what is told.
#[derive(Default)]
struct Heard {
    settled: Mutex<Vec<Sent>>,
    stops: Mutex<Vec<Stop>>,
    notices: Mutex<Vec<String>>,
    doubts: Mutex<Vec<String>>,
}

impl Listener<()> for Heard {
    fn settled(&self, _ticket: (), sent: Sent) {
        self.settled.lock().unwrap().push(sent);
    }

    fn resting(&self, _ticket: &mut ()) {}

    fn doubted(&self, file_id: &str) {
        self.doubts.lock().unwrap().push(file_id.to_owned());
    }

    fn stop(&self, stop: Stop) {
        self.stops.lock().unwrap().push(stop);
    }

    fn why_not(&self) -> Option<Code> {
        (!self.stops.lock().unwrap().is_empty()).then_some(Code::NotAttempted)
    }

    fn notice(&self, message: String) {
        self.notices.lock().unwrap().push(message);
    }
}

/// What a target answers to the payload of these tests.
fn object() -> FileObject {
    FileObject {
        file_id: "file_1".to_owned(),
        filename: "a.txt".to_owned(),
        size_bytes: 3,
        mime_type: "text/plain".to_owned(),
        created_at: Slept::default().now(),
        updated_at: None,
        expires_at: None,
        downloadable: None,
        purpose: None,
        status: None,
        scope: None,
        metadata: None,
        request_id: Some("req_1".to_owned()),
    }
}

fn with_status(status: FileStatus) -> FileObject {
    FileObject { status: Some(status), ..object() }
}

fn named(id: &str, name: &str) -> FileObject {
    FileObject { file_id: id.to_owned(), filename: name.to_owned(), ..object() }
}

/// Reads the body, as every target does, and answers.
fn reads(answer: Answer) -> Step {
    Box::new(move |request| {
        io::copy(&mut request.content.open().unwrap(), &mut io::sink()).unwrap();
        answer
    })
}

fn fails(kind: TargetErrorKind) -> Step {
    reads(Err(TargetError::new(kind, "the answer")))
}

/// Answers with the name that was sent.
fn stores(id: &'static str) -> Step {
    Box::new(move |request| {
        io::copy(&mut request.content.open().unwrap(), &mut io::sink()).unwrap();
        Ok(named(id, request.file_name.as_str()))
    })
}

fn payload() -> Payload {
    let digest = Sha256::of(b"abc");
    Payload {
        pages: None,
        seq: 0,
        part: 0,
        file_name: FileName::parse("a.txt").unwrap(),
        media_type: MediaType::TEXT_PLAIN,
        size_bytes: 3,
        digest,
        body: Body::Bytes(b"abc"[..].into()),
        lineage: Lineage {
            source: Source::Path("a.txt".into()),
            source_digest: digest,
            converter: None,
            part_label: None,
            warnings: Vec::new(),
        },
    }
}

fn key() -> Sha256 {
    Sha256::of(b"the key")
}

/// A script, and how it is played.
struct Play {
    profile: &'static str,
    shared_writers: bool,
    uploads: Vec<Step>,
    looks: Vec<Answer>,
    listings: Vec<Listing>,
    breaks_off: bool,
    retries: u32,
    run_id: &'static str,
    set_back: Arc<Mutex<Duration>>,
}

impl Default for Play {
    fn default() -> Self {
        Self {
            profile: "anthropic",
            shared_writers: false,
            uploads: Vec::new(),
            looks: Vec::new(),
            listings: Vec::new(),
            breaks_off: false,
            retries: 2,
            run_id: "run_1",
            set_back: Arc::default(),
        }
    }
}

/// What a play came to.
struct Played {
    sent: Sent,
    waits: Vec<f32>,
    stops: Vec<Stop>,
    names: Vec<String>,
    doubts: Vec<String>,
}

impl Play {
    fn uploads(uploads: Vec<Step>) -> Self {
        Self { uploads, ..Self::default() }
    }

    fn run(self) -> Played {
        self.run_with(&Ledger::ephemeral().unwrap())
    }

    /// Sends `abc`, and makes sure that all of the script was played.
    fn run_with(self, ledger: &Ledger) -> Played {
        let mut profile = crate::targets::profiles::built_in(self.profile).unwrap();
        profile.shared_writers = self.shared_writers;
        // How full it is would be measured by a listing of its own.
        profile.limits.max_workspace_bytes = None;
        let target = Scripted {
            profile,
            uploads: Mutex::new(self.uploads.into()),
            looks: Mutex::new(self.looks.into()),
            listings: Mutex::new(self.listings.into()),
            names: Mutex::default(),
        };
        let clock = Slept { breaks_off: self.breaks_off, set_back: self.set_back, ..Slept::default() };
        let waits = Arc::clone(&clock.waits);
        let options = UploadOptions {
            extra: UploadExtra::default(),
            retries: self.retries,
            max_wait: Duration::from_secs(60),
            listing_grace: Duration::ZERO,
            name_tag: NameTag::Auto,
            acceptance: None,
            force: false,
            min_ttl: Duration::ZERO,
            verify: VerifyRemote::Auto,
            requests_per_minute: None,
            high_water: HighWater::default(),
            budget: RunBudget::new(&Budgets::default(), || Duration::ZERO),
            charges_requests: false,
            state_dir: None,
            concurrency: 1,
            run_id: self.run_id.to_owned(),
            clock: Box::new(clock),
        };
        let scope = ledger.scope(target.target_id(), "default").unwrap();
        let heard = Heard::default();
        let uploader = Uploader::new(&target, (ledger, scope), &options, &heard);
        std::thread::scope(|threads| {
            uploader.start(threads);
            uploader.push(Job {
                payload: Box::new(payload()),
                key: key(),
                charges: Charges::default(),
                ticket: (),
            });
            uploader.close();
        });
        drop(uploader);
        assert!(target.uploads.lock().unwrap().is_empty(), "the whole script was played");
        assert!(target.looks.lock().unwrap().is_empty(), "the whole script was played");
        let mut settled = heard.settled.into_inner().unwrap();
        assert_eq!(settled.len(), 1);
        // The last look at the listing waits for a grace that is nothing here.
        let waits = waits.lock().unwrap().iter().copied().filter(|wait| *wait > 0.0).collect();
        Played {
            sent: settled.remove(0),
            waits,
            stops: heard.stops.into_inner().unwrap(),
            doubts: heard.doubts.into_inner().unwrap(),
            names: target.names.into_inner().unwrap(),
        }
    }
}

fn code(sent: &Sent) -> Option<Code> {
    match &sent.outcome {
        Outcome::Failed(Failure { code, .. }) => Some(*code),
        Outcome::Ambiguous(attempt) => Some(attempt.failure.code),
        _ => None,
    }
}

fn tagged(sends: u32) -> String {
    format!("a~{}.txt", tag(&key(), sends))
}

#[test]
fn a_file_that_is_still_taken_in_is_looked_at_until_it_is_ready() {
    let gone = || Err(TargetError::new(TargetErrorKind::Connect, "no answer"));
    let looks = vec![Ok(with_status(FileStatus::Uploading)), gone(), Ok(with_status(FileStatus::Ready))];
    let play = Play { looks, ..Play::uploads(vec![reads(Ok(with_status(FileStatus::Uploading)))]) };
    let Played { sent, waits, .. } = play.run();
    let Outcome::Uploaded(file) = &sent.outcome else { panic!("{sent:?}") };
    assert_eq!((file.status.as_ref(), file.request_id.as_deref()), (Some(&FileStatus::Ready), Some("req_1")));
    assert_eq!(waits.iter().sum::<f32>(), 3.0);
    assert_eq!((sent.attempts, sent.possible_orphans.len()), (1, 0));
}

#[test]
fn a_file_that_never_gets_ready_keeps_its_id() {
    let still = || Ok(with_status(FileStatus::Uploading));
    let looks = READY_WAITS.map(|_| still()).into();
    let Played { sent, .. } = Play { looks, ..Play::uploads(vec![reads(still())]) }.run();
    assert_eq!(code(&sent), Some(Code::NotReady));
    assert_eq!(sent.possible_orphans, ["file_1"]);
}

#[test]
fn a_file_that_the_platform_gave_up_keeps_its_id() {
    for status in [FileStatus::Error, FileStatus::Deleted] {
        let Played { sent, waits, .. } = Play::uploads(vec![reads(Ok(with_status(status)))]).run();
        assert_eq!((code(&sent), waits.len()), (Some(Code::ProcessingFailed), 0));
        assert_eq!(sent.possible_orphans, ["file_1"]);
    }
}

#[test]
fn another_size_is_no_success_and_keeps_its_id() {
    let sent = Play::uploads(vec![reads(Ok(FileObject { size_bytes: 4, ..object() }))]).run().sent;
    assert_eq!(code(&sent), Some(Code::IntegrityMismatch));
    assert_eq!(sent.possible_orphans, ["file_1"]);
}

#[test]
fn bytes_that_were_not_all_sent_are_no_success() {
    let half: Step = Box::new(|request| {
        let mut body = request.content.open().unwrap().take(2);
        io::copy(&mut body, &mut io::sink()).unwrap();
        Ok(object())
    });
    let sent = Play::uploads(vec![half]).run().sent;
    assert_eq!(code(&sent), Some(Code::Changed));
    assert_eq!(sent.possible_orphans, ["file_1"]);
}

#[test]
fn another_name_or_media_type_is_told() {
    let stored = FileObject { filename: "b\n.txt".into(), mime_type: "text/html".into(), ..object() };
    let sent = Play::uploads(vec![reads(Ok(stored))]).run().sent;
    assert!(matches!(sent.outcome, Outcome::Uploaded(_)));
    let told: Vec<_> = sent.warnings.iter().map(|w: &WarningEntry| (w.code, w.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (Code::NameChanged, "stored as `b\\n.txt`"),
            (Code::MediaTypeChanged, "text/plain was sent, text/html is stored")
        ]
    );
    let stored = FileObject { mime_type: "TEXT/Plain".into(), ..object() };
    let sent = Play::uploads(vec![reads(Ok(stored))]).run().sent;
    assert_eq!(sent.warnings.len(), 0, "the case of a media type says nothing");
}

#[test]
fn what_cannot_have_been_stored_is_sent_again_and_counted() {
    let script =
        vec![fails(TargetErrorKind::Connect), fails(TargetErrorKind::BrokenBeforeEnd), reads(Ok(object()))];
    let Played { sent, waits, .. } = Play::uploads(script).run();
    assert!(matches!(sent.outcome, Outcome::Uploaded(_)));
    assert_eq!((sent.attempts, &*waits), (3, &[0.5, 1.0][..]));
}

#[test]
fn attempts_come_to_an_end() {
    let script = (0..3).map(|_| fails(TargetErrorKind::Connect)).collect();
    let Played { sent, waits, .. } = Play::uploads(script).run();
    assert_eq!((code(&sent), sent.attempts, waits.len()), (Some(Code::UploadFailed), 3, 2));
}

#[test]
fn an_interrupt_ends_the_wait_for_another_attempt() {
    let play = Play { breaks_off: true, ..Play::uploads(vec![fails(TargetErrorKind::Connect)]) };
    let sent = play.run().sent;
    assert_eq!((code(&sent), sent.attempts), (Some(Code::Interrupted), 1));
}

fn limited(seconds: u64) -> Step {
    let retry_after = Some(Duration::from_secs(seconds));
    reads(Err(TargetError { retry_after, ..TargetError::new(TargetErrorKind::RateLimited, "429") }))
}

#[test]
fn a_wait_that_the_target_asks_for_is_never_slept_short() {
    let Played { sent, waits, .. } = Play::uploads(vec![limited(60), reads(Ok(object()))]).run();
    assert_eq!(sent.attempts, 2);
    assert!(waits.iter().sum::<f32>() >= 60.0, "{waits:?}");
}

#[test]
fn a_wait_that_is_too_long_stops_the_run() {
    let Played { sent, waits, stops, .. } = Play::uploads(vec![limited(61)]).run();
    assert_eq!((code(&sent), waits.len()), (Some(Code::UploadFailed), 0));
    assert!(matches!(&stops[..], [Stop::Exhausted(Exhausted::TooLong { .. })]), "{stops:?}");
}

#[test]
fn waits_for_a_slower_pace_are_not_counted_as_tries() {
    let mut script: Vec<Step> = (0..6).map(|_| limited(1)).collect();
    script.push(reads(Ok(object())));
    let sent = Play::uploads(script).run().sent;
    assert!(matches!(sent.outcome, Outcome::Uploaded(_)), "{sent:?}");
    assert_eq!(sent.attempts, 7);
}

#[test]
fn should_retry_decides_where_nothing_can_have_been_stored_and_nowhere_else() {
    let told = |kind, should_retry| -> Step {
        reads(Err(TargetError { should_retry: Some(should_retry), ..TargetError::new(kind, "told") }))
    };
    let sent = Play::uploads(vec![told(TargetErrorKind::RateLimited, false)]).run().sent;
    assert_eq!((code(&sent), sent.attempts), (Some(Code::UploadFailed), 1));
    let sent = Play::uploads(vec![told(TargetErrorKind::Refused, true), reads(Ok(object()))]).run().sent;
    assert_eq!((code(&sent), sent.attempts), (None, 2));
    let play = Play {
        listings: vec![Ok(vec![object()])],
        ..Play::uploads(vec![told(TargetErrorKind::ServerFault, true)])
    };
    let sent = play.run().sent;
    assert!(matches!(sent.outcome, Outcome::Adopted(_, Proof::SoleCandidate)), "{sent:?}");
    assert_eq!(sent.attempts, 1);
}

#[test]
fn what_may_have_been_stored_is_looked_for_and_adopted() {
    use TargetErrorKind as K;
    for kind in [K::BrokenAfterEnd, K::ServerFault, K::Protocol] {
        let listings = vec![Ok(Vec::new()), Ok(vec![named("file_9", "other.txt"), object()])];
        let Played { sent, names, .. } = Play { listings, ..Play::uploads(vec![fails(kind)]) }.run();
        let Outcome::Adopted(file, Proof::SoleCandidate) = &sent.outcome else { panic!("{kind:?} {sent:?}") };
        assert_eq!((file.file_id.as_str(), sent.attempts, names.len()), ("file_1", 1, 1));
        assert!(sent.possible_orphans.is_empty());
    }
}

#[test]
fn an_answer_without_an_id_and_a_panic_leave_the_outcome_open() {
    let nameless = reads(Ok(FileObject { file_id: String::new(), ..object() }));
    for step in [nameless, Box::new(|_: &UploadRequest<'_>| panic!("a defect"))] {
        let sent = Play { listings: vec![Ok(vec![object()])], ..Play::uploads(vec![step]) }.run().sent;
        assert!(matches!(sent.outcome, Outcome::Adopted(..)), "{sent:?}");
    }
}

#[test]
fn what_is_not_found_is_sent_again_under_a_name_of_its_own() {
    let play = Play::uploads(vec![fails(TargetErrorKind::ServerFault), stores("file_2")]);
    let Played { sent, names, .. } = play.run();
    assert!(matches!(&sent.outcome, Outcome::Uploaded(file) if file.file_id == "file_2"), "{sent:?}");
    assert_eq!(names, ["a.txt".to_owned(), tagged(1)]);
    assert_eq!((sent.sent_name, sent.attempts), (Some(tagged(1)), 2));
    assert!(sent.possible_orphans.is_empty());
}

#[test]
fn a_copy_that_the_listing_hid_is_named_at_the_end() {
    let late = || Ok(vec![named("file_late", "a.txt")]);
    let listings = vec![Ok(Vec::new()), Ok(Vec::new()), late()];
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd), stores("file_2")];
    let sent = Play { listings, ..Play::uploads(uploads) }.run().sent;
    assert!(matches!(sent.outcome, Outcome::Uploaded(_)), "{sent:?}");
    assert_eq!(sent.possible_orphans, ["file_late"]);
}

#[test]
fn two_candidates_prove_nothing() {
    let listings = vec![Ok(vec![object(), named("file_x", "a.txt")])];
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd), stores("file_2")];
    let sent = Play { listings, ..Play::uploads(uploads) }.run().sent;
    assert!(matches!(&sent.outcome, Outcome::Uploaded(file) if file.file_id == "file_2"), "{sent:?}");
    let mut orphans = sent.possible_orphans;
    orphans.sort();
    assert_eq!(orphans, ["file_1", "file_x"]);
}

#[test]
fn with_other_writers_being_the_only_candidate_proves_nothing() {
    let listings = vec![Ok(vec![object()])];
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd), stores("file_2")];
    let sent = Play { listings, shared_writers: true, ..Play::uploads(uploads) }.run().sent;
    assert!(matches!(&sent.outcome, Outcome::Uploaded(file) if file.file_id == "file_2"), "{sent:?}");
    assert_eq!(sent.possible_orphans, ["file_1"]);
}

#[test]
fn a_tag_proves_whose_a_file_is() {
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd), fails(TargetErrorKind::BrokenAfterEnd)];
    let listings = vec![Ok(Vec::new()), Ok(Vec::new()), Ok(vec![named("file_2", &tagged(1)), object()])];
    let sent = Play { listings, ..Play::uploads(uploads) }.run().sent;
    let Outcome::Adopted(file, Proof::NameTag) = &sent.outcome else { panic!("{sent:?}") };
    assert_eq!((file.file_id.as_str(), &*sent.possible_orphans), ("file_2", &["file_1".to_owned()][..]));
}

#[test]
fn our_key_in_the_metadata_proves_whose_a_file_is() {
    let marked = |id: &str, key: &str| FileObject {
        metadata: Some(serde_json::json!({ held::METADATA_KEY: key })),
        ..named(id, "a.txt")
    };
    let ours = key().to_string();
    let listings = vec![Ok(vec![marked("file_x", "another"), marked("file_1", &ours)])];
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd)];
    let sent = Play { profile: "qoder", listings, ..Play::uploads(uploads) }.run().sent;
    assert!(
        matches!(&sent.outcome, Outcome::Adopted(file, Proof::Metadata) if file.file_id == "file_1"),
        "{sent:?}"
    );
    assert!(sent.possible_orphans.is_empty());
}

#[test]
fn a_clock_that_is_set_back_hides_nothing() {
    let set_back = Arc::new(Mutex::new(Duration::ZERO));
    let hour = Duration::from_secs(3600);
    let setting = Arc::clone(&set_back);
    let lost: Step = Box::new(move |request| {
        io::copy(&mut request.content.open().unwrap(), &mut io::sink()).unwrap();
        *setting.lock().unwrap() = hour;
        Err(TargetError::new(TargetErrorKind::BrokenAfterEnd, "lost"))
    });
    let stored = FileObject { created_at: object().created_at.minus(hour), ..object() };
    let play = Play { set_back, listings: vec![Ok(vec![stored])], ..Play::uploads(vec![lost]) };
    let sent = play.run().sent;
    assert!(matches!(sent.outcome, Outcome::Adopted(_, Proof::SoleCandidate)), "{sent:?}");
}

#[test]
fn what_was_there_before_or_comes_from_the_future_is_no_candidate() {
    let at = object().created_at;
    for created_at in [at.minus(Duration::from_secs(60)), at.plus(Duration::from_secs(60))] {
        let listings = vec![Ok(vec![FileObject { created_at, ..object() }])];
        let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd), stores("file_2")];
        let sent = Play { listings, ..Play::uploads(uploads) }.run().sent;
        assert!(matches!(&sent.outcome, Outcome::Uploaded(file) if file.file_id == "file_2"), "{sent:?}");
    }
}

#[test]
fn what_stays_unknown_is_said_and_never_sent_again_blindly() {
    let unreadable = || Err(TargetError::new(TargetErrorKind::Unsupported, "no listing"));
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd)];
    let Played { sent, names, .. } = Play { listings: vec![unreadable()], ..Play::uploads(uploads) }.run();
    assert_eq!((code(&sent), names.len()), (Some(Code::UploadAmbiguous), 1));
}

#[test]
fn the_next_run_finds_out_what_became_of_it() {
    let ledger = Ledger::ephemeral().unwrap();
    let unreadable = || Err(TargetError::new(TargetErrorKind::Unsupported, "no listing"));
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd)];
    let first = Play { listings: vec![unreadable()], ..Play::uploads(uploads) }.run_with(&ledger).sent;
    assert!(matches!(first.outcome, Outcome::Ambiguous(_)));
    let second = Play { listings: vec![Ok(vec![object()])], run_id: "run_2", ..Play::default() }
        .run_with(&ledger)
        .sent;
    assert!(matches!(second.outcome, Outcome::Adopted(_, Proof::SoleCandidate)), "{second:?}");
    let third = Play { run_id: "run_3", ..Play::default() }.run_with(&ledger).sent;
    assert!(matches!(&third.outcome, Outcome::Reused(file) if file.file_id == "file_1"), "{third:?}");
}

#[test]
fn what_another_upload_stores_is_no_copy_of_a_like_name() {
    let ledger = Ledger::ephemeral().unwrap();
    let scope = ledger.scope("scripted:", "default").unwrap();
    let other = Intent {
        upload_key: Sha256::of(b"another key"),
        source: "A_.txt".to_owned(),
        file_name: "A_.txt".to_owned(),
        tagged_name: "A_~0.txt".to_owned(),
        size_bytes: 3,
        media_type: "text/plain".to_owned(),
        digest: Sha256::of(b"xyz"),
        run_id: "run_1".to_owned(),
        sent_at: object().created_at,
        good_after: None,
        force: false,
        name_tag: NameTag::Auto,
        charges: Charges::default(),
    };
    let Begun::Send { attempt, .. } = ledger.begin(scope, &other).unwrap() else { panic!() };
    let stored = named("file_9", "A_.txt");
    let uploads = vec![fails(TargetErrorKind::BrokenAfterEnd), stores("file_2")];
    let play = Play { listings: vec![Ok(vec![stored.clone()])], ..Play::uploads(uploads) };
    let Played { sent, .. } = play.run_with(&ledger);
    assert!(matches!(&sent.outcome, Outcome::Uploaded(file) if file.file_id == "file_2"), "{sent:?}");
    assert!(sent.possible_orphans.is_empty(), "{sent:?}");
    ledger.finish(attempt, &stored, None, &[]).unwrap();
}

#[test]
fn an_id_that_was_given_before_stops_the_run() {
    let ledger = Ledger::ephemeral().unwrap();
    let scope = ledger.scope("scripted:", "default").unwrap();
    let other = Sha256::of(b"another key");
    ledger.note_orphans(scope, &other, &[object()]).unwrap();
    let Played { sent, stops, doubts, .. } = Play::uploads(vec![reads(Ok(object()))]).run_with(&ledger);
    assert!(matches!(sent.outcome, Outcome::Ambiguous(_)), "{sent:?}");
    assert!(doubts.is_empty(), "nothing that this run stored");
    assert_eq!((code(&sent), sent.possible_orphans.len()), (Some(Code::DuplicateId), 0));
    assert!(matches!(&stops[..], [Stop::Ledger(LedgerError::DuplicateId { .. })]), "{stops:?}");
}

#[test]
fn a_refusal_is_this_files_or_the_runs() {
    let Played { sent, stops, .. } = Play::uploads(vec![fails(TargetErrorKind::TooLarge)]).run();
    assert_eq!((code(&sent), stops.len()), (Some(Code::UploadRefused), 0));
    let Played { sent, stops, .. } = Play::uploads(vec![fails(TargetErrorKind::Body)]).run();
    assert_eq!((code(&sent), stops.len()), (Some(Code::Changed), 0));
    let Played { sent, stops, .. } = Play::uploads(vec![fails(TargetErrorKind::Unauthenticated)]).run();
    assert_eq!((code(&sent), sent.attempts), (Some(Code::UploadFailed), 1));
    let [Stop::Target(error)] = &stops[..] else { panic!("{stops:?}") };
    assert_eq!(error.kind, TargetErrorKind::Unauthenticated);
}

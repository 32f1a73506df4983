//! Uploads to a target that answers by script.

use std::collections::VecDeque;
use std::io::Write;

use super::*;
use crate::model::{Body, FileName, Lineage, MediaType, Profile, Source};
use crate::targets::{FilePage, ListRequest};

type Answer = Result<FileObject, TargetError>;
type Step = Box<dyn FnOnce(&UploadRequest<'_>) -> Answer + Send>;

/// Answers uploads and looks in the order of its script; more calls than answers are a panic.
struct Scripted {
    profile: Profile,
    uploads: Mutex<VecDeque<Step>>,
    looks: Mutex<VecDeque<Answer>>,
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
        let step = self.uploads.lock().unwrap().pop_front().unwrap();
        step(request)
    }

    fn get(&self, file_id: &str) -> Answer {
        assert_eq!(file_id, "file_1");
        self.looks.lock().unwrap().pop_front().unwrap()
    }

    fn list(&self, _request: &ListRequest) -> Result<FilePage, TargetError> {
        Err(TargetError::new(TargetErrorKind::Unsupported, "not in the script"))
    }

    fn download(&self, _file_id: &str, _out: &mut dyn Write) -> Result<u64, TargetError> {
        Err(TargetError::new(TargetErrorKind::Unsupported, "not in the script"))
    }

    fn delete(&self, _file_id: &str) -> Result<(), TargetError> {
        Err(TargetError::new(TargetErrorKind::Unsupported, "not in the script"))
    }
}

/// What a target answers to the payload of these tests.
fn object() -> FileObject {
    FileObject {
        file_id: "file_1".to_owned(),
        filename: "a.txt".to_owned(),
        size_bytes: 3,
        mime_type: "text/plain".to_owned(),
        created_at: Timestamp::from(std::time::UNIX_EPOCH),
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

/// Reads the body, as every target does, and answers.
fn reads(answer: Answer) -> Step {
    Box::new(move |request| {
        io::copy(&mut (request.open)().unwrap(), &mut io::sink()).unwrap();
        answer
    })
}

fn fails(kind: TargetErrorKind) -> Step {
    reads(Err(TargetError::new(kind, "the answer")))
}

/// Sends `abc` and returns what became of it, and the seconds that were waited for.
fn send(uploads: Vec<Step>, looks: Vec<Answer>) -> (Sent, Vec<f32>) {
    send_waiting(uploads, looks, true)
}

fn send_waiting(uploads: Vec<Step>, looks: Vec<Answer>, goes_on: bool) -> (Sent, Vec<f32>) {
    let profile = crate::targets::profiles::built_in("local").unwrap();
    let target = Scripted { profile, uploads: Mutex::new(uploads.into()), looks: Mutex::new(looks.into()) };
    let digest = Sha256::of(b"abc");
    let payload = Payload {
        seq: 0,
        part: 0,
        file_name: FileName::parse("a.txt").unwrap(),
        media_type: MediaType::TEXT_PLAIN,
        size_bytes: 3,
        digest,
        body: Body::Bytes(Arc::from(&b"abc"[..])),
        lineage: Lineage {
            source: Source::Path("a.txt".into()),
            source_digest: digest,
            converter: None,
            part_label: None,
            warnings: Vec::new(),
        },
    };
    let waits = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&waits);
    let wait = Box::new(move |time: Duration| {
        seen.lock().unwrap().push(time.as_secs_f32());
        goes_on
    });
    let sent = upload(&payload, &target, &UploadOptions { extra: UploadExtra::default(), retries: 2, wait });
    assert!(target.uploads.lock().unwrap().is_empty(), "the whole script was played");
    assert!(target.looks.lock().unwrap().is_empty(), "the whole script was played");
    let waits = waits.lock().unwrap().clone();
    (sent, waits)
}

fn code(sent: &Sent) -> Option<Code> {
    match &sent.outcome {
        Outcome::Failed(failure) => Some(failure.code),
        Outcome::Ambiguous(attempt) => Some(attempt.failure.code),
        _ => None,
    }
}

#[test]
fn a_file_that_is_still_taken_in_is_looked_at_until_it_is_ready() {
    let gone = || Err(TargetError::new(TargetErrorKind::Connect, "no answer"));
    let looks = vec![Ok(with_status(FileStatus::Uploading)), gone(), Ok(with_status(FileStatus::Ready))];
    let (sent, waits) = send(vec![reads(Ok(with_status(FileStatus::Uploading)))], looks);
    let Outcome::Uploaded(file) = &sent.outcome else { panic!("{sent:?}") };
    assert_eq!((file.status.as_ref(), file.request_id.as_deref()), (Some(&FileStatus::Ready), Some("req_1")));
    assert_eq!(waits, [0.0, 1.0, 2.0]);
    assert_eq!((sent.attempts, sent.possible_orphans.len()), (1, 0));
}

#[test]
fn what_the_last_look_says_counts() {
    let still = || Ok(with_status(FileStatus::Uploading));
    let mut looks: Vec<Answer> = (1..READY_WAITS.len()).map(|_| still()).collect();
    looks.push(Ok(with_status(FileStatus::Ready)));
    let (sent, _) = send(vec![reads(still())], looks);
    assert!(matches!(sent.outcome, Outcome::Uploaded(_)), "{sent:?}");
}

#[test]
fn a_file_that_never_gets_ready_keeps_its_id() {
    let still = || Ok(with_status(FileStatus::Uploading));
    let (sent, waits) = send(vec![reads(still())], READY_WAITS.map(|_| still()).into());
    assert_eq!((code(&sent), waits.len()), (Some(Code::NotReady), READY_WAITS.len()));
    assert_eq!(sent.possible_orphans, ["file_1"]);
}

#[test]
fn a_file_that_the_platform_gave_up_keeps_its_id() {
    for status in [FileStatus::Error, FileStatus::Deleted] {
        let (sent, waits) = send(vec![reads(Ok(with_status(status)))], Vec::new());
        assert_eq!((code(&sent), waits.len()), (Some(Code::ProcessingFailed), 0));
        assert_eq!(sent.possible_orphans, ["file_1"]);
    }
}

#[test]
fn another_size_is_no_success_and_keeps_its_id() {
    let (sent, _) = send(vec![reads(Ok(FileObject { size_bytes: 4, ..object() }))], Vec::new());
    assert_eq!(code(&sent), Some(Code::IntegrityMismatch));
    assert_eq!(sent.possible_orphans, ["file_1"]);
}

#[test]
fn another_name_or_media_type_is_told() {
    let stored = FileObject { filename: "b\n.txt".into(), mime_type: "text/html".into(), ..object() };
    let (sent, _) = send(vec![reads(Ok(stored))], Vec::new());
    assert!(matches!(sent.outcome, Outcome::Uploaded(_)));
    let told: Vec<_> = sent.warnings.iter().map(|w| (w.code, w.message.as_str())).collect();
    assert_eq!(
        told,
        [
            (Code::NameChanged, "stored as `b\\n.txt`"),
            (Code::MediaTypeChanged, "text/plain was sent, text/html is stored")
        ]
    );
    let (sent, _) = send(vec![reads(Ok(FileObject { mime_type: "TEXT/Plain".into(), ..object() }))], vec![]);
    assert_eq!(sent.warnings.len(), 0, "the case of a media type says nothing");
}

#[test]
fn what_cannot_have_been_stored_is_sent_again_and_counted() {
    let script =
        vec![fails(TargetErrorKind::Connect), fails(TargetErrorKind::BrokenBeforeEnd), reads(Ok(object()))];
    let (sent, waits) = send(script, Vec::new());
    assert!(matches!(sent.outcome, Outcome::Uploaded(_)));
    assert_eq!((sent.attempts, &*waits), (3, &[0.5, 1.0][..]));
}

#[test]
fn attempts_come_to_an_end() {
    let script = (0..3).map(|_| fails(TargetErrorKind::Connect)).collect();
    let (sent, waits) = send(script, Vec::new());
    assert_eq!((code(&sent), sent.attempts, waits.len()), (Some(Code::UploadFailed), 3, 2));
    assert_eq!(sent.kind, Some(TargetErrorKind::Connect));
}

#[test]
fn a_wait_that_the_target_asks_for_is_kept_or_not_begun() {
    let limited = |seconds| -> Step {
        let retry_after = Some(Duration::from_secs(seconds));
        reads(Err(TargetError { retry_after, ..TargetError::new(TargetErrorKind::RateLimited, "429") }))
    };
    let (sent, waits) = send(vec![limited(60), reads(Ok(object()))], Vec::new());
    assert_eq!((sent.attempts, &*waits), (2, &[60.0][..]));
    let (sent, waits) = send(vec![limited(61)], Vec::new());
    assert_eq!((code(&sent), waits.len()), (Some(Code::UploadFailed), 0));
}

#[test]
fn an_interrupt_ends_the_wait_for_another_attempt() {
    let (sent, waits) = send_waiting(vec![fails(TargetErrorKind::Connect)], Vec::new(), false);
    assert_eq!((code(&sent), sent.attempts, waits.len()), (Some(Code::UploadFailed), 1, 1));
}

#[test]
fn what_may_have_been_stored_is_never_sent_again() {
    use TargetErrorKind as K;
    for kind in [K::BrokenAfterEnd, K::ServerFault, K::Protocol] {
        let (sent, waits) = send(vec![fails(kind)], Vec::new());
        assert!(matches!(sent.outcome, Outcome::Ambiguous(_)), "{kind:?}");
        assert_eq!((sent.attempts, waits.len()), (1, 0), "{kind:?}");
    }
}

#[test]
fn an_answer_without_an_id_leaves_the_outcome_open() {
    let (sent, _) = send(vec![reads(Ok(FileObject { file_id: String::new(), ..object() }))], Vec::new());
    assert_eq!(code(&sent), Some(Code::UploadAmbiguous));
}

#[test]
fn a_target_that_panics_leaves_the_outcome_open() {
    let (sent, _) = send(vec![Box::new(|_| panic!("a defect"))], Vec::new());
    assert_eq!(code(&sent), Some(Code::UploadAmbiguous));
}

#[test]
fn a_refusal_is_this_files_or_the_runs() {
    let (sent, _) = send(vec![fails(TargetErrorKind::TooLarge)], Vec::new());
    assert_eq!((code(&sent), sent.stop.is_some()), (Some(Code::UploadRefused), false));
    let (sent, _) = send(vec![fails(TargetErrorKind::Body)], Vec::new());
    assert_eq!((code(&sent), sent.stop.is_some()), (Some(Code::Changed), false));
    let (sent, _) = send(vec![fails(TargetErrorKind::Unauthenticated)], Vec::new());
    assert_eq!((code(&sent), sent.attempts), (Some(Code::UploadFailed), 1));
    assert_eq!(sent.stop.map(|error| error.kind), Some(TargetErrorKind::Unauthenticated));
}

#[test]
fn bytes_that_were_not_all_sent_are_no_success() {
    let half: Step = Box::new(|request| {
        let mut body = (request.open)().unwrap().take(2);
        io::copy(&mut body, &mut io::sink()).unwrap();
        Ok(object())
    });
    let (sent, _) = send(vec![half], Vec::new());
    assert_eq!(code(&sent), Some(Code::Changed));
    assert_eq!(sent.possible_orphans, ["file_1"]);
}

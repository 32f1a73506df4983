//! Waiting for files of a target that answers as it is told to, on a clock that waiting moves.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;

use super::*;
use crate::cli::{Cli, Command, FilesArgs, FilesCommand};
use crate::commands::Context;
use crate::commands::caller::slept::Slept;
use crate::commands::caller::{Caller, Patience};
use crate::config::Environment;
use crate::model::{Profile, Timestamp};
use crate::report::human::Colour;
use crate::targets::{FilePage, ListRequest, Target, UploadRequest, profiles};

/// What the target answers; a number is a `429` with that `Retry-After`.
#[derive(Debug, Clone, Copy)]
enum Says {
    Ready,
    Uploading,
    Wait(u64),
}

/// Gives these answers to whatever is asked, and the last one for ever.
#[derive(Debug)]
struct Told {
    profile: Profile,
    answers: Vec<Says>,
    asked: Mutex<Vec<String>>,
}

impl Target for Told {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn target_id(&self) -> &'static str {
        "told"
    }

    fn upload(&self, _request: &UploadRequest<'_>) -> Result<FileObject, TargetError> {
        panic!("nothing is sent")
    }

    fn get(&self, file_id: &str) -> Result<FileObject, TargetError> {
        let mut asked = self.asked.lock().unwrap();
        let says = self.answers[asked.len().min(self.answers.len() - 1)];
        asked.push(file_id.to_owned());
        let status = match says {
            Says::Ready => FileStatus::Ready,
            Says::Uploading => FileStatus::Uploading,
            Says::Wait(seconds) => {
                let error = TargetError::new(TargetErrorKind::RateLimited, "429: not now");
                return Err(TargetError { retry_after: Some(Duration::from_secs(seconds)), ..error });
            }
        };
        Ok(FileObject {
            file_id: file_id.to_owned(),
            filename: "a.txt".to_owned(),
            size_bytes: 1,
            mime_type: "text/plain".to_owned(),
            created_at: Timestamp::from(std::time::UNIX_EPOCH),
            updated_at: None,
            expires_at: None,
            downloadable: None,
            purpose: None,
            status: Some(status),
            scope: None,
            metadata: None,
            request_id: None,
        })
    }

    fn list(&self, _request: &ListRequest) -> Result<FilePage, TargetError> {
        panic!("nothing is listed")
    }

    fn download(&self, _file_id: &str, _out: &mut dyn Write) -> Result<u64, TargetError> {
        panic!("nothing is fetched")
    }

    fn delete(&self, _file_id: &str) -> Result<(), TargetError> {
        panic!("nothing is deleted")
    }
}

/// Waits for files; returns the status, what was printed, which ids were asked for, and for how many seconds was waited.
fn wait(
    ids: &[&str],
    timeout: &str,
    answers: &[Says],
) -> (ExitStatus, [String; 2], Vec<String>, Vec<Duration>) {
    let fixed = ["docferry", "files", "wait", "--timeout", timeout];
    let all = fixed.iter().chain(ids);
    let cli = Cli::parse_from(all);
    let Command::Files(FilesArgs { command: FilesCommand::Wait(args) }) = &cli.command else {
        panic!("these are arguments of files wait")
    };
    let profile = profiles::built_in("local").unwrap();
    let target = Told { profile, answers: answers.to_vec(), asked: Mutex::default() };
    let clock = Slept::new(usize::MAX);
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let mut context = Context {
        general: &cli.general,
        environment: &Environment::new(std::path::Path::new("/"), []),
        arguments: Vec::new(),
        stdout: &mut stdout,
        stderr: &mut stderr,
        colour: Colour::Off,
        interrupted: Arc::default(),
    };
    let patience = Patience { per_minute: None, retries: 4, max_wait: Duration::from_secs(900) };
    let caller = Caller::with_clock(patience, &Arc::default(), clock.clone());
    let mut files = Files { name: "told".to_owned(), target: &target, caller, context: &mut context };
    let status = files.wait(args).unwrap();
    let printed = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (status, printed, target.asked.into_inner().unwrap(), clock.waits())
}

fn seconds(waits: &[Duration]) -> Vec<u64> {
    waits.iter().map(Duration::as_secs).collect()
}

#[test]
fn files_are_looked_at_until_each_is_taken_in() {
    let answers = [Says::Uploading, Says::Ready, Says::Wait(2), Says::Ready];
    let (status, [out, err], asked, waits) = wait(&["f1", "f2"], "10m", &answers);
    assert_eq!((status, &*out, &*err), (ExitStatus::Success, "f2\nf1\n", ""));
    assert_eq!(asked, ["f1", "f2", "f1", "f1"]);
    assert_eq!(seconds(&waits), [1, 2]);
}

#[test]
fn the_time_is_a_bound_whatever_the_target_asks_for() {
    let (status, [out, err], asked, waits) = wait(&["f1", "f2"], "2s", &[Says::Wait(13)]);
    assert_eq!((status, &*out), (ExitStatus::Unfinished, ""));
    assert_eq!((asked.len(), waits.len()), (1, 0), "the target is left alone");
    assert_eq!(
        err,
        "warning: 2 file(s) are not known to be taken in yet: f1, f2\n\
         warning: the target would be asked again after the time: 429: not now\n"
    );
    // A wait that fits is kept, and ends the time.
    let (status, _, asked, waits) = wait(&["f1", "f2"], "3s", &[Says::Wait(2)]);
    assert_eq!(status, ExitStatus::Unfinished);
    assert_eq!((asked, seconds(&waits)), (vec!["f1".to_owned(); 2], vec![2]));
}

#[test]
fn no_file_is_asked_for_after_the_time() {
    let answers = [Says::Wait(3), Says::Ready];
    let (status, [out, err], asked, waits) = wait(&["f1", "f2"], "3s", &answers);
    assert_eq!((status, &*out), (ExitStatus::Unfinished, "f1\n"));
    assert_eq!((asked, seconds(&waits)), (vec!["f1".to_owned(); 2], vec![3]));
    assert_eq!(err, "warning: 1 file(s) are not known to be taken in yet: f2\n");
    let (status, [out, _], asked, _) = wait(&["f1"], "0s", &[Says::Ready]);
    assert_eq!((status, &*out, asked.len()), (ExitStatus::Success, "f1\n", 1), "one look is always taken");
    let (status, _, _, waits) = wait(&["f1"], "10s", &[Says::Uploading]);
    assert_eq!((status, seconds(&waits)), (ExitStatus::Unfinished, vec![1, 2, 4, 3]));
}

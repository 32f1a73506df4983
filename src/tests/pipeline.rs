//! Whole runs through the library into the local target, without the command line.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use docferry::event::Event;
use docferry::model::entry::{Entry, Status};
use docferry::model::{Code, FileObject, Profile};
use docferry::pipeline::{Builder, Inspection, Pipeline, Report, RunError, StopKind};
use docferry::store::Store;
use docferry::targets::local::LocalTarget;
use docferry::targets::{FilePage, ListRequest, Target, TargetError, TargetErrorKind, UploadRequest};

fn profile() -> Profile {
    docferry::targets::profiles::built_in("local").unwrap()
}

fn local(folder: &Path) -> Arc<dyn Target> {
    Arc::new(LocalTarget::new(profile(), Store::open(&folder.join("store")).unwrap()))
}

fn ingest(inputs: &Path, folder: &Path) -> Builder {
    Pipeline::builder().input(inputs).target(local(folder)).manifest(Some(folder.join("m.jsonl")))
}

fn entries(report: &Report) -> Vec<Entry> {
    report.entries().unwrap().map(Result::unwrap).collect()
}

/// Writes `count` small text files, one of them empty.
fn small_files(folder: &Path, count: usize) {
    fs::create_dir_all(folder).unwrap();
    for n in 0..count {
        let text = if n == 3 { String::new() } else { format!("file {n}\n") };
        fs::write(folder.join(format!("{n:05}.txt")), text).unwrap();
    }
}

/// What a manifest says without what the store and the clock gave.
fn stable(entries: &[Entry]) -> Vec<String> {
    let strip = |entry: &Entry| {
        let mut entry = entry.clone();
        entry.file = None;
        entry.content_block = None;
        entry.source.modified = None;
        serde_json::to_string(&entry).unwrap()
    };
    entries.iter().map(strip).collect()
}

#[test]
fn every_input_is_accounted_for_and_ids_resolve() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 20);
    fs::write(inputs.join("binary.txt"), [0u8, 1, 2, 3, 0, 0, 7, 8, 0, 0]).unwrap();
    fs::write(inputs.join(".hidden"), "x").unwrap();
    let report = ingest(&inputs, folder.path()).build().unwrap().run(&mut ()).unwrap();
    let entries = entries(&report);
    assert_eq!(entries.len(), 22);
    let seqs: Vec<u64> = entries.iter().map(|e| e.seq).collect();
    assert_eq!(seqs, (0..22).collect::<Vec<_>>());
    let mut by_status = BTreeMap::new();
    for entry in &entries {
        *by_status.entry(entry.status).or_insert(0) += 1;
    }
    assert_eq!(by_status[&Status::Uploaded], 19);
    assert_eq!(by_status[&Status::Rejected], 2);
    assert_eq!(by_status[&Status::Skipped], 1);
    let target = local(folder.path());
    for entry in entries.iter().filter(|e| e.status == Status::Uploaded) {
        let file = entry.file.as_ref().unwrap();
        let object = target.get(&file.file_id).unwrap();
        assert_eq!(object.size_bytes, entry.output.as_ref().unwrap().size_bytes);
        let mut bytes = Vec::new();
        target.download(&file.file_id, &mut bytes).unwrap();
        assert_eq!(docferry::model::Sha256::of(&bytes), entry.output.as_ref().unwrap().sha256);
    }
}

#[test]
fn manifest_does_not_depend_on_threads() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 150);
    let mut seen = Vec::new();
    for (jobs, concurrency) in [(1, 1), (2, 1), (4, 8)] {
        let builder = ingest(&inputs, folder.path()).jobs(jobs).concurrency(concurrency).batch_files(40);
        let report = builder.build().unwrap().run(&mut ()).unwrap();
        assert_eq!(report.batches, 4);
        seen.push(stable(&entries(&report)));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0], seen[2]);
}

#[test]
fn batches_are_announced_while_the_run_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 30);
    let mut told = Vec::new();
    let mut ids = 0;
    let mut observer = |event: &Event<'_>| {
        if let Event::BatchDone(batch) = event {
            told.push((batch.number, batch.entries));
            ids += batch.file_ids.len();
        }
    };
    let report = ingest(&inputs, folder.path()).batch_files(10).build().unwrap().run(&mut observer).unwrap();
    told.sort_unstable();
    assert_eq!(told, [(0, 10), (1, 10), (2, 10)]);
    assert_eq!(ids, 29);
    let sizes: Vec<usize> = report.batches().unwrap().map(|batch| batch.unwrap().len()).collect();
    assert_eq!(sizes, [10, 10, 10]);
}

#[test]
fn an_interrupt_leaves_a_complete_manifest() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 200);
    let flag = Arc::new(AtomicBool::new(false));
    let mut observer = |event: &Event<'_>| {
        if let Event::Finished(_) = event {
            flag.store(true, Ordering::Relaxed);
        }
    };
    let builder = ingest(&inputs, folder.path()).interrupted(Arc::clone(&flag));
    let report = builder.build().unwrap().run(&mut observer).unwrap();
    let entries = entries(&report);
    assert_eq!(entries.len(), 200);
    assert!(report.stopped.is_some());
    let interrupted = |e: &&Entry| e.error.as_ref().is_some_and(|f| f.code == Code::Interrupted);
    assert!(entries.iter().filter(interrupted).count() > 0);
}

#[test]
fn the_library_works_inside_an_async_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 5);
    let run = |name: &str| {
        let place = folder.path().join(name);
        fs::create_dir_all(&place).unwrap();
        let report = ingest(&inputs, &place).build().unwrap().run(&mut ()).unwrap();
        report.of(Status::Uploaded)
    };
    assert_eq!(run("plain"), 4);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).build().unwrap();
    assert_eq!(runtime.block_on(async { run("inside") }), 4);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(run("thread"), 4));
    });
    let (inputs, place) = (inputs.clone(), folder.path().join("blocking"));
    fs::create_dir_all(&place).unwrap();
    let blocking = runtime.block_on(async move {
        let task =
            move || ingest(&inputs, &place).build().unwrap().run(&mut ()).unwrap().of(Status::Uploaded);
        tokio::task::spawn_blocking(task).await.unwrap()
    });
    assert_eq!(blocking, 4);
}

#[test]
fn a_file_that_changes_is_failed_and_costs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    fs::create_dir_all(&inputs).unwrap();
    // Larger than what is held in memory: it is read again while it is sent.
    let big = inputs.join("big.txt");
    fs::write(&big, "line of text\n".repeat(800_000)).unwrap();
    fs::write(inputs.join("small.txt"), "x").unwrap();
    let mut observer = |event: &Event<'_>| {
        if let Event::Finished(entry) = event {
            // The small one is done first or the big one already is; either way the run goes on.
            assert!(entry.seq < 2);
        }
    };
    let report = ingest(&inputs, folder.path()).build().unwrap().run(&mut observer).unwrap();
    assert_eq!(report.of(Status::Uploaded), 2);
}

#[test]
fn convert_mirrors_the_tree_and_never_overwrites_within_a_run() {
    let folder = tempfile::tempdir().unwrap();
    for root in ["a", "b"] {
        fs::create_dir_all(folder.path().join(root).join("sub")).unwrap();
        fs::write(folder.path().join(root).join("sub/x.txt"), root).unwrap();
    }
    let out = folder.path().join("out");
    let builder = Pipeline::builder()
        .input(folder.path().join("a"))
        .input(folder.path().join("b"))
        .output_dir(&out)
        .manifest(Some(folder.path().join("m.jsonl")));
    let report = builder.build().unwrap().run(&mut ()).unwrap();
    let paths: Vec<String> = entries(&report).into_iter().map(|e| e.output.unwrap().path.unwrap()).collect();
    assert_eq!(fs::read_to_string(&paths[0]).unwrap(), "a");
    assert_eq!(fs::read_to_string(&paths[1]).unwrap(), "b");
    assert_eq!(paths[0], out.join("sub/x.txt").to_string_lossy());
    assert_eq!(paths[1], out.join("sub/x-2.txt").to_string_lossy());
}

/// The local target with one defect.
#[derive(Debug)]
struct Defective {
    inner: Arc<dyn Target>,
    panics: bool,
    interrupts: Option<Arc<AtomicBool>>,
    cannot_flush: bool,
}

impl Target for Defective {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    fn target_id(&self) -> &str {
        self.inner.target_id()
    }

    fn upload(&self, request: &UploadRequest<'_>) -> Result<FileObject, TargetError> {
        assert!(!self.panics, "a defect of the target");
        if let Some(flag) = &self.interrupts {
            flag.store(true, Ordering::Relaxed);
        }
        self.inner.upload(request)
    }

    fn get(&self, file_id: &str) -> Result<FileObject, TargetError> {
        self.inner.get(file_id)
    }

    fn list(&self, request: &ListRequest) -> Result<FilePage, TargetError> {
        self.inner.list(request)
    }

    fn download(&self, file_id: &str, out: &mut dyn std::io::Write) -> Result<u64, TargetError> {
        self.inner.download(file_id, out)
    }

    fn delete(&self, file_id: &str) -> Result<(), TargetError> {
        self.inner.delete(file_id)
    }

    fn flush(&self) -> Result<(), TargetError> {
        match self.cannot_flush {
            true => Err(TargetError::new(TargetErrorKind::Storage, "the disk is full")),
            false => self.inner.flush(),
        }
    }
}

fn defective(folder: &Path) -> Defective {
    Defective { inner: local(folder), panics: false, interrupts: None, cannot_flush: false }
}

#[test]
fn a_target_that_panics_neither_hangs_the_run_nor_loses_an_entry() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 60);
    let target = Arc::new(Defective { panics: true, ..defective(folder.path()) });
    let pipeline = ingest(&inputs, folder.path()).target(target).jobs(1).concurrency(1).build().unwrap();
    let report = pipeline.run(&mut ()).unwrap();
    // A target that does nothing but fail is given up; what was tried stays unknown, the rest had no turn.
    let told = report.of(Status::Ambiguous) + report.left_undone + report.of(Status::Rejected);
    assert_eq!((report.inputs, told), (60, 60));
    assert!(report.of(Status::Ambiguous) > 0 && report.left_undone > 0);
    assert_eq!(report.stopped.map(|stopped| stopped.kind), Some(StopKind::Unusable));
}

#[test]
fn an_interrupt_is_told_even_if_all_inputs_were_taken_already() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 3);
    let flag = Arc::new(AtomicBool::new(false));
    let target = Arc::new(Defective { interrupts: Some(Arc::clone(&flag)), ..defective(folder.path()) });
    let builder = ingest(&inputs, folder.path()).target(target).jobs(1).concurrency(1);
    // The first upload interrupts when everything waits in the queue, or before: both must be told.
    let report = builder.interrupted(Arc::clone(&flag)).build().unwrap().run(&mut ()).unwrap();
    assert_eq!(report.of(Status::Uploaded), 1);
    assert_eq!(report.stopped.map(|stopped| stopped.kind), Some(StopKind::Interrupted));
    let pipeline = ingest(&inputs, folder.path()).interrupted(flag).build().unwrap();
    let report = pipeline.inspect::<RunError>(Inspection::Plan, |_| Ok(())).unwrap();
    assert_eq!(report.stopped.map(|stopped| stopped.kind), Some(StopKind::Interrupted));
}

#[test]
fn a_failing_journal_names_what_is_stored_and_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 300);
    let target = Arc::new(Defective { cannot_flush: true, ..defective(folder.path()) });
    let store = Arc::clone(&target.inner);
    let pipeline = ingest(&inputs, folder.path()).target(target).build().unwrap();
    let RunError::Unrecorded { stored, .. } = pipeline.run(&mut ()).unwrap_err() else {
        unreachable!("files are stored");
    };
    let listed = store.list(&ListRequest { limit: Some(1000), ..ListRequest::default() }).unwrap().files;
    assert_eq!(stored.len(), listed.len());
    for file in listed {
        assert!(stored.iter().any(|named| named.starts_with(&file.file_id)), "{}", file.file_id);
    }
}

#[test]
fn a_time_without_end_is_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("a.html");
    fs::write(&page, "<html><body><p>text</p></body></html>").unwrap();
    let builder = Pipeline::builder().input(page).output_dir(folder.path().join("out"));
    let builder = builder.convert_timeout(std::time::Duration::MAX);
    let report = builder.build().unwrap().run(&mut ()).unwrap();
    assert_eq!(report.of(Status::Converted), 1);
}

#[test]
fn threads_beyond_reason_are_not_started() {
    let folder = tempfile::tempdir().unwrap();
    let inputs = folder.path().join("in");
    small_files(&inputs, 5);
    let builder = ingest(&inputs, folder.path()).jobs(usize::MAX).concurrency(usize::MAX);
    let report = builder.build().unwrap().run(&mut ()).unwrap();
    assert_eq!(report.of(Status::Uploaded), 4);
}

//! Documents that bring their converter down: each costs one outcome, and the run goes on.
//!
//! Our own converters do no such thing, so this program is its own worker, whose converter for text obeys the first
//! word of a document. That is why it has its own `main` instead of a test harness; it takes names of tests to run.
#![expect(clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr, clippy::panic, reason = "a test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use docferry::model::entry::{Entry, Status};
use docferry::model::{Code, Isolate};
use docferry::pipeline::{Builder, Pipeline};
use docferry::worker::{Isolation, ServeOptions, by_format, serve};
use docferry_converters::{ConvertError, Converter, Input, Limits, Meter, Options, Sink};
use rustix::process::{Pid, Signal, kill_process};

/// Text to UTF-8, save where the text says otherwise.
struct Obedient;

/// The converter that it stands for.
fn text() -> &'static dyn Converter {
    by_format("plain-text").unwrap()
}

impl Converter for Obedient {
    fn name(&self) -> &'static str {
        text().name()
    }

    fn revision(&self) -> u32 {
        text().revision()
    }

    fn convert(
        &self,
        input: &mut dyn Input,
        options: &Options,
        meter: &mut Meter,
        sink: &mut dyn Sink,
    ) -> Result<(), ConvertError> {
        let mut word = [0; 8];
        let n = input.read(&mut word).map_err(ConvertError::Io)?;
        input.rewind().map_err(ConvertError::Io)?;
        obey(
            std::str::from_utf8(&word[..n]).unwrap_or_default().split_whitespace().next().unwrap_or_default(),
        );
        text().convert(input, options, meter, sink)
    }
}

fn obey(word: &str) {
    match word {
        "crash" => std::process::abort(),
        "end" => std::process::exit(3),
        "panic" => panic!("as told"),
        "hang" => loop {
            std::hint::spin_loop();
        },
        "slow" => {
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(3) {
                std::hint::spin_loop();
            }
        }
        "memory" => {
            let mut held = Vec::new();
            loop {
                held.push(vec![1u8; 64 << 20]);
            }
        }
        "stack" => assert!(deeper(&[1; 1024]) > 0),
        "keep" => std::mem::forget(vec![1u8; 300 << 20]),
        "shout" => (0..10_000).for_each(|_| eprintln!("{}", "!".repeat(100))),
        _ => {}
    }
}

/// Nests without an end that a compiler could see.
fn deeper(frame: &[u8; 1024]) -> u64 {
    let mut next = *frame;
    next[0] = std::hint::black_box(frame[0]) | 1;
    if next[0] == 0 { 0 } else { deeper(std::hint::black_box(&next)) + u64::from(next[1]) }
}

/// A folder of documents, each with its text, and where a run goes.
struct Folder(tempfile::TempDir);

impl Folder {
    fn of(documents: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("in")).unwrap();
        for (n, text) in documents.iter().enumerate() {
            fs::write(folder.path().join(format!("in/{n:04}.txt")), text).unwrap();
        }
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn builder(&self, jobs: usize) -> Builder {
        Pipeline::builder()
            .input(self.path("in"))
            .output_dir(self.path("out"))
            .manifest(Some(self.path("manifest.jsonl")))
            .isolation(Isolation::Process { program: std::env::current_exe().unwrap() })
            .isolate(Isolate::Always)
            .worker_memory_bytes(512 << 20)
            .jobs(jobs)
    }

    fn run(&self, builder: Builder) -> Vec<Entry> {
        let report = builder.build().unwrap().run(&mut ()).unwrap();
        let entries: Vec<Entry> = report.entries().unwrap().map(Result::unwrap).collect();
        assert_eq!(workers(), Vec::<i32>::new(), "workers are left behind");
        entries
    }

    /// Returns what the run file says of the workers.
    fn told(&self, what: &str) -> u64 {
        let facts = fs::read(self.path("manifest.jsonl.run.json")).unwrap();
        let facts: serde_json::Value = serde_json::from_slice(&facts).unwrap();
        facts["isolation"]["workers"][what].as_u64().unwrap()
    }

    fn output(&self, name: &str) -> String {
        fs::read_to_string(self.path("out").join(name)).unwrap()
    }
}

fn code(entry: &Entry) -> Option<Code> {
    entry.error.as_ref().map(|error| error.code)
}

fn message(entry: &Entry) -> &str {
    &entry.error.as_ref().unwrap().message
}

/// Returns the processes whose parent is this one, dead ones too.
#[cfg(target_os = "linux")]
fn workers() -> Vec<i32> {
    let own = std::process::id().to_string();
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let id: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // After the name, which may hold anything: state, then parent.
        let (_, rest) = stat.rsplit_once(')')?;
        (rest.split_whitespace().nth(1)? == own).then_some(id)
    });
    processes.collect()
}

#[cfg(not(target_os = "linux"))]
fn workers() -> Vec<i32> {
    Vec::new()
}

fn each_fault_costs_one_outcome() {
    let faults = [
        ("crash", Code::ConverterCrashed, "text-to-utf8 failed: its process died of signal 6"),
        ("end", Code::ConverterCrashed, "text-to-utf8 failed: its process ended with status 3"),
        ("stack", Code::ConverterCrashed, "text-to-utf8 failed: it overflowed its stack"),
        ("memory", Code::ConverterMemory, "text-to-utf8 failed: it was refused 67108864 bytes more memory"),
        ("hang", Code::ConverterTimeout, "the deadline passed"),
        ("panic", Code::ConverterCrashed, "text-to-utf8 panicked; this is a defect"),
    ];
    let mut documents = vec!["good"];
    for (word, ..) in faults {
        documents.extend([word, "good"]);
    }
    for jobs in [1, 4] {
        let folder = Folder::of(&documents);
        let entries = folder.run(folder.builder(jobs).convert_timeout(Duration::from_secs(5)));
        assert_eq!(entries.len(), documents.len());
        for (n, (word, expected, said)) in faults.iter().enumerate() {
            let failed = &entries[2 * n + 1];
            assert_eq!((code(failed), message(failed)), (Some(*expected), *said), "{word}");
            let good = &entries[2 * n + 2];
            assert_eq!(good.status, Status::Converted, "after {word}: {:?}", good.error);
            assert_eq!(folder.output(&format!("{:04}.txt", 2 * n + 2)), "good");
        }
    }
}

fn a_document_that_kills_a_used_worker_is_tried_once_more() {
    let folder = Folder::of(&["crash", "good"]);
    folder.run(folder.builder(1));
    assert_eq!((folder.told("started"), folder.told("died")), (2, 1), "a new worker leaves no doubt");
    let folder = Folder::of(&["good", "crash", "good"]);
    folder.run(folder.builder(1));
    assert_eq!((folder.told("started"), folder.told("died")), (3, 2), "a used one does");
}

#[cfg(target_os = "linux")]
fn a_worker_that_is_killed_from_outside_costs_nothing() {
    for documents in [&["slow"][..], &["good", "slow", "good"]] {
        let folder = Folder::of(documents);
        let builder = folder.builder(1);
        let entries = std::thread::scope(|scope| {
            let run = scope.spawn(|| folder.run(builder));
            kill_the_busy_worker();
            run.join().unwrap()
        });
        let statuses: Vec<_> = entries.iter().map(|entry| entry.status).collect();
        assert_eq!(statuses, vec![Status::Converted; documents.len()], "{:?}", entries[0].error);
        assert_eq!(folder.told("died"), 1);
    }
}

#[cfg(target_os = "linux")]
fn a_document_is_tried_twice_at_the_most() {
    let folder = Folder::of(&["slow"]);
    let builder = folder.builder(1);
    let entries = std::thread::scope(|scope| {
        let run = scope.spawn(|| folder.run(builder));
        kill_the_busy_worker();
        kill_the_busy_worker();
        run.join().unwrap()
    });
    assert_eq!(code(&entries[0]), Some(Code::ConverterCrashed));
    assert_eq!(folder.told("started"), 2);
}

/// Waits until a worker is in the middle of the document `slow`, which nothing else computes as long as, and kills it.
#[cfg(target_os = "linux")]
fn kill_the_busy_worker() {
    let until = Instant::now() + Duration::from_secs(30);
    while Instant::now() < until {
        if let Some(id) = workers().into_iter().find(|id| ticks(*id).is_some_and(|ticks| ticks >= 30)) {
            kill_process(Pid::from_raw(id).unwrap(), Signal::KILL).unwrap();
            // One that dies is not taken for the next.
            while ticks(id).is_some() {
                std::thread::sleep(Duration::from_millis(1));
            }
            return;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    panic!("no worker is busy");
}

/// Returns the time that a living process has computed, in hundredths of a second.
#[cfg(target_os = "linux")]
fn ticks(id: i32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<_> = rest.split_whitespace().collect();
    let spent = fields[11].parse::<u64>().ok()? + fields[12].parse::<u64>().ok()?;
    (fields[0] != "Z").then_some(spent)
}

#[cfg(target_os = "linux")]
fn an_interrupt_ends_busy_workers() {
    let folder = Folder::of(&["hang", "hang", "hang", "good"]);
    let stop = Arc::new(AtomicBool::new(false));
    let builder = folder.builder(2).interrupted(Arc::clone(&stop)).convert_timeout(Duration::from_secs(600));
    let began = Instant::now();
    let entries = std::thread::scope(|scope| {
        let run = scope.spawn(|| folder.run(builder));
        while workers().len() < 2 {
            assert!(began.elapsed() < Duration::from_secs(20), "no workers");
            std::thread::sleep(Duration::from_millis(5));
        }
        stop.store(true, Ordering::Relaxed);
        run.join().unwrap()
    });
    assert!(began.elapsed() < Duration::from_secs(30), "it took {:?}", began.elapsed());
    let codes: Vec<_> = entries.iter().map(code).collect();
    assert_eq!(codes, [Some(Code::Interrupted); 4]);
}

#[cfg(target_os = "linux")]
fn workers_that_grew_or_served_long_are_replaced() {
    let folder = Folder::of(&["keep", "good", "keep", "good"]);
    let entries = folder.run(folder.builder(1));
    assert!(entries.iter().all(|entry| entry.status == Status::Converted), "{entries:?}");
    assert_eq!((folder.told("recycled"), folder.told("started")), (2, 3));
    let folder = Folder::of(&["good"; 501]);
    folder.run(folder.builder(1));
    assert_eq!((folder.told("recycled"), folder.told("started")), (1, 2));
}

fn large_documents_and_loud_workers_are_no_trouble() {
    let large = "a line that is long enough to make a large document\n".repeat(400_000);
    let folder = Folder::of(&["shout", &large, "good", &large]);
    let entries = folder.run(folder.builder(1));
    assert!(entries.iter().all(|entry| entry.status == Status::Converted), "{entries:?}");
    assert!(folder.output("0001.txt") == large && folder.output("0003.txt") == large);
}

fn a_program_that_is_no_worker_is_told() {
    let folder = Folder::of(&["good"]);
    for (program, said) in [
        ("/nonexistent/docferry", "could not be started: No such file or directory (os error 2)"),
        ("/bin/true", "ended at once"),
    ] {
        let isolation = Isolation::Process { program: Path::new(program).to_owned() };
        let entries = folder.run(folder.builder(1).isolation(isolation));
        assert_eq!(code(&entries[0]), Some(Code::WorkerUnavailable));
        assert_eq!(message(&entries[0]), format!("the worker `{program}` {said}"));
    }
}

/// Says one thing for ever, whatever it is asked, and confines itself to nothing.
fn lie(what: &str) {
    let hello = format!(
        "{{\"protocol\":1,\"version\":\"{}\",\"confinement\":{{\"applied\":[],\"missing\":[]}}}}",
        env!("CARGO_PKG_VERSION")
    );
    let part = frame(4, format!("{{\"label\":\"{}\",\"kind\":\"csv\"}}", "l".repeat(5_000)).as_bytes());
    let said = match what {
        "warnings" => frame(5, b"{\"code\":\"transcoded\",\"count\":18446744073709551615,\"message\":\"\"}"),
        "parts" => [part, frame(3, b"x")].concat(),
        "empty-parts" => part,
        "empty-bytes" => frame(3, b""),
        "no-part" => frame(3, b"x"),
        "output" => [part, frame(3, &[b'x'; 60_000])].concat(),
        "length" => vec![3, 255, 255, 255, 255],
        "kind" => frame(9, b""),
        "hellos" => frame(1, hello.as_bytes()),
        "end" => [part, frame(3, b"x"), frame(6, b"\"done\"")].concat(),
        _ => panic!("`{what}` is no lie"),
    };
    let mut out = std::io::stdout();
    let mut say = |bytes: &[u8]| out.write_all(bytes).and_then(|()| out.flush()).is_ok();
    let said = said.repeat(100_000 / said.len() + 1);
    say(&frame(1, hello.as_bytes()));
    std::thread::spawn(|| std::io::copy(&mut std::io::stdin(), &mut std::io::sink()));
    while say(&said) {}
}

fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    [&[kind][..], &u32::try_from(body.len()).unwrap().to_le_bytes(), body].concat()
}

#[cfg(target_os = "linux")]
fn a_worker_that_lies_costs_one_outcome() {
    for (lie, expected) in [
        ("warnings", Code::ConverterTimeout),
        ("parts", Code::LimitExceeded),
        ("empty-parts", Code::ConverterTimeout),
        ("empty-bytes", Code::ConverterCrashed),
        ("no-part", Code::ConverterCrashed),
        ("output", Code::LimitExceeded),
        ("length", Code::ConverterCrashed),
        ("kind", Code::ConverterCrashed),
        ("hellos", Code::ConverterCrashed),
        ("end", Code::ConverterCrashed),
    ] {
        let folder = Folder::of(&["good"]);
        let program = folder.path(&format!("lie-{lie}"));
        std::os::unix::fs::symlink(std::env::current_exe().unwrap(), &program).unwrap();
        let builder = folder.builder(1).isolation(Isolation::Process { program });
        let limits = Limits { max_output_bytes: 50 << 20, ..Limits::default() };
        let began = Instant::now();
        let entries = folder.run(builder.convert_timeout(Duration::from_secs(4)).limits(limits));
        assert!(began.elapsed() < Duration::from_secs(30), "{lie} took {:?}", began.elapsed());
        let violation = entries[0].violations.first().map(|violation| violation.code);
        assert_eq!(code(&entries[0]).or(violation), Some(expected), "{lie}: {:?}", entries[0]);
    }
}

fn what_needs_no_worker_starts_none() {
    let folder = Folder::of(&["good"]);
    for builder in [
        folder.builder(1).isolate(Isolate::Auto),
        folder.builder(1).isolate(Isolate::Never),
        folder.builder(1).isolation(Isolation::Thread),
    ] {
        assert_eq!(folder.run(builder)[0].status, Status::Converted);
        let facts = fs::read_to_string(folder.path("manifest.jsonl.run.json")).unwrap();
        assert!(facts.contains("\"workers\": null"), "{facts}");
    }
}

const TESTS: &[(&str, fn())] = &[
    ("each_fault_costs_one_outcome", each_fault_costs_one_outcome),
    (
        "a_document_that_kills_a_used_worker_is_tried_once_more",
        a_document_that_kills_a_used_worker_is_tried_once_more,
    ),
    #[cfg(target_os = "linux")]
    (
        "a_worker_that_is_killed_from_outside_costs_nothing",
        a_worker_that_is_killed_from_outside_costs_nothing,
    ),
    #[cfg(target_os = "linux")]
    ("a_document_is_tried_twice_at_the_most", a_document_is_tried_twice_at_the_most),
    #[cfg(target_os = "linux")]
    ("an_interrupt_ends_busy_workers", an_interrupt_ends_busy_workers),
    #[cfg(target_os = "linux")]
    ("workers_that_grew_or_served_long_are_replaced", workers_that_grew_or_served_long_are_replaced),
    ("large_documents_and_loud_workers_are_no_trouble", large_documents_and_loud_workers_are_no_trouble),
    ("a_program_that_is_no_worker_is_told", a_program_that_is_no_worker_is_told),
    #[cfg(target_os = "linux")]
    ("a_worker_that_lies_costs_one_outcome", a_worker_that_lies_costs_one_outcome),
    ("what_needs_no_worker_starts_none", what_needs_no_worker_starts_none),
];

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    if arguments.next_if(|first| first == "worker").is_some() {
        let own = std::env::args_os().next().unwrap();
        if let Some((_, what)) = own.to_string_lossy().rsplit_once("/lie-") {
            lie(what);
            return ExitCode::SUCCESS;
        }
        let options = ServeOptions::from_args(arguments).unwrap();
        let served =
            serve(&options, &|format| Some(&Obedient).filter(|_| format == "plain-text").map(|c| c as _));
        return if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    let arguments: Vec<String> = arguments.map(|argument| argument.into_string().unwrap()).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let names: Vec<_> = arguments.iter().filter(|argument| !argument.starts_with('-')).collect();
    let mut failed = 0;
    for (name, test) in TESTS {
        if !names.is_empty() && !names.iter().any(|part| name.contains(part.as_str())) {
            continue;
        }
        let ok = std::panic::catch_unwind(test).is_ok();
        failed += u32::from(!ok);
        println!("test {name} ... {}", if ok { "ok" } else { "FAILED" });
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

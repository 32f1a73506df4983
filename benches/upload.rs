//! Uploads over loopback HTTP with the ledger on, against a bare loop that only posts the same bodies.
//!
//! `cargo bench --bench upload [-- ROUNDS]`. The server is `docferry serve` in another process, a fresh one for each
//! measurement, whose store is in memory where there is such a folder: the disk is for the ledger and the inputs, else a
//! wait for the ledger would be one for the files of the server. Both sides send the same multipart bodies, so many at a
//! time. The rounds are taken in turns. Figures are medians, and ratios within one run.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use docferry::http::multipart::{Boundary, Form};
use docferry::http::{Auth, Proxy, Timeouts};
use docferry::ledger::{Ledger, LedgerOptions};
use docferry::model::entry::Status;
use docferry::model::{FileName, MediaType, Secret};
use docferry::pipeline::Pipeline;
use docferry::targets::{ConnectOptions, connect, profiles};

/// So many uploads at a time: what the command line does by default.
const CONCURRENCY: usize = 4;

/// A size of files, how many of them, and what is required of the ratio and of the files a second.
const CASES: [(usize, usize, f64, f64); 2] = [(8 << 10, 8_000, 0.5, 2_000.0), (1 << 20, 400, 0.9, 0.0)];

struct Served {
    process: Child,
    base_url: String,
    token: String,
    _folder: tempfile::TempDir,
}

impl Served {
    fn start(place: &Path) -> Self {
        let memory = Path::new("/dev/shm");
        let folder = tempfile::tempdir_in(if memory.is_dir() { memory } else { place }).unwrap();
        let mut process = Command::new(env!("CARGO_BIN_EXE_docferry"))
            .args(["serve", "--store"])
            .arg(folder.path().join("store"))
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        let text = |key: &str| ready[key].as_str().unwrap().to_owned();
        Self { base_url: text("anthropic_base_url"), token: text("token"), process, _folder: folder }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Makes files that differ from each other, of text.
fn inputs(folder: &Path, bytes: usize, count: usize) -> Vec<PathBuf> {
    let then = SystemTime::now() - Duration::from_secs(3600);
    let make = |n: usize| {
        let place = folder.join(format!("{:03}", n / 500));
        std::fs::create_dir_all(&place).unwrap();
        let path = place.join(format!("{n:06}.txt"));
        let mut text = format!("line of file {n:06}\n").repeat(bytes / 20 + 1);
        text.truncate(bytes - 1);
        text.push('\n');
        std::fs::write(&path, text).unwrap();
        std::fs::File::open(&path).unwrap().set_modified(then).unwrap();
        path
    };
    (0..count).map(make).collect()
}

/// Returns the seconds that docferry takes.
fn ours(served: &Served, inputs: &Path, place: &Path, count: usize) -> f64 {
    let state = tempfile::tempdir_in(place).unwrap();
    let target = connect(ConnectOptions {
        profile: profiles::built_in("anthropic").unwrap(),
        base_url: served.base_url.parse().unwrap(),
        auth: Some(Auth::ApiKey(Secret::parse(&served.token).unwrap())),
        ca_file: None,
        proxy: Proxy::default(),
        timeouts: Timeouts::default(),
    });
    let ledger = Ledger::open(state.path(), &LedgerOptions::default()).unwrap();
    let pipeline = Pipeline::builder()
        .input(inputs)
        .target(Arc::from(target.unwrap()))
        .ledger(ledger)
        .concurrency(CONCURRENCY)
        .manifest(Some(state.path().join("manifest.jsonl")))
        .build()
        .unwrap();
    let began = Instant::now();
    let report = pipeline.run(&mut ()).unwrap();
    let seconds = began.elapsed().as_secs_f64();
    assert_eq!(report.of(Status::Uploaded), count as u64);
    seconds
}

/// Returns the seconds that a loop takes which reads each file, posts it, and reads the answer.
fn bare(served: &Served, paths: &[PathBuf]) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let client = reqwest::Client::new();
    let (paths, next) = (Arc::new(paths.to_vec()), Arc::new(AtomicUsize::new(0)));
    let began = Instant::now();
    runtime.block_on(async {
        let senders = (0..CONCURRENCY).map(|_| {
            let (client, paths, next) = (client.clone(), paths.clone(), next.clone());
            let (url, token) = (format!("{}/v1/files", served.base_url), served.token.clone());
            tokio::spawn(async move {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let boundary = Boundary::random().unwrap();
                    let file_name = FileName::parse(path.file_name().unwrap().to_str().unwrap()).unwrap();
                    let form =
                        Form { fields: &[], file_name: &file_name, media_type: &MediaType::TEXT_PLAIN };
                    let mut body = form.head(&boundary).into_bytes();
                    body.extend(std::fs::read(path).unwrap());
                    body.extend(Form::tail(&boundary).into_bytes());
                    let content_type = format!("multipart/form-data; boundary={}", boundary.as_str());
                    let request =
                        client.post(&url).header("x-api-key", &token).header("content-type", content_type);
                    let answer = request.header("anthropic-version", "2023-06-01").body(body).send().await;
                    let text = answer.unwrap().error_for_status().unwrap().bytes().await.unwrap();
                    assert!(text.starts_with(b"{"));
                }
            })
        });
        for sender in senders.collect::<Vec<_>>() {
            sender.await.unwrap();
        }
    });
    began.elapsed().as_secs_f64()
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    seconds[seconds.len() / 2]
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn main() {
    let rounds = std::env::args().filter_map(|arg| arg.parse().ok()).next().unwrap_or(3);
    let folder = tempfile::tempdir().unwrap();
    for (bytes, count, least, least_rate) in CASES {
        let place = folder.path().join(bytes.to_string());
        let paths = inputs(&place, bytes, count);
        rustix::fs::sync();
        let (mut bares, mut ourss) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            bares.push(bare(&Served::start(folder.path()), &paths));
            rustix::fs::sync();
            ourss.push(ours(&Served::start(folder.path()), &place, folder.path(), count));
            rustix::fs::sync();
        }
        let (bare, ours) = (median(bares), median(ourss));
        println!(
            "{} KiB x {count}, {CONCURRENCY} at a time: {:.2}x of the bare loop (required: {least}x); \
             {:.0} files/s (required: {least_rate}), the bare loop {:.0} files/s",
            bytes >> 10,
            bare / ours,
            count as f64 / ours,
            count as f64 / bare,
        );
    }
}

//! The hunt: a marker stands for the key and another for the text of documents; every command runs at the finest level of
//! logs, well and badly, and both are looked for in all that it leaves, says, or lets others see while it runs.
#![cfg(all(target_os = "linux", debug_assertions))]
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use docferry::model::Secret;
use docferry::server::{Fault, Server, ServerOptions};
use rustix::process::{Pid, Signal, kill_process};
use serve::serve;

mod serve;

const KEY: &str = "sk-marker-Zq81mXw7Lk93-of-the-hunt";
/// A part of the key is as bad as all of it.
const KEY_MARK: &str = "Zq81mXw7Lk93";
const TEXT_MARK: &str = "Hd62TextMarkPv05";
/// Begins a presigned link of the embedded server.
const LINK_MARK: &str = "/_content/";
/// The inputs: they hold the marks.
const INPUTS: &str = "in";

/// A folder to run in, with documents, a server, and what was found.
struct Hunt {
    folder: tempfile::TempDir,
    server: Option<Server>,
    listen: SocketAddr,
    log_format: &'static str,
    ran: usize,
    workers: BTreeSet<String>,
    found: Vec<String>,
}

/// What a command said.
struct Said {
    status: ExitStatus,
    stdout: String,
    stderr: String,
}

impl Hunt {
    fn new(log_format: &'static str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for name in [INPUTS, "tmp", "got"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let input =
            |name: &str, bytes: &[u8]| fs::write(folder.path().join(INPUTS).join(name), bytes).unwrap();
        for n in 0..8 {
            input(&format!("plain{n}.txt"), format!("{n} {TEXT_MARK}\n").as_bytes());
        }
        input("table.csv", format!("a;b\n{TEXT_MARK};1\n").as_bytes());
        input("page.html", format!("<p>{TEXT_MARK}<p><table><tr><td>{TEXT_MARK}").as_bytes());
        let utf16: Vec<u8> = TEXT_MARK.encode_utf16().flat_map(u16::to_le_bytes).collect();
        input("wide.txt", &[&[0xff, 0xfe], &utf16[..]].concat());
        let document = docx();
        input("whole.docx", &document);
        input("cut.docx", &document[..document.len() * 2 / 3]);
        input("bad.xlsx", format!("PK\x03\x04{TEXT_MARK}").as_bytes());
        input("bad.json", format!("{{\"{TEXT_MARK}\": {TEXT_MARK}").as_bytes());
        input("live.txt", format!("never sent: {KEY}\n").as_bytes());
        Self {
            folder,
            server: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            log_format,
            ran: 0,
            workers: BTreeSet::new(),
            found: Vec::new(),
        }
    }

    fn serve(&mut self, faults: &[&str]) {
        if let Some(server) = self.server.take() {
            server.shutdown();
        }
        let options = ServerOptions {
            listen: self.listen,
            token: Secret::parse(KEY),
            faults: faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect(),
            ..ServerOptions::new(self.folder.path().join("served"))
        };
        let server = serve(&options);
        self.listen = server.url().trim_start_matches("http://").parse().unwrap();
        self.server = Some(server);
    }

    /// Runs a command to its end, looks at it meanwhile, and then at what it left.
    fn run(&mut self, args: &str, failpoint: &str) -> Said {
        self.run_with(args, failpoint, Stdio::null(), &mut |_, _| ())
    }

    fn run_with(
        &mut self,
        args: &str,
        failpoint: &str,
        stdin: Stdio,
        meanwhile: &mut dyn FnMut(&std::process::Child, &Path),
    ) -> Said {
        self.ran += 1;
        let place = |name: &str| self.folder.path().join(format!("said{}.{name}", self.ran));
        let (out, err) = (place("out"), place("err"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_docferry"))
            .args(args.split(' '))
            .args(["-vvv", "--log-format", self.log_format])
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("TMPDIR", self.folder.path().join("tmp"))
            .env("DOCFERRY_STATE_DIR", "state")
            .env("ANTHROPIC_BASE_URL", format!("http://{}", self.listen))
            .env("ANTHROPIC_API_KEY", KEY)
            .env("QODER_MANAGED_BASE_URL", format!("http://{}/api/v1/cloud/", self.listen))
            .env("QODER_ACCESS_TOKEN", KEY)
            .env("DOCFERRY_FAILPOINT", failpoint)
            .stdin(stdin)
            .stdout(fs::File::create(&out).unwrap())
            .stderr(fs::File::create(&err).unwrap())
            .spawn()
            .unwrap();
        let status = loop {
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            meanwhile(&child, &out);
            self.watch(child.id(), args);
            std::thread::sleep(Duration::from_millis(2));
        };
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
        let said = Said { status, stdout: read(&out), stderr: read(&err) };
        for path in [&out, &err] {
            fs::remove_file(path).unwrap();
        }
        let what = format!("{args} {failpoint} ({})", self.log_format);
        for (name, text) in [("stdout", &said.stdout), ("stderr", &said.stderr)] {
            for mark in [KEY_MARK, TEXT_MARK, LINK_MARK] {
                // The one line that `serve` prints is how a client learns the key.
                if text.contains(mark) && !(args.starts_with("serve") && name == "stdout" && mark == KEY_MARK)
                {
                    let line = text.lines().find(|line| line.contains(mark)).unwrap_or_default();
                    self.found.push(format!("{what}: {mark} in {name}: {line}"));
                }
            }
        }
        self.look_at_files(&what);
        said
    }

    /// Looks at what others can see of a process and its children, and at files that may be gone later.
    fn watch(&mut self, process: u32, args: &str) {
        let children = children(process);
        for id in children.iter().cloned().chain([process.to_string()]) {
            let read = |name: &str| fs::read(Path::new("/proc").join(&id).join(name)).unwrap_or_default();
            if holds(&read("cmdline"), KEY_MARK) {
                self.found.push(format!("{args}: the key in a command line"));
            }
            // Between fork and exec a child is still its parent.
            let is_worker = id != process.to_string() && holds(&read("cmdline"), "worker");
            if is_worker {
                self.workers.insert(id.clone());
                if holds(&read("environ"), KEY_MARK) {
                    self.found.push(format!("{args}: the key in a worker's environment"));
                }
            }
        }
        self.look_at_files(&format!("{args}, meanwhile"));
    }

    /// Looks at every file but the inputs, what was fetched, and the server's own.
    fn look_at_files(&mut self, what: &str) {
        for path in files(self.folder.path()) {
            let relative = path.strip_prefix(self.folder.path()).unwrap();
            let top = relative.iter().next().unwrap().to_string_lossy().into_owned();
            if [INPUTS, "got", "served", "token"].contains(&top.as_str()) || top.starts_with("said") {
                continue;
            }
            let bytes = fs::read(&path).unwrap_or_default();
            // Documents may be on their way in the folder for temporary files.
            let marks: &[&str] = if top == "tmp" { &[KEY_MARK] } else { &[KEY_MARK, TEXT_MARK, LINK_MARK] };
            for mark in marks.iter().filter(|mark| holds(&bytes, mark)) {
                self.found.push(format!("{what}: {mark} in {}", relative.display()));
            }
        }
    }

    fn end(mut self) {
        self.found.sort_unstable();
        self.found.dedup();
        assert!(self.found.is_empty(), "{}", self.found.join("\n"));
    }
}

fn holds(bytes: &[u8], mark: &str) -> bool {
    memchr::memmem::find(bytes, mark.as_bytes()).is_some()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        // Whatever runs may take it away meanwhile.
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

fn children(parent: u32) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{parent}/task")).into_iter().flatten().flatten();
    let lists = tasks.filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn docx() -> Vec<u8> {
    let types = r#"<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>"#;
    let relations = r#"<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
    let text = format!(
        r#"<?xml version="1.0"?><w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>{TEXT_MARK}</w:t></w:r></w:p></w:body></w:document>"#
    );
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let parts = [("[Content_Types].xml", types), ("_rels/.rels", relations), ("word/document.xml", &text)];
    for (name, part) in parts {
        writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(part.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A hunt that sees nothing proves nothing.
#[test]
fn what_is_hidden_is_found() {
    let mut hunt = Hunt::new("text");
    fs::create_dir(hunt.folder.path().join("state")).unwrap();
    for (name, mark) in
        [("state/ledger.sqlite3-wal", TEXT_MARK), ("tmp/spill", KEY), ("m.jsonl.partial", LINK_MARK)]
    {
        fs::write(hunt.folder.path().join(name), format!("before{mark}after")).unwrap();
    }
    hunt.look_at_files("hidden");
    hunt.run(&format!("formats {KEY}"), "");
    hunt.run(&format!("files get {TEXT_MARK} --target anthropic"), "");
    let found = hunt.found.join("\n");
    for what in ["in state/", "in tmp/", "in m.jsonl.partial", "in stderr", "in a command line"] {
        assert!(found.contains(what), "{what}: {found}");
    }
}

#[test]
fn neither_key_nor_text_is_in_what_people_read() {
    hunt("text");
}

#[test]
fn neither_key_nor_text_is_in_what_machines_read() {
    hunt("json");
}

const INGEST: &str = "ingest in --target anthropic --for code-execution --convert always --isolate always \
                      --listing-grace 50ms --retries 1 --force -o";

fn hunt(log_format: &'static str) {
    let mut hunt = Hunt::new(log_format);
    ingest(&mut hunt);
    fetch(&mut hunt);
    for command in [
        "config show",
        "config show --target qoder",
        "ledger show --json",
        "ledger export",
        "targets",
        "targets show qoder --json",
        "formats",
        "manifest verify m0.jsonl",
        "check in --target anthropic",
        "ingest in --target anthropic --for code-execution --dry-run --json",
        "convert in --output-dir got/out --isolate always -o c.jsonl",
        "ingest in --target anthropic --base-url http://example.org/",
        "ingest in --api-key-file nowhere --target anthropic",
    ] {
        hunt.run(command, "");
    }
    hunt.end();
}

/// Uploads, well and with everything that may go wrong.
fn ingest(hunt: &mut Hunt) {
    let mut panics = 0;
    for (n, (faults, failpoint)) in [
        (&[][..], ""),
        (&["upload:401@50%"], ""),
        (&["upload:413-html@50%"], ""),
        (&["upload:answer-garbage@50%", "upload:400@50%"], ""),
        (&["upload:commit-reset@100%!", "list:page-loop@100%!"], ""),
        (&["upload:429-huge@50%"], ""),
        (&["upload:302@50%"], ""),
        (&[], "before-send:panic:2"),
        (&[], "after-send:panic:2"),
        (&[], "ledger-commit:panic:5"),
        (&[], "ledger-commit:error:5+"),
        (&[], "journal-append:panic:3"),
        (&[], "journal-sync:error"),
    ]
    .into_iter()
    .enumerate()
    {
        hunt.serve(faults);
        let said = hunt.run(&format!("{INGEST} m{n}.jsonl --json"), failpoint);
        assert!(said.status.code().is_some(), "{faults:?} {failpoint}: {}", said.stderr);
        assert!(n > 0 || said.status.code() == Some(1), "{}{}", said.stdout, said.stderr);
        panics += usize::from(said.stderr.contains("caught a panic"));
    }
    assert!(panics >= 4, "{panics} panics are told");
    assert!(!hunt.workers.is_empty(), "no worker was seen");
    // Cut short, and gone on with.
    hunt.serve(&[]);
    let cut = hunt.run(&format!("{INGEST} cut.jsonl"), "journal-append:abort:4");
    assert!(cut.status.code().is_none());
    let resumed = hunt.run("resume", "");
    assert!(resumed.stderr.contains("going on with the run"), "{}", resumed.stderr);
}

/// Files of both dialects; only one gives contents back, by links.
fn fetch(hunt: &mut Hunt) {
    let qoder = hunt.run("ingest in/plain0.txt in/plain1.txt --target qoder --for sessions -o q.jsonl", "");
    assert_eq!(qoder.status.code(), Some(0), "{}", qoder.stderr);
    for target in ["anthropic", "qoder"] {
        let listed = hunt.run(&format!("files list --all --json --target {target}"), "");
        let first: serde_json::Value = serde_json::from_str(listed.stdout.lines().next().unwrap()).unwrap();
        let id = first["file_id"].as_str().or(first["id"].as_str()).unwrap().to_owned();
        hunt.run(&format!("files show {id} --target {target}"), "");
        let got = hunt.run(&format!("files get {id} --output-dir got --target {target}"), "");
        assert!(target != "qoder" || got.status.success(), "{}", got.stderr);
        hunt.run(&format!("files delete {id} -y --target {target}"), "");
        hunt.run(&format!("files show {id} --target {target}"), "");
    }
    hunt.serve(&["content:reset-after-body@100%!", "list:401@100%!", "metadata:500@100%!"]);
    hunt.run("files list --target qoder", "");
    hunt.run("files get file_none --output-dir got --target qoder --retries 1", "");
}

#[test]
fn a_server_says_its_key_on_standard_output_only() {
    let mut hunt = Hunt::new("text");
    fs::write(hunt.folder.path().join("token"), KEY).unwrap();
    let mut answered = false;
    let faults = "--fault upload:401@30%,content:500@30%";
    let serve = format!("serve --store served --token-file token {faults}");
    hunt.run_with(&serve, "", Stdio::null(), &mut |child, out| {
        let ready = fs::read_to_string(out).unwrap();
        if !ready.ends_with('\n') || answered {
            return;
        }
        let ready: serde_json::Value = serde_json::from_str(&ready).unwrap();
        let url = ready["anthropic_base_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        for head in ["POST /v1/files", "GET /v1/files", "GET /_content/nothing", "nonsense"] {
            let mut stream = std::net::TcpStream::connect(url.trim_end_matches('/')).unwrap();
            let head = format!(
                "{head} HTTP/1.1\r\nHost: x\r\nx-api-key: {KEY}\r\nAuthorization: Bearer {KEY}\r\n\
                 Content-Length: 4\r\nConnection: close\r\n\r\n{TEXT_MARK}"
            );
            stream.write_all(head.as_bytes()).unwrap();
            drop(stream.read_to_end(&mut Vec::new()));
        }
        answered = true;
        kill_process(Pid::from_child(child), Signal::INT).unwrap();
    });
    assert!(answered);
    hunt.end();
}

/// A proxy that is set up badly shows in its answer what it was sent.
#[test]
fn an_answer_that_repeats_the_request_is_not_believed_to_be_harmless() {
    let mut hunt = Hunt::new("json");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    hunt.listen = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut request = String::new();
            while stream.read_line(&mut request).is_ok_and(|n| n > 2) {}
            let length = request.lines().find_map(|line| {
                line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse::<u64>().ok()
            });
            // What is left unread would break the connection before the answer is seen.
            drop(std::io::copy(&mut stream.by_ref().take(length.unwrap_or(0)), &mut std::io::sink()));
            let heads = request.replace(['\r', '\n'], " ");
            let told = serde_json::json!({ "type": "error", "error": { "type": "invalid_request_error", "message": heads } });
            let told = told.to_string();
            let answer = format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nrequest-id: {KEY}\r\n\
                 Content-Length: {}\r\nConnection: close\r\n\r\n{told}",
                told.len()
            );
            drop(stream.get_mut().write_all(answer.as_bytes()));
        }
    });
    for target in ["anthropic", "qoder"] {
        hunt.run(&format!("ingest in/plain0.txt --target {target} -o {target}.jsonl"), "");
        let said = hunt.run(&format!("files list --target {target}"), "");
        assert!(said.stderr.contains("HTTP/1.1"), "the answer is not shown: {}", said.stderr);
        hunt.run(&format!("files show file_1 --target {target}"), "");
    }
    hunt.end();
}

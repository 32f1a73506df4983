//! `--isolate` from outside: what a worker cannot do, that nobody sees it in the outputs, and that none outlives a run.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

fn docferry(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docferry"));
    command
        .current_dir(folder)
        .args(args)
        .env("HOME", folder)
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("XDG_STATE_HOME");
    for name in ["ANTHROPIC_API_KEY", "QODER_PAT", "DOCFERRY_TARGET", "DOCFERRY_ISOLATE"] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    docferry(folder, args).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn run_file(folder: &Path) -> serde_json::Value {
    let facts = fs::read(folder.join("docferry.manifest.jsonl.run.json")).unwrap();
    serde_json::from_slice(&facts).unwrap()
}

/// Returns all files below a folder with their bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(&next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = fs::read(&path).unwrap();
                found.insert(path.strip_prefix(folder).unwrap().to_owned(), bytes);
            }
        }
    }
    found
}

#[test]
#[cfg(target_os = "linux")]
fn a_worker_can_neither_open_nor_connect_nor_run_nor_take_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let probed = run(folder.path(), &["worker", "--probe"]);
    let said = text(&probed.stdout);
    assert_eq!(probed.status.code(), Some(0), "{said}{}", text(&probed.stderr));
    for what in [
        "open a file",
        "make a file",
        "list a folder",
        "connect",
        "connect to a socket of this machine",
        "make a socket",
        "run a program",
        "start a thread",
        "signal another process",
        "reserve 3 GiB",
    ] {
        assert!(said.contains(&format!("{what}: refused (")), "{what}: {said}");
    }
    // Whatever a kernel lacks, these two it has.
    assert!(said.contains("in force: memory\n") && said.contains("in force: no new privileges\n"), "{said}");
}

#[test]
fn nobody_sees_in_the_outputs_where_they_were_made() {
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples");
    let mut made = Vec::new();
    for isolate in ["never", "always"] {
        for jobs in ["1", "4"] {
            let place = folder.path().join(format!("{isolate}-{jobs}"));
            fs::create_dir(&place).unwrap();
            let args = [
                "convert",
                samples.to_str().unwrap(),
                "--output-dir",
                "out",
                "--isolate",
                isolate,
                "-j",
                jobs,
            ];
            let ran = run(&place, &args);
            assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
            let manifest = fs::read(place.join("docferry.manifest.jsonl")).unwrap();
            made.push((isolate, jobs, files(&place.join("out")), text(&manifest)));
            let workers = &run_file(&place)["isolation"]["workers"];
            let started = workers["started"].as_u64();
            match isolate {
                "never" => assert_eq!(started, None),
                _ => assert!(started.is_some_and(|n| n >= 1 && n <= jobs.parse().unwrap()), "{workers}"),
            }
        }
    }
    let (_, _, files, manifest) = &made[0];
    assert!(files.len() >= 10, "{} files", files.len());
    for (isolate, jobs, others, other) in &made[1..] {
        assert!(files == others, "the outputs differ with --isolate {isolate} -j {jobs}");
        assert_eq!(manifest, other, "the manifest differs with --isolate {isolate} -j {jobs}");
    }
}

#[test]
fn flag_variable_and_default_decide() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "text\n").unwrap();
    let args = ["convert", "a.txt", "--output-dir", "out"];
    let isolated = |command: &mut Command| {
        assert_eq!(command.output().unwrap().status.code(), Some(0));
        let facts = run_file(folder.path());
        (facts["isolation"]["isolate"].as_str().unwrap().to_owned(), !facts["isolation"]["workers"].is_null())
    };
    assert_eq!(isolated(&mut docferry(folder.path(), &args)), ("auto".to_owned(), false));
    let always = docferry(folder.path(), &args).env("DOCFERRY_ISOLATE", "always").output().unwrap();
    assert_eq!(always.status.code(), Some(0));
    assert_eq!(run_file(folder.path())["isolation"]["isolate"], "always");
    let mut never = docferry(folder.path(), &[&args[..], &["--isolate", "never"]].concat());
    assert_eq!(isolated(never.env("DOCFERRY_ISOLATE", "always")), ("never".to_owned(), false));
}

#[test]
fn a_worker_that_could_not_start_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.txt"), "text\n").unwrap();
    for (memory, status) in [("1MiB", 2), ("64MiB", 0)] {
        let args = format!("convert a.txt --output-dir out --isolate always --worker-memory {memory}");
        let ran = run(folder.path(), &args.split(' ').collect::<Vec<_>>());
        assert_eq!(ran.status.code(), Some(status), "{}", text(&ran.stderr));
        assert_eq!(text(&ran.stderr).contains("a worker needs 64MiB to start"), status == 2);
        assert_eq!(folder.path().join("out").exists(), status == 0);
    }
}

/// Who kills a run kills its workers.
#[test]
#[cfg(target_os = "linux")]
fn no_worker_outlives_a_killed_run() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples/reports");
    fs::copy(samples.join("年次報告書.docx"), folder.path().join("a.docx")).unwrap();
    let args = "ingest a.docx - --convert always --isolate always -j 1 --batch-files 1 --json";
    let args: Vec<_> = args.split(' ').collect();
    let mut command = docferry(folder.path(), &args);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut events = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    while !line.contains("batch_done") {
        line.clear();
        assert!(events.read_line(&mut line).unwrap() > 0, "the run ended early");
    }
    let workers = children(child.id());
    assert_eq!(workers.len(), 1);
    let environment = fs::read(format!("/proc/{}/environ", workers[0]));
    // Where it can be read at all.
    assert!(environment.is_ok_and(|bytes| bytes.is_empty()) || rustix::process::geteuid().as_raw() != 0);
    child.kill().unwrap();
    child.wait().unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while Path::new("/proc").join(&workers[0]).exists() {
        assert!(std::time::Instant::now() < until, "the worker {} is still there", workers[0]);
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

#[cfg(target_os = "linux")]
fn children(parent: u32) -> Vec<String> {
    let parent = parent.to_string();
    let found = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        let (_, rest) = stat.rsplit_once(')')?;
        (rest.split_whitespace().nth(1)? == parent).then(|| entry.file_name().into_string().unwrap())
    });
    found.collect()
}

/// Parts that are not in memory share one file.
#[test]
fn a_table_of_many_pieces_takes_few_descriptors() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.csv"), "number,text\n".to_owned() + &"1,some text\n".repeat(1 << 20))
        .unwrap();
    let few = format!("ulimit -n 64; exec {} \"$@\"", env!("CARGO_BIN_EXE_docferry"));
    for isolate in ["never", "always"] {
        let mut command = Command::new("sh");
        command.current_dir(folder.path()).args([
            "-c",
            &few,
            "sh",
            "convert",
            "a.csv",
            "--output-dir",
            isolate,
        ]);
        command.args(["--max-csv-size", "32KiB", "--isolate", isolate, "-o", "m"]).env("HOME", folder.path());
        let ran = command.output().unwrap();
        assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
    }
    let (never, always) = (files(&folder.path().join("never")), files(&folder.path().join("always")));
    assert!(never == always && never.len() > 300, "{} pieces", never.len());
    let rows: usize = never.values().map(|piece| piece.split(|byte| *byte == b'\n').count() - 2).sum();
    assert_eq!(rows, 1 << 20);
}

/// Writes a PDF of so many pages; each shows so many bytes that look random.
fn write_pdf(path: &Path, pages: usize, bytes: usize) {
    let (mut text, mut places) = (b"%PDF-1.7\n".to_vec(), vec![0]);
    let mut add = |body: &[u8], text: &mut Vec<u8>| {
        places.push(text.len());
        let number = places.len() - 1;
        text.extend_from_slice(format!("{number} 0 obj\n").as_bytes());
        text.extend_from_slice(body);
        text.extend_from_slice(b"\nendobj\n");
    };
    add(b"<</Type/Catalog/Pages 2 0 R>>", &mut text);
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", page * 2 + 3)).collect();
    add(format!("<</Type/Pages/Count {pages}/MediaBox[0 0 9 9]/Kids[{kids}]>>").as_bytes(), &mut text);
    for page in 0..pages {
        add(format!("<</Type/Page/Parent 2 0 R/Contents {} 0 R>>", page * 2 + 4).as_bytes(), &mut text);
        let mut body = format!("<</Length {bytes}>>\nstream\n").into_bytes();
        let noise = (0..bytes).map(|at| (at * at + page * 31) % 251);
        body.extend(noise.map(|byte| u8::try_from(byte).unwrap()));
        body.extend_from_slice(b"\nendstream");
        add(&body, &mut text);
    }
    let (start, count) = (text.len(), places.len());
    text.extend_from_slice(format!("xref\n0 {count}\n0000000000 65535 f \n").as_bytes());
    for place in places.iter().skip(1) {
        text.extend_from_slice(format!("{place:010} 00000 n \n").as_bytes());
    }
    let end = format!("trailer\n<</Size {count}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n");
    text.extend_from_slice(end.as_bytes());
    fs::write(path, text).unwrap();
}

#[test]
fn a_pdf_is_split_alike_in_a_worker_and_costs_one_outcome_where_it_needs_too_much() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("in")).unwrap();
    write_pdf(&folder.path().join("in/a.pdf"), 7, 1_000);
    write_pdf(&folder.path().join("in/b.pdf"), 3, 16 << 20);
    let mut outputs = Vec::new();
    for isolate in ["never", "auto"] {
        let args =
            ["convert", "in", "--split-pdf", "3", "--isolate", isolate, "--output-dir", isolate, "-o", "m"];
        let ran = run(folder.path(), &args);
        // The larger one has no more pages than a piece.
        assert_eq!(ran.status.code(), Some(0), "{}", text(&ran.stderr));
        outputs.push(files(&folder.path().join(isolate)));
    }
    let names: Vec<_> = outputs[0].keys().map(|path| path.to_string_lossy().into_owned()).collect();
    assert_eq!(names, ["a.pdf.p1-3.pdf", "a.pdf.p4-6.pdf", "a.pdf.p7-7.pdf"]);
    assert_eq!(outputs[0], outputs[1]);
    if cfg!(target_os = "linux") {
        let args = [
            "convert",
            "in",
            "--split-pdf",
            "2",
            "--worker-memory",
            "64MiB",
            "--output-dir",
            "little",
            "-o",
            "n",
        ];
        let ran = run(folder.path(), &args);
        let said = text(&ran.stderr);
        assert!(ran.status.code() == Some(1) && said.contains("b.pdf: converter-memory"), "{said}");
        let made = files(&folder.path().join("little"));
        assert!(made.len() == 4 && made.keys().all(|path| path.to_string_lossy().starts_with("a.pdf.")));
    }
}

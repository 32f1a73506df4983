//! `--to pdf`: by LibreOffice where it is installed, and by programs that misbehave in its place.
//!
//! Where there is no LibreOffice, the tests that need it say so and test nothing; those with other programs always run.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]
#![cfg(unix)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use docferry::model::Code;
use docferry::model::entry::{Entry, Status};

/// A folder with documents, a program in the place of LibreOffice if one is wanted, and runs in it.
struct Place {
    folder: tempfile::TempDir,
    path: String,
}

impl Place {
    /// The real one; `None`, loudly, if there is none.
    fn real() -> Option<Self> {
        let found = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"].map(Path::new);
        let found = found.iter().find(|folder| folder.join("soffice").exists());
        if found.is_none() {
            eprintln!("NOT TESTED: there is no soffice here, so nothing is known of real PDFs");
        }
        let path = found?.to_string_lossy().into_owned();
        Some(Self { folder: tempfile::tempdir().unwrap(), path })
    }

    /// A shell script that makes `$HOME/document.pdf`, or does not.
    fn with(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("office/program");
        fs::create_dir_all(&bin).unwrap();
        let program = bin.join("soffice");
        let version = "case \"$*\" in *--version*) echo 'LibreOffice 1.2.3'; exit 0;; esac";
        fs::write(&program, format!("#!/bin/bash\n{version}\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let place = Self { path: bin.to_str().unwrap().to_owned(), folder };
        place.document("a.docx", "A text.");
        place
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a Word document of one paragraph.
    fn document(&self, name: &str, text: &str) {
        self.document_with(name, text, "<p/>");
    }

    /// Writes one with a part that no text is made of.
    fn document_with(&self, name: &str, text: &str, part: &str) {
        let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument";
        let package = "http://schemas.openxmlformats.org/package/2006";
        let main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
        let word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
        let parts = [
            ("docProps/custom.xml", part.to_owned()),
            (
                "[Content_Types].xml",
                format!(
                    "<Types xmlns=\"{package}/content-types\"><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/word/document.xml\" ContentType=\"{main}\"/></Types>"
                ),
            ),
            (
                "_rels/.rels",
                format!(
                    "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"r\" Type=\"{office}\" Target=\"word/document.xml\"/></Relationships>"
                ),
            ),
            (
                "word/document.xml",
                format!(
                    "<w:document xmlns:w=\"{word}\"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>"
                ),
            ),
        ];
        let mut writer = zip::ZipWriter::new(fs::File::create(self.file(name)).unwrap());
        for (name, content) in parts {
            writer.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            writer.write_all(content.as_bytes()).unwrap();
        }
        writer.finish().unwrap();
    }

    fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docferry"));
        command.current_dir(self.folder.path()).args(args.split(' '));
        command.env_clear().env("HOME", self.folder.path()).env("PATH", &self.path);
        command
    }

    fn run(&self, args: &str) -> Output {
        self.command(args).output().unwrap()
    }

    /// Converts and returns the only entry.
    fn convert(&self, args: &str) -> Entry {
        let ran = self.run(format!("convert --to pdf --output-dir out a.docx {args}").trim());
        let said = String::from_utf8_lossy(&ran.stderr).into_owned();
        let entries = self.entries();
        assert_eq!(entries.len(), 1, "{said}");
        entries.into_iter().next().unwrap()
    }

    fn entries(&self) -> Vec<Entry> {
        let lines = fs::read_to_string(self.file("docferry.manifest.jsonl")).unwrap_or_default();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn pdf(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.file("out/a.docx.pdf")).unwrap()).into_owned()
    }
}

fn failure(entry: &Entry) -> (Code, &str) {
    let error = entry.error.as_ref().unwrap();
    (error.code, &error.message)
}

#[test]
fn documents_sheets_and_text_become_what_they_should() {
    let Some(place) = Place::real() else { return };
    place.document("a.docx", "A text.");
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/samples");
    fs::copy(samples.join("finance/bare.xlsx"), place.file("b.xlsx")).unwrap();
    fs::write(place.file("c.txt"), "text\n").unwrap();
    let ran = place.run("convert --to pdf --output-dir out a.docx b.xlsx c.txt");
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    for name in ["a.docx.pdf", "b.xlsx.pdf"] {
        assert!(fs::read(place.file("out").join(name)).unwrap().starts_with(b"%PDF-"), "{name}");
    }
    assert_eq!(fs::read_to_string(place.file("out/c.txt")).unwrap(), "text\n");
    let entries = place.entries();
    let output = entries[0].output.as_ref().unwrap();
    assert_eq!(output.media_type, "application/pdf");
    let converter = entries[0].converter.as_ref().unwrap();
    assert_eq!((converter.name.as_str(), converter.revision), ("soffice-to-pdf", 1));
    let facts = fs::read_to_string(place.file("docferry.manifest.jsonl.run.json")).unwrap();
    let facts: serde_json::Value = serde_json::from_str(&facts).unwrap();
    assert_eq!(facts["isolation"]["office"]["confined"], true);
    assert!(facts["isolation"]["office"]["version"].as_str().unwrap().starts_with("LibreOffice "));
}

#[test]
fn a_pdf_is_judged_and_stored_like_any_payload() {
    let Some(place) = Place::real() else { return };
    place.document("a.docx", "A text.");
    let ran = place.run("ingest --to pdf a.docx");
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let entries = place.entries();
    let file = entries[0].file.as_ref().unwrap();
    assert_eq!((file.filename.as_str(), file.mime_type.as_str()), ("a.docx.pdf", "application/pdf"));
}

#[test]
fn without_libreoffice_nothing_is_begun() {
    let mut place = Place::with("exit 1");
    place.path = "/nonexistent".to_owned();
    for command in ["convert --to pdf --output-dir out a.docx", "ingest --to pdf a.docx"] {
        let ran = place.run(command);
        assert_eq!(ran.status.code(), Some(2));
        assert_eq!(
            String::from_utf8_lossy(&ran.stderr),
            "error: --to pdf needs LibreOffice, and there is no `soffice` in the folders of PATH\n\
             hint: install LibreOffice, or put the folder of its `soffice` on PATH\n"
        );
        assert!(!place.file("docferry.manifest.jsonl").exists() && !place.file("out").exists());
    }
    let ran = place.run("convert --output-dir out a.docx");
    assert_eq!(ran.status.code(), Some(0), "text needs none");
}

#[test]
fn a_program_that_makes_no_pdf_costs_one_outcome() {
    let crashed = "soffice-to-pdf failed: its process died of signal 11";
    for (script, code, message) in [
        ("kill -SEGV $$", Code::ConverterCrashed, crashed),
        ("exit 139", Code::ConverterCrashed, crashed),
        ("exit 0", Code::ConverterCrashed, "soffice-to-pdf failed: its process answered with no PDF"),
        (
            "> $HOME/document.pdf",
            Code::ConverterCrashed,
            "soffice-to-pdf failed: its process answered with no PDF",
        ),
        ("exit 77", Code::ConverterCrashed, "soffice-to-pdf failed: its process ended with status 77"),
    ] {
        let place = Place::with(script);
        assert_eq!(failure(&place.convert("")), (code, message), "{script}");
    }
    for (script, code) in [
        ("echo 'Error: source file could not be loaded'", Code::CorruptDocument),
        ("yes | head -c 1500000 > $HOME/document.pdf", Code::LimitExceeded),
        ("yes > $HOME/document.pdf", Code::LimitExceeded),
    ] {
        let entry = Place::with(script).convert("--max-output-size 1MiB");
        assert_eq!(entry.status, Status::Rejected, "{script}: {entry:?}");
        assert_eq!(entry.violations[0].code, code, "{script}");
    }
}

#[test]
fn a_program_that_hangs_is_ended_with_all_that_it_started() {
    // Not confined, so that it can say whom it started.
    let place = Place::with(
        "sleep 1000 & echo $! > $HOME/../started; mv $HOME/../started \"$(dirname \"$0\")/\"; wait",
    );
    let began = Instant::now();
    let entry = place.convert("--convert-timeout 3s --isolate never");
    assert_eq!(failure(&entry), (Code::ConverterTimeout, "the deadline passed"));
    assert!(began.elapsed() < Duration::from_secs(60));
    let started = fs::read_to_string(place.file("office/program/started")).unwrap();
    let until = Instant::now() + Duration::from_secs(10);
    while Command::new("kill").args(["-0", started.trim()]).output().unwrap().status.success() {
        assert!(Instant::now() < until, "{} is still there", started.trim());
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Who kills a run kills what prints, with all that it started.
#[test]
#[cfg(target_os = "linux")]
fn nothing_outlives_a_killed_run() {
    let place = Place::with("sleep 1000 & echo $! > $HOME/started; wait");
    let temporary = place.file("tmp");
    fs::create_dir(&temporary).unwrap();
    let mut run =
        place.command("convert --to pdf --output-dir out a.docx").env("TMPDIR", &temporary).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(30);
    let started = loop {
        let folders = fs::read_dir(&temporary).unwrap().flatten();
        let mut told = folders.filter_map(|folder| fs::read_to_string(folder.path().join("started")).ok());
        if let Some(id) = told.find(|id| id.ends_with('\n')) {
            break id.trim().to_owned();
        }
        assert!(Instant::now() < until, "nothing was started");
        std::thread::sleep(Duration::from_millis(10));
    };
    run.kill().unwrap();
    run.wait().unwrap();
    let alive = || {
        let stat = fs::read_to_string(format!("/proc/{started}/stat")).unwrap_or_default();
        stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with('Z'))
    };
    while alive() {
        assert!(Instant::now() < until, "{started} is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 1, "who is killed cannot tidy up");
    let script = place.file("office/program/soffice");
    let tame =
        fs::read_to_string(&script).unwrap().replace("sleep 1000 &", "echo %PDF- > $HOME/document.pdf;");
    fs::write(script, tame).unwrap();
    let foreign = temporary.join("docferry-pdf-link");
    std::os::unix::fs::symlink(place.file("office"), &foreign).unwrap();
    let ran =
        place.command("convert --to pdf --output-dir out -o m a.docx").env("TMPDIR", &temporary).output();
    assert_eq!(ran.unwrap().status.code(), Some(0));
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 1, "the next run tidies up, but follows no link");
    assert!(place.file("office/program/soffice").exists());
}

/// What a document can make LibreOffice do, it can do nowhere but in its own folder.
#[test]
#[cfg(target_os = "linux")]
fn what_prints_reaches_neither_files_nor_network_nor_the_environment() {
    let probe = Command::new(env!("CARGO_BIN_EXE_docferry")).args(["worker", "--probe"]).output().unwrap();
    if !String::from_utf8_lossy(&probe.stdout).contains("in force: files and network") {
        eprintln!("NOT TESTED: this kernel has no landlock, so files cannot be closed to LibreOffice");
        return;
    }
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("key"), "the-secret").unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let key = secret.path().join("key");
    let place = Place::with(&format!(
        "{{ echo %PDF-; cat {key}; echo mine > {key}; (echo > /dev/tcp/127.0.0.1/{port}) && echo connected; env; }} \
         > $HOME/document.pdf 2>&1; exit 0",
        key = key.display(),
    ));
    let ran = place
        .command("convert --to pdf --output-dir out a.docx")
        .env("ANTHROPIC_API_KEY", "sk-marker-0123456789")
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(0), "{}", String::from_utf8_lossy(&ran.stderr));
    let pdf = place.pdf();
    assert!(pdf.contains("Permission denied") && pdf.contains("HOME="), "{pdf}");
    for word in ["the-secret", "connected", "sk-marker"] {
        assert!(!pdf.contains(word), "{word} in {pdf}");
    }
    assert_eq!(fs::read_to_string(&key).unwrap(), "the-secret");
}

/// A name in its folder may lead anywhere, or to nobody who ever writes.
#[test]
fn what_prints_cannot_hand_over_the_files_of_others() {
    let secret = tempfile::tempdir().unwrap();
    fs::write(secret.path().join("key"), "%PDF- the-secret").unwrap();
    let no_pdf = "soffice-to-pdf failed: its process answered with no PDF";
    for script in [
        format!("ln -s {} $HOME/document.pdf", secret.path().join("key").display()),
        "mkfifo $HOME/document.pdf".to_owned(),
        "mkdir $HOME/document.pdf".to_owned(),
    ] {
        for isolate in ["auto", "never"] {
            let entry = Place::with(&script).convert(&format!("--isolate {isolate}"));
            assert_eq!(failure(&entry), (Code::ConverterCrashed, no_pdf), "{script}");
        }
    }
    let place = Place::with("rm -f $HOME/said; mkfifo $HOME/said; echo %PDF- > $HOME/document.pdf");
    assert_eq!(place.convert("--convert-timeout 20s").status, Status::Converted);
}

/// Whoever leaves the group would outlive the run.
#[test]
#[cfg(target_os = "linux")]
fn what_prints_cannot_leave_its_group() {
    let left = "setsid true && exit 0; set -m; true & jobs -p > $HOME/own; ps -o pgid= $! > $HOME/group";
    let place = Place::with(&format!("{left}; echo %PDF- > $HOME/document.pdf"));
    let entry = place.convert("");
    assert_eq!(entry.status, Status::Converted, "{:?}", entry.error);
}

#[test]
fn a_live_key_is_found_although_a_pdf_hides_it() {
    let place = Place::with("echo '%PDF- compressed' > $HOME/document.pdf");
    let key = "The key is sk-marker-0123456789, keep it.";
    for (text, part) in [(key, "<p/>".to_owned()), ("A text.", format!("<p>{key}</p>"))] {
        place.document_with("a.docx", text, &part);
        let ran =
            place.command("ingest --to pdf a.docx").env("ANTHROPIC_API_KEY", "sk-marker-0123456789").output();
        assert_eq!(ran.unwrap().status.code(), Some(1), "{text} {part}");
        assert_eq!(place.entries()[0].violations[0].code, Code::SecretContent);
    }
}

#[test]
fn another_version_is_another_converter() {
    let script = "echo '%PDF-' > $HOME/document.pdf";
    let hash = |place: &Place| place.convert("").converter.unwrap().options_hash;
    let (one, other) = (Place::with(script), Place::with(script));
    assert_eq!(hash(&one), hash(&other));
    let program = other.file("office/program/soffice");
    let newer = fs::read_to_string(&program).unwrap().replace("1.2.3", "1.2.4");
    fs::write(&program, newer).unwrap();
    assert_ne!(hash(&one), hash(&other));
}

#[test]
fn what_our_own_reader_refuses_never_reaches_the_program() {
    let place = Place::with("echo '%PDF-' > $HOME/document.pdf");
    let whole = fs::read(place.file("a.docx")).unwrap();
    let damaged: Vec<u8> =
        whole.iter().enumerate().map(|(n, b)| if (60..90).contains(&n) { b ^ 0x55 } else { *b }).collect();
    fs::write(place.file("a.docx"), damaged).unwrap();
    let entry = place.convert("");
    assert_eq!(entry.status, Status::Rejected, "{entry:?}");
}

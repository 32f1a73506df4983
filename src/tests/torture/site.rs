//! A place for one experiment: inputs, a server that can be started again as another one, and the program.

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use docferry::model::Secret;
use docferry::model::entry::Entry;
use docferry::server::{Commit, CommitLog, Fault, Server, ServerOptions, UploadRequest};

use crate::serve::serve;

const TOKEN: &str = "torture-token-0123456789";
/// Attempts after the first.
pub(crate) const RETRIES: u64 = 4;

pub(crate) struct Site {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) inputs: usize,
    server: Option<Server>,
    listen: SocketAddr,
    uploads: Vec<UploadRequest>,
    followed: u64,
    target: String,
    /// How long a listing is given.
    pub(crate) grace: &'static str,
    /// Everything that any run named as a copy, or as what may be one.
    pub(crate) named: BTreeSet<String>,
}

/// What a run of the program came to.
pub(crate) struct Ran {
    pub(crate) exit: Option<i32>,
    pub(crate) told: String,
    pub(crate) entries: Vec<Entry>,
}

impl Site {
    /// Makes `count` small files: most of a name of their own; every tenth shares its name and size with another, and
    /// two are the same under the same name.
    pub(crate) fn new(count: usize) -> Self {
        let site = Self::empty(count);
        for n in 0..count {
            let (place, name) = match n {
                0 | 1 => (format!("twin{n}"), "twin.txt".to_owned()),
                n if n % 10 == 0 => ("left".to_owned(), format!("shared{n:05}.txt")),
                n if n % 10 == 1 => ("right".to_owned(), format!("shared{:05}.txt", n - 1)),
                n => (format!("plain{}", n / 500), format!("file{n:05}.txt")),
            };
            let text = match n {
                0 | 1 => "the same in both\n".to_owned(),
                n if n % 10 < 2 => format!("shared {n:05}\n"),
                n => format!("file {n:05}\n").repeat(1 + n % 7),
            };
            site.input(&place, &name, &text);
        }
        site
    }

    /// Makes `count` files of two megabytes.
    pub(crate) fn big(count: usize) -> Self {
        let site = Self::empty(count);
        for n in 0..count {
            site.input("big", &format!("big{n:03}.txt"), &format!("big file {n:010}\n").repeat(100_000));
        }
        site
    }

    fn input(&self, place: &str, name: &str, text: &str) {
        let place = self.folder.path().join("in").join(place);
        fs::create_dir_all(&place).unwrap();
        fs::write(place.join(name), text).unwrap();
    }

    fn empty(inputs: usize) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            inputs,
            server: None,
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            uploads: Vec::new(),
            followed: 0,
            target: "anthropic".to_owned(),
            grace: "200ms",
            named: BTreeSet::new(),
        }
    }

    /// Chooses a target, and says in the user's configuration whether others write there, too.
    pub(crate) fn use_target(&mut self, target: &str, shared_writers: bool) {
        self.target = format!("{target}-here");
        let folder = self.folder.path().join(".config/docferry");
        fs::create_dir_all(&folder).unwrap();
        let table =
            format!("[targets.{}]\nextends = {target:?}\nshared_writers = {shared_writers}\n", self.target);
        fs::write(folder.join("config.toml"), table).unwrap();
    }

    /// Starts the server, or lets another take the place of the one that runs: the same address, store and key.
    pub(crate) fn serve(&mut self, faults: &[String], seed: u64) {
        self.stop();
        let options = ServerOptions {
            listen: self.listen,
            token: Secret::parse(TOKEN),
            faults: faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect(),
            fault_seed: seed,
            commit_log: CommitLog::File(self.log()),
            ..ServerOptions::new(self.folder.path().join("served"))
        };
        let server = serve(&options);
        self.listen = server.url().trim_start_matches("http://").parse().unwrap();
        self.server = Some(server);
    }

    fn stop(&mut self) {
        let Some(server) = self.server.take() else { return };
        self.uploads.extend(server.uploads());
        self.followed += server.followed_redirects();
        server.shutdown();
    }

    /// Returns what was stored and deleted by all servers so far.
    pub(crate) fn commits(&self) -> Vec<Commit> {
        let text = fs::read_to_string(self.log()).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("commits.jsonl")
    }

    pub(crate) fn uploads(&self) -> Vec<UploadRequest> {
        self.uploads.iter().cloned().chain(self.server.iter().flat_map(Server::uploads)).collect()
    }

    pub(crate) fn followed_redirects(&self) -> u64 {
        self.followed + self.server.as_ref().map_or(0, Server::followed_redirects)
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    pub(crate) fn manifest(&self) -> PathBuf {
        self.folder.path().join("manifest.jsonl")
    }

    /// Returns the command of a run, with waits that suit a test.
    pub(crate) fn command(&self, manifest: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docferry"));
        command
            .args(["ingest", "--target", &self.target, "in", "-q", "--listing-grace", self.grace])
            .args(["--request-timeout", "2s", "--retries", &RETRIES.to_string(), "-o"])
            .arg(manifest)
            .arg("--state-dir")
            .arg(self.state())
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("ANTHROPIC_BASE_URL", format!("http://{}", self.listen))
            .env("ANTHROPIC_API_KEY", TOKEN)
            .env("QODER_MANAGED_BASE_URL", format!("http://{}/api/v1/cloud/", self.listen))
            .env("QODER_ACCESS_TOKEN", TOKEN)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&mut self) -> Ran {
        let output = self.command(&self.manifest()).output().unwrap();
        self.ran(&output, &self.manifest())
    }

    /// Reads what a run left, and remembers what it named.
    pub(crate) fn ran(&mut self, output: &Output, manifest: &Path) -> Ran {
        let told =
            format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let text = fs::read_to_string(manifest).unwrap_or_default();
        let entries: Vec<Entry> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        self.named.extend(entries.iter().flat_map(|entry| entry.possible_orphans.clone()));
        let words = told.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        self.named.extend(words.filter(|word| word.starts_with("file_")).map(str::to_owned));
        Ran { exit: output.status.code(), told, entries }
    }
}

//! The program itself, run in a folder of its own against an embedded server.

use std::path::PathBuf;
use std::process::{Command, Output};

use docferry::model::entry::Entry;
use docferry::server::Server;

/// A run of the program in a folder of its own, with no variable of the surroundings.
pub(crate) struct Program {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) vars: Vec<(&'static str, String)>,
}

impl Program {
    pub(crate) fn new(server: &Server) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let token = server.token().expose().to_owned();
        let vars = vec![
            ("ANTHROPIC_BASE_URL", server.anthropic_base_url()),
            ("ANTHROPIC_API_KEY", token.clone()),
            ("QODER_MANAGED_BASE_URL", server.qoder_base_url()),
            ("QODER_ACCESS_TOKEN", token),
        ];
        Self { folder, vars }
    }

    pub(crate) fn run(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_docferry"))
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("DOCFERRY_STATE_DIR", "state")
            .envs(self.vars.iter().map(|(name, value)| (*name, value.as_str())))
            .output()
            .unwrap()
    }

    pub(crate) fn input(&self, name: &str, text: &str) -> PathBuf {
        let folder = self.folder.path().join("in");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), text).unwrap();
        folder
    }

    pub(crate) fn entries(&self) -> Vec<Entry> {
        let text = std::fs::read_to_string(self.folder.path().join("docferry.manifest.jsonl")).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(crate) fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

//! `doctor` and the vendor's login over real HTTP, and the hunt for what neither may show.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use docferry::model::Secret;
use docferry::server::{Fault, Server, ServerOptions};
use serve::serve;

mod serve;

/// The key, the tokens and the password of the proxy: each has it.
const MARK: &str = "Tq27mWz5Rk81";
const KEY: &str = "sk-Tq27mWz5Rk81-key";
const LOGIN: &str = ".config/anthropic";

/// A folder that is home, working directory and state at once.
struct Place {
    folder: tempfile::TempDir,
    vars: Vec<(&'static str, String)>,
}

/// What a command said.
struct Said {
    status: Option<i32>,
    text: String,
}

impl Place {
    fn new(vars: &[(&'static str, &str)]) -> Self {
        let vars = vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { folder: tempfile::tempdir().unwrap(), vars }
    }

    /// Runs a command at the finest level of logs; nothing that it says holds a credential.
    fn run(&self, args: &str) -> Said {
        let output: Output = Command::new(env!("CARGO_BIN_EXE_docferry"))
            .args(args.split(' '))
            .arg("-vvv")
            .current_dir(self.folder.path())
            .env_clear()
            .env("HOME", self.folder.path())
            .env("DOCFERRY_STATE_DIR", "state")
            .envs(self.vars.iter().map(|(name, value)| (*name, value.as_str())))
            .output()
            .unwrap();
        let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let text = read(&output.stdout) + &read(&output.stderr);
        let shown = text.lines().find(|line| line.contains(MARK));
        assert_eq!(shown, None, "{args} shows a credential");
        Said { status: output.status.code(), text }
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    }

    /// Logs in, as the vendor's tool would.
    fn log_in(&self, base_url: &str, end: &str) {
        self.put(&format!("{LOGIN}/active_config"), "work\n");
        let profile = serde_json::json!({ "version": "1.0", "base_url": base_url, "authentication": { "type": "user_oauth" } });
        self.put(&format!("{LOGIN}/configs/work.json"), &profile.to_string());
        let tokens =
            format!(r#"{{"access_token": "{KEY}", "refresh_token": "{KEY}-2", "expires_at": {end}}}"#);
        self.put(&format!("{LOGIN}/credentials/work.json"), &tokens);
        // Whatever mask the tests run under.
        for folder in [LOGIN.to_owned(), format!("{LOGIN}/configs"), format!("{LOGIN}/credentials")] {
            fs::set_permissions(self.folder.path().join(folder), Permissions::from_mode(0o700)).unwrap();
        }
    }
}

impl Said {
    /// Tells whether there is a line of a finding, and the status is this one.
    fn expect(&self, status: i32, line: &str) {
        let squeezed = self.text.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
        assert!(squeezed.into_iter().any(|found| found.starts_with(line)), "{line}: {}", self.text);
        assert_eq!(self.status, Some(status), "{}", self.text);
    }
}

fn server(folder: &Place, faults: &[&str]) -> Server {
    serve(&ServerOptions {
        token: Secret::parse(KEY),
        faults: faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect(),
        ..ServerOptions::new(folder.folder.path().join("served"))
    })
}

/// A place whose variables lead to a server.
fn with_server(faults: &[&str]) -> (Place, Server) {
    let mut place = Place::new(&[("ANTHROPIC_API_KEY", KEY), ("QODER_ACCESS_TOKEN", KEY)]);
    let server = server(&place, faults);
    place.vars.push(("ANTHROPIC_BASE_URL", server.anthropic_base_url()));
    place.vars.push(("QODER_MANAGED_BASE_URL", server.qoder_base_url()));
    (place, server)
}

#[test]
fn a_target_that_answers_is_well_in_each_dialect() {
    let (place, _server) = with_server(&[]);
    for target in ["anthropic", "anthropic-beta", "qoder"] {
        let said = place.run(&format!("doctor --target {target}"));
        said.expect(0, &format!("ok target `{target}` lists files, in "));
        said.expect(0, "ok clock ");
        said.expect(0, "ok ledger none yet");
        let told = if target == "qoder" { "the target names none" } else { "wrkspc_" };
        said.expect(0, &format!("ok workspace {told}"));
    }
    assert!(!place.folder.path().join("state").exists(), "looking makes nothing");
}

#[test]
fn what_the_target_refuses_has_the_status_of_a_run_and_hides_nothing() {
    for (fault, status, line) in [
        ("list:401", 3, "fail target the target `anthropic`: 401"),
        ("list:403", 3, "fail target the target `anthropic`: 403"),
        ("list:500", 5, "fail target the target `anthropic`: 500"),
        ("list:302", 1, "fail target the target `anthropic`: 302"),
        ("list:429", 0, "warn target the target `anthropic`: 429"),
    ] {
        let (place, _server) = with_server(&[fault]);
        let said = place.run("doctor --target anthropic");
        said.expect(status, line);
        said.expect(status, "ok credential an API key ($ANTHROPIC_API_KEY)");
        said.expect(status, "ok state ");
        said.expect(status, "ok clock ");
        place.run("doctor --target anthropic").expect(0, "ok target ");
    }
}

#[test]
fn a_key_or_workspace_of_others_is_refused() {
    let (mut place, _server) = with_server(&[]);
    let other = place.run("doctor --target anthropic --workspace-id wrkspc_other");
    other.expect(3, "fail target the target `anthropic`: 403 permission_error");
    other.expect(3, "ok workspace requests name wrkspc_other (flag)");
    place.vars.retain(|(name, _)| *name != "ANTHROPIC_API_KEY");
    place
        .run("doctor --target anthropic")
        .expect(2, "fail credential the target `anthropic` needs an API key");
    place.vars.push(("ANTHROPIC_AUTH_TOKEN", format!("{KEY}-of-others")));
    place.run("doctor --target anthropic").expect(3, "fail target the target `anthropic`: 401");
}

#[test]
fn the_request_counts_as_one_of_all_runs() {
    let (place, _server) = with_server(&[]);
    place.put("in/a.txt", "a\n");
    place.put("budget.toml", "[budgets.per_month]\nrequests = 100\n");
    let ingested = place.run("ingest in --target anthropic --config budget.toml");
    assert_eq!(ingested.status, Some(0), "{}", ingested.text);
    let used = || {
        let shown = place.run("ledger show --json").text;
        let shown: serde_json::Value = serde_json::from_str(shown.lines().next().unwrap()).unwrap();
        let all = shown["workspaces"][0]["used"].as_array().unwrap().clone();
        all.iter().find(|used| used["limit"] == "per_month.requests").unwrap()["used"].as_u64().unwrap()
    };
    let before = used();
    let said = place.run("doctor --target anthropic --config budget.toml");
    said.expect(0, "ok target ");
    said.expect(0, "ok runs none is left unfinished");
    assert_eq!(used(), before + 1);
    place.put("budget.toml", "[budgets.per_month]\nrequests = 1\n");
    let over = place.run("doctor --target anthropic --config budget.toml");
    over.expect(4, "fail target the budget per_month.requests");
    assert_eq!(used(), before + 1, "nothing was asked");
}

#[test]
fn a_ledger_of_an_earlier_version_is_looked_at_and_left_to_the_next_run() {
    let (place, _server) = with_server(&[]);
    place.put("in/a.txt", "a\n");
    assert_eq!(place.run("ingest in --target anthropic").status, Some(0));
    let path = place.folder.path().join("state/ledger.sqlite3");
    let open = || rusqlite::Connection::open(&path).unwrap();
    let older = "DROP TABLE place; ALTER TABLE source DROP COLUMN judgement; DROP TABLE origin; ALTER TABLE object DROP COLUMN used_at;
        ALTER TABLE object DROP COLUMN condemned; PRAGMA user_version = 3;";
    open().execute_batch(older).unwrap();
    let bytes = fs::read(&path).unwrap();
    let said = place.run("doctor --target anthropic");
    let told = format!("ok ledger `{}`, schema 3, which the next run brings up to date", path.display());
    said.expect(0, &told);
    said.expect(0, "ok uploads none");
    said.expect(0, "ok target ");
    assert!(fs::read(&path).unwrap() == bytes, "the ledger was changed");
    assert_eq!(place.run("ingest in --target anthropic").status, Some(0));
    let version: i64 = open().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert!(version > 3, "{version}");
}

/// A server that answers everything in the same way; `ECHO` becomes what the request says of who asks for what.
fn answering(head: &'static str, body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut request = String::new();
            while stream.read_line(&mut request).is_ok_and(|n| n > 2) {}
            let is_told =
                |line: &&str| ["anthropic-", "authorization"].iter().any(|name| line.starts_with(name));
            let told: String = request.lines().filter(is_told).flat_map(|line| [line, ";"]).collect();
            let body = body.replace("ECHO", &told);
            let length = body.len();
            let answer =
                format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            drop(stream.get_mut().write_all(answer.as_bytes()));
        }
    });
    url
}

#[test]
fn clocks_that_differ_are_warned_of() {
    let url =
        answering("200 OK\r\nDate: Mon, 20 Nov 2023 10:00:00 GMT", r#"{"data": [], "next_page": null}"#);
    let place = Place::new(&[("ANTHROPIC_API_KEY", KEY), ("ANTHROPIC_BASE_URL", &url)]);
    let said = place.run("doctor --target anthropic");
    said.expect(0, "ok target ");
    let clock = said.text.lines().find(|line| line.starts_with("warn  clock")).unwrap();
    let seconds: u64 = clock.split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!(seconds > 86_400, "{clock}");
}

#[test]
fn the_login_of_the_vendors_tool_serves_over_http() {
    let place = Place::new(&[]);
    let server = server(&place, &[]);
    place.log_in(&server.anthropic_base_url(), "4102444800");
    place.put("in/a.txt", "a\n");
    let ingested = place.run("ingest in --target anthropic");
    assert_eq!(ingested.status, Some(0), "{}", ingested.text);
    assert_eq!(place.run("files list --target anthropic").status, Some(0));
    let said = place.run("doctor --target anthropic");
    let folder = place.folder.path().join(LOGIN);
    let from = format!("(profile work of {})", folder.display());
    said.expect(0, &format!("ok credential a bearer token {from}, good until 2100-01-01T00:00:00.000000Z"));
    said.expect(0, &format!("ok address {}/ {from}", server.anthropic_base_url()));
    said.expect(0, "ok target ");
    place.run("config show --origin --target anthropic").expect(0, &format!("credential *** {from}"));
    place.log_in(&server.anthropic_base_url(), "1");
    let ended = place.run("doctor --target anthropic");
    ended.expect(3, "fail credential the token of the profile `work`");
    ended.expect(3, "warn target not asked");
    place.run("files list --target anthropic").expect(3, "error: the token of the profile `work`");
    place.log_in("http://files.example", "4102444800");
    place
        .run("doctor --target anthropic")
        .expect(2, "fail configuration the base URL `http://files.example`");
}

#[test]
fn what_a_login_asks_for_is_on_the_wire_and_its_token_in_no_text() {
    let echo = r#"{"type": "error", "error": {"type": "invalid_request_error", "message": "ECHO"}}"#;
    let url = answering("400 Bad Request", echo);
    let place = Place::new(&[]);
    place.log_in(&url, "4102444800");
    for (target, betas) in [
        ("anthropic", "anthropic-beta: oauth-2025-04-20;"),
        ("anthropic-beta", "anthropic-beta: files-api-2025-04-14,oauth-2025-04-20;"),
    ] {
        let said = place.run(&format!("doctor --target {target} --workspace-id wrkspc_1"));
        assert_eq!(said.status, Some(1), "{}", said.text);
        for header in [betas, "anthropic-workspace-id: wrkspc_1;", "authorization: Bearer ***;"] {
            assert!(said.text.contains(header), "{header}: {}", said.text);
        }
    }
}

#[test]
fn no_credential_is_in_what_is_shown() {
    let (mut place, _server) = with_server(&["list:401*3"]);
    place.log_in("https://files.example", "4102444800");
    place.put("key", KEY);
    place.vars.push(("HTTPS_PROXY", format!("http://user:{MARK}@127.0.0.1:1")));
    let commands = |place: &Place| {
        for target in ["local", "anthropic", "anthropic-beta", "qoder"] {
            for command in
                ["doctor", "doctor --json", "doctor --offline", "config show --origin", "config show --json"]
            {
                place.run(&format!("{command} --target {target}"));
            }
        }
        place.run("doctor --target anthropic --api-key-file key");
        place.run("doctor --target anthropic --base-url https://files.example --connect-timeout 200ms");
    };
    commands(&place);
    place.vars.retain(|(name, _)| !name.ends_with("_KEY") && !name.ends_with("_TOKEN"));
    commands(&place);
    for file in ["active_config", "configs/work.json", "credentials/work.json"] {
        place.log_in("https://files.example", "4102444800");
        place.put(
            &format!("{LOGIN}/{file}"),
            &format!("{{\"access_token\": [\"{KEY}\"], \"authentication\": \"{KEY}\"}}"),
        );
        commands(&place);
    }
}

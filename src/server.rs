//! The embedded server: a store on loopback in the wire dialects of the real platforms, files and sessions.
//!
//! It shares no wire code with the targets: client and server are two readings of the published rules, so that one
//! misreading cannot pass every test. Where the documents are silent it refuses rather than guesses; the choices
//! stand beside the routes. It is for tests and local pipelines, not a security boundary between users of a machine.
//!
//! The types here block; the asynchronous part runs on a thread of its own, so a server works in any test.

mod anthropic;
mod app;
mod body;
mod commit;
mod content;
mod fault;
mod listener;
mod media;
mod output;
mod paging;
mod qoder;
mod query;
mod quota;
mod rate;
mod raw;
mod refusal;
mod session;
mod upload;
mod visibility;

use std::fmt;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;

use serde::Serialize;
use tokio::sync::oneshot;

use crate::model::{Secret, Timestamp};
use crate::store::{Store, StoreError};

pub use commit::{Commit, CommitLog, CommitOperation};
pub use fault::{BadFault, Fault, FaultKind, UploadRequest};

/// Which generation of the Qoder Files API is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum QoderShape {
    /// Objects with `file_id`, `purpose` and `status`.
    #[default]
    Seed,
    /// Objects with `id`, `downloadable` and `scope`, as the vendor's current client expects.
    Current,
}

/// What the server takes. Sizes count in bytes; requests count with their framing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest file.
    pub max_file_bytes: u64,
    /// The largest request.
    pub max_request_bytes: u64,
    /// The largest file of the Qoder dialect, where it is lower.
    pub max_qoder_file_bytes: u64,
    /// The largest request that is JSON.
    pub max_json_bytes: usize,
    /// Connections at one time; further ones wait.
    pub max_connections: usize,
    /// What all uploads together may have; unlimited if there is none.
    pub quota_bytes: Option<u64>,
    /// Requests within any minute; unlimited if there is none.
    pub requests_per_minute: Option<NonZeroU32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_file_bytes: 500_000_000,
            max_request_bytes: 500_000_000,
            max_qoder_file_bytes: 50_000_000,
            max_json_bytes: 32_000_000,
            max_connections: 64,
            quota_bytes: None,
            requests_per_minute: None,
        }
    }
}

/// Where the server gets the time from.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Clock {
    /// Takes a clock, for tests of what expires.
    pub fn new(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    fn now(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How to run a server.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// A loopback address; port 0 takes any free one.
    pub listen: SocketAddr,
    /// The store's folder; made if it is missing.
    pub store: PathBuf,
    /// The key that clients must send; a random one if there is none.
    pub token: Option<Secret>,
    /// The generation of the Qoder dialect.
    pub qoder_shape: QoderShape,
    /// What the server takes.
    pub limits: Limits,
    /// The clock.
    pub clock: Clock,
    /// What shall go wrong, and how often.
    pub faults: Vec<Fault>,
    /// What faults with a rate are drawn from.
    pub fault_seed: u64,
    /// Where it is noted what was stored and deleted.
    pub commit_log: CommitLog,
}

impl ServerOptions {
    /// Starts with a free port, a random key and the published limits.
    #[must_use]
    pub fn new(store: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            store: store.into(),
            token: None,
            qoder_shape: QoderShape::default(),
            limits: Limits::default(),
            clock: Clock::default(),
            faults: Vec::new(),
            fault_seed: 0,
            commit_log: CommitLog::default(),
        }
    }
}

/// Why a server did not start or run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The address is not of this machine alone.
    #[error("`{0}` is not a loopback address; the server has no other protection than its key")]
    NotLoopback(SocketAddr),
    /// The address cannot be had.
    #[error("cannot listen on `{address}`")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The commit log cannot be opened.
    #[error("cannot write the commit log")]
    CommitLog(#[source] io::Error),
    /// The store cannot be opened.
    #[error("cannot open the store")]
    Store(#[from] StoreError),
    /// The system gave no thread, timer or random bytes.
    #[error("cannot run the server")]
    Runtime(#[source] io::Error),
}

/// What a client must know to reach a server; the one line that `serve` prints. It holds the key.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Ready {
    /// The server's address.
    pub url: String,
    /// The base URL of the Anthropic dialect.
    pub anthropic_base_url: String,
    /// The base URL of the Qoder dialect.
    pub qoder_base_url: String,
    /// Where outputs are planted, which is of no platform.
    pub outputs_url: String,
    /// The key.
    pub token: String,
}

impl fmt::Debug for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ready").field("url", &self.url).finish_non_exhaustive()
    }
}

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    url: String,
    token: Secret,
    app: Arc<app::App>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a server; when this returns, connections are accepted.
    ///
    /// # Errors
    /// [`ServerError::NotLoopback`], [`ServerError::Bind`] and [`ServerError::Store`] say what to change.
    pub fn start(options: ServerOptions) -> Result<Self, ServerError> {
        if !options.listen.ip().is_loopback() {
            return Err(ServerError::NotLoopback(options.listen));
        }
        let store = Store::open(&options.store)?;
        let bind = |source| ServerError::Bind { address: options.listen, source };
        let listener = TcpListener::bind(options.listen).map_err(bind)?;
        listener.set_nonblocking(true).map_err(bind)?;
        let address = listener.local_addr().map_err(bind)?;
        let token = options.token.map_or_else(random_token, Ok)?;
        let url = format!("http://{address}");
        let commits = commit::Commits::open(&options.commit_log).map_err(ServerError::CommitLog)?;
        let observes = options.commit_log != CommitLog::Off;
        let app = Arc::new(app::App {
            store: Arc::new(store),
            token: token.clone(),
            qoder_shape: options.qoder_shape,
            limits: options.limits,
            clock: options.clock,
            links: content::Links::default(),
            listings: visibility::Listings::new(fault::lag(&options.faults)),
            faults: fault::Faults::new(options.faults, options.fault_seed, observes),
            commits,
            rate: rate::Rate::new(options.limits.requests_per_minute),
            quota: quota::Quota::new(options.limits.quota_bytes),
            turn: session::Turn::default(),
            url: url.clone(),
            port: address.port(),
        });
        let (stop, stopped) = oneshot::channel();
        let thread = listener::spawn(listener, Arc::clone(&app), stopped).map_err(ServerError::Runtime)?;
        Ok(Self { url, token, app, stop: Some(stop), thread: Some(thread) })
    }

    /// Returns the server's address, without a slash at its end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the base URL for `ANTHROPIC_BASE_URL`.
    #[must_use]
    pub fn anthropic_base_url(&self) -> String {
        self.url.clone()
    }

    /// Returns the base URL for `QODER_MANAGED_BASE_URL`; it ends with a slash, as the vendor's does.
    #[must_use]
    pub fn qoder_base_url(&self) -> String {
        format!("{}/api/v1/cloud/", self.url)
    }

    /// Returns where outputs are planted: the body of a POST with `filename`, and `scope_id` of a session, in its query.
    #[must_use]
    pub fn outputs_url(&self) -> String {
        format!("{}/docferry/v1/outputs", self.url)
    }

    /// Returns the key that clients must send.
    #[must_use]
    pub fn token(&self) -> &Secret {
        &self.token
    }

    /// Returns what a client must know.
    #[must_use]
    pub fn ready(&self) -> Ready {
        Ready {
            url: self.url.clone(),
            anthropic_base_url: self.anthropic_base_url(),
            qoder_base_url: self.qoder_base_url(),
            outputs_url: self.outputs_url(),
            token: self.token.expose().to_owned(),
        }
    }

    /// Returns what was stored and deleted so far, if a commit log is on.
    #[must_use]
    pub fn commits(&self) -> Vec<Commit> {
        self.app.commits.all()
    }

    /// Returns the uploads that were begun, if a commit log is on.
    #[must_use]
    pub fn uploads(&self) -> Vec<UploadRequest> {
        self.app.faults.uploads()
    }

    /// Returns how many requests followed a redirect to another host: none should.
    #[must_use]
    pub fn followed_redirects(&self) -> u64 {
        self.app.faults.followed.load(Ordering::Relaxed)
    }

    /// Serves until the process gets SIGINT or SIGTERM, then ends what is running.
    ///
    /// # Errors
    /// [`ServerError::Runtime`] if signals cannot be waited for.
    pub fn wait(self) -> Result<(), ServerError> {
        listener::wait_for_signal().map_err(ServerError::Runtime)?;
        self.shutdown();
        Ok(())
    }

    /// Takes no more connections, gives running requests five seconds, and returns when all is over.
    pub fn shutdown(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Either fails only if the thread is gone, which is what is wanted.
        let _ = self.stop.take().map(|stop| stop.send(()));
        let _ = self.thread.take().map(JoinHandle::join);
        // What is stored late is stored by then: the next server of this store has it.
        for store in self.app.listings.rest() {
            if let Err(error) = store(&self.app) {
                tracing::error!(error = &error as &dyn std::error::Error, "a late file was not stored");
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn random_token() -> Result<Secret, ServerError> {
    let failed = || ServerError::Runtime(io::Error::other("no random bytes"));
    let hex = app::random_hex(24).map_err(|_| failed())?;
    Secret::parse(&format!("docferry-{hex}")).ok_or_else(failed)
}

//! Arguments of `serve`. The store is the only thing that it shares with other commands.

use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::server::Fault;

/// Arguments of `serve`.
#[derive(Debug, Args)]
#[command(
    after_long_help = "Prints one line of JSON with its address when it is ready, and runs until it is interrupted.\n\
    It is no security boundary: it listens on this machine only. docs/serve.md says what it answers.\n\n\
    Example:\n  \
    docferry serve --listen 127.0.0.1:8080 --store .docferry/store"
)]
pub struct ServeArgs {
    /// The address; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: std::net::SocketAddr,
    /// The folder of the store [default: .docferry/store]
    #[arg(long, value_name = "DIR")]
    pub store: Option<PathBuf>,
    /// A file with the token that clients must send
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Which generation of the Qoder dialect is spoken
    #[arg(long, value_name = "SHAPE", default_value = "seed")]
    pub qoder_shape: QoderShape,
    /// Bytes that all uploads together may have; what is over is refused as the platforms do [default: unlimited]
    #[arg(long, value_name = "BYTES")]
    pub quota: Option<u64>,
    /// Requests that are taken within a minute; the next get a 429 that says when to come back [default: unlimited]
    #[arg(long, value_name = "N")]
    pub requests_per_minute: Option<NonZeroU32>,
    /// Let requests fail on purpose, such as upload:529, any:429+2*3 or upload:commit-reset@10%
    ///
    /// OPERATION:EFFECT, and how often: *TIMES in the order of the list (once, if nothing is said) or @RATE%. The
    /// operations are any, upload, list, metadata, content and delete, of sessions session, mount, resources and
    /// unmount, and count of tokens; docs/reliability.md has the table of effects.
    /// A rate strikes one file at most twice, so that a run can end; @RATE%! strikes without mercy.
    #[arg(long, value_name = "FAULT", value_delimiter = ',')]
    pub fault: Vec<Fault>,
    /// What faults with a rate are drawn from; the same number draws the same faults
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub fault_seed: u64,
    /// Write a line of JSON for each file that is stored or deleted, before the client is told
    #[arg(long, value_name = "FILE")]
    pub commit_log: Option<PathBuf>,
}

/// The generations of the Qoder dialect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum QoderShape {
    /// Files have a `file_id`, a purpose and a status
    Seed,
    /// Files are as the vendor's current client expects them
    Current,
}

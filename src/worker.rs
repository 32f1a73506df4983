//! Conversions in processes of their own.
//!
//! A reader that is not ours may run out of memory, overflow its stack or never end, and none of that can be caught in
//! a thread. A [`Pool`] therefore lends worker processes: each is this program (or another that calls
//! [`serve()`]) started anew with nothing but three pipes, which gives up files, network and further processes before
//! it reads a byte of a document. Its death costs one document one outcome.
//!
//! A program of one's own can be its own worker; the workers are told by their first argument:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use docferry::worker::{Isolation, ServeOptions, by_format, serve};
//!
//! let mut arguments = std::env::args_os().skip(1);
//! if arguments.next().is_some_and(|first| first == "worker") {
//!     return Ok(serve(&ServeOptions::from_args(arguments)?, &by_format)?);
//! }
//! # let folder = tempfile::tempdir()?;
//! let pipeline = docferry::pipeline::Pipeline::builder()
//!     .output_dir(folder.path())
//!     .isolation(Isolation::Process { program: std::env::current_exe()? })
//!     .build()?;
//! # drop(pipeline);
//! # Ok(())
//! # }
//! ```

mod death;
mod launch;
mod office;
mod pool;
mod probe;
mod process;
mod protocol;
mod sandbox;
mod serve;

use std::path::PathBuf;

pub use death::{Cause, Death};
pub use launch::{Launch, not_in_force};
pub use office::Office;
pub use pool::{Job, Pool, Trouble};
pub use protocol::{Confinement, Missing};
pub use serve::{BadArgument, ServeOptions, by_format, serve};

/// The memory that a worker may reserve, unless told otherwise.
pub const MEMORY_BYTES: u64 = 1 << 30;
/// What a worker needs to start and to convert a small document.
pub const MIN_MEMORY_BYTES: u64 = 64 << 20;

/// Where converters run that could take the process down.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Isolation {
    /// In the threads of the run.
    #[default]
    Thread,
    /// In worker processes.
    Process {
        /// The program, which answers to the argument `worker`: docferry, or one that calls [`serve()`]. It must be of
        /// this version.
        program: PathBuf,
    },
}

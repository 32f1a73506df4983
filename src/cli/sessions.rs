//! Arguments of `sessions`: what to do with the files of an agent's session.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand, ValueEnum};

use super::{AtArgs, value};
use crate::config::Span;

/// Arguments of `sessions`.
#[derive(Debug, Args)]
pub struct SessionsArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: SessionsCommand,
}

/// What to do with the files of a session.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// Mount the stored files of a manifest; what is mounted already stays
    #[command(
        after_long_help = "Exit status 0: every stored file of the manifest is mounted. 1: some are refused. \
        2: nothing was done, because paths are taken\nor the session would hold too many. 5: run it again.\n\n\
        Examples:\n  \
        docferry sessions mount sesn_1 --target anthropic --manifest docferry.manifest.jsonl\n  \
        docferry sessions mount sesn_1 --target anthropic --manifest m.jsonl --mount-root /reports --path-style flat"
    )]
    Mount {
        /// The session
        #[arg(value_name = "SESSION")]
        session: String,
        /// What to mount, and where.
        #[command(flatten)]
        what: MountArgs,
        /// Say what would be mounted, and mount nothing
        #[arg(long)]
        dry_run: bool,
        /// Print one JSON object a line
        #[arg(long, help_heading = "Output")]
        json: bool,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
    /// Take files out of a session; the uploads stay
    #[command(group = ArgGroup::new("what").required(true).args(["resources", "manifest", "all"]))]
    Unmount {
        /// The session
        #[arg(value_name = "SESSION")]
        session: String,
        /// The resources, by id
        #[arg(value_name = "RESOURCE")]
        resources: Vec<String>,
        /// The files that `mount` with the same flags mounted
        #[arg(long, value_name = "FILE")]
        manifest: Option<PathBuf>,
        /// Every file that is mounted
        #[arg(long)]
        all: bool,
        /// Where they are.
        #[command(flatten)]
        layout: LayoutArgs,
        /// Do not ask
        #[arg(short, long)]
        yes: bool,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
    /// List what is mounted in a session
    Resources {
        /// The session
        #[arg(value_name = "SESSION")]
        session: String,
        /// Print one JSON object a line
        #[arg(long, help_heading = "Output")]
        json: bool,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
    /// List the files that a session made
    Files {
        /// The session
        #[arg(value_name = "SESSION")]
        session: String,
        /// Look again for so long until there are any; more may come later
        #[arg(long, value_name = "TIME", value_parser = value::<Span>)]
        wait: Option<Span>,
        /// Print one JSON object a line
        #[arg(long, help_heading = "Output")]
        json: bool,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
    /// Fetch the files that a session made
    Get {
        /// The session
        #[arg(value_name = "SESSION")]
        session: String,
        /// Look again for so long until there are any; more may come later
        #[arg(long, value_name = "TIME", value_parser = value::<Span>)]
        wait: Option<Span>,
        /// Write below this folder, under the stored names
        #[arg(long, value_name = "DIR", default_value = ".", help_heading = "Output")]
        output_dir: PathBuf,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
    /// Print the `resources` of a call that creates a session, offline
    ResourcesJson {
        /// What to mount, and where.
        #[command(flatten)]
        what: MountArgs,
        /// The target.
        #[command(flatten)]
        at: AtArgs,
    },
}

/// What to mount, and where.
#[derive(Debug, Args)]
pub struct MountArgs {
    /// The manifest of the run that stored the files; `-` is standard input
    #[arg(long, value_name = "FILE")]
    pub manifest: PathBuf,
    /// Where.
    #[command(flatten)]
    pub layout: LayoutArgs,
}

/// Where the files of a manifest are mounted.
#[derive(Debug, Clone, Args)]
pub struct LayoutArgs {
    /// The folder of the mounted files; targets with a `mount_root` put it below that
    #[arg(long, value_name = "DIR", default_value = "/data")]
    pub mount_root: String,
    /// What paths are made of
    #[arg(long, value_name = "STYLE", value_enum, default_value = "tree")]
    pub path_style: PathStyle,
}

/// What the paths of mounted files are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PathStyle {
    /// The folders of the source, and the stored name
    Tree,
    /// The stored name
    Flat,
}

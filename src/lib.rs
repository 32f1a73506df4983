//! Ferries mixed documents into the file stores of agent platforms.
//!
//! A [`pipeline::Pipeline`] finds inputs, converts what the target does not take, judges, sends, and tells what became
//! of each of them: in a [`pipeline::Report`], and in a manifest of [`model::entry::Entry`] lines. A
//! [`targets::Target`] is where files go; [`event::Observer`] listens while a run goes on. Without the features `cli`
//! and `server`, which are on by default, this is a library for jobs of one's own.
//!
//! ```
//! use std::sync::Arc;
//!
//! use docferry::event::Event;
//! use docferry::model::entry::Status;
//! use docferry::pipeline::Pipeline;
//! use docferry::store::Store;
//! use docferry::targets::{local::LocalTarget, profiles};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let inputs = folder.path().join("in");
//! std::fs::create_dir(&inputs)?;
//! std::fs::write(inputs.join("empty.txt"), "")?;
//! std::fs::write(inputs.join("tides.csv"), "port,high\nWick,11:20\n")?;
//!
//! let profile = profiles::built_in("local").ok_or("no such profile")?;
//! let target = LocalTarget::new(profile, Store::open(&folder.path().join("store"))?);
//! let pipeline = Pipeline::builder().input(&inputs).target(Arc::new(target)).build()?;
//!
//! // A batch is announced when its entries are durable, while the run goes on.
//! let mut handed_over = Vec::new();
//! let mut observer = |event: &Event<'_>| {
//!     if let Event::BatchDone(batch) = event {
//!         handed_over.extend(batch.file_ids.iter().cloned());
//!     }
//! };
//! let report = pipeline.run(&mut observer)?;
//!
//! // What became of a file is no error of the run; the entries say it, in order.
//! for entry in report.entries()? {
//!     let entry = entry?;
//!     match entry.status {
//!         Status::Uploaded => assert_eq!(entry.file.ok_or("no file")?.file_id, handed_over[0]),
//!         Status::Rejected => assert_eq!(entry.violations[0].code.as_str(), "empty-file"),
//!         other => panic!("{}: {other:?}", entry.source.path),
//!     }
//! }
//! assert_eq!((report.inputs, report.of(Status::Uploaded)), (2, 1));
//! # Ok(())
//! # }
//! ```

pub mod acceptance;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod commands;
pub mod config;
pub mod event;
pub mod exit;
pub mod http;
pub mod ledger;
pub mod model;
pub mod pipeline;
pub mod policy;
#[cfg(feature = "cli")]
pub mod report;
#[cfg(feature = "server")]
pub mod server;
pub mod stages;
pub mod store;
pub mod targets;
pub mod worker;

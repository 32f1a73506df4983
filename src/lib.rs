//! Ferries mixed documents into the file stores of agent platforms.

pub mod acceptance;
pub mod config;
pub mod event;
pub mod exit;
pub mod model;
pub mod pipeline;
pub mod policy;
#[cfg(feature = "server")]
pub mod server;
pub mod stages;
pub mod store;
pub mod targets;

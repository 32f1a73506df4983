//! Ferries mixed documents into the file stores of agent platforms.

pub mod acceptance;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod commands;
pub mod config;
pub mod event;
pub mod exit;
pub mod http;
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

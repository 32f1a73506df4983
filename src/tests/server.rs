//! The embedded server over real HTTP on loopback, byte for byte where the bytes matter.
//!
//! Its answers are compared with `testdata/wire`, which the clients' tests read too. Ids, cursors and request ids
//! are random and masked; times are not, as the clock is set.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "server/anthropic.rs"]
mod anthropic;
#[path = "server/client.rs"]
mod client;
#[path = "server/count.rs"]
mod count;
#[path = "server/fault.rs"]
mod fault;
#[path = "server/limits.rs"]
mod limits;
#[path = "server/qoder.rs"]
mod qoder;
#[path = "server/requests.rs"]
mod requests;
#[path = "server/sessions.rs"]
mod sessions;
#[path = "server/transport.rs"]
mod transport;

//! An embedded server for tests: the same address again, for a server that takes the place of another.

use std::time::{Duration, Instant};

use docferry::server::{Server, ServerError, ServerOptions};

/// Starts a server, and waits for its port if it is taken.
pub(crate) fn serve(options: &ServerOptions) -> Server {
    let began = Instant::now();
    loop {
        match Server::start(options.clone()) {
            // Another test took the port meanwhile, for a connection of its own.
            Err(ServerError::Bind { .. }) if began.elapsed().as_secs() < 60 => {
                std::thread::sleep(Duration::from_millis(20));
            }
            started => return started.unwrap(),
        }
    }
}

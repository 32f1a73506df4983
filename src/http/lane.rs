//! A runtime and the connections that live in it, for one call at a time.
//!
//! The thread that calls also sends and receives: no other thread has to be woken for a request, which for small files
//! took longer than sending them. Between calls nobody looks after the connections, so a call begins with a look: on one
//! that the server closed meanwhile no request is written, it goes to a new one.

use std::cell::OnceCell;

use reqwest::{Certificate, Client};
use tokio::runtime::{Builder, Runtime};
use tokio::task::yield_now;

use super::error::{Error, root};
use super::{Settings, builder_of, public};

/// One of as many as there are calls at a time.
#[derive(Debug)]
pub(super) struct Lane {
    /// Only taken away when the lane ends.
    runtime: Option<Runtime>,
    client: Client,
    /// Reaches public addresses only; made when it is needed.
    public: OnceCell<Client>,
}

impl Lane {
    pub(super) fn new(settings: &Settings, certificates: &[Certificate]) -> Result<Self, Error> {
        let builder = builder_of(settings, certificates);
        let builder = match settings.proxy.to_reqwest()? {
            Some(proxy) => builder.proxy(proxy),
            None => builder.no_proxy(),
        };
        let client = builder.build().map_err(|error| Error::settings(root(&error)))?;
        let runtime = Builder::new_current_thread()
            .thread_name("docferry-http")
            .enable_all()
            .build()
            .map_err(|error| Error::settings(format!("no runtime for the network: {error}")))?;
        Ok(Self { runtime: Some(runtime), client, public: OnceCell::new() })
    }

    /// Returns the client for the API's own host.
    pub(super) fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the client that reaches public addresses only.
    pub(super) fn public(&self, settings: &Settings, certificates: &[Certificate]) -> Result<&Client, Error> {
        if let Some(client) = self.public.get() {
            return Ok(client);
        }
        let builder = public::bound(builder_of(settings, certificates), settings)?;
        let client = builder.build().map_err(|error| Error::settings(root(&error)))?;
        Ok(self.public.get_or_init(|| client))
    }

    /// Sends and receives until the future has come to its end.
    pub(super) fn block_on<T>(&self, future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let Some(runtime) = &self.runtime else {
            return Err(Error::settings("the client was closed".to_owned()));
        };
        runtime.block_on(async {
            // The look: what the system has to tell of idle connections is known after it.
            yield_now().await;
            let outcome = future.await;
            // The connection of an answer that was read needs a turn until it can be used again.
            yield_now().await;
            outcome
        })
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        // A runtime that is dropped waits for its threads, which is forbidden on threads of another runtime.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

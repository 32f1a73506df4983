//! Accepts connections: so many at a time, with bounds on what a request's head may cost.
//!
//! `axum::serve` sets neither a time limit for heads nor one for their size or for connections, hence hyper itself.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::http::HeaderValue;
use axum::http::header::CONNECTION;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime;
use tokio::sync::{Semaphore, mpsc, oneshot, watch};

use super::app::{self, App};
use super::raw::{Raw, Reused, Wire};

/// Also ends connections that are idle for so long.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// Heads longer than this get a 431; bodies are read in pieces of up to this size.
const BUFFER_BYTES: usize = 16 * 1024;
const SHUTDOWN_TIME: Duration = Duration::from_secs(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Serves on a thread of its own until told to stop.
pub(super) fn spawn(
    listener: std::net::TcpListener,
    app: Arc<App>,
    stopped: oneshot::Receiver<()>,
) -> io::Result<JoinHandle<()>> {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("docferry-server")
        .enable_all()
        .build()?;
    let listener = {
        let _context = runtime.enter();
        TcpListener::from_std(listener)?
    };
    std::thread::Builder::new().name("docferry-server".to_owned()).spawn(move || {
        runtime.block_on(serve(listener, &app, stopped));
        runtime.shutdown_timeout(SHUTDOWN_TIME);
    })
}

async fn serve(listener: TcpListener, app: &Arc<App>, mut stopped: oneshot::Receiver<()>) {
    let service = TowerToHyperService::new(app::routes(app));
    let permits = Arc::new(Semaphore::new(app.limits.max_connections));
    let (stop, stops) = watch::channel(false);
    loop {
        let accepted = tokio::select! {
            _ = &mut stopped => break,
            accepted = accept(&listener, &permits) => accepted,
        };
        let (stream, permit) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, for one: it may pass.
                tracing::warn!(error = &error as &dyn std::error::Error, "cannot accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let others = Arc::clone(&permits);
        let connection = converse(stream, service.clone(), others, stops.clone());
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(error = error.as_ref(), "a connection broke");
            }
            drop(permit);
        });
    }
    drop((listener, stops));
    if stop.send(true).is_ok() {
        drop(tokio::time::timeout(SHUTDOWN_TIME, stop.closed()).await);
    }
}

/// Serves one connection until it ends, or until an answer goes out past HTTP.
async fn converse(
    stream: TcpStream,
    service: TowerToHyperService<axum::Router>,
    others: Arc<Semaphore>,
    mut stops: watch::Receiver<bool>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (by_hand, mut answers) = mpsc::channel::<Raw>(1);
    let used = AtomicBool::new(false);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Reused(used.swap(true, Ordering::Relaxed)));
        let answer = service.call(request);
        let (others, by_hand) = (Arc::clone(&others), by_hand.clone());
        async move {
            let Ok(mut response) = answer.await;
            if let Some(wire) = response.extensions_mut().remove::<Wire>() {
                // The connection is taken away from hyper, and this with it.
                drop(by_hand.send(Raw::new(wire, response).await).await);
                return std::future::pending().await;
            }
            // Whoever waits for a connection must not wait until an idle one times out.
            if others.available_permits() == 0 {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(BUFFER_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    let mut stopping = false;
    let raw = loop {
        tokio::select! {
            ended = &mut connection => return ended.map_err(Into::into),
            Some(raw) = answers.recv() => break raw,
            _ = stops.wait_for(|stop| *stop), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    let stream = connection.into_parts().io.into_inner();
    tokio::select! {
        written = raw.write(stream) => written.map_err(Into::into),
        _ = stops.wait_for(|stop| *stop) => Ok(()),
    }
}

async fn accept(
    listener: &TcpListener,
    permits: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let permit = Arc::clone(permits).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    stream.set_nodelay(true)?;
    Ok((stream, permit))
}

/// Returns when the process gets SIGINT or SIGTERM.
pub(super) fn wait_for_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        Ok(())
    })
}

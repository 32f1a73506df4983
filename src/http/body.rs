//! The body of an upload: framing, and a file that is read while it is sent.
//!
//! Two pieces of a file at the most are on the way. The last piece, with the closing boundary, is handed over only
//! after the file was as long as promised and ended there: a file that shrinks or grows can therefore never be stored.
//! What is in memory cannot change, and its pieces are sent from where they are. Whether the last piece was taken is the
//! one fact from which it follows whether the server can have had the whole form.

use std::cmp::Ordering::{Equal, Greater, Less};
use std::io::{self, Read};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use tokio::sync::mpsc;

use super::error::{Error, ErrorKind};
use super::multipart::{Boundary, Form};

/// How much is read at a time. A file that is no longer is handed over with its framing, in one piece.
const PIECE_BYTES: usize = 64 << 10;
/// How many pieces wait to be sent.
const PIECES: usize = 2;

/// What is sent as a file, each time from its beginning. Every function that opens something is one.
pub trait Content {
    /// Opens it.
    ///
    /// # Errors
    /// It is gone, has changed, or cannot be read.
    fn open(&self) -> io::Result<Box<dyn Read + Send>>;

    /// Returns all of it, if it is in memory. Who takes it sends it to its end, or fails.
    fn bytes(&self) -> Option<Bytes> {
        None
    }
}

impl<F: Fn() -> io::Result<Box<dyn Read + Send>>> Content for F {
    fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        self()
    }
}

/// A form to post.
pub struct Upload<'a> {
    /// What the form says.
    pub form: Form<'a>,
    /// What separates its parts.
    pub boundary: Boundary,
    /// The exact length of the file.
    pub size_bytes: u64,
    /// The file.
    pub content: &'a dyn Content,
}

impl std::fmt::Debug for Upload<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Upload").field("size_bytes", &self.size_bytes).finish_non_exhaustive()
    }
}

/// What is known of a body on its way.
#[derive(Debug, Clone, Default)]
pub(super) struct State(Arc<AtomicBool>);

impl State {
    /// Tells whether the last byte was taken for sending.
    pub(super) fn sent_to_end(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// What the client reads.
#[derive(Debug)]
pub(super) struct Body {
    pieces: Pieces,
    remaining: u64,
    length: u64,
    state: State,
}

/// Where pieces come from.
#[derive(Debug)]
enum Pieces {
    /// A file, by a pipe.
    Piped(mpsc::Receiver<Bytes>),
    /// Memory: the head, what is left of the content, and the tail.
    Held([Bytes; 3]),
}

impl Pieces {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        match self {
            Self::Piped(pieces) => pieces.poll_recv(context),
            Self::Held(parts) => {
                let left = parts.iter_mut().find(|part| !part.is_empty());
                Poll::Ready(left.map(|part| part.split_to(part.len().min(PIECE_BYTES))))
            }
        }
    }
}

impl Body {
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) fn state(&self) -> State {
        self.state.clone()
    }
}

impl http_body::Body for Body {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if self.remaining == 0 {
            return Poll::Ready(None);
        }
        self.pieces.poll(context).map(|piece| match piece {
            None => Some(Err(io::ErrorKind::UnexpectedEof.into())),
            Some(piece) => {
                self.remaining = self.remaining.saturating_sub(piece.len() as u64);
                if self.remaining == 0 {
                    self.state.0.store(true, Ordering::Release);
                }
                Some(Ok(Frame::data(piece)))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.remaining == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.remaining)
    }
}

/// The end of the pipe that the caller fills.
pub(super) struct Feed {
    pieces: mpsc::Sender<Bytes>,
    head: Vec<u8>,
    tail: Vec<u8>,
    file: Box<dyn Read + Send>,
    size_bytes: u64,
}

/// Makes the body of memory, or opens the file and lays the pipe, whose other end is to be fed.
pub(super) fn open(upload: &Upload<'_>) -> Result<(Body, Option<Feed>), Error> {
    let head = upload.form.head(&upload.boundary).into_bytes();
    let tail = Form::tail(&upload.boundary).into_bytes();
    let framing = (head.len() + tail.len()) as u64;
    let length = upload.size_bytes.saturating_add(framing);
    let body = |pieces| Body { pieces, remaining: length, length, state: State::default() };
    if let Some(content) = upload.content.bytes() {
        let size_bytes = content.len() as u64;
        return match size_bytes.cmp(&upload.size_bytes) {
            Less => Err(changed("shorter", upload.size_bytes)),
            Greater => Err(changed("longer", upload.size_bytes)),
            Equal => Ok((body(Pieces::Held([head.into(), content, tail.into()])), None)),
        };
    }
    let file = upload.content.open().map_err(|error| unreadable(&error))?;
    let (sender, pieces) = mpsc::channel(PIECES);
    let feed = Feed { pieces: sender, head, tail, file, size_bytes: upload.size_bytes };
    Ok((body(Pieces::Piped(pieces)), Some(feed)))
}

fn changed(how: &str, size_bytes: u64) -> Error {
    Error::new(ErrorKind::Body, format!("the file is {how} than the {size_bytes} bytes it had"))
}

fn unreadable(error: &io::Error) -> Error {
    Error::new(ErrorKind::Body, format!("the file cannot be read: {error}"))
}

impl Feed {
    /// Feeds the body while `exchange` sends it and reads the answer. The answer may come before the body's end; then
    /// the rest is not sent. The pipe stays whole until the answer was read, because a broken body ends the connection.
    pub(super) async fn run_during<T>(
        self,
        exchange: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut exchange = pin!(exchange);
        let mut feed = pin!(self.run());
        let mut fed = false;
        std::future::poll_fn(move |context| {
            if let Poll::Ready(answer) = exchange.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            if !fed && let Poll::Ready(outcome) = feed.as_mut().poll(context) {
                fed = true;
                if let Err(error) = outcome {
                    return Poll::Ready(Err(error));
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Reads the file into the pipe. Nobody taking the pieces is no error here: the request tells why.
    async fn run(mut self) -> Result<(), Error> {
        let mut piece = std::mem::take(&mut self.head);
        let mut remaining = self.size_bytes;
        loop {
            let read = self.read(&mut piece, remaining)?;
            let Some(rest) = remaining.checked_sub(read) else {
                return Err(changed("longer", self.size_bytes));
            };
            remaining = rest;
            if read == 0 {
                break;
            }
            // The end of the file is looked for before a last piece leaves.
            if remaining > 0 && self.pieces.send(std::mem::take(&mut piece).into()).await.is_err() {
                return Ok(());
            }
        }
        if remaining > 0 {
            return Err(changed("shorter", self.size_bytes));
        }
        piece.append(&mut self.tail);
        // Nobody there to take it: the request tells why.
        let _ = self.pieces.send(piece.into()).await;
        Ok(())
    }

    /// Adds what is next of the file, a piece's worth unless the file ends; returns how much. At the end it is nothing.
    fn read(&mut self, piece: &mut Vec<u8>, remaining: u64) -> Result<u64, Error> {
        let most = usize::try_from(remaining).unwrap_or(usize::MAX).min(PIECE_BYTES);
        // One byte more than is left shows that the file is longer.
        piece.reserve_exact(most + self.tail.len() + 1);
        let read = (&mut self.file).take(most as u64 + 1).read_to_end(piece);
        read.map(|n| n as u64).map_err(|error| unreadable(&error))
    }
}

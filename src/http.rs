//! A thin HTTP client for one host: it sends once, follows nothing, repeats nothing, and says how far a request got.
//!
//! It knows no API; the dialects do. Calls block, and must not be made on a thread of an async runtime. Inside is
//! reqwest's async client, run by the thread that calls, although a blocking one exists: reqwest 0.13's loses an
//! answer that comes before the body was sent to its end (measured: 413 and 401 become a broken pipe, even where the
//! server lingers), and such a file would be sent again and again instead of being refused once.
//!
//! Credentials live in headers marked sensitive. They are in no `Debug`, no message, and on no request to another
//! host ([`Access::Anonymous`]).

mod body;
mod error;
mod lane;
pub mod multipart;
mod proxy;
mod public;
mod retry_after;
#[cfg(test)]
pub(crate) mod scripted;
mod settings;
mod text;

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Certificate, Method, redirect};
use url::{Host, Url};

use crate::model::{Secret, Sha256};
use lane::Lane;

pub use body::{Content, Upload};
pub use error::{Error, ErrorKind};
pub use proxy::Proxy;
pub use public::may_be_public;
pub use retry_after::{date, retry_after};
pub use settings::{Auth, Settings, Timeouts};
pub use text::displayable;

/// The longest answer that is read where one of ours is expected.
const MAX_ANSWER_BYTES: u64 = 1 << 20;
/// How much of a refusal is read.
const MAX_REFUSAL_BYTES: u64 = 64 << 10;
/// Shorter than servers keep idle connections (60 s and more), so that a request rarely meets one being closed.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// Whether a request carries the credential and the fixed headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It does; for the API itself.
    Authorised,
    /// It carries nothing of the kind; for links to the API's own host.
    Anonymous,
    /// As [`Access::Anonymous`], and it goes to public addresses only; for links to any other host.
    Public,
}

/// Where a request goes and what it says besides its body.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Where to.
    pub url: &'a Url,
    /// Headers of this request only; they replace fixed ones of the same name.
    pub headers: &'a [(&'static str, String)],
}

/// An answer whose body is short.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; of a refusal, at most its beginning.
    pub body: Vec<u8>,
    /// Whether the request's body was handed over to its last byte.
    pub sent_to_end: bool,
}

impl Answer {
    /// Tells whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Returns a header that is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// What a download came to.
#[derive(Debug)]
pub enum Fetched {
    /// The content was written; this is its length.
    Content(u64),
    /// The server answered something other than 2xx.
    Refused(Answer),
}

/// A client for one host.
pub struct Client {
    /// Those that nobody uses now, the last used one last.
    lanes: Mutex<Vec<Lane>>,
    settings: Settings,
    /// Those of the CA file, read once.
    certificates: Vec<Certificate>,
    fixed: HeaderMap,
    secret: Option<Secret>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client. No connection is made.
    ///
    /// # Errors
    /// [`ErrorKind::Settings`] if a header, the certificate file or the proxy makes no sense.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        let certificates = certificates(settings)?;
        Ok(Self {
            lanes: Mutex::new(vec![Lane::new(settings, &certificates)?]),
            settings: settings.clone(),
            certificates,
            fixed: settings::fixed_headers(settings)?,
            secret: settings.auth.as_ref().map(|auth| auth.secret().clone()),
        })
    }

    /// Gets a short answer.
    ///
    /// # Errors
    /// [`Error`] says how far the request got; any status is an answer.
    pub fn get(&self, request: &Request<'_>) -> Result<Answer, Error> {
        self.call(Method::GET, request, None)
    }

    /// Posts a JSON text. Once a connection stands, a failure leaves open whether the server had it: it is short.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn post_json(&self, request: &Request<'_>, json: Vec<u8>) -> Result<Answer, Error> {
        self.call(Method::POST, request, Some(json))
    }

    /// Deletes.
    ///
    /// # Errors
    /// As [`Client::get`].
    pub fn delete(&self, request: &Request<'_>) -> Result<Answer, Error> {
        self.call(Method::DELETE, request, None)
    }

    /// Posts a form with one file, streamed, with an exact length.
    ///
    /// # Errors
    /// [`ErrorKind::Body`] if the file cannot be read or is not as long as promised: then its end was never sent.
    /// [`ErrorKind::BrokenBeforeEnd`] and [`ErrorKind::BrokenAfterEnd`] tell apart whether the server can have had
    /// the whole form.
    pub fn upload(&self, request: &Request<'_>, upload: &Upload<'_>) -> Result<Answer, Error> {
        let (form, feed) = body::open(upload)?;
        let state = form.state();
        let timeout = self.settings.timeouts.total(upload.size_bytes);
        let lane = self.lane()?;
        let builder = self
            .builder(&lane, Method::POST, request, Access::Authorised)?
            .timeout(timeout)
            .header("accept", "application/json")
            .header("content-length", form.length())
            .header("content-type", format!("multipart/form-data; boundary={}", upload.boundary.as_str()))
            .body(reqwest::Body::wrap(form));
        let exchange = async {
            let broken = |error| Error::from_reqwest(&error, request.url, state.sent_to_end());
            read_answer(builder.send().await.map_err(broken)?, request.url).await
        };
        let answer = match feed {
            Some(feed) => lane.block_on(feed.run_during(exchange)),
            None => lane.block_on(exchange),
        };
        // What was not sent to its end must never be: the connection that would go on with it ends with its lane.
        let sent_to_end = state.sent_to_end();
        if sent_to_end {
            self.keep(lane);
        }
        Ok(Answer { sent_to_end, ..answer? })
    }

    /// Gets content and writes it to `out`. `size_bytes` is its length by all we know: more is an error.
    ///
    /// # Errors
    /// [`ErrorKind::TooLong`], [`ErrorKind::Output`], or how far the request got.
    pub fn download(
        &self,
        request: &Request<'_>,
        access: Access,
        size_bytes: u64,
        out: &mut dyn Write,
    ) -> Result<Fetched, Error> {
        let timeout = self.settings.timeouts.total(size_bytes);
        let lane = self.lane()?;
        let builder = self.builder(&lane, Method::GET, request, access)?.timeout(timeout);
        let fetched = lane.block_on(async {
            let broken = |error| Error::from_reqwest(&error, request.url, true);
            let mut response = builder.send().await.map_err(broken)?;
            if !response.status().is_success() {
                return read_answer(response, request.url).await.map(Fetched::Refused);
            }
            let mut written = 0u64;
            while let Some(chunk) = response.chunk().await.map_err(broken)? {
                written = written.saturating_add(chunk.len() as u64);
                if written > size_bytes {
                    let message = format!("the content is longer than the {size_bytes} bytes announced");
                    return Err(Error::new(ErrorKind::TooLong, message));
                }
                out.write_all(&chunk).map_err(|error| Error::new(ErrorKind::Output, error.to_string()))?;
            }
            Ok(Fetched::Content(written))
        });
        self.keep(lane);
        fetched
    }

    /// Makes a server's text fit for one line of a message: cleaned, cut, and without the credential, should the
    /// server repeat it.
    #[must_use]
    pub fn displayable(&self, text: &str) -> String {
        match &self.secret {
            Some(secret) => displayable(&text.replace(secret.expose(), "***")),
            None => displayable(text),
        }
    }

    /// Returns a salted digest of the credential: enough to know it again, and nothing to log in with.
    #[must_use]
    pub fn credential_fingerprint(&self, salt: &[u8; 16]) -> Option<[u8; 16]> {
        let secret = self.secret.as_ref()?;
        let digest = Sha256::of(&[salt, secret.expose().as_bytes()].concat());
        digest.as_bytes().first_chunk().copied()
    }

    fn call(&self, method: Method, request: &Request<'_>, json: Option<Vec<u8>>) -> Result<Answer, Error> {
        let length = json.as_ref().map_or(0, |json| json.len() as u64);
        let lane = self.lane()?;
        let mut builder = self
            .builder(&lane, method, request, Access::Authorised)?
            .timeout(self.settings.timeouts.total(length))
            .header("accept", "application/json");
        if let Some(json) = json {
            builder = builder.header("content-type", "application/json").body(json);
        }
        let answer = lane.block_on(async {
            let sent = builder.send().await;
            let response = sent.map_err(|error| Error::from_reqwest(&error, request.url, true))?;
            read_answer(response, request.url).await
        });
        self.keep(lane);
        answer
    }

    fn builder(
        &self,
        lane: &Lane,
        method: Method,
        request: &Request<'_>,
        access: Access,
    ) -> Result<reqwest::RequestBuilder, Error> {
        require_secure(request.url)?;
        let mut headers = match access {
            Access::Authorised => self.fixed.clone(),
            Access::Anonymous | Access::Public => HeaderMap::new(),
        };
        for (name, value) in request.headers {
            headers.insert(HeaderName::from_static(name), settings::header_value(name, value)?);
        }
        let client = match access {
            Access::Authorised | Access::Anonymous => lane.client(),
            Access::Public => lane.public(&self.settings, &self.certificates)?,
        };
        Ok(client.request(method, request.url.clone()).headers(headers))
    }

    /// Returns a lane that nobody else uses.
    fn lane(&self) -> Result<Lane, Error> {
        let free = self.lanes.lock().unwrap_or_else(PoisonError::into_inner).pop();
        // The first one was made, so it is no setting that another one fails for.
        let passing = |error: Error| Error::new(ErrorKind::Connect, error.message);
        free.map_or_else(|| Lane::new(&self.settings, &self.certificates).map_err(passing), Ok)
    }

    /// Takes a lane back for the next call.
    fn keep(&self, lane: Lane) {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }
}

/// Returns what every client has, whomever it reaches.
fn builder_of(settings: &Settings, certificates: &[Certificate]) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("docferry/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .referer(false)
        .retry(reqwest::retry::never())
        .connect_timeout(settings.timeouts.connect)
        .pool_idle_timeout(POOL_IDLE);
    match certificates {
        [] => builder,
        certificates => builder.tls_certs_merge(certificates.iter().cloned()),
    }
}

/// Reads the certificates of the CA file, if there is one.
fn certificates(settings: &Settings) -> Result<Vec<Certificate>, Error> {
    let Some(path) = &settings.ca_file else { return Ok(Vec::new()) };
    let unreadable = |why: String| Error::settings(format!("the CA file `{}`: {why}", path.display()));
    let pem = std::fs::read(path).map_err(|error| unreadable(error.to_string()))?;
    let certificates = Certificate::from_pem_bundle(&pem).unwrap_or_default();
    if certificates.is_empty() {
        return Err(unreadable("holds no certificate in PEM form".to_owned()));
    }
    Ok(certificates)
}

/// Refuses to talk in the clear, except to this machine.
///
/// # Errors
/// [`ErrorKind::Settings`] names the host.
pub fn require_secure(url: &Url) -> Result<(), Error> {
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url)) {
        return Ok(());
    }
    let host = url.host_str().unwrap_or_default();
    Err(Error::settings(format!(
        "`{}://{host}` is neither https nor on this machine; credentials and documents would go in the clear",
        url.scheme()
    )))
}

/// Tells whether a URL names this machine: `localhost`, 127.0.0.0/8 or ::1 (RFC 6761, section 6.3).
#[must_use]
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Reads a short body. Of a refusal, the beginning is enough: its status has been read already.
async fn read_answer(mut response: reqwest::Response, url: &Url) -> Result<Answer, Error> {
    let status = response.status();
    let max = if status.is_success() { MAX_ANSWER_BYTES } else { MAX_REFUSAL_BYTES };
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(None) => break,
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Err(error) if status.is_success() => return Err(Error::from_reqwest(&error, url, true)),
            Err(_) => break,
        }
        if body.len() as u64 > max {
            if status.is_success() {
                let message = format!("the answer is longer than {max} bytes");
                return Err(Error::new(ErrorKind::TooLong, message));
            }
            body.truncate(usize::try_from(max).unwrap_or(usize::MAX));
            break;
        }
    }
    let (status, headers) = (status.as_u16(), response.headers().clone());
    Ok(Answer { status, headers, body, sent_to_end: true })
}

#[cfg(test)]
mod tests;

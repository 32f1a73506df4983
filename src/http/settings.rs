//! What a client is made of, as values: nothing here is read from the environment.

use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::error::Error;
use super::proxy::Proxy;
use crate::model::Secret;

/// A credential and how it is sent.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `x-api-key: …`.
    ApiKey(Secret),
    /// `Authorization: Bearer …` (RFC 6750, section 2.1).
    Bearer(Secret),
}

impl Auth {
    pub(super) fn secret(&self) -> &Secret {
        match self {
            Self::ApiKey(secret) | Self::Bearer(secret) => secret,
        }
    }
}

/// How long a request may take.
#[derive(Debug, Clone, Copy)]
pub struct Timeouts {
    /// Until there is a connection.
    pub connect: Duration,
    /// What every request has, whatever it carries.
    pub base: Duration,
    /// The slowest that bytes may flow, added to `base` by the size of what is carried.
    pub min_bytes_per_second: u64,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            base: Duration::from_secs(60),
            min_bytes_per_second: 64 << 10,
        }
    }
}

impl Timeouts {
    pub(super) fn total(&self, size_bytes: u64) -> Duration {
        self.base + Duration::from_secs(size_bytes / self.min_bytes_per_second.max(1))
    }
}

/// What a client is made of.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The credential.
    pub auth: Option<Auth>,
    /// Headers of every request.
    pub headers: Vec<(String, String)>,
    /// A PEM file of certificates to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The way out.
    pub proxy: Proxy,
    /// How long requests may take.
    pub timeouts: Timeouts,
}

pub(super) fn fixed_headers(settings: &Settings) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let parsed = name.parse::<HeaderName>();
        let bad = |_| Error::settings(format!("`{name}` is not the name of a header"));
        headers.insert(parsed.map_err(bad)?, header_value(name, value)?);
    }
    let (name, text) = match &settings.auth {
        None => return Ok(headers),
        Some(Auth::ApiKey(secret)) => ("x-api-key", secret.expose().to_owned()),
        Some(Auth::Bearer(secret)) => ("authorization", format!("Bearer {}", secret.expose())),
    };
    let mut value = HeaderValue::try_from(text).map_err(|_| {
        Error::settings("the credential holds characters that no header can carry".to_owned())
    })?;
    value.set_sensitive(true);
    headers.insert(HeaderName::from_static(name), value);
    Ok(headers)
}

pub(super) fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| {
        Error::settings(format!("the value of `{name}` holds characters that no header can carry"))
    })
}

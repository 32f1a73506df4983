//! The way out of a guarded network. Proxies are given as values; the environment is read elsewhere.
//!
//! A proxy serves https only, where it sees a host name and sealed bytes. What goes in the clear goes to this machine
//! and never to a proxy, whatever the environment says.

use url::Url;

use super::error::{Error, root};

/// Where https requests go through.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Proxy {
    /// The proxy, as `HTTPS_PROXY` names it; it may hold a user and password.
    pub https: Option<Url>,
    /// Hosts that are reached without it, as `NO_PROXY` lists them: names with their subdomains, addresses, networks,
    /// or `*`.
    pub bypass: Option<String>,
}

impl std::fmt::Debug for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let host = self.https.as_ref().and_then(Url::host_str);
        f.debug_struct("Proxy").field("host", &host).field("bypass", &self.bypass).finish()
    }
}

impl Proxy {
    /// Returns the proxy for every https request, past which nothing goes.
    pub(super) fn for_all(&self) -> Result<Option<reqwest::Proxy>, Error> {
        let bad =
            |error: reqwest::Error| Error::settings(format!("the proxy: {}", root(&error.without_url())));
        self.https.as_ref().map(|url| reqwest::Proxy::https(url.as_str()).map_err(bad)).transpose()
    }

    pub(super) fn to_reqwest(&self) -> Result<Option<reqwest::Proxy>, Error> {
        let Some(proxy) = self.for_all()? else { return Ok(None) };
        let own = "localhost,127.0.0.0/8,::1";
        let bypass = match &self.bypass {
            Some(bypass) => format!("{own},{bypass}"),
            None => own.to_owned(),
        };
        Ok(Some(proxy.no_proxy(reqwest::NoProxy::from_string(&bypass))))
    }
}

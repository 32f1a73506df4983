//! Query parameters: those a route knows, each at most once. Unknown ones are ignored, as `?beta=true` must be.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::refusal::Refusal;

/// The decoded parameters of one request.
#[derive(Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        Self(url::form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    /// Returns the value of a parameter that may stand once.
    pub(super) fn one(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        let mut values = self.0.iter().filter(|(key, _)| key == name);
        match (values.next(), values.next()) {
            (_, Some(_)) => Err(Refusal::param(name, "stands more than once")),
            (first, None) => Ok(first.map(|(_, value)| value.as_str())),
        }
    }

    /// Returns all values of a parameter, each once, in their order.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        let mut values = Vec::new();
        for (key, value) in &self.0 {
            if key == name && !values.contains(&value.as_str()) {
                values.push(value);
            }
        }
        values
    }

    /// Returns the page size, which must lie in `1..=max`.
    pub(super) fn limit(&self, max: usize) -> Result<Option<usize>, Refusal> {
        let Some(text) = self.one("limit")? else {
            return Ok(None);
        };
        match text.parse::<usize>() {
            Ok(limit) if (1..=max).contains(&limit) => Ok(Some(limit)),
            _ => Err(Refusal::param("limit", &format!("must be an integer from 1 to {max}"))),
        }
    }

    /// Refuses the parameters of `names`, which are of another generation of the API.
    pub(super) fn refuse(&self, names: &[&'static str], why: &str) -> Result<(), Refusal> {
        match names.iter().find(|name| self.0.iter().any(|(key, _)| key == *name)) {
            Some(name) => Err(Refusal::param(name, why)),
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Query {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::parse(parts.uri.query().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_clients_encode() {
        let query = Query::parse("beta=true&ids%5B%5D=a&ids%5B%5D=b&ids[]=a&limit=5");
        assert_eq!(query.all("ids[]"), ["a", "b"]);
        assert_eq!(query.limit(1000).unwrap(), Some(5));
        assert_eq!(query.one("page").unwrap(), None);
    }

    #[test]
    fn refuses_bad_limits_and_repeated_values() {
        for bad in ["limit=0", "limit=1001", "limit=x", "limit=-1", "limit=", "limit=1&limit=2"] {
            assert!(Query::parse(bad).limit(1000).is_err(), "{bad}");
        }
    }
}

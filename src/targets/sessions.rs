//! Resources of agents' sessions: what is mounted in a session, and how files are added to it and taken away.
//!
//! Both families of dialects share paths below `sessions/`, bodies and answers; where they are and which header they
//! need is the dialect's to say (`Place`). A mounted file is a copy: the resource names a file id of its own.
//!
//! Sources: platform.claude.com docs, api/beta/sessions/resources and managed-agents/files, read 2026-08-22;
//! qoder-cloud-agents-sdk-go, managed/sessionresource.go, read 2026-11-20.

use serde::{Deserialize, Serialize};
use url::Url;

use super::refusal::Call;
use super::rest::{Rest, is_id};
use super::{TargetError, TargetErrorKind};
use crate::http::displayable;
use crate::model::Timestamp;

/// The most resources that one page holds (docs, api/beta/sessions/resources/list).
const MAX_LIMIT: u32 = 1000;
/// The longest path that Linux takes, without its NUL (`PATH_MAX`).
pub const MAX_PATH_BYTES: usize = 4095;
/// The longest kind and cursor that are believed.
const MAX_TEXT_BYTES: usize = 4096;

/// The resources of sessions. One request per call, never repeated, as for [`super::Target`].
pub trait Sessions: Send + Sync {
    /// Mounts a file.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotFound`] if there is no such session or file. Kinds whose disposition is
    /// [`super::Disposition::Ambiguous`] leave open whether it is mounted.
    fn add(&self, session_id: &str, request: &AddRequest<'_>) -> Result<Resource, TargetError>;

    /// Returns one page of resources.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotFound`] if there is no such session.
    fn resources(&self, session_id: &str, request: &ResourceListRequest)
    -> Result<ResourcePage, TargetError>;

    /// Returns one resource.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotFound`] if the session has no such resource.
    fn resource(&self, session_id: &str, resource_id: &str) -> Result<Resource, TargetError>;

    /// Takes a resource out of a session.
    ///
    /// # Errors
    /// [`TargetErrorKind::NotFound`] if the session has no such resource.
    fn remove(&self, session_id: &str, resource_id: &str) -> Result<(), TargetError>;
}

/// A file to mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddRequest<'a> {
    /// The file.
    pub file_id: &'a str,
    /// Where, as an absolute path; below the profile's `mount_root` if it has one. `None` lets the platform choose.
    pub mount_path: Option<&'a str>,
}

/// Which resources to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourceListRequest {
    /// How many at the most in this page.
    pub limit: Option<u32>,
    /// The cursor that the last page gave.
    pub cursor: Option<String>,
}

/// Something that a session has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// The id, by which it is taken away.
    pub id: String,
    /// What it is: `file`, `github_repository`, `memory_store`, or a kind to come.
    #[serde(rename = "type")]
    pub kind: String,
    /// The file, if it is one: the id of the copy in the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_id: Option<String>,
    /// Where it is, as the platform says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mount_path: Option<String>,
    /// When it was added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
}

impl Resource {
    /// Tells whether it is a mounted file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.kind == "file"
    }
}

/// One page of resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResourcePage {
    /// The resources.
    pub resources: Vec<Resource>,
    /// The cursor of the next page; `None` on the last. A page may be empty and not the last.
    pub next_cursor: Option<String>,
}

/// Where a dialect has its sessions.
pub(super) struct Place<'a> {
    pub(super) rest: &'a Rest,
    /// The path of the collection below the base.
    pub(super) sessions: &'static str,
    /// What these calls need beside the fixed headers.
    pub(super) header: Option<(&'static str, String)>,
}

/// A dialect with sessions.
pub(super) trait Resources: Send + Sync {
    fn place(&self) -> Place<'_>;
}

/// The body of an addition, in the order of the vendors' clients.
#[derive(Serialize)]
struct Added<'a> {
    file_id: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    mount_path: Option<&'a str>,
}

#[derive(Deserialize)]
struct Wire {
    id: String,
    r#type: String,
    #[serde(default)]
    file_id: Option<String>,
    #[serde(default)]
    mount_path: Option<String>,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    updated_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Page {
    data: Vec<Wire>,
    #[serde(default)]
    next_page: Option<String>,
}

impl Wire {
    /// Believes only what can be sent back and shown.
    fn into_resource(self) -> Result<Resource, TargetError> {
        let nonsense = |what: &str, text: &str| {
            let message = format!("the answer makes no sense: `{}` is no {what}", displayable(text));
            Err(TargetError::new(TargetErrorKind::Protocol, message))
        };
        if !is_id(&self.id) {
            return nonsense("id of a resource", &self.id);
        }
        if self.r#type.is_empty() || self.r#type.len() > MAX_TEXT_BYTES {
            return nonsense("type of a resource", &self.r#type);
        }
        match (&*self.r#type, &self.file_id) {
            ("file", None) => return nonsense("id of a file", ""),
            (_, Some(id)) if !is_id(id) => return nonsense("id of a file", id),
            _ => {}
        }
        if let Some(path) = self.mount_path.as_ref().filter(|path| path.len() > MAX_PATH_BYTES) {
            return nonsense("path", path);
        }
        Ok(Resource {
            id: self.id,
            kind: self.r#type,
            file_id: self.file_id,
            mount_path: self.mount_path,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Place<'_> {
    fn url(&self, session_id: &str, resource_id: Option<&str>) -> Result<Url, TargetError> {
        let refuse = |what: &str, id: &str| {
            let message = format!("`{}` is not the id of a {what}", displayable(id));
            Err(TargetError::new(TargetErrorKind::Refused, message))
        };
        if !is_id(session_id) {
            return refuse("session", session_id);
        }
        let resources = format!("{}/{session_id}/resources", self.sessions);
        match resource_id {
            None => Ok(self.rest.url(&resources)),
            Some(id) if is_id(id) => Ok(self.rest.url(&format!("{resources}/{id}"))),
            Some(id) => refuse("resource", id),
        }
    }
}

impl<T: Resources> Sessions for T {
    fn add(&self, session_id: &str, request: &AddRequest<'_>) -> Result<Resource, TargetError> {
        let place = self.place();
        let url = place.url(session_id, None)?;
        let body = Added { file_id: request.file_id, r#type: "file", mount_path: request.mount_path };
        let unsaid = |error: serde_json::Error| TargetError::new(TargetErrorKind::Body, error.to_string());
        let json = serde_json::to_vec(&body).map_err(unsaid)?;
        let answer = place.rest.post_json(Call::Resource, &url, place.header.as_slice(), json)?;
        let resource = place.rest.read::<Wire>(&answer)?.into_resource()?;
        if resource.is_file() {
            return Ok(resource);
        }
        let message =
            format!("the answer makes no sense: a file was added as `{}`", displayable(&resource.kind));
        Err(TargetError::new(TargetErrorKind::Protocol, message))
    }

    fn resources(
        &self,
        session_id: &str,
        request: &ResourceListRequest,
    ) -> Result<ResourcePage, TargetError> {
        let place = self.place();
        let mut url = place.url(session_id, None)?;
        let mut query = Vec::new();
        query.extend(request.limit.map(|limit| ("limit", limit.clamp(1, MAX_LIMIT).to_string())));
        query.extend(request.cursor.clone().map(|cursor| ("page", cursor)));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(&query);
        }
        let page: Page =
            place.rest.read(&place.rest.get(Call::Resource, &url, place.header.as_slice())?)?;
        if page.next_page.as_ref().is_some_and(|cursor| cursor.len() > MAX_TEXT_BYTES) {
            let message = "the listing names a cursor that is too long";
            return Err(TargetError::new(TargetErrorKind::Protocol, message));
        }
        let resources = page.data.into_iter().map(Wire::into_resource).collect::<Result<_, _>>()?;
        Ok(ResourcePage { resources, next_cursor: page.next_page })
    }

    fn resource(&self, session_id: &str, resource_id: &str) -> Result<Resource, TargetError> {
        let place = self.place();
        let url = place.url(session_id, Some(resource_id))?;
        let answer = place.rest.get(Call::Resource, &url, place.header.as_slice())?;
        place.rest.read::<Wire>(&answer)?.into_resource()
    }

    fn remove(&self, session_id: &str, resource_id: &str) -> Result<(), TargetError> {
        let place = self.place();
        place.rest.delete(&place.url(session_id, Some(resource_id))?, place.header.as_slice())
    }
}

#[cfg(test)]
mod tests;

//! The JSON of sessions and their resources, which both dialects spell alike ("Managed Agents reference").
//!
//! The vendors' clients insist on an agent that was resolved. Here an agent is an id: its name is that id, it has no
//! model and no tools.

use serde_json::{Value, json};

use super::{Details, Held};
use crate::store::Resource;

/// In whose words a session is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::server) enum Shape {
    /// Those of the Anthropic clients.
    Anthropic,
    /// Those of the Qoder client.
    Qoder,
}

/// Returns the JSON of a session.
pub(in crate::server) fn session(held: &Held, shape: Shape) -> Value {
    let details = Details::of(&held.session);
    let created_at = held.session.created_at;
    let updated_at = held.resources.iter().map(|resource| resource.created_at).max().unwrap_or(created_at);
    let mut agent = json!({
        "id": details.agent,
        "type": "agent",
        "version": 1,
        "name": details.agent,
        "description": null,
        "system": null,
        "model": {"id": "none"},
        "mcp_servers": [],
        "skills": [],
        "tools": [],
        "multiagent": null,
    });
    if shape == Shape::Anthropic {
        agent["execution_identity"] = json!({"type": "service_account"});
    }
    json!({
        "id": held.session.id,
        "type": "session",
        "status": "idle",
        "agent": agent,
        "environment_id": details.environment_id,
        "resources": held.resources.iter().map(resource).collect::<Vec<_>>(),
        "metadata": details.metadata,
        "vault_ids": details.vault_ids,
        "title": details.title,
        "budget": null,
        "created_at": created_at,
        "updated_at": updated_at.max(created_at),
        "archived_at": null,
        "deployment_id": null,
        "stats": {"active_seconds": 0.0},
        "usage": {"input_tokens": 0, "output_tokens": 0, "cache_read_input_tokens": 0, "active_seconds": 0.0},
        "outcome_evaluations": [],
    })
}

/// Returns the JSON of a resource; its `file_id` is the copy's.
pub(in crate::server) fn resource(resource: &Resource) -> Value {
    json!({
        "id": resource.id,
        "type": "file",
        "file_id": resource.file_id,
        "mount_path": resource.mount_path,
        "created_at": resource.created_at,
        "updated_at": resource.created_at,
    })
}

/// Returns the JSON of a deleted session.
pub(in crate::server) fn session_deleted(id: &str) -> Value {
    json!({"id": id, "type": "session_deleted"})
}

/// Returns the JSON of a deleted resource.
pub(in crate::server) fn resource_deleted(id: &str) -> Value {
    json!({"id": id, "type": "session_resource_deleted"})
}

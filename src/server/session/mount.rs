//! Which files are mounted where: judged first, then copied.

use serde::Deserialize;
use serde_json::Value;

use super::{Asked, COPY_PURPOSE};
use crate::model::{FileObject, FileStatus};
use crate::server::app::App;
use crate::server::commit::CommitOperation;
use crate::server::refusal::Refusal;
use crate::store::{NewFile, Resource};

/// Where files without a mount path go, and the root of given ones ("Managed Agents": files, since 2026-07-23).
const UPLOADS: &str = "/mnt/session/uploads";
const FILE_PREFIX: &str = "file_";
/// What Linux takes.
const MAX_PATH_BYTES: usize = 4_095;
const MAX_COMPONENT_BYTES: usize = 255;
/// Longer texts are no ids, and not worth repeating.
const MAX_ID_BYTES: usize = 256;

/// What a dialect's sessions go by.
#[derive(Debug, Clone, Copy)]
pub(in crate::server) struct Rules {
    pub(in crate::server) session_prefix: &'static str,
    pub(in crate::server) resource_prefix: &'static str,
    /// Whether given mount paths are below [`UPLOADS`]; else they are taken as they are.
    pub(in crate::server) rooted: bool,
    pub(in crate::server) max_files: usize,
    /// Whether a session has a file once, and what it has already is a conflict (409); else only its path counts.
    pub(in crate::server) once: bool,
}

/// A file that is to be mounted.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::server) struct Wanted {
    #[serde(rename = "type")]
    _type: String,
    file_id: String,
    mount_path: Option<String>,
}

impl Wanted {
    /// Reads a resource of a request.
    pub(in crate::server) fn read(value: Value) -> Result<Self, Refusal> {
        match value.get("type").map(Value::as_str) {
            Some(Some("file")) => {}
            None => return Err(Refusal::param("type", "Field required")),
            _ => return Err(Refusal::param("type", "must be \"file\": nothing else can be mounted here")),
        }
        match value.get("file_id").map(Value::as_str) {
            Some(Some(id)) if (1..=MAX_ID_BYTES).contains(&id.len()) => {}
            None => return Err(Refusal::param("file_id", "Field required")),
            _ => return Err(Refusal::param("file_id", "is not a file id")),
        }
        serde_json::from_value(value).map_err(|error| Refusal::invalid(format!("resource: {error}")))
    }
}

/// A file and where it goes.
#[derive(Debug)]
pub(super) struct Planned {
    file: FileObject,
    mount_path: String,
}

/// Judges all that is to be mounted in a session beside what it holds.
pub(super) fn plan(
    app: &App,
    wanted: Vec<Wanted>,
    held: &[Resource],
    rules: &Rules,
) -> Result<Vec<Planned>, Refusal> {
    if held.len() + wanted.len() > rules.max_files {
        let max_files = rules.max_files;
        return Err(Refusal::invalid(format!("a session can have at most {max_files} files")));
    }
    let mut planned: Vec<Planned> = Vec::new();
    for Wanted { file_id, mount_path, .. } in wanted {
        let mount_path = effective(mount_path.as_deref(), &file_id, rules)?;
        let file = app.usable(&file_id)?;
        let mut paths = held.iter().map(|resource| &resource.mount_path);
        let mut sources = held.iter().map(|resource| &resource.source_id);
        if paths.any(|path| clash(path, &mount_path))
            || planned.iter().any(|other| clash(&other.mount_path, &mount_path))
        {
            return Err(taken("mount_path", &mount_path, rules));
        }
        let is_held = sources.any(|id| *id == file_id) || planned.iter().any(|p| p.file.file_id == file_id);
        if rules.once && is_held {
            return Err(taken("file_id", &file_id, rules));
        }
        planned.push(Planned { file, mount_path });
    }
    Ok(planned)
}

/// Mounts what was judged; if one file fails, none is mounted.
pub(super) fn make(
    app: &App,
    session_id: &str,
    planned: Vec<Planned>,
    asked: &Asked,
) -> Result<Vec<Resource>, Refusal> {
    let mut made = Vec::new();
    for planned in planned {
        match make_one(app, session_id, planned, asked) {
            Ok(resource) => made.push(resource),
            Err(refusal) => {
                undo(app, session_id, &made, asked);
                return Err(refusal);
            }
        }
    }
    Ok(made)
}

/// Takes back what was mounted. Best effort, as what led here failed too.
pub(super) fn undo(app: &App, session_id: &str, made: &[Resource], asked: &Asked) {
    for resource in made {
        drop(app.store.delete_resource(session_id, &resource.id));
        drop(app.drop_file(&resource.file_id, asked));
    }
}

fn make_one(app: &App, session_id: &str, planned: Planned, asked: &Asked) -> Result<Resource, Refusal> {
    let Planned { file, mount_path } = planned;
    let now = app.clock.now();
    let new = NewFile {
        downloadable: file.downloadable,
        purpose: Some(COPY_PURPOSE),
        status: Some(FileStatus::Ready),
        scope: Some(session_id),
        metadata: file.metadata,
        ..NewFile::new(&file.filename, &file.mime_type, FILE_PREFIX, now)
    };
    let copy = app.store.copy(&file.file_id, new)?;
    let copy = copy.ok_or_else(|| Refusal::not_found(&file.file_id))?;
    let file_id = copy.object.file_id.clone();
    let id = app.store.new_id(asked.rules.resource_prefix, now)?;
    let resource = Resource { id, file_id, source_id: file.file_id, mount_path, created_at: now };
    if let Err(error) = app.store.add_resource(session_id, &resource) {
        drop(app.store.delete(&resource.file_id));
        return Err(error.into());
    }
    app.listings.stored(&resource.file_id);
    let noted = (&copy.object, Some(copy.digest));
    app.note(CommitOperation::Copy, noted, asked.dialect, &asked.ticket)?;
    Ok(resource)
}

impl App {
    /// Returns a file that a session can have.
    fn usable(&self, file_id: &str) -> Result<FileObject, Refusal> {
        let file = self.known(file_id)?;
        if file.status.as_ref().is_some_and(|status| *status != FileStatus::Ready) {
            return Err(Refusal::conflict(format!("`{file_id}` is not ready")));
        }
        if file.expires_at.is_some_and(|end| end <= self.clock.now()) {
            return Err(Refusal::expired(file_id));
        }
        Ok(file)
    }
}

/// Returns where a file is mounted.
fn effective(given: Option<&str>, file_id: &str, rules: &Rules) -> Result<String, Refusal> {
    let Some(path) = given else {
        return Ok(format!("{UPLOADS}/{file_id}"));
    };
    let bad = |why: &str| Refusal::param("mount_path", why);
    let Some(below) = path.strip_prefix('/') else {
        return Err(bad("must be an absolute path"));
    };
    if path.chars().any(char::is_control) {
        return Err(bad("must not contain control characters"));
    }
    if below.split('/').any(|component| matches!(component, "" | "." | "..")) {
        return Err(bad("must name a file, without empty components and without . and .."));
    }
    let root = if rules.rooted { UPLOADS } else { "" };
    let is_long = below.split('/').any(|component| component.len() > MAX_COMPONENT_BYTES);
    if is_long || root.len() + path.len() > MAX_PATH_BYTES {
        return Err(bad("is too long"));
    }
    Ok(format!("{root}{path}"))
}

/// Tells whether two paths cannot both be files.
fn clash(a: &str, b: &str) -> bool {
    let is_folder = |folder: &str, path: &str| {
        path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    is_folder(a, b) || is_folder(b, a)
}

/// A 409 where it is documented; elsewhere not, because clients repeat a 409.
fn taken(param: &'static str, what: &str, rules: &Rules) -> Refusal {
    let refusal = Refusal::param(param, &format!("`{what}` is mounted already, or a folder of what is"));
    if rules.once { Refusal { param: Some(param), ..Refusal::conflict(refusal.message) } } else { refusal }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(rooted: bool) -> Rules {
        Rules { session_prefix: "sesn_", resource_prefix: "sesrsc_", rooted, max_files: 1, once: false }
    }

    #[test]
    fn paths_are_absolute_and_plain() {
        let cases = [
            (None, "/mnt/session/uploads/file_1", "/mnt/session/uploads/file_1"),
            (Some("/data.csv"), "/mnt/session/uploads/data.csv", "/data.csv"),
            (Some("/a b/\u{e9}.txt"), "/mnt/session/uploads/a b/\u{e9}.txt", "/a b/\u{e9}.txt"),
            (Some("/...x"), "/mnt/session/uploads/...x", "/...x"),
        ];
        for (given, rooted, exact) in cases {
            assert_eq!(effective(given, "file_1", &rules(true)).unwrap(), rooted);
            assert_eq!(effective(given, "file_1", &rules(false)).unwrap(), exact);
        }
        let (long, deep) = (format!("/{}", "x".repeat(256)), "/x".repeat(2_100));
        for bad in [
            "", "a", "./a", "/", "/a/", "//a", "/a//b", "/./a", "/a/../b", "/..", "/a\nb", "/a\0", &long,
            &deep,
        ] {
            assert!(effective(Some(bad), "file_1", &rules(true)).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_file_is_no_folder() {
        for (a, b, clashes) in
            [("/a", "/a", true), ("/a", "/a/b", true), ("/a/b", "/a", true), ("/a", "/ab", false)]
        {
            assert_eq!(clash(a, b), clashes, "{a} {b}");
        }
    }
}

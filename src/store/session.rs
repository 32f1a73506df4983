//! Sessions and what is mounted in them: a folder for each session, a file for each resource.
//!
//! Nothing is ever rewritten, so several processes may add and delete at once and lose nothing. The session itself is
//! written last and deleted first: what lies in a folder without it belongs to nobody and is not found.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::id::FileId;
use super::{
    CONTENT_SUFFIX, NewFile, RECORD_SUFFIX, Store, StoreError, StoredFile, content, listing, marker,
    read_json, whole,
};
use crate::model::Timestamp;

const SESSION_FILE: &str = "session.json";

/// A session: somewhere files are mounted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    /// Its id, from [`Store::new_id`].
    pub id: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// What its creator said of it; the store knows no protocol.
    pub details: serde_json::Value,
}

/// A file that is mounted in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its id, from [`Store::new_id`].
    pub id: String,
    /// The file of the session: a copy.
    pub file_id: String,
    /// The file that was copied; it may be gone.
    pub source_id: String,
    /// Where it is mounted.
    pub mount_path: String,
    /// When it was mounted.
    pub created_at: Timestamp,
}

impl Store {
    /// Makes the id of a session or a resource; ids sort by age.
    ///
    /// # Errors
    /// [`StoreError::BadId`] if the prefix is none.
    pub fn new_id(&self, prefix: &str, now: Timestamp) -> Result<String, StoreError> {
        FileId::generate(prefix, self.next_tick(now)).map(|id| id.as_str().to_owned())
    }

    /// Stores a session; from now on it is found, with the resources that were added under its id.
    ///
    /// # Errors
    /// [`StoreError::BadId`] if its id is none.
    pub fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        let folder = self.session_folder(&session.id)?;
        self.write_json(&folder.join(SESSION_FILE), session)
    }

    /// Returns a session; `None` if there is none, or the text is no id.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if its record cannot be read.
    pub fn session(&self, id: &str) -> Result<Option<Session>, StoreError> {
        match self.session_folder(id) {
            Ok(folder) => read_json(&folder.join(SESSION_FILE)),
            Err(_) => Ok(None),
        }
    }

    /// Returns all sessions, newest first. Damaged ones are left out.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn sessions(&self) -> Result<Vec<Session>, StoreError> {
        let mut found = Vec::new();
        for id in listing::ids(&self.sessions_folder(), "")?.iter().rev() {
            found.extend(whole(self.session(id.as_str()))?);
        }
        Ok(found)
    }

    /// Deletes a session with its resources, not their files; tells whether there was one.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn delete_session(&self, id: &str) -> Result<bool, StoreError> {
        let Ok(folder) = self.session_folder(id) else {
            return Ok(false);
        };
        if !content::remove_if_there(&folder.join(SESSION_FILE))? {
            return Ok(false);
        }
        for resource in listing::ids(&folder, RECORD_SUFFIX)? {
            content::remove_if_there(&resource_path(&folder, &resource))?;
        }
        // Fails if another process adds a resource right now; nobody finds it.
        drop(fs::remove_dir(&folder));
        Ok(true)
    }

    /// Adds a resource to a session.
    ///
    /// # Errors
    /// [`StoreError::BadId`] if one of the ids is none.
    pub fn add_resource(&self, session_id: &str, resource: &Resource) -> Result<(), StoreError> {
        let folder = self.session_folder(session_id)?;
        let id = FileId::parse(&resource.id).ok_or_else(|| StoreError::BadId(resource.id.clone()))?;
        self.write_json(&resource_path(&folder, &id), resource)
    }

    /// Returns a resource of a session; `None` if there is none.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if its record cannot be read.
    pub fn resource(&self, session_id: &str, id: &str) -> Result<Option<Resource>, StoreError> {
        match (self.session_folder(session_id), FileId::parse(id)) {
            (Ok(folder), Some(id)) => read_json(&resource_path(&folder, &id)),
            _ => Ok(None),
        }
    }

    /// Returns the resources of a session, oldest first; none if there is no such session. Damaged ones are left out.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn resources(&self, session_id: &str) -> Result<Vec<Resource>, StoreError> {
        let Ok(folder) = self.session_folder(session_id) else {
            return Ok(Vec::new());
        };
        let mut found = Vec::new();
        for id in listing::ids(&folder, RECORD_SUFFIX)? {
            found.extend(whole(read_json(&resource_path(&folder, &id)))?);
        }
        Ok(found)
    }

    /// Deletes a resource, not its file; tells whether there was one.
    ///
    /// # Errors
    /// What the file system reports.
    pub fn delete_resource(&self, session_id: &str, id: &str) -> Result<bool, StoreError> {
        match (self.session_folder(session_id), FileId::parse(id)) {
            (Ok(folder), Some(id)) => content::remove_if_there(&resource_path(&folder, &id)),
            _ => Ok(false),
        }
    }

    /// Makes a new file with the content of another one; `None` if that is gone. The bytes are shared.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if the content lost bytes; what the file system reports.
    pub fn copy(&self, file_id: &str, new: NewFile<'_>) -> Result<Option<StoredFile>, StoreError> {
        let Some(source) = FileId::parse(file_id) else {
            return Ok(None);
        };
        let Some(known) = self.record(&source)? else {
            return Ok(None);
        };
        let from = self.path(&source, CONTENT_SUFFIX);
        if content::open(&from, known.file.size_bytes)?.is_none() {
            return Ok(None);
        }
        let id = FileId::generate(new.id_prefix, self.next_tick(new.now))?;
        let content = self.path(&id, CONTENT_SUFFIX);
        marker::create_dir(&self.folder(&id))?;
        content::link(&self.temp(), &from, &content)?;
        let record = new.record(&id, known.file.size_bytes, known.sha256);
        if let Err(error) = self.write_record(&id, &record) {
            drop(content::remove(&self.objects(), &content, &known.sha256));
            return Err(error);
        }
        Ok(Some(StoredFile { object: record.file, digest: known.sha256 }))
    }

    fn sessions_folder(&self) -> PathBuf {
        self.root().join("sessions")
    }

    fn session_folder(&self, id: &str) -> Result<PathBuf, StoreError> {
        let id = FileId::parse(id).ok_or_else(|| StoreError::BadId(id.to_owned()))?;
        Ok(self.sessions_folder().join(id.as_str()))
    }
}

fn resource_path(folder: &Path, id: &FileId) -> PathBuf {
    folder.join(format!("{}{RECORD_SUFFIX}", id.as_str()))
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-20T10:00:00Z".parse().unwrap()
    }

    fn session(store: &Store) -> Session {
        let details = serde_json::json!({"agent": "agent_1"});
        let session = Session { id: store.new_id("sesn_", now()).unwrap(), created_at: now(), details };
        store.put_session(&session).unwrap();
        session
    }

    fn resource(store: &Store, session: &Session, mount_path: &str) -> Resource {
        let resource = Resource {
            id: store.new_id("sesrsc_", now()).unwrap(),
            file_id: "file_copy".to_owned(),
            source_id: "file_source".to_owned(),
            mount_path: mount_path.to_owned(),
            created_at: now(),
        };
        store.add_resource(&session.id, &resource).unwrap();
        resource
    }

    #[test]
    fn sessions_and_resources_outlive_the_store_that_made_them() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        assert_eq!(store.sessions().unwrap(), []);
        let (first, second) = (session(&store), session(&store));
        let (a, b) = (resource(&store, &first, "/a"), resource(&store, &first, "/b"));
        let again = Store::open(&dir.path().join("store")).unwrap();
        assert_eq!(again.sessions().unwrap(), [second.clone(), first.clone()]);
        assert_eq!(again.resources(&first.id).unwrap(), [a.clone(), b.clone()]);
        assert_eq!(again.resources(&second.id).unwrap(), []);
        assert_eq!(again.resource(&first.id, &b.id).unwrap(), Some(b.clone()));
        assert_eq!(again.resource(&second.id, &b.id).unwrap(), None);
        assert!(again.delete_resource(&first.id, &a.id).unwrap());
        assert!(!again.delete_resource(&first.id, &a.id).unwrap());
        assert!(again.delete_session(&first.id).unwrap());
        assert!(!again.delete_session(&first.id).unwrap());
        assert_eq!(store.session(&first.id).unwrap(), None);
        assert_eq!(store.resources(&first.id).unwrap(), []);
        assert!(!store.session_folder(&first.id).unwrap().exists());
    }

    #[test]
    fn what_is_no_id_is_not_found_and_damage_hides_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        for bad in ["", "..", "sesn_1", "../../../../../../../../etc/passwd_0123456789"] {
            assert_eq!(store.session(bad).unwrap(), None);
            assert!(!store.delete_session(bad).unwrap());
            assert_eq!(store.resources(bad).unwrap(), []);
            assert!(!store.delete_resource(bad, bad).unwrap());
        }
        let (one, two) = (session(&store), session(&store));
        let (a, b) = (resource(&store, &one, "/a"), resource(&store, &one, "/b"));
        let folder = store.session_folder(&one.id).unwrap();
        fs::write(resource_path(&folder, &FileId::parse(&a.id).unwrap()), b"{").unwrap();
        assert_eq!(store.resources(&one.id).unwrap(), [b]);
        fs::write(folder.join(SESSION_FILE), b"{").unwrap();
        assert_eq!(store.sessions().unwrap(), [two]);
        assert!(matches!(store.session(&one.id), Err(StoreError::Damaged { .. })));
    }

    #[test]
    fn a_copy_outlives_its_source_and_shares_its_bytes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::open(&dir.path().join("store")).unwrap();
        let new = || NewFile::new("a.txt", "text/plain", "file_", now());
        let source = store.put(new(), &mut &b"abc"[..]).unwrap();
        let scoped = NewFile { scope: Some("sesn_1"), ..new() };
        let copy = store.copy(&source.object.file_id, scoped).unwrap().unwrap();
        assert_ne!(copy.object.file_id, source.object.file_id);
        assert_eq!((copy.digest, copy.object.size_bytes), (source.digest, 3));
        assert_eq!(copy.object.scope.as_deref(), Some("sesn_1"));
        let inode = |id: &str| {
            use std::os::unix::fs::MetadataExt;
            store.content(id).unwrap().unwrap().metadata().unwrap().ino()
        };
        assert_eq!(inode(&copy.object.file_id), inode(&source.object.file_id));
        assert!(store.delete(&source.object.file_id).unwrap());
        let mut bytes = Vec::new();
        store.content(&copy.object.file_id).unwrap().unwrap().read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes, b"abc");
        assert_eq!(store.copy(&source.object.file_id, new()).unwrap(), None);
        assert!(store.delete(&copy.object.file_id).unwrap());
        assert_eq!(fs::read_dir(store.temp()).unwrap().count(), 0);
    }
}

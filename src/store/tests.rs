//! Tests of the store on a temporary folder.

use std::collections::HashSet;

use super::*;

fn store() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("store")).unwrap();
    (dir, store)
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn put(store: &Store, name: &str, body: &[u8]) -> StoredFile {
    let new = NewFile::new(name, "text/plain", "file_local_", at("2026-11-20T10:00:00Z"));
    store.put(new, &mut &*body).unwrap()
}

fn read(store: &Store, id: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    store.content(id).unwrap().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

/// Returns all files below `folder` with one of the endings.
fn files_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_in(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[test]
fn put_get_content_delete() {
    let (_dir, store) = store();
    let new = NewFile {
        purpose: Some("user_upload"),
        metadata: Some(serde_json::json!({"k": ["v", 1]})),
        expires_at: Some(at("2026-11-21T10:00:00Z")),
        downloadable: Some(true),
        status: Some(FileStatus::Ready),
        scope: Some("sesn_1"),
        ..NewFile::new("a.txt", "text/plain", "file_local_", at("2026-11-20T10:00:00Z"))
    };
    let stored = store.put(new, &mut &b"abc"[..]).unwrap();
    let id = stored.object.file_id.clone();
    assert!(id.starts_with("file_local_"));
    assert_eq!(stored.digest, Sha256::of(b"abc"));
    assert_eq!(stored.object.size_bytes, 3);
    assert_eq!(store.get(&id).unwrap(), Some(stored.object));
    assert_eq!(read(&store, &id), b"abc");
    assert!(store.delete(&id).unwrap());
    assert!(!store.delete(&id).unwrap());
    assert_eq!(store.get(&id).unwrap(), None);
    assert!(store.content(&id).unwrap().is_none());
    assert!(files_in(&store.objects()).is_empty());
    assert!(files_in(&store.files()).is_empty());
    store.sync().unwrap();
}

#[test]
fn keeps_its_id_and_its_files_when_opened_again() {
    let (dir, store) = store();
    let id = put(&store, "a", b"1").object.file_id;
    let again = Store::open(&dir.path().join("store")).unwrap();
    assert_eq!(again.id(), store.id());
    assert_eq!(read(&again, &id), b"1");
}

#[test]
fn refuses_a_foreign_folder_a_newer_schema_and_a_broken_marker() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("thesis.doc"), "x").unwrap();
    assert!(matches!(Store::open(dir.path()), Err(StoreError::Foreign { .. })));
    assert_eq!(files_in(dir.path()).len(), 1, "nothing was written");

    let (dir, store) = store();
    let marker = store.root().join("store.json");
    let root = dir.path().join("store");
    fs::write(&marker, r#"{"format":"docferry-store","schema_version":99,"id":"x"}"#).unwrap();
    let error = Store::open(&root).unwrap_err();
    assert!(matches!(error, StoreError::NewerSchema { found: 99, known: 1, .. }));
    fs::write(&marker, r#"{"format":"something","schema_version":1,"id":"x"}"#).unwrap();
    assert!(matches!(Store::open(&root), Err(StoreError::Foreign { .. })));
    fs::write(&marker, "{").unwrap();
    assert!(matches!(Store::open(&root), Err(StoreError::Damaged { .. })));
}

#[test]
fn equal_contents_are_kept_once_and_survive_the_delete_of_one() {
    let (_dir, store) = store();
    let one = put(&store, "one", b"same").object.file_id;
    let two = put(&store, "two", b"same").object.file_id;
    assert_ne!(one, two);
    assert_eq!(files_in(&store.objects()).len(), 1);
    assert!(store.delete(&one).unwrap());
    assert_eq!(read(&store, &two), b"same");
    assert_eq!(files_in(&store.objects()).len(), 1);
    assert!(store.delete(&two).unwrap());
    assert!(files_in(&store.objects()).is_empty());
}

#[test]
fn an_object_that_lost_its_end_is_not_shared_on() {
    let (_dir, store) = store();
    let one = put(&store, "one", b"same").object.file_id;
    let object = content::object_path(&store.objects(), &Sha256::of(b"same"));
    fs::write(&object, b"sa").unwrap();
    let two = put(&store, "two", b"same").object.file_id;
    assert_eq!(read(&store, &two), b"same");
    assert!(matches!(store.content(&one), Err(StoreError::Damaged { .. })));
    let three = put(&store, "three", b"same").object.file_id;
    assert_eq!(read(&store, &three), b"same");
    assert!(store.delete(&one).unwrap());
}

#[test]
fn threads_that_put_and_delete_equal_bytes_lose_nothing() {
    let (dir, first) = store();
    let second = Store::open(&dir.path().join("store")).unwrap();
    std::thread::scope(|scope| {
        for store in [&first, &second] {
            scope.spawn(move || {
                for round in 0..200 {
                    let gone = put(store, "gone", b"same").object.file_id;
                    let kept = put(store, "kept", b"same").object.file_id;
                    assert!(store.delete(&gone).unwrap(), "{round}");
                    assert_eq!(read(store, &kept), b"same", "{round}");
                    if round % 2 == 0 {
                        assert!(store.delete(&kept).unwrap());
                    }
                }
            });
        }
    });
    let page = first.list(Position::Newest, 1_000).unwrap();
    assert_eq!(page.files.len(), 200);
    for file in page.files {
        assert_eq!(read(&second, &file.file_id), b"same");
    }
    assert!(files_in(&first.temp()).is_empty());
}

#[test]
fn lists_newest_first_in_pages_both_ways() {
    let (_dir, store) = store();
    // Seven files of one clock reading, then three of a later hour: two folders.
    let mut ids: Vec<String> = (0..7).map(|n| put(&store, &n.to_string(), b"x").object.file_id).collect();
    for n in 7..10 {
        let new = NewFile::new("later", "text/plain", "file_", at("2026-11-20T11:00:00Z"));
        ids.push(store.put(new, &mut format!("{n}").as_bytes()).unwrap().object.file_id);
    }
    ids.reverse();
    let names = |page: &Page| page.files.iter().map(|file| file.file_id.clone()).collect::<Vec<_>>();

    let first = store.list(Position::Newest, 4).unwrap();
    assert_eq!((names(&first), first.has_more), (ids[..4].to_vec(), true));
    let second = store.list(Position::After(&ids[3]), 4).unwrap();
    assert_eq!((names(&second), second.has_more), (ids[4..8].to_vec(), true));
    assert!(store.delete(&ids[7]).unwrap());
    let third = store.list(Position::After(&ids[7]), 4).unwrap();
    assert_eq!((names(&third), third.has_more), (ids[8..].to_vec(), false));
    let before = store.list(Position::Before(&ids[5]), 2).unwrap();
    assert_eq!((names(&before), before.has_more), (ids[3..5].to_vec(), true));
    let start = store.list(Position::Before(&ids[2]), 5).unwrap();
    assert_eq!((names(&start), start.has_more), (ids[..2].to_vec(), false));
    assert!(matches!(store.list(Position::After("../x"), 1), Err(StoreError::BadId(_))));
}

#[test]
fn a_kept_folder_of_names_sees_what_comes_later() {
    let (_dir, store) = store();
    let first = put(&store, "a", b"x").object.file_id;
    let folder = store.folder(&FileId::parse(&first).unwrap());
    let old = SystemTime::now() - Duration::from_secs(60);
    File::open(&folder).unwrap().set_modified(old).unwrap();
    assert_eq!(store.list(Position::Newest, 9).unwrap().files.len(), 1);
    put(&store, "b", b"y");
    assert_eq!(store.list(Position::Newest, 9).unwrap().files.len(), 2);
}

#[test]
fn leftovers_of_a_crash_are_no_files() {
    let (dir, store) = store();
    let kept = put(&store, "kept", b"kept").object.file_id;
    let torn = put(&store, "torn", b"torn").object.file_id;
    let orphan = put(&store, "orphan", b"orphan").object.file_id;
    let bad = put(&store, "bad", b"bad").object.file_id;
    let path = |id: &str, suffix: &str| store.path(&FileId::parse(id).unwrap(), suffix);
    fs::write(path(&torn, RECORD_SUFFIX), b"").unwrap();
    fs::remove_file(path(&orphan, RECORD_SUFFIX)).unwrap();
    fs::write(path(&bad, RECORD_SUFFIX), b"{\"schema").unwrap();
    let staged = store.stage(&mut &b"never committed"[..]).unwrap();
    let left = store.temp().join("left");
    fs::write(&left, b"x").unwrap();
    let old = SystemTime::now() - 2 * ABANDONED_AFTER;
    File::options().write(true).open(&left).unwrap().set_modified(old).unwrap();

    let again = Store::open(&dir.path().join("store")).unwrap();
    let page = again.list(Position::Newest, 9).unwrap();
    assert_eq!(page.files.iter().map(|file| &file.file_id).collect::<Vec<_>>(), [&kept]);
    assert_eq!(again.get(&torn).unwrap(), None);
    assert_eq!(again.get(&orphan).unwrap(), None);
    assert!(matches!(again.get(&bad), Err(StoreError::Damaged { .. })));
    assert!(again.delete(&bad).unwrap());
    assert!(!left.exists());
    assert_eq!(files_in(&store.temp()).len(), 1, "another process may still be writing it");
    drop(staged);
    assert!(files_in(&store.temp()).is_empty());
}

#[test]
fn a_body_that_fails_leaves_nothing() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::other("broken"))
        }
    }
    let (_dir, store) = store();
    let new = NewFile::new("a", "text/plain", "file_", at("2026-11-20T10:00:00Z"));
    let mut body = (&b"begin"[..]).chain(Broken);
    assert!(matches!(store.put(new, &mut body), Err(StoreError::Body(_))));
    assert!(files_in(&store.temp()).is_empty());
    assert!(files_in(&store.objects()).is_empty());
    assert!(files_in(&store.files()).is_empty());
}

#[test]
fn ids_are_unique_among_many() {
    let (_dir, store) = store();
    let ids: HashSet<String> = (0..500).map(|_| put(&store, "a", b"x").object.file_id).collect();
    assert_eq!(ids.len(), 500);
    for bad in ["", "..", "file_x", "/etc/passwd", "../../../../../../etc/passwd_0123456789"] {
        assert_eq!(store.get(bad).unwrap(), None);
        assert!(!store.delete(bad).unwrap());
    }
}

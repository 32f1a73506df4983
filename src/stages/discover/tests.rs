//! Walks over small trees.

use std::fs;

use super::*;

/// Makes files below a fresh folder; a name that ends in a slash is a folder, `a -> b` a link.
fn tree(entries: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in entries {
        if let Some((link, target)) = entry.split_once(" -> ") {
            std::os::unix::fs::symlink(target, folder.path().join(link)).unwrap();
            continue;
        }
        let (name, text) = entry.split_once('=').unwrap_or((entry, "x"));
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Lists what was found as `relative` or `relative: code (rule)`.
fn listing(folder: &Path, options: &DiscoverOptions) -> Vec<String> {
    let found: Vec<Found> = discover(&[Named::Path(folder.to_owned())], options).unwrap().collect();
    let shown = |one: &Found| {
        let name = one.candidate.relative.as_path().display().to_string();
        match &one.skipped {
            None => name,
            Some((code, rule)) => {
                format!("{name}: {code} ({})", rule.replace(&*folder.to_string_lossy(), "."))
            }
        }
    };
    found.iter().map(shown).collect()
}

#[test]
fn order_is_sorted_and_nothing_is_left_out_silently() {
    let folder = tree(&[
        "b.txt",
        "a/z.txt",
        "a/.hidden/x",
        ".git/config",
        "c.log",
        ".docferryignore=*.log\n",
        "l -> b.txt",
    ]);
    assert_eq!(
        listing(folder.path(), &DiscoverOptions::default()),
        [
            ".docferryignore: own-file (.docferryignore is never an input)",
            ".git: own-file (.git is never an input)",
            "a/.hidden: hidden (hidden files need --hidden)",
            "a/z.txt",
            "b.txt",
            "c.log: ignored (./.docferryignore: *.log)",
            "l: symlink (symbolic links are not followed)",
        ]
    );
}

#[test]
fn git_ignore_files_are_read_only_on_request() {
    let folder = tree(&[".gitignore=data/\n", "data/a.csv", "b.csv"]);
    let mut options = DiscoverOptions { hidden: true, ..Default::default() };
    assert_eq!(listing(folder.path(), &options), [".gitignore", "b.csv", "data/a.csv"]);
    options.gitignore = true;
    assert_eq!(
        listing(folder.path(), &options),
        [".gitignore", "b.csv", "data: ignored (./.gitignore: data/)"]
    );
}

#[test]
fn globs_without_a_slash_match_names_anywhere() {
    let folder = tree(&["a/x.csv", "a/x.txt", "b/y.csv", "z.csv"]);
    let globs = Globs::new(&["*.csv".into()], &["b/".into()]).unwrap();
    let options = DiscoverOptions { globs, ..Default::default() };
    assert_eq!(
        listing(folder.path(), &options),
        ["a/x.csv", "a/x.txt: excluded (no --include glob names it)", "b: excluded (--exclude b/)", "z.csv"]
    );
    assert!(Globs::new(&["a{".into()], &[]).is_err());
}

#[test]
fn links_are_followed_inside_the_root_only() {
    let folder = tree(&[
        "in/a.txt",
        "l1 -> in/a.txt",
        "l2 -> /etc/passwd",
        "l3 -> .",
        "l4 -> gone",
        "in/up -> ..",
        "l5 -> in",
    ]);
    let options = DiscoverOptions { follow: true, ..Default::default() };
    assert_eq!(
        listing(folder.path(), &options),
        [
            "in/a.txt",
            "in/up: symlink (it leads to a folder above it)",
            "l1",
            "l2: symlink (it leads outside the root)",
            "l3: symlink (it leads to a folder above it)",
            "l4: symlink (it leads nowhere)",
            "l5/a.txt",
            "l5/up: symlink (it leads to a folder above it)",
        ]
    );
}

#[test]
fn a_named_path_is_taken_through_a_link_and_once() {
    let folder = tree(&[".env=x", "l -> .env"]);
    let path = |name: &str| Named::Path(folder.path().join(name));
    let named = [path("l"), path(".env"), path("./l")];
    let found: Vec<Found> = discover(&named, &DiscoverOptions::default()).unwrap().collect();
    let taken: Vec<_> = found.iter().map(|f| (f.candidate.seq, f.skipped.as_ref().map(|s| s.0))).collect();
    assert_eq!(taken, [(0, None), (1, None), (2, Some(Code::Duplicate))]);
    assert!(matches!(
        discover(&[path("gone")], &DiscoverOptions::default()),
        Err(DiscoverError::Missing { .. })
    ));
}

#[test]
fn force_exclude_applies_to_named_files() {
    let folder = tree(&[".docferryignore=*.log\n", "a.log", "a.txt"]);
    let named = [Named::Path(folder.path().join("a.log")), Named::Path(folder.path().join("a.txt"))];
    let options = DiscoverOptions { force_exclude: true, ..Default::default() };
    let found: Vec<Found> = discover(&named, &options).unwrap().collect();
    assert_eq!(found.iter().map(|f| f.skipped.is_some()).collect::<Vec<_>>(), [true, false]);
}

#[test]
fn special_files_are_skipped_without_opening() {
    let folder = tree(&[]);
    let fifo = folder.path().join("fifo.txt");
    rustix::fs::mknodat(rustix::fs::CWD, &fifo, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0)
        .unwrap();
    assert_eq!(
        listing(folder.path(), &DiscoverOptions::default()),
        ["fifo.txt: special-file (it is a FIFO)"]
    );
}

#[test]
fn own_paths_are_left_out() {
    let folder = tree(&["a.txt", "out/b.txt"]);
    let options = DiscoverOptions { own: vec![folder.path().join("out")], ..Default::default() };
    assert_eq!(listing(folder.path(), &options).len(), 2);
    assert!(listing(folder.path(), &options)[1].starts_with("out: own-file"));
}

#[test]
fn what_belongs_to_the_run_is_left_out_by_whatever_path_it_is_reached() {
    let folder = tree(&[
        "in/a.txt",
        "in/m.jsonl",
        "in/m.jsonl.partial.1",
        "in/m.jsonl.partial.x",
        "in/sub/m.jsonl",
        "real/x",
        "out -> real",
    ]);
    let own = ["in/m.jsonl", "in/m.jsonl.partial", "out"].map(|name| folder.path().join(name));
    let options = DiscoverOptions { own: own.to_vec(), ..Default::default() };
    let roundabout = folder.path().join("in/../in");
    let found: Vec<Found> = discover(&[Named::Path(roundabout)], &options).unwrap().collect();
    let taken: Vec<_> = found
        .iter()
        .map(|f| (f.candidate.relative.as_path().to_str().unwrap(), f.skipped.as_ref().map(|s| s.1.as_str())))
        .collect();
    assert_eq!(
        taken,
        [
            ("a.txt", None),
            ("m.jsonl", Some("m.jsonl belongs to this run")),
            ("m.jsonl.partial.1", Some("m.jsonl.partial.1 belongs to this run")),
            ("m.jsonl.partial.x", None),
            ("sub/m.jsonl", None),
        ]
    );
    let found = listing(folder.path(), &options);
    assert!(found.contains(&"real: own-file (real belongs to this run)".to_owned()), "{found:?}");
}

#[test]
fn a_leading_dot_makes_no_other_path() {
    let folder = tree(&["a"]);
    let path = std::path::absolute(folder.path().join("a")).unwrap();
    let relative: PathBuf = std::env::current_dir()
        .unwrap()
        .components()
        .skip(1)
        .map(|_| Component::ParentDir)
        .chain(path.components().skip(1))
        .collect();
    let named = [Named::Path(relative.clone()), Named::Path(Path::new(".").join(relative))];
    let found: Vec<Found> = discover(&named, &DiscoverOptions::default()).unwrap().collect();
    assert_eq!(found[1].skipped.as_ref().map(|s| s.0), Some(Code::Duplicate));
}

#[test]
fn an_unusable_ignore_file_lets_nothing_out() {
    let folder =
        tree(&["a.txt", "sub/b.txt", "sub/.docferryignore -> gone", "z/c.txt", "z/.docferryignore=[z-a]\n"]);
    let found = listing(folder.path(), &DiscoverOptions::default());
    assert_eq!(found[0], "a.txt");
    assert!(found[2].starts_with("sub/b.txt: ignored (./sub/.docferryignore is unusable: "), "{found:#?}");
    assert!(found[4].starts_with("z/c.txt: ignored (./z/.docferryignore is unusable: "), "{found:#?}");
}

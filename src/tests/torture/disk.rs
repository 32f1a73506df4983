//! Full disks, and a ledger that was cut.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::check::{all_done, check, counts};
use super::expect::well;
use super::site::Site;
use super::{draw, extent};

/// A small file system in memory, which goes away with this.
struct Small(PathBuf);

impl Small {
    /// Mounts one, which takes root.
    fn mount(place: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(place).unwrap();
        let options = format!("size={size},mode=0700");
        let mounted =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(place).output();
        match mounted {
            Ok(output) if output.status.success() => Some(Self(place.to_owned())),
            refused => {
                eprintln!("not run: no tmpfs can be mounted: {refused:?}");
                None
            }
        }
    }

    fn grow(&self) {
        let grown = Command::new("mount").args(["-o", "remount,size=256m"]).arg(&self.0).status().unwrap();
        assert!(grown.success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// Runs with little room for what `places` names, then with enough.
fn with_little_room(places: &[&str], size: &str) {
    let mut site = Site::new(300);
    // Becomes UTF-8, and more of it than stays in memory.
    let text: String = (0..250_000).map(|n| format!("paragraph {n} of a text that does not fit\n")).collect();
    let utf16 = std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes);
    fs::write(site.folder.path().join("in/big.txt"), utf16.collect::<Vec<u8>>()).unwrap();
    site.inputs += 1;
    site.serve(&[], 0);
    let mut mounts = Vec::new();
    for place in places {
        let Some(small) = Small::mount(&site.folder.path().join(place), size) else { return };
        mounts.push(small);
    }
    let temp = site.folder.path().join("temp");
    fs::create_dir_all(&temp).unwrap();
    let command = |site: &Site| {
        let mut command = site.command(&site.manifest());
        command.env("TMPDIR", &temp);
        command
    };
    let output = command(&site).output().unwrap();
    let ran = site.ran(&output, &site.manifest());
    assert!(matches!(ran.exit, Some(1 | 2 | 5 | 6)), "{places:?} {size}: {}: {}", counts(&ran), ran.told);
    let first = counts(&ran);
    let told = ran.told.to_lowercase();
    let named = ["full", "space", "room", "writable"].iter().any(|word| told.contains(word));
    let in_entry = ran.entries.iter().any(|e| e.error.as_ref().is_some_and(|e| e.message.contains("space")));
    assert!(named || in_entry, "{places:?}: nothing says that the disk is full: {}", ran.told);
    if !ran.entries.is_empty() {
        let verdict = check(&site, &ran, &well(1));
        assert!(verdict.problems.is_empty(), "{places:?}: {}", verdict.problems.join("\n"));
    }
    mounts.iter().for_each(Small::grow);
    let output = command(&site).output().unwrap();
    let ran = site.ran(&output, &site.manifest());
    assert!(all_done(&ran), "{places:?}: with room: {}: {}", counts(&ran), ran.told);
    let verdict = check(&site, &ran, &well(2));
    assert!(verdict.problems.is_empty(), "{places:?}: {}", verdict.problems.join("\n"));
    eprintln!("disk: {places:?} of {size}: {first}, then with room {}", counts(&ran));
}

#[test]
fn a_full_disk_for_the_ledger_is_told_and_a_rerun_finishes() {
    // Full from the beginning, and in the middle of the run.
    for size in ["128k", "228k", "320k", "640k"] {
        with_little_room(&["state"], size);
    }
}

#[test]
fn a_full_disk_for_temporary_files_is_told_and_a_rerun_finishes() {
    with_little_room(&["temp"], "64k");
}

#[test]
fn a_full_disk_for_both_is_told_and_a_rerun_finishes() {
    with_little_room(&["state", "temp"], "128k");
}

/// A ledger that lost its end is told, and nothing is sent: a fresh start would upload everything again.
#[test]
fn a_ledger_that_was_cut_is_told_and_nothing_is_sent() {
    let extent = extent();
    let mut site = Site::new(120);
    site.serve(&[], 0);
    let ran = site.run();
    assert!(all_done(&ran), "{}: {}", counts(&ran), ran.told);
    let sent = site.uploads().len();
    let ledger = site.state().join("ledger.sqlite3");
    let whole = fs::read(&ledger).unwrap();
    let cuts = if extent.is_full { 300 } else { 20 };
    for cut in 0..cuts {
        let length = usize::try_from(draw(extent.seed, cut) % whole.len() as u64).unwrap();
        for suffix in ["-wal", "-shm", "-journal"] {
            drop(fs::remove_file(site.state().join(format!("ledger.sqlite3{suffix}"))));
        }
        fs::write(&ledger, &whole[..length]).unwrap();
        let ran = site.run();
        assert!(
            matches!(ran.exit, Some(2 | 5)),
            "cut at {length} of {}: {}: {}",
            whole.len(),
            counts(&ran),
            ran.told
        );
        assert!(ran.told.contains("ledger"), "cut at {length}: {}", ran.told);
        assert_eq!(site.uploads().len(), sent, "cut at {length}");
    }
    for suffix in ["-wal", "-shm"] {
        drop(fs::remove_file(site.state().join(format!("ledger.sqlite3{suffix}"))));
    }
    fs::write(&ledger, &whole).unwrap();
    let ran = site.run();
    assert!(all_done(&ran), "whole again: {}: {}", counts(&ran), ran.told);
    assert_eq!(site.uploads().len(), sent);
    eprintln!("ledger: {cuts} cuts of {} bytes", whole.len());
}

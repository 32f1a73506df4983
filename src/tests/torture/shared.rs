//! Two processes at once: one state directory, one folder, one workspace.

use super::check::{all_done, check, counts};
use super::expect::well;
use super::site::Site;

#[test]
fn two_processes_share_a_ledger_and_store_each_file_once() {
    for faults in [vec![], vec!["upload:commit-reset@10%".to_owned(), "upload:503@5%".to_owned()]] {
        let mut site = Site::new(300);
        site.serve(&faults, 3);
        let manifests = ["one.jsonl", "two.jsonl"].map(|name| site.folder.path().join(name));
        let children = manifests.clone().map(|manifest| site.command(&manifest).spawn().unwrap());
        let outputs = children.map(|child| child.wait_with_output().unwrap());
        let mut ids = Vec::new();
        for (output, manifest) in outputs.iter().zip(&manifests) {
            let ran = site.ran(output, manifest);
            assert!(all_done(&ran), "{faults:?}: {}: {}", counts(&ran), ran.told);
            let verdict = check(&site, &ran, &well(2));
            assert!(verdict.problems.is_empty(), "{faults:?}: {}", verdict.problems.join("\n"));
            let files = ran.entries.iter().map(|entry| entry.file.as_ref().unwrap().file_id.clone());
            ids.push(files.collect::<Vec<_>>());
        }
        assert_eq!(ids[0], ids[1]);
    }
}

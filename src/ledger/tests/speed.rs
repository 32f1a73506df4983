//! How fast it is: `cargo test --release --lib ledger::tests::speed -- --ignored --nocapture`.

use std::time::Instant;

use super::*;

const THREADS: u32 = 32;
const EACH: u32 = 400;
const SOURCES: u32 = 200_000;
/// Sources that are recalled to tell the time.
const RECALLED: u32 = 50_000;

fn memory_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
#[ignore = "takes long and prints figures"]
fn attempts() {
    let folder = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/target")).unwrap();
    let ledger = open(folder.path());
    let scope = ledger.scope("t", "default").unwrap();
    let started = Instant::now();
    std::thread::scope(|threads| {
        for thread in 0..THREADS {
            let ledger = ledger.clone();
            threads.spawn(move || {
                for n in 0..EACH {
                    let intent = intent(&format!("{thread}-{n}"), &format!("{thread}-{n}.txt"));
                    store(&ledger, scope, &intent, &format!("f{thread}-{n}"));
                }
            });
        }
    });
    let rate = f64::from(THREADS * EACH) / started.elapsed().as_secs_f64();
    println!("{rate:.0} attempts a second, {THREADS} threads");
}

#[test]
#[ignore = "takes long and prints figures"]
fn recall() {
    let folder = tempfile::tempdir_in(concat!(env!("CARGO_MANIFEST_DIR"), "/target")).unwrap();
    let ledger = open(folder.path());
    let scope = ledger.scope("t", "default").unwrap();
    let path = |n: u32| format!("/data/in/folder-{}/document-{n}.txt", n % 97).into_bytes();
    let digest = |n: u32| Sha256::of(&n.to_le_bytes());
    let started = Instant::now();
    let mut lines = Vec::new();
    for n in 0..SOURCES {
        ledger.remember(Memory {
            path: path(n),
            is_settled: true,
            size_bytes: 1_024,
            modified_ns: 1,
            inode: u64::from(n),
            device: 3,
            scope,
            digest: digest(n),
            file_name: format!("document-{n}.txt").into_bytes(),
            fingerprint: [1; 16],
            judgement: "j".repeat(300),
            keys: vec![digest(n)],
            judged_at: now(),
            converter: None,
        });
        let record = Record {
            ledger_version: 1,
            target_id: "t".to_owned(),
            workspace: "default".to_owned(),
            state: "done".to_owned(),
            upload_key: digest(n),
            source: "s".to_owned(),
            sha256: digest(n),
            file_name: format!("document-{n}.txt"),
            media_type: "text/plain".to_owned(),
            run_id: "r".to_owned(),
            sent_at: now(),
            verified_at: now(),
            proof: None,
            file: file(&format!("file_{n:024}"), "document.txt"),
        };
        serde_json::to_writer(&mut lines, &record).unwrap();
        lines.push(b'\n');
    }
    import(&ledger, None, &mut lines.as_slice()).unwrap();
    ledger.flush().unwrap();
    println!("{SOURCES} sources written in {:?}", started.elapsed());
    drop(lines);
    let before = memory_bytes();
    let started = Instant::now();
    for n in (0..SOURCES).step_by((SOURCES / RECALLED) as usize) {
        let path = path(n);
        let query =
            SourceStat { path: &path, size_bytes: 1_024, modified_ns: 1, inode: u64::from(n), device: 3 };
        assert!(ledger.recall(scope, &query, &[1; 16], Some(now())).unwrap().is_some());
    }
    let each = started.elapsed() / RECALLED;
    let grown = memory_bytes().saturating_sub(before) / 1_000;
    let size = std::fs::metadata(ledger.path()).unwrap().len() / 1_000_000;
    println!("{each:?} a recall; the process grew by {grown} kB; the file has {size} MB");
}

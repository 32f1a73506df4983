//! Runs that were not finished.

use super::*;

#[test]
fn the_newest_run_that_nobody_works_on_is_unfinished() {
    let (folder, first, _) = ledger();
    assert_eq!(first.unfinished_run().unwrap(), None);
    first.run_begin(&run("a")).unwrap();
    let other = open(folder.path());
    assert_eq!(other.unfinished_run().unwrap(), None, "it goes on");
    drop(first);
    assert_eq!(other.unfinished_run().unwrap(), Some(run("a")), "its process is gone");
    let elsewhere = RunRecord { cwd: "/v".into(), manifest: None, ..run("b") };
    other.run_begin(&elsewhere).unwrap();
    other.run_end("b", 5, false).unwrap();
    assert_eq!(other.unfinished_run().unwrap(), Some(elsewhere), "it gave up");
    other.run_begin(&RunRecord { cwd: "/v".into(), ..run("c") }).unwrap();
    other.run_end("c", 0, true).unwrap();
    assert_eq!(other.unfinished_run().unwrap(), Some(run("a")), "a later run of the same finished");
    other.run_begin(&run("d")).unwrap();
    other.run_end("d", 1, true).unwrap();
    assert_eq!(other.unfinished_run().unwrap(), None);
}

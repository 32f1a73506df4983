//! All faults that do not stop a run, together: thirty in a hundred uploads go wrong.

use std::time::Instant;

use docferry::server::Fault;

use super::check::{all_done, check, counts};
use super::expect::{Expect, expect, well};
use super::extent;
use super::site::Site;

#[test]
fn mixed_faults_lose_and_double_nothing() {
    let extent = extent();
    let began = Instant::now();
    let goes_on = |name: &&str| {
        let expect = expect(name);
        name.starts_with("upload:")
            && expect.exits.iter().all(|exit| *exit <= 1)
            && expect.is_truthful
            && expect.with.is_empty()
            // What a tenth of a thousand waits of a second would cost is spent in `alone`.
            && (extent.is_full || expect.files.is_none())
    };
    let names: Vec<&str> = Fault::kinds().iter().map(|kind| kind.name).filter(goes_on).collect();
    // Drawn one after the other, they strike thirty in a hundred together.
    let rate = 100.0 * (1.0 - 0.7f64.powf(1.0 / names.len() as f64));
    let faults: Vec<String> = names.iter().map(|name| format!("{name}@{rate:.3}%")).collect();
    let mut site = Site::new(extent.mixed);
    site.serve(&faults, extent.seed);
    let ran = site.run();
    // What may be stored and was then refused under another name stays ambiguous.
    let expect = Expect { exits: &[0, 1, 6], ..well(1) };
    let verdict = check(&site, &ran, &expect);
    let struck = site.uploads().iter().filter(|upload| upload.fault.is_some()).count();
    eprintln!(
        "mixed: {} kinds, {} files, {} requests, {struck} struck, {}, {} duplicates, {} unnamed, {:.1} s",
        names.len(),
        extent.mixed,
        verdict.requests,
        counts(&ran),
        verdict.duplicates,
        verdict.unnamed,
        began.elapsed().as_secs_f64()
    );
    assert!(verdict.problems.is_empty(), "{}", verdict.problems.join("\n"));
    assert!(ran.exit.is_some_and(|exit| expect.exits.contains(&exit)), "{}: {}", counts(&ran), ran.told);
    site.serve(&[], 0);
    let again = site.run();
    let verdict = check(&site, &again, &well(2));
    assert!(verdict.problems.is_empty(), "{}", verdict.problems.join("\n"));
    assert!(all_done(&again), "{}: {}", counts(&again), again.told);
}

//! Kills at any instant; the same command goes on.

use std::time::{Duration, Instant};

use super::check::{all_done, check, counts};
use super::expect::well;
use super::site::Site;
use super::{draw, extent};

const FILES: usize = 500;
/// Runs that are killed before one may finish: most of the later ones are killed while they wait for a listing.
const KILLS_A_SITE: u64 = 5;

#[test]
fn kills_at_any_instant_lose_and_double_nothing() {
    let extent = extent();
    let began = Instant::now();
    let mut plain = Site::new(FILES);
    plain.serve(&[], 0);
    let started = Instant::now();
    let ran = plain.run();
    assert!(all_done(&ran), "{}: {}", counts(&ran), ran.told);
    // Each run goes on where the last was killed, so that kills come at every instant of a whole one.
    let longest = started.elapsed() / 2;
    let (mut killed, mut sites, mut adopted, mut midway) = (0, 0, 0, 0);
    while killed < extent.kills {
        sites += 1;
        let mut site = Site::new(FILES);
        // By then the server has committed what a killed run sent, however busy the machine is.
        site.grace = "1s";
        site.serve(&[], 0);
        let mut runs = 1;
        while killed < extent.kills
            && runs <= KILLS_A_SITE
            && killed_in_time(&site, longest, draw(extent.seed, killed as u64))
        {
            killed += 1;
            runs += 1;
            midway += usize::from((1..FILES - 1).contains(&site.commits().len()));
        }
        let ran = site.run();
        let verdict = check(&site, &ran, &well(runs + 1));
        adopted += ran.entries.iter().filter(|entry| entry.status.as_str() == "adopted").count();
        assert!(
            verdict.problems.is_empty() && all_done(&ran),
            "after {killed} kills, seed {}: {}: {}",
            extent.seed,
            counts(&ran),
            verdict.problems.join("\n")
        );
    }
    eprintln!(
        "kills: {killed} in {sites} times {FILES} files, {midway} with some files stored and some not, {adopted} adopted in last runs, {:.1} s",
        began.elapsed().as_secs_f64()
    );
}

/// Starts a run and kills it at some instant of the longest time; tells whether it was alive then.
fn killed_in_time(site: &Site, longest: Duration, draw: u64) -> bool {
    let mut child = site.command(&site.manifest()).spawn().unwrap();
    let micros = draw % u64::try_from(longest.as_micros()).unwrap();
    // The instant is the experiment.
    std::thread::sleep(Duration::from_micros(micros));
    let alive = child.try_wait().unwrap().is_none();
    child.kill().unwrap();
    child.wait().unwrap();
    alive
}

//! Files a second through whole runs: into the local store, and over loopback HTTP to the embedded server.
//!
//! `cargo bench --bench pipeline [FILES]`. A plain program: a run is too long for a sampling harness. Prints the
//! median of five runs of each.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use docferry::http::{Auth, Proxy, Timeouts};
use docferry::model::entry::Status;
use docferry::pipeline::Pipeline;
use docferry::server::{Server, ServerOptions};
use docferry::store::Store;
use docferry::targets::local::LocalTarget;
use docferry::targets::{ConnectOptions, Target, connect};

fn inputs(folder: &Path, count: usize) {
    for n in 0..count {
        let place = folder.join(format!("{:03}", n / 500));
        std::fs::create_dir_all(&place).unwrap();
        std::fs::write(place.join(format!("{n:06}.txt")), format!("line {n} of a small file\n").repeat(40))
            .unwrap();
    }
}

fn run(folder: &Path, target: Arc<dyn Target>, count: usize) -> f64 {
    let began = Instant::now();
    let report = Pipeline::builder().input(folder).target(target).build().unwrap().run(&mut ()).unwrap();
    assert_eq!(report.of(Status::Uploaded), count as u64);
    began.elapsed().as_secs_f64()
}

fn main() {
    let count = std::env::args().filter_map(|a| a.parse().ok()).next().unwrap_or(2000);
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("in");
    inputs(&place, count);
    let mut local = Vec::new();
    for n in 0..5 {
        let store = Store::open(&folder.path().join(format!("store-{n}"))).unwrap();
        let profile = docferry::targets::profiles::built_in("local").unwrap();
        local.push(run(&place, Arc::new(LocalTarget::new(profile, store)), count));
    }
    report("local store", &mut local, count);
    let server = Server::start(ServerOptions::new(folder.path().join("served"))).unwrap();
    let mut remote = Vec::new();
    for _ in 0..5 {
        let target = connect(ConnectOptions {
            profile: docferry::targets::profiles::built_in("anthropic").unwrap(),
            base_url: server.anthropic_base_url().parse().unwrap(),
            auth: Some(Auth::ApiKey(server.token().clone())),
            ca_file: None,
            proxy: Proxy::default(),
            timeouts: Timeouts::default(),
        });
        remote.push(run(&place, Arc::from(target.unwrap()), count));
    }
    report("loopback HTTP", &mut remote, count);
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn report(what: &str, seconds: &mut [f64], count: usize) {
    seconds.sort_by(f64::total_cmp);
    let median = seconds[seconds.len() / 2];
    println!("{what}: {count} files in {median:.2} s, {:.0} files/s", count as f64 / median);
}

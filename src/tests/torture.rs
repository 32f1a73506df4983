//! The upload engine against everything that can go wrong, and a checker that believes neither side: it holds the
//! manifest of the client against the commit log of the server.
//!
//! `cargo test --test torture` is a slice for CI; `just torture` runs the whole (`DOCFERRY_TORTURE=full`, and
//! `DOCFERRY_TORTURE_FILES`, `DOCFERRY_TORTURE_MIXED`, `DOCFERRY_TORTURE_KILLS`, `DOCFERRY_TORTURE_SEED`).
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test")]

#[path = "torture/alone.rs"]
mod alone;
#[path = "torture/check.rs"]
mod check;
#[path = "torture/disk.rs"]
mod disk;
#[path = "torture/expect.rs"]
mod expect;
// A release build has no failpoints.
#[cfg(debug_assertions)]
#[path = "torture/failpoints.rs"]
mod failpoints;
#[path = "torture/kill.rs"]
mod kill;
#[path = "torture/mixed.rs"]
mod mixed;
mod serve;
#[path = "torture/shared.rs"]
mod shared;
#[path = "torture/site.rs"]
mod site;

/// How much is done.
pub(crate) struct Extent {
    pub(crate) is_full: bool,
    /// Files of a run with one fault, where the fault costs no seconds.
    pub(crate) files: usize,
    /// Files of the run with all faults.
    pub(crate) mixed: usize,
    pub(crate) kills: usize,
    pub(crate) seed: u64,
}

pub(crate) fn extent() -> Extent {
    #[expect(clippy::disallowed_methods, reason = "a test that is made longer from outside")]
    let var = |name: &str| std::env::var(format!("DOCFERRY_TORTURE{name}")).ok();
    let is_full = var("").as_deref() == Some("full");
    let number = |name: &str, full: usize, slice: usize| {
        var(name).map_or(if is_full { full } else { slice }, |text| text.parse().unwrap())
    };
    Extent {
        is_full,
        files: number("_FILES", 500, 100),
        mixed: number("_MIXED", 5_000, 1_000),
        kills: number("_KILLS", 1_000, 50),
        seed: number("_SEED", 1, 1) as u64,
    }
}

/// A number that looks random, from a seed and a place.
pub(crate) fn draw(seed: u64, place: u64) -> u64 {
    let mut z =
        seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(place.wrapping_mul(0xd134_2543_de82_ef95));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

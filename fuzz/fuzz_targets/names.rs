#![no_main]

use std::sync::LazyLock;

use docferry::acceptance::Acceptance;
use docferry::model::Consumer;
use docferry::targets::profiles;

static ACCEPTANCES: LazyLock<Vec<Acceptance>> = LazyLock::new(|| {
    let profiles = profiles::NAMES.iter().filter_map(|name| profiles::built_in(name));
    let pairs =
        profiles.flat_map(|profile| Consumer::ALL.map(|consumer| Acceptance::new(&profile, consumer).ok()));
    pairs.flatten().collect()
});

// A cleaned name is taken, and stays as it is.
libfuzzer_sys::fuzz_target!(|name: &str| {
    for acceptance in &*ACCEPTANCES {
        if let Ok((cleaned, _)) = acceptance.clean_name(name) {
            let again = acceptance.clean_name(cleaned.as_str());
            assert!(again.is_ok_and(|(again, changed)| again == cleaned && !changed));
        }
    }
});

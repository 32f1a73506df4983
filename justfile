# Everything here is a plain cargo command; CI does not need `just`.

# The main job on the embedded default.
demo:
    cargo run --release -- ingest testdata/samples

test:
    cargo test

lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    cargo clippy --no-default-features -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps

# Rewrites golden outputs, generated docs and command line cases; review the diff.
bless:
    DOCFERRY_BLESS=1 cargo test
    TRYCMD=overwrite cargo test --test cli

bench:
    cargo bench

# Fidelity over a corpus with references: just score CORPUS REFERENCE SCORE.PY
score corpus reference score:
    cargo build --release
    python3 {{score}} target/release/docferry {{corpus}} {{reference}}

# Every fault over 500 files, mixed over 5,000, and 1,000 kills; about an hour. `cargo test` runs a slice of it.
torture:
    DOCFERRY_TORTURE=full cargo test --release --test torture -- --nocapture
    DOCFERRY_TORTURE=full cargo test --test torture failpoints -- --nocapture

clients:
    cargo build
    src/tests/clients/run.sh target/debug/docferry

# Two million mutations of each format that has a converter; hours. A failing case is written to a file, with the command.
fuzz *formats:
    DOCFERRY_MUTATIONS=2000000 cargo test --release -p docferry-converters --test mutation -- {{formats}}

# A coverage-guided run of one target (needs a nightly compiler and cargo-fuzz): just fuzz-target docx 600
fuzz-target target seconds="600":
    python3 fuzz/seed.py
    cargo +nightly fuzz run {{target}} -- -max_total_time={{seconds}} -timeout=5 -malloc_limit_mb=512 -rss_limit_mb=3000 -max_len=262144

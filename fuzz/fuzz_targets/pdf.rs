#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| docferry_fuzz::pdf(data));

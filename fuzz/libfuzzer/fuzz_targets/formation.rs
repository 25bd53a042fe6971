#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| muxi_fuzz_targets::run("formation", data));
